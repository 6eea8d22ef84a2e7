"""How far the cosine of sentence embeddings tells one event from two, within and across languages.

::

    python benchmarks/semantic.py                 # every table
    python benchmarks/semantic.py ntrex speed     # some of: lengths ntrex olympics semeval speed

Sets: translations of 63 articles into 19 languages (ntrex: same article against another), Olympic
headlines in nine languages (same event against another, at most three days apart), and judged
pairs in two languages (semeval2022).  Only trusted pairs are counted; their share is given.
``LR = e^(a + b cos)`` is a logistic fit with both classes weighed alike: add the log-odds of the
prior, and it is P(same event).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

import devsets
from dedup.article import Article
from dedup.semantic import COSINE_UNIT, Embedded, UniversalSentenceEncoder, embed, similarity
from dedup.text.clean import clean
from dedup.text.language import Languages, possible_languages
from dedup.text.recurring import RecurringLines
from dedup.text.tokenize import tokenize

EUROPEAN = ("de", "es", "fr", "it", "nl", "pl", "pt", "ru")
LENGTHS = (0, 200, 400, 600)  # 0: the headline alone
SAMPLE = 1_200_000

#: Articles of ntrex on one story, by their headlines: neither the same article nor others.
RELATED = (
    (
        "euronews-en.153797",
        "nytimes.184860",
        "reuters.218863",
        "reuters.218865",
        "telegraph.405422",
    ),
    ("cbsnews.248384", "cbsnews.248471", "cnn.304489", "newsweek.51328", "telegraph.405413"),
    ("cnn.304447", "newsweek.51310", "cnbc.com.6790"),
    ("bbc.381746", "scotsman.133791"),
    ("cnbc.com.6769", "cnbc.com.6790", "reuters.218861"),
    ("abcnews.306815", "newsweek.51338"),
    ("independent.226301", "reuters.218914"),
)
THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Texts:
    """What is embedded, with what is known of it."""

    texts: list[tuple[str, str]]
    declared: list[str]
    names: list[str]
    event: NDArray[np.int64]
    day: NDArray[np.float64]

    @property
    def languages(self) -> list[Languages]:
        """As the library would tell them, the declared one believed where words do not tell."""
        return [
            possible_languages(text, tokenize(text[:4000]), declared)
            for (title, body), declared in zip(self.texts, self.declared, strict=True)
            for text in [f"{title}\n{body}"]
        ]

    def cut(self, length: int) -> Texts:
        """Return the texts with so many characters of headline and lead; 0: headlines alone."""
        cut = [
            (title, "") if length == 0 else (f"{title}\n{body}"[:length].rsplit(None, 1)[0], "")
            for title, body in self.texts
        ]
        return replace(self, texts=cut)


def read_texts(rows: Sequence[dict[str, Any]]) -> Texts:
    texts = []
    for number, row in enumerate(rows):
        article = Article(id=str(number), title=row.get("title", ""), text=row.get("text", ""))
        cleaned = clean(article, RecurringLines.empty())
        texts.append((cleaned.title, cleaned.body))
    names = {event: code for code, event in enumerate(sorted({row["event"] for row in rows}))}
    days = [np.datetime64(row["published"], "s") if row.get("published") else None for row in rows]
    return Texts(
        texts=texts,
        declared=[row["lang"] for row in rows],
        names=sorted(names),
        event=np.array([names[row["event"]] for row in rows]),
        day=np.array([np.nan if day is None else day.astype(float) / 86400 for day in days]),
    )


HEADER = (
    f"{'pairs':24}{'same':>7}{'other':>8}{'trusted':>8}   AUC   same: 1%   5%  50%   "
    "other: 50%  99%  99.9%  max    a     b   same ≥ .5  .6  .7  .8  .9   other ≥ .5 .. .9, per 10⁴"
)


def show(name: str, embedded: Embedded, pairs: NDArray[np.int64], same: NDArray[Any]) -> None:
    kept = np.asarray(embedded.trusted[pairs].all(axis=1))
    share = kept.mean() if len(kept) else 0.0
    cosine = similarity(embedded, pairs[kept]) / COSINE_UNIT
    same = same[kept]
    yes, no = cosine[same], cosine[~same]
    head = f"{name:24}{len(yes):7,}{len(no):8,}{100 * share:7.0f}%"
    if len(yes) < 5 or len(no) < 5:
        print(head)
        return
    fit = LogisticRegression(C=1e4, class_weight="balanced").fit(cosine[:, None], same)
    print(
        f"{head}  {roc_auc_score(same, cosine):.4f}      "
        + " ".join(f"{q:5.2f}"[1:] for q in np.quantile(yes, (0.01, 0.05, 0.5)))
        + "          "
        + " ".join(f"{q:5.2f}"[1:] for q in (*np.quantile(no, (0.5, 0.99, 0.999)), no.max()))
        + f"  {fit.intercept_[0]:6.1f} {fit.coef_[0, 0]:5.1f}       "
        + " ".join(f"{100 * (yes >= t).mean():3.0f}" for t in THRESHOLDS)
        + "      "
        + " ".join(f"{1e4 * (no >= t).mean():6.1f}" for t in THRESHOLDS),
        flush=True,
    )


def pairs_of(rows: Iterable[tuple[int, int]]) -> NDArray[np.int64]:
    return np.array(list(rows), dtype=np.int64).reshape(-1, 2)


def ntrex_pairs(data: Texts, first: Sequence[str], second: Sequence[str]) -> NDArray[np.int64]:
    in_first = [i for i, code in enumerate(data.declared) if code in first]
    in_second = [i for i, code in enumerate(data.declared) if code in second]
    return unrelated(
        data,
        pairs_of(
            (i, j)
            for i in in_first
            for j in in_second
            if data.declared[i] != data.declared[j] and (i < j or first != second)
        ),
    )


def unrelated(data: Texts, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Leave out the pairs of two articles on one story."""
    code = {name: number for number, name in enumerate(data.names)}
    related = np.zeros((len(code), len(code)), dtype=np.bool_)
    for story in RELATED:
        for a, b in combinations([code[name] for name in story], 2):
            related[a, b] = related[b, a] = True
    return pairs[~related[data.event[pairs[:, 0]], data.event[pairs[:, 1]]]]


def lengths(encoder: UniversalSentenceEncoder) -> None:
    data = read_texts(devsets.read("ntrex"))
    covered = sorted(set(data.declared) & (encoder.languages or set()))
    pairs = ntrex_pairs(data, covered, covered)
    judged, judged_pairs, label = judged_texts()
    for length in LENGTHS:
        what = f"{length} characters" if length else "headline"
        cut = data.cut(length)
        same = data.event[pairs[:, 0]] == data.event[pairs[:, 1]]
        show(f"ntrex, {what}", embed(encoder, cut.texts, data.languages), pairs, same)
        if length:  # headline and text are not told apart in these
            cut = judged.cut(length)
            embedded = embed(encoder, cut.texts, judged.languages)
            show(f"semeval, {what}", embedded, judged_pairs, label)


def ntrex(encoder: UniversalSentenceEncoder) -> None:
    data = read_texts(devsets.read("ntrex"))
    embedded = embed(encoder, data.texts, data.languages)
    codes = sorted(set(data.declared))
    families: dict[str, tuple[Sequence[str], Sequence[str]]] = {
        "en-European": (["en"], EUROPEAN),
        "European-European": (EUROPEAN, EUROPEAN),
    }
    families |= {f"en-{code}": (["en"], [code]) for code in codes if code != "en"}
    families |= {"id-European": (["id"], EUROPEAN), "zh-ja": (["zh"], ["ja"])}
    families |= {"all": (codes, codes)}
    for name, (first, second) in families.items():
        pairs = ntrex_pairs(data, first, second)
        show(name, embedded, pairs, data.event[pairs[:, 0]] == data.event[pairs[:, 1]])
    print("different articles of one language: cosine at 50 %, 99 %, and the largest")
    for code in codes:
        rows = [i for i, declared in enumerate(data.declared) if declared == code]
        pairs = unrelated(data, pairs_of(combinations(rows, 2)))
        trusted = embedded.trusted[rows].mean()
        pairs = pairs[embedded.trusted[pairs].all(axis=1)]
        cosine = similarity(embedded, pairs) / COSINE_UNIT
        levels = [*np.quantile(cosine, (0.5, 0.99)), cosine.max()] if len(cosine) else []
        print(f"  {code}  trusted {100 * trusted:3.0f}%  ", *(f"{level:.2f}" for level in levels))


def olympics(encoder: UniversalSentenceEncoder) -> None:
    data = read_texts(devsets.read("olympics_titles"))
    embedded = embed(encoder, data.texts, data.languages)
    nobody_says = [Languages(may.script, frozenset()) for may in data.languages]
    undeclared = embed(encoder, data.texts, nobody_says)
    for code in sorted(set(data.declared)):
        rows = [i for i, declared in enumerate(data.declared) if declared == code]
        print(
            f"  {code}  trusted: {100 * embedded.trusted[rows].mean():.0f} % if it says its "
            f"language, {100 * undeclared.trusted[rows].mean():.0f} % if not"
        )
    drawn = np.random.default_rng(1).integers(len(data.texts), size=(SAMPLE, 2))
    of_event: dict[int, list[int]] = {}
    for row, event in enumerate(data.event.tolist()):
        of_event.setdefault(event, []).append(row)
    alike = pairs_of(pair for rows in of_event.values() for pair in combinations(rows, 2))
    drawn = drawn[data.event[drawn[:, 0]] != data.event[drawn[:, 1]]]
    pairs = np.concatenate([alike, drawn])
    same = np.arange(len(pairs)) < len(alike)
    near = np.abs(data.day[pairs[:, 0]] - data.day[pairs[:, 1]]) <= 3
    pairs, same = pairs[near], same[near]
    said = np.array(data.declared)
    crossing = said[pairs[:, 0]] != said[pairs[:, 1]]
    show("within a language", embedded, pairs[~crossing], same[~crossing])
    show("across languages", embedded, pairs[crossing], same[crossing])
    for first, second in combinations(sorted(set(data.declared) - {"sl", "zh"}), 2):
        of_two = (np.isin(said[pairs], (first, second))).all(axis=1) & crossing
        if same[of_two].sum() >= 100:
            show(f"{first}-{second}", embedded, pairs[of_two], same[of_two])


def judged_texts() -> tuple[Texts, NDArray[np.int64], NDArray[np.bool_]]:
    rows = [row for row in devsets.read("semeval2022.pairs") if row["lang_a"] != row["lang_b"]]
    sides = [{**row[side], "event": row["id"]} for row in rows for side in ("a", "b")]
    pairs = np.arange(2 * len(rows), dtype=np.int64).reshape(-1, 2)
    return read_texts(sides), pairs, np.array([row["label"] == 1 for row in rows])


def semeval(encoder: UniversalSentenceEncoder) -> None:
    data, pairs, label = judged_texts()
    embedded = embed(encoder, data.texts, data.languages)
    show("all", embedded, pairs, label)
    said = np.array(data.declared)[pairs]
    for name in sorted({tuple(sorted(two)) for two in said.tolist()}):
        chosen = (np.sort(said, axis=1) == np.array(name)).all(axis=1)
        show("-".join(name), embedded, pairs[chosen], label[chosen])


def speed(encoder: UniversalSentenceEncoder) -> None:
    data = read_texts([row for row in devsets.read("ntrex") if row["lang"] in ("en", "de", "id")])
    encoder(["warm"])
    for name, length in (("headlines", 0), ("headlines and leads, 600 characters", 600)):
        texts = sorted({text for text, _ in data.cut(length).texts})
        start = time.perf_counter()
        encoder(texts)
        made = time.perf_counter()
        for text in texts:
            encoder.knows(text)
        known = time.perf_counter()
        print(
            f"{name}: embedded {len(texts) / (made - start):.0f}/s, "
            f"recognised {len(texts) / (known - made):.0f}/s, one thread"
        )


TABLES: dict[str, Callable[[UniversalSentenceEncoder], None]] = {
    "lengths": lengths,
    "ntrex": ntrex,
    "olympics": olympics,
    "semeval": semeval,
    "speed": speed,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("tables", nargs="*", choices=[*TABLES, []], default=list(TABLES))
    encoder = UniversalSentenceEncoder()
    print(f"{encoder.name}, package {encoder.version}")
    for name in parser.parse_args().tables:
        print(f"\n{name}\n{HEADER if name != 'speed' else ''}")
        TABLES[name](encoder)


if __name__ == "__main__":
    main()
