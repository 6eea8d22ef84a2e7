"""Which shingle size, threshold and bands?  Measured on edited real articles.

    python benchmarks/shingles.py [--articles 150] [--size 5 --threshold 0.65]

Every text goes the way it goes in the library: cleaned, with the lines that recur in its source
taken off, and then the body's tokens, or the headline's where no body is left.  Edits
(:mod:`benchmarks.edits`) are made to the text as it was crawled, before that.  The table of
recurring lines is counted over the unedited set, so that added furniture must be known by pattern.

Tables:

1. *Recall*: the share of (original, edited) pairs at or above the threshold, by kind of edit.
2. *Updates*: at which Jaccard similarity they fall.
3. *False pairs*: pairs that are certainly different news, compared exactly, all with all: different
   gold events (gva, vietnamese, wmt_mt), different rows of ``fixtures/negative`` (forms filled in
   with other figures), judged pairs (semeval2022, tgcontest), and Reuters pairs whose numbers
   conflict (the same form on another day; genuine copies of 1987 share their numbers).
4. *Copies*: pairs of one gold event, or of Reuters without a conflict, and the copies of
   ``fixtures/belgium.jsonl`` one by one.
5. *Short bodies*: Reuters' notices of a dozen words name their company in the headline alone; what
   would change if the headline were compared too.
6. *Candidates*: recall of each banding against all pairs, at the size and threshold named and at
   size 3, threshold 0.8, and what it costs.

The articles are found through ``DEDUP_DATA`` (``../shared/data`` by default).
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from dedup.article import Article, as_articles
from dedup.config import DuplicateConfig
from dedup.duplicates.lsh import candidate_pairs
from dedup.duplicates.minhash import signatures
from dedup.duplicates.shingling import Ragged, Runs, shingle
from dedup.duplicates.verify import shared
from dedup.text.clean import clean
from dedup.text.recurring import RecurringLines, count_lines
from dedup.text.tokenize import compared_tokens, tokenize
from devsets import ROOT, article, pair_sets, read
from edits import (
    BEYOND,
    EDITS,
    REPRINTS,
    UPDATES,
    Page,
    edited,
    furniture_words,
    page_of,
)

GOLD = ("gva", "vietnamese", "wmt_mt")
SETS = (*GOLD, "reuters21578", "indonesian")
SIZES = (3, 4, 5, 6)
THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8)
BANDINGS = ((25, 5), (32, 4), (42, 3))
LEAST_TOKENS = 40
HEADLINES = (0, 20, 30)  # tokens of a body below which its headline might be compared too
POOL = 60  # originals of each set in the table of candidates

Tokens = list[str]
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doc:
    """One article, as it was crawled and as it is compared."""

    article: Article
    event: str | None
    tokens: Tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """Articles that are cleaned together."""

    name: str
    recurring: RecurringLines
    docs: list[Doc]


def compared(item: Article, recurring: RecurringLines) -> Tokens:
    """Return the tokens that the duplicate stage sees, made as ``dedup.find`` makes them."""
    cleaned = clean(item, recurring)
    return compared_tokens(cleaned.title, cleaned.body)


def collect(name: str, rows: Iterable[dict[str, Any]]) -> Collection:
    rows = list(rows)
    articles, _ = as_articles([article(row) for row in rows])
    recurring = count_lines(articles)
    docs = [
        Doc(article=item, event=row.get("event"), tokens=compared(item, recurring))
        for item, row in zip(articles, rows, strict=True)
    ]
    return Collection(name=name, recurring=recurring, docs=docs)


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def sample(collection: Collection, count: int) -> list[Doc]:
    """Take so many articles of 40 tokens or more, the same ones every time."""
    long = [doc for doc in collection.docs if len(doc.tokens) >= LEAST_TOKENS]
    return Random(collection.name).sample(long, min(count, len(long)))


def versions(collection: Collection, docs: list[Doc], kind: str) -> Iterator[Tokens]:
    """Edit articles as they were crawled, then clean them."""
    pages = [_page(doc.article) for doc in docs]
    for doc, page in zip(docs, pages, strict=True):
        new = edited(page, kind, pages)
        # The id of an article without one is made from its text; here it keeps the original's.
        item = replace(doc.article, title=new.headline, text=new.text)
        yield compared(item, collection.recurring)


def _page(item: Article) -> Page:
    return page_of(item.id, item.title, item.text)


# ----------------------------------------------------------------------------------- similarity


def aligned_jaccard(a: Ragged, b: Ragged) -> Values:
    """Exact Jaccard of row i of ``a`` with row i of ``b``."""
    both = Ragged(
        values=np.concatenate([a.values, b.values]),
        offsets=np.concatenate([a.offsets, a.offsets[-1] + b.offsets[1:]]),
    )
    rows = np.arange(len(a))
    similarity: Values = shared(
        Runs(parts=(both,)), np.stack([rows, rows + len(a)], axis=1)
    ).jaccard
    return similarity


def all_pairs(rows: Ragged, floor: float) -> tuple[NDArray[np.int64], Values]:
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
        similarity = shared.data.astype(np.float64)
        similarity /= rows.lengths[i] + rows.lengths[j] - similarity
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

Cells = dict[tuple[str, int], Values]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """Sampled articles and all their edited versions, as they are compared."""

    sets: NDArray[np.str_]
    originals: list[Tokens]
    versions: dict[str, list[Tokens]]


def edit_all(collections: list[Collection], count: int) -> Edited:
    samples = {c.name: sample(c, count) for c in collections}
    return Edited(
        sets=np.array([name for name, docs in samples.items() for _ in docs]),
        originals=[doc.tokens for docs in samples.values() for doc in docs],
        versions={
            kind: [t for c in collections for t in versions(c, samples[c.name], kind)]
            for kind in EDITS
        },
    )


def recall_cells(texts: Edited) -> Cells:
    """Return the similarity of each (original, edited) pair, by kind of edit and size."""
    cells = {}
    for size in SIZES:
        base = shingle(texts.originals, size)
        for kind, tokens in texts.versions.items():
            cells[kind, size] = aligned_jaccard(base, shingle(tokens, size))
    return cells


def natural_cells(collections: list[Collection]) -> tuple[Cells, Cells]:
    """Return the similarity of pairs above 0.3: certainly false ones, and the others.

    Exact copies within an event count as one text: they are found at any setting.
    """
    false, others = {}, {}
    for collection in collections:
        distinct = {(doc.event, tuple(doc.tokens)): doc for doc in collection.docs}.values()
        tokens = [doc.tokens for doc in distinct]
        events = [doc.event for doc in distinct]
        for size in SIZES:
            pairs, values = all_pairs(shingle(tokens, size), 0.3)
            wrong = np.array(
                [
                    numbers_conflict(tokens[i], tokens[j])
                    if events[i] is None
                    else events[i] != events[j]
                    for i, j in pairs.tolist()
                ],
                dtype=np.bool_,
            )
            false[collection.name, size] = values[wrong]
            others[collection.name, size] = values[~wrong]
    return false, others


def judged_cells() -> Cells:
    """Return the similarity of pairs that were judged to be different stories."""
    cells = {}
    empty = RecurringLines.empty()
    for judged in pair_sets():
        rows = [p for p, same in zip(judged.pairs, judged.same, strict=True) if not same]
        left, right = (
            [compared(as_articles([pair[side]])[0][0], empty) for pair in rows] for side in (0, 1)
        )
        for size in SIZES:
            cells[judged.name, size] = aligned_jaccard(shingle(left, size), shingle(right, size))
    return cells


def print_table(title: str, cells: Cells, show: Callable[[Values, float], str]) -> None:
    print(f"\n{title}")
    for size in SIZES:
        print(f"\n  shingle size {size:<22}" + "".join(f"{t:>7}" for t in THRESHOLDS))
        for name in dict.fromkeys(name for name, _ in cells):
            values = cells[name, size]
            print(f"  {name:<35}" + "".join(f"{show(values, t):>7}" for t in THRESHOLDS))


def print_means(cells: Cells, sets: NDArray[np.str_]) -> None:
    """Print recall over all kinds of reprint, its worst kind and its worst set."""
    print("\nReprints found (%): mean of all kinds / worst kind / worst set")
    print("  size  " + "".join(f"{t:>20}" for t in THRESHOLDS))
    for size in SIZES:
        found = np.stack([cells[kind, size] for kind in REPRINTS])
        shown = []
        for t in THRESHOLDS:
            hits = found >= t
            worst = min(hits[:, sets == name].mean() for name in np.unique(sets))
            means = hits.mean(), hits.mean(axis=1).min(), worst
            shown.append("/".join(f"{100 * mean:.1f}" for mean in means))
        print(f"  {size:>4}  " + "".join(f"{cell:>20}" for cell in shown))


def print_spread(cells: Cells) -> None:
    print("\nWhere they fall: Jaccard at percentiles 5, 25, 50, 75, 95")
    for kind in (*UPDATES, "cut 25 %", "cut 30 %", *BEYOND):
        for size in SIZES:
            values = np.percentile(cells[kind, size], [5, 25, 50, 75, 95])
            print(f"  {kind:<35} {size}" + "".join(f"{value:>7.2f}" for value in values))


def print_furniture(texts: Edited) -> None:
    """Print how much of the added furniture the cleaning stage left in."""
    print("\nFurniture left in after cleaning (% of the words added)")
    before = np.array([len(tokens) for tokens in texts.originals])
    for kind, lines in (("furniture 5", 5), ("furniture 15", 15)):
        left = np.array([len(tokens) for tokens in texts.versions[kind]]) - before
        shares = (
            f"{name} {100 * left[texts.sets == name].mean() / furniture_words(lines):.0f}"
            for name in np.unique(texts.sets)
        )
        print(f"  {kind:<14}" + ", ".join(shares))


def print_fixtures() -> None:
    """Print the similarity of copies, and of the nearest pairs that are none."""
    rows = list(read_lines(ROOT / "fixtures" / "belgium.jsonl"))
    gold = json.loads((ROOT / "fixtures" / "gold.json").read_text(encoding="utf-8"))
    docs = collect("belgium", rows).docs
    groups = [gold["group"][doc.article.id] for doc in docs]
    shingled = [shingle([doc.tokens for doc in docs], size) for size in SIZES]
    pairs = np.array(list(combinations(range(len(docs)), 2)))
    table = np.stack([shared(Runs(parts=(rows,)), pairs).jaccard for rows in shingled])
    print("\nbelgium.jsonl: copies, and other pairs above 0.3" + "".join(f"{s:>7}" for s in SIZES))
    for (i, j), values in sorted(zip(pairs.tolist(), table.T, strict=True), key=lambda p: -p[1][2]):
        same = groups[i] == groups[j]
        if same or values.max() >= 0.3:
            names = f"{docs[i].article.id} {docs[j].article.id}"
            print(
                f"  {'copy ' if same else 'other'} {names:<52}"
                + "".join(f"{v:7.2f}" for v in values)
            )


def print_short(collection: Collection, size: int, threshold: float) -> None:
    """Print what would change if short bodies were compared together with their headlines."""
    titles = [tokenize(doc.article.title) for doc in collection.docs]
    print(f"\nShort bodies of {collection.name}, size {size}, threshold {threshold}")
    print("  headline joined below: false near pairs, others; largest exact group under 30 tokens")
    for least in HEADLINES:
        copies: Counter[tuple[str, ...]] = Counter(
            tuple([*title, *doc.tokens] if len(doc.tokens) < least else doc.tokens)
            for doc, title in zip(collection.docs, titles, strict=True)
        )
        texts = list(map(list, copies))
        pairs, _ = all_pairs(shingle(texts, size), threshold)
        false = sum(numbers_conflict(texts[i], texts[j]) for i, j in pairs.tolist())
        largest = max(count for text, count in copies.items() if 0 < len(text) < 30)
        print(f"  {least:>10} {false:>10} {len(pairs) - false:>10} {largest:>10}")


def print_candidates(name: str, tokens: Iterable[Tokens], size: int, threshold: float) -> None:
    """Print recall and cost of each banding over distinct texts."""
    distinct = list(dict.fromkeys(tuple(each) for each in tokens if each))
    rows = shingle(distinct, size)
    pairs, values = all_pairs(rows, threshold)
    truth = pairs[:, 0] << 32 | pairs[:, 1]
    near = values < threshold + 0.1
    signed = signatures(rows)
    print(
        f"  {name}, size {size}, threshold {threshold}: {len(distinct)} texts, "
        f"{len(truth)} true pairs, {near.sum()} of them within 0.1 above it"
    )
    for bands, width in BANDINGS if len(truth) else ():
        found = candidate_pairs(signed, bands=bands, rows=width).pairs.astype(np.int64)
        hit = np.isin(truth, found[:, 0] << 32 | found[:, 1])
        print(
            f"    {bands} x {width}: recall {hit.mean():.4f}, of the near ones "
            f"{hit[near].sum() / max(1, near.sum()):.4f}, lost {(~hit).sum()}, "
            f"{len(found) / len(truth):.1f} candidates a true pair"
        )


def main() -> None:
    defaults = DuplicateConfig()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--articles", type=int, default=150, help="articles edited from each set")
    parser.add_argument("--size", type=int, default=defaults.shingle_size)
    parser.add_argument("--threshold", type=float, default=defaults.threshold)
    options = parser.parse_args()

    sets = [collect(name, read(name)) for name in SETS]
    negative = [
        collect(path.stem, read_lines(path))
        for path in sorted((ROOT / "fixtures" / "negative").glob("*.jsonl"))
    ]
    texts = edit_all(sets, options.articles)
    print(f"{len(texts.originals)} articles of {', '.join(SETS)}, {len(EDITS)} kinds of edit")
    print_furniture(texts)
    recall = recall_cells(texts)
    print_table("Recall of edited copies (%)", recall, lambda v, t: f"{100 * (v >= t).mean():.1f}")
    print_means(recall, texts.sets)
    print_spread(recall)
    false, others = natural_cells([*negative, *(c for c in sets if c.name != "indonesian")])
    print_table(
        "False pairs (count)", false | judged_cells(), lambda v, t: str(int((v >= t).sum()))
    )
    print("\nHighest false pair, by size " + ", ".join(map(str, SIZES)))
    for name in dict.fromkeys(name for name, _ in false):
        print(f"  {name:<35}" + "".join(f"{max(false[name, s], default=0):>7.2f}" for s in SIZES))
    print_table("Other natural pairs (count)", others, lambda v, t: str(int((v >= t).sum())))
    print_fixtures()
    reuters = next(c for c in sets if c.name == "reuters21578")
    print_short(reuters, options.size, options.threshold)
    print("\nCandidates")
    first = [
        place
        for name in np.unique(texts.sets)
        for place in np.flatnonzero(texts.sets == name)[:POOL].tolist()
    ]
    pool = [tokens[i] for tokens in (texts.originals, *texts.versions.values()) for i in first]
    for name, tokens, size, threshold in (
        ("edited", pool, options.size, options.threshold),
        *((c.name, [d.tokens for d in c.docs], options.size, options.threshold) for c in sets),
        ("edited", pool, 3, 0.8),
        ("reuters21578", [doc.tokens for doc in reuters.docs], 3, 0.8),
    ):
        print_candidates(name, tokens, size, threshold)
    print(f"\n{time.process_time():.0f} seconds of CPU")


if __name__ == "__main__":
    main()
