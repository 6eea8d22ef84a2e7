"""Which shingle size, threshold and bands?  Measured on edited real articles.

    python -m benchmarks.shingles [--articles 300] [--size 5 --threshold 0.5]

Four tables:

1. *Recall*: real articles of five sets are edited in seeded ways that reprints know (scattered
   words, new headline, cut tail, furniture, swapped paragraphs, and these together).  For each
   shingle size and threshold: the share of (original, edited) pairs that are found, by kind.
2. *False pairs*: pairs at or above the threshold that are certainly different news: different gold
   events (gva, vietnamese, wmt_mt), different rows of ``fixtures/negative`` (forms filled in with
   other figures), and Reuters pairs whose numbers conflict (the same form on another day; genuine
   copies of 1987 share their numbers).  All pairs are compared exactly.
3. *Candidates*: recall of each banding against all pairs, at one size and threshold, and what it
   costs.
4. *Numbers*: what would be lost and saved by not linking texts whose numbers conflict, at one size
   and threshold.

Furniture is added here after cleaning, so to speak: the boilerplate stage takes most of it away
before shingles are made, and "furniture 2" is nearer to what is left than "furniture 10".

The articles are found through ``DEDUP_DATA`` (``../shared/data`` by default).
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from dedup.duplicates.lsh import candidate_pairs
from dedup.duplicates.minhash import signatures
from dedup.duplicates.shingling import Ragged, shingle
from dedup.duplicates.verify import shared_counts
from dedup.text.tokenize import tokenize

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("DEDUP_DATA", ROOT / ".." / "shared" / "data"))
SETS = ("gva", "vietnamese", "reuters21578", "indonesian", "wmt_mt")
GOLD = ("gva", "vietnamese", "wmt_mt")
SIZES = (2, 3, 4, 5, 6)
THRESHOLDS = (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7, 0.8, 0.9)
BANDINGS = ((14, 9), (25, 5), (32, 4), (42, 3), (64, 2))

FURNITURE = """\
Sign up for our free newsletter and get the day's headlines in your inbox every morning
Share this article on Facebook, Twitter, WhatsApp or by email
Follow us on Google News for the latest updates
Advertisement: scroll to continue reading
Read also: ten things you need to know before the markets open
Download our app for Android and iPhone to read without interruption
This story has been published from a wire agency feed without modifications to the text
All rights reserved. This material may not be published, broadcast, rewritten or redistributed
Click here to join our channel and never miss an important story again
Subscribe now for unlimited access to premium content from only one euro a week
Most read: mayor answers critics after long night in the council chamber
Related topics: business, world, security, logistics, technology
We use cookies to improve your experience; by using this site you accept our privacy policy
Have something to say? Leave a comment below or write a letter to the editor
Photo: file picture, courtesy of the agency, taken some years ago near the site
Watch: live coverage from our studio, every weekday at six in the evening
Trending now: see what everyone else is talking about today
Contact the newsroom with tips, corrections and pictures at any hour of the day""".splitlines()

Tokens = list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doc:
    """One article as tokens: a headline and paragraphs."""

    id: str
    event: str | None
    headline: Tokens
    paragraphs: tuple[Tokens, ...]

    def tokens(self) -> Tokens:
        """Return headline and body."""
        return [*self.headline, *chain.from_iterable(self.paragraphs)]


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    raw = path.read_bytes()
    for line in (gzip.decompress(raw) if path.suffix == ".gz" else raw).splitlines():
        yield json.loads(line)


def make_doc(row: dict[str, Any]) -> Doc:
    text = row.get("text") or ""
    # Reuters' lines are wrapped and its paragraphs indented; others write one a line or none.
    parts = re.split(r"\n {2,}" if "\n    " in text else r"\n+", text)
    if len(parts) < 4:
        parts = re.split(r"(?<=[.!?。])\s*", text)
    paragraphs = tuple(tokens for part in parts if (tokens := tokenize(part)))
    return Doc(
        id=str(row["id"]),
        event=row.get("event"),
        headline=tokenize(row.get("title") or ""),
        paragraphs=paragraphs,
    )


def load(name: str) -> list[Doc]:
    return [make_doc(row) for row in read_rows(DATA / f"{name}.jsonl.gz")]


# ---------------------------------------------------------------------------------------- edits


def scatter(share: float) -> Callable[[Doc, Random, list[Doc]], Doc]:
    """Replace, drop or insert words here and there."""

    def edit(doc: Doc, random: Random, pool: list[Doc]) -> Doc:
        words = random.choice(pool).tokens()
        paragraphs = []
        for paragraph in doc.paragraphs:
            edited: Tokens = []
            for token in paragraph:
                roll = random.random() / share
                if roll >= 0.8:
                    edited.append(token)
                if roll < 0.6 or 0.8 <= roll < 1:
                    edited.append(random.choice(words))
            paragraphs.append(edited)
        return Doc(id=doc.id, event=doc.event, headline=doc.headline, paragraphs=tuple(paragraphs))

    return edit


def headline(doc: Doc, random: Random, pool: list[Doc]) -> Doc:
    """Give the article another article's headline."""
    other = random.choice(pool)
    fresh = (other.headline or other.tokens())[:12]
    return Doc(id=doc.id, event=doc.event, headline=fresh, paragraphs=doc.paragraphs)


def cut(share: float) -> Callable[[Doc, Random, list[Doc]], Doc]:
    """Cut the tail: so many of the body's words, to the word."""

    def edit(doc: Doc, random: Random, pool: list[Doc]) -> Doc:
        left = round(sum(map(len, doc.paragraphs)) * (1 - share))
        kept = []
        for paragraph in doc.paragraphs:
            kept.append(paragraph[:left])
            left = max(0, left - len(paragraph))
        return Doc(id=doc.id, event=doc.event, headline=doc.headline, paragraphs=tuple(kept))

    return edit


def furniture(lines: int) -> Callable[[Doc, Random, list[Doc]], Doc]:
    """Put lines of site furniture between, before and after the paragraphs."""

    def edit(doc: Doc, random: Random, pool: list[Doc]) -> Doc:
        paragraphs = list(doc.paragraphs)
        for line in random.sample(FURNITURE, lines):
            paragraphs.insert(random.randint(0, len(paragraphs)), tokenize(line))
        return Doc(id=doc.id, event=doc.event, headline=doc.headline, paragraphs=tuple(paragraphs))

    return edit


def swap(doc: Doc, random: Random, pool: list[Doc]) -> Doc:
    """Put the paragraphs after the first in another order."""
    rest = list(doc.paragraphs[1:])
    random.shuffle(rest)
    return Doc(
        id=doc.id,
        event=doc.event,
        headline=doc.headline,
        paragraphs=(*doc.paragraphs[:1], *rest),
    )


EDITS: dict[str, tuple[Callable[[Doc, Random, list[Doc]], Doc], ...]] = {
    "words 2 %": (scatter(0.02),),
    "words 5 %": (scatter(0.05),),
    "words 10 %": (scatter(0.10),),
    "headline": (headline,),
    "cut 10 %": (cut(0.10),),
    "cut 25 %": (cut(0.25),),
    "cut 40 %": (cut(0.40),),
    "furniture 2": (furniture(2),),
    "furniture 5": (furniture(5),),
    "furniture 10": (furniture(10),),
    "furniture 15": (furniture(15),),
    "swapped": (swap,),
    "headline, 2 %, furniture 5": (headline, scatter(0.02), furniture(5)),
    "headline, 2 %, cut 10 %": (headline, scatter(0.02), cut(0.10)),
    "headline, cut 25 %, furniture 2": (headline, cut(0.25), furniture(2)),
    "cut 25 %, furniture 5": (cut(0.25), furniture(5)),
    "headline, cut 25 %, furniture 10": (headline, cut(0.25), furniture(10)),
    "headline, 5 %, cut 25 %": (headline, scatter(0.05), cut(0.25)),
    "all: 5 %, cut 40 %, furniture 15": (headline, scatter(0.05), cut(0.40), furniture(15)),
}


def edited(doc: Doc, kind: str, pool: list[Doc]) -> Doc:
    random = Random(f"{doc.id} {kind}")
    for edit in EDITS[kind]:
        doc = edit(doc, random, pool)
    return doc


# ----------------------------------------------------------------------------------- similarity


def aligned_jaccard(a: Ragged, b: Ragged) -> NDArray[np.float64]:
    """Exact Jaccard of row i of ``a`` with row i of ``b``."""
    both = Ragged(
        values=np.concatenate([a.values, b.values]),
        offsets=np.concatenate([a.offsets, a.offsets[-1] + b.offsets[1:]]),
    )
    rows = np.arange(len(a))
    shared = shared_counts(both, np.stack([rows, rows + len(a)], axis=1))
    similarity: NDArray[np.float64] = shared / np.maximum(a.lengths + b.lengths - shared, 1)
    return similarity


def all_pairs(rows: Ragged, floor: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Every pair i < j of rows with Jaccard at or above the floor, by brute force."""
    distinct, columns = np.unique(rows.values, return_inverse=True)
    matrix = csr_array(
        (np.ones(len(columns), np.float32), columns, rows.offsets),
        shape=(len(rows), len(distinct)),
    )
    pairs, values = [], []
    for start in range(0, len(rows), 500):
        shared = (matrix[start : start + 500] @ matrix.T).tocoo()
        i, j = shared.row + start, shared.col
        similarity = shared.data / (rows.lengths[i] + rows.lengths[j] - shared.data)
        kept = (i < j) & (similarity >= floor)
        pairs.append(np.stack([i[kept], j[kept]], axis=1))
        values.append(similarity[kept])
    return np.concatenate(pairs).astype(np.int64), np.concatenate(values)


def numbers_conflict(a: Tokens, b: Tokens) -> bool:
    """Tell whether both texts hold numbers that the other lacks, and share few."""
    left, right = ({t for t in tokens if t[0].isdigit()} for tokens in (a, b))
    shared = len(left & right)
    return shared < min(len(left), len(right)) and shared < 0.75 * min(len(left), len(right))


# --------------------------------------------------------------------------------------- tables


def sample(sets: dict[str, list[Doc]], count: int) -> dict[str, list[Doc]]:
    """Take so many articles of 40 tokens or more from each set, the same ones every time."""
    return {
        name: Random(name).sample(long, min(count, len(long)))
        for name, docs in sets.items()
        if (long := [doc for doc in docs if len(doc.tokens()) >= 40])
    }


def recall_table(samples: dict[str, list[Doc]]) -> dict[tuple[str, int], NDArray[np.float64]]:
    """Return the similarity of each (original, edited) pair, by kind of edit and size."""
    originals = [doc.tokens() for docs in samples.values() for doc in docs]
    base = {size: shingle(originals, size) for size in SIZES}
    result = {}
    for kind in EDITS:
        versions = [edited(doc, kind, docs).tokens() for docs in samples.values() for doc in docs]
        for size in SIZES:
            result[kind, size] = aligned_jaccard(base[size], shingle(versions, size))
    return result


def negative_sets() -> dict[str, list[Doc]]:
    paths = sorted((ROOT / "fixtures" / "negative").glob("*.jsonl"))
    return {path.stem: [make_doc(row) for row in read_rows(path)] for path in paths}


def false_pairs(sets: dict[str, list[Doc]]) -> dict[tuple[str, int], NDArray[np.float64]]:
    """Return the similarity of each certainly false pair above 0.3, by set and size."""
    groups = negative_sets() | {name: sets[name] for name in (*GOLD, "reuters21578")}
    result = {}
    for name, docs in groups.items():
        tokens = [doc.tokens() for doc in docs]
        for size in SIZES:
            pairs, values = all_pairs(shingle(tokens, size), min(THRESHOLDS))
            if name == "reuters21578":
                false = [numbers_conflict(tokens[i], tokens[j]) for i, j in pairs.tolist()]
            else:
                false = [docs[i].event != docs[j].event for i, j in pairs.tolist()]
            result[name, size] = values[np.array(false, dtype=np.bool_)]
    return result


def print_table(
    title: str,
    cells: dict[tuple[str, int], NDArray[np.float64]],
    show: Callable[[NDArray[np.float64], float], str],
) -> None:
    print(f"\n{title}")
    for size in SIZES:
        print(f"\n  shingle size {size:<24}" + "".join(f"{t:>7}" for t in THRESHOLDS))
        for name in dict.fromkeys(name for name, _ in cells):
            values = cells[name, size]
            print(f"  {name:<37}" + "".join(f"{show(values, t):>7}" for t in THRESHOLDS))


def candidate_table(samples: dict[str, list[Doc]], size: int, threshold: float) -> None:
    """Print recall and cost of each banding over originals and all their edited versions."""
    pool: list[Tokens] = []
    for docs in samples.values():
        for doc in docs[:60]:
            pool.append(doc.tokens())
            pool.extend(edited(doc, kind, docs).tokens() for kind in EDITS)
    rows = shingle(pool, size)
    pairs, values = all_pairs(rows, threshold)
    truth = pairs[:, 0] << 32 | pairs[:, 1]
    near = values < threshold + 0.1
    signed = signatures(rows)
    print(f"\nCandidates at size {size}, threshold {threshold}")
    print(f"  {len(pool)} texts, {len(truth)} true pairs, {near.sum()} of them within 0.1 above it")
    print("  bands x rows   recall   recall of the near ones   candidates per true pair")
    for bands, width in BANDINGS:
        found = candidate_pairs(signed, bands=bands, rows=width).pairs.astype(np.int64)
        hit = np.isin(truth, found[:, 0] << 32 | found[:, 1])
        print(
            f"  {bands:>5} x {width:<5} {hit.mean():>9.4f} {hit[near].mean():>15.4f}"
            f" {len(found) / len(truth):>24.2f}"
        )


def numbers_table(
    samples: dict[str, list[Doc]], sets: dict[str, list[Doc]], size: int, threshold: float
) -> None:
    """Print found pairs, and those of them whose numbers do not conflict."""
    print(f"\nNumbers at size {size}, threshold {threshold}: found, of these without a conflict")
    originals = [doc.tokens() for docs in samples.values() for doc in docs]
    base = shingle(originals, size)
    for kind in EDITS:
        versions = [edited(doc, kind, docs).tokens() for docs in samples.values() for doc in docs]
        found = aligned_jaccard(base, shingle(versions, size)) >= threshold
        agree = [not numbers_conflict(a, b) for a, b in zip(originals, versions, strict=True)]
        print(f"  {kind:<37}{found.sum():>7}{(found & np.array(agree)).sum():>7}")
    for name, docs in (negative_sets() | {name: sets[name] for name in GOLD}).items():
        tokens = [doc.tokens() for doc in docs]
        for title, same in (("one event", True), ("false", False)):
            pairs = [
                (tokens[i], tokens[j])
                for i, j in all_pairs(shingle(tokens, size), threshold)[0].tolist()
                if (docs[i].event == docs[j].event) == same
            ]
            agreeing = sum(not numbers_conflict(*pair) for pair in pairs)
            print(f"  {name + ', ' + title:<37}{len(pairs):>7}{agreeing:>7}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--articles", type=int, default=300, help="articles edited from each set")
    parser.add_argument("--size", type=int, default=5, help="shingle size of the last two tables")
    parser.add_argument(
        "--threshold", type=float, default=0.5, help="threshold of the last two tables"
    )
    options = parser.parse_args()
    sets = {name: load(name) for name in SETS}
    samples = sample(sets, options.articles)
    print(f"{sum(map(len, samples.values()))} articles of {', '.join(samples)}")
    print_table(
        "Recall of edited copies (%)",
        recall_table(samples),
        lambda values, t: f"{100 * (values >= t).mean():.1f}",
    )
    print_table(
        "False pairs (count)",
        false_pairs(sets),
        lambda values, t: str(int((values >= t).sum())),
    )
    candidate_table(samples, options.size, options.threshold)
    numbers_table(samples, sets, options.size, options.threshold)


if __name__ == "__main__":
    main()
