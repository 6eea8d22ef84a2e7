"""Baselines for the event stage, each at its best: what a simpler way could reach at most.

::

    python benchmarks/baselines.py            # one table
    python benchmarks/baselines.py --write    # and store benchmarks/baselines.json

Cosine between articles, decayed with the days between them where a set is dated, then average
linkage cut at a threshold.  The articles are seen as

- ``tfidf``: words, weighted by how rare they are in the set that is scored,
- ``minilm``: all-MiniLM-L6-v2 of the title and the first 1,000 characters (English sets only: it
  was made for English),
- ``use``: multilingual Universal Sentence Encoder of the title and the first 600 characters.

**Decay and threshold are chosen for each set, by that set's own labels.**  Nobody who deploys one
has such labels, so every figure here flatters its baseline; the library is scored at one
configuration for all sets.  Pairs judged by hand need no threshold: there the figure is the area
under the ROC curve of the cosine, with a bootstrap interval of 95 %.

A baseline whose package is not installed (``benchmarks/requirements-baselines.txt``) is left out.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import regex
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import roc_auc_score

import devsets
from dedup.evaluate import b_cubed_f1_score
from devsets import LabelledSet, PairSet
from embeddings import MINILM_ENCODER, USE_ENCODER, Encoder

TARGET = Path(__file__).parent / "baselines.json"

#: Days in which a cosine falls to 37 %; ``None`` is no decay.
DECAYS: tuple[float | None, ...] = (None, 0.5, 1, 2, 4, 8, 16, 32, 64, 128)

#: Closer together where they are low: headlines decayed with time have little left.
THRESHOLDS = np.concatenate((np.arange(0.002, 0.1, 0.002), np.arange(0.1, 1.0, 0.01)))
DRAWS = 1000

#: Nothing can be tuned on a set whose every article is alone: the highest threshold is right.
LEFT_OUT = {"wmt_mt.ru"}

#: What the multilingual encoder was trained on.
USE_LANGUAGES = {"ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th"}
USE_LANGUAGES |= {"tr", "zh"}

#: MiniLM was made for English.
ENGLISH = {"gva", "ecbplus", "wmt_mt.en", "olympics_titles.en", "semeval2022.en"}

Matrix = NDArray[np.float64]
Figure = dict[str, Any]
View = Callable[[Sequence[dict[str, Any]]], Matrix]

#: A word, accents and vowel signs included; scripts without spaces give runs instead.
_WORD = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}ー\p{Thai}]+|[\p{L}\p{M}\p{N}_]{2,}")
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]")


def labelled_sets() -> Iterator[LabelledSet]:
    """Yield the sets to score, those of several languages also with all of them together."""
    yield from (data for data in devsets.labelled_sets() if data.name not in LEFT_OUT)
    yield together("olympics_titles", "olympics_titles")
    yield together("ntrex", "ntrex")
    yield together("ntrex", "ntrex.use_languages", USE_LANGUAGES)


def pair_sets() -> Iterator[PairSet]:
    """Yield the sets of judged pairs, of the largest also the English pairs."""
    yield from devsets.pair_sets()
    rows = [row for row in devsets.read("semeval2022.pairs") if row["lang_a"] == "en"]
    rows = [row for row in rows if row["lang_b"] == "en"]
    yield PairSet(
        name="semeval2022.en",
        family="semeval2022",
        pairs=[(devsets.article(row["a"]), devsets.article(row["b"])) for row in rows],
        same=[row["label"] == 1 for row in rows],
    )


def together(file: str, name: str, languages: set[str] | None = None) -> LabelledSet:
    """Return one file's articles, over languages."""
    rows = [row for row in devsets.read(file) if languages is None or row["lang"] in languages]
    return LabelledSet(
        name=name,
        family=file,
        articles=[devsets.article(row) for row in rows],
        events=[row["event"] for row in rows],
    )


def terms(text: str) -> list[str]:
    """Return a text's words; pairs and triples of characters where words have no spaces.

    >>> terms("Brüssel, 東京都")
    ['brüssel', '東京', '京都', '東京都']
    """
    found: list[str] = []
    for word in _WORD.findall(text.lower()):
        if not _UNSPACED.match(word):
            found.append(word)
            continue
        for size in (2, 3):
            found.extend(word[i : i + size] for i in range(len(word) - size + 1))
    return found


def tfidf(articles: Sequence[dict[str, Any]]) -> Matrix:
    """Return cosines between all articles, of TF-IDF over title and text."""
    texts = [f"{article.get('title', '')}\n{article['text']}" for article in articles]
    rows = TfidfVectorizer(analyzer=terms, sublinear_tf=True).fit_transform(texts)
    cosines: Matrix = (rows @ rows.T).toarray()
    return cosines


def embedded(encoder: Encoder) -> View:
    """Return the view that an encoder gives."""

    def cosines(articles: Sequence[dict[str, Any]]) -> Matrix:
        rows = encoder.embed(articles).astype(np.float64)
        return rows @ rows.T

    return cosines


def views() -> dict[str, View]:
    """Return the baselines that can be run here."""
    encoders = [encoder for encoder in (MINILM_ENCODER, USE_ENCODER) if encoder.version()]
    return {"tfidf": tfidf} | {encoder.name: embedded(encoder) for encoder in encoders}


def fits(view: str, name: str) -> bool:
    """Say whether a baseline is run on a set."""
    return view != "minilm" or name in ENGLISH


def days_between(articles: Sequence[dict[str, Any]]) -> Matrix | None:
    """Return the days between all articles, ``None`` if not all are dated."""
    stamps = [article.get("published") for article in articles]
    if not all(stamps):
        return None
    dates = [datetime.fromisoformat(str(stamp)) for stamp in stamps]
    days = np.array([(d if d.tzinfo else d.replace(tzinfo=UTC)).timestamp() for d in dates]) / 86400
    return np.abs(days[:, None] - days[None, :])


def tuned(data: LabelledSet, cosines: Matrix) -> Figure:
    """Return the best B³ F1 over decays and thresholds, and where it was."""
    days = days_between(data.articles)
    best: Figure = {"score": 0.0}
    for decay in DECAYS:
        if decay is None:
            tree = average_linkage(cosines)
        elif days is not None:
            tree = average_linkage(cosines * np.exp(-days / decay))
        else:
            continue
        for threshold in THRESHOLDS:
            labels = fcluster(tree, 1.0 - threshold, "distance")
            score = round(b_cubed_f1_score(data.events, labels), 4)
            if score > best["score"]:
                best = {"score": score, "threshold": round(float(threshold), 3), "decay": decay}
    return best


def average_linkage(similarity: Matrix) -> Matrix:
    """Return the tree in which clusters join by the mean similarity of their articles."""
    # Rounding leaves an article some 1e-16 from itself, and the linkage wants none.
    distances = np.clip(1.0 - similarity, 0.0, 1.0)
    np.fill_diagonal(distances, 0.0)
    tree: Matrix = linkage(squareform(distances, checks=False), "average")
    return tree


def area(data: PairSet, view: View) -> Figure:
    """Return the area under the ROC curve of the pairs' cosines, with its interval.

    The view sees all articles at once, so that what is rare is counted over the set.
    """
    cosines = view([article for pair in data.pairs for article in pair])
    of_pairs = cosines[np.arange(0, len(cosines), 2), np.arange(1, len(cosines), 2)]
    same = np.array(data.same)
    random = np.random.default_rng(0)
    drawn = [random.integers(0, len(same), len(same)) for _ in range(DRAWS)]
    areas = [
        roc_auc_score(same[rows], of_pairs[rows]) for rows in drawn if 0 < same[rows].mean() < 1
    ]
    low, high = np.quantile(areas, (0.025, 0.975))
    return {
        "score": round(float(roc_auc_score(same, of_pairs)), 4),
        "low": round(float(low), 4),
        "high": round(float(high), 4),
    }


def measure() -> dict[str, dict[str, Figure]]:
    """Tune and score every baseline on every set, and print the table."""
    baselines = views()
    print(f"{'set':24}{'articles':>9}" + "".join(f"  {name:22}" for name in baselines))
    figures: dict[str, dict[str, Figure]] = {}
    for data in labelled_sets():
        figures[data.name] = {
            name: tuned(data, view(data.articles))
            for name, view in baselines.items()
            if fits(name, data.name)
        }
        _show(data.name, len(data.events), baselines, figures[data.name])
    for judged in pair_sets():
        figures[judged.name] = {
            name: area(judged, view) for name, view in baselines.items() if fits(name, judged.name)
        }
        _show(judged.name, len(judged.same), baselines, figures[judged.name])
    return figures


def _show(name: str, size: int, baselines: dict[str, View], found: dict[str, Figure]) -> None:
    cells = [_cell(found[baseline]) if baseline in found else "–" for baseline in baselines]
    print(f"{name:24}{size:9,}" + "".join(f"  {cell:22}" for cell in cells), flush=True)


def _cell(figure: Figure) -> str:
    if "low" in figure:
        return f"{figure['score']:.3f} ({figure['low']:.3f}–{figure['high']:.3f})"
    decay = "" if figure["decay"] is None else f", {figure['decay']:g} days"
    return f"{figure['score']:.3f} ({figure['threshold']:.3f}{decay})"


def provenance() -> dict[str, dict[str, str]]:
    """Return what the figures rest on: the files and the packages."""
    files = ["gva", "ecbplus", "vietnamese", "wmt_mt", "olympics_titles", "ntrex"]
    files += ["semeval2022.pairs", "tgcontest.pairs"]
    packages = ["numpy", "scipy", "scikit-learn"]
    packages += [e.package for e in (MINILM_ENCODER, USE_ENCODER) if e.version()]
    return {
        "digests": {file: devsets.digest(file) for file in files},
        "packages": {package: version(package) for package in packages},
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help=f"store {TARGET.name}")
    options = parser.parse_args()
    figures = measure()
    if options.write:
        data = provenance() | {"figures": figures}
        TARGET.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
