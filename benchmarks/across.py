"""Events told in several languages at once, without and with sentence embeddings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import mean
from typing import Any

import baselines
import datasets
from datasets import LabelledSet
from dedup import find_clusters
from dedup.evaluate import Evaluation, evaluate
from dedup.semantic import UniversalSentenceEncoder
from gate import OPTIONAL, Figures
from labelled import BASELINES, SetScores, families, tuned
from layout import ABSENT, Table, change, share

Scores = Mapping[str, Evaluation]

NOTE = (
    "B³ at the default configuration over all languages together; ntrex also over those that the "
    "embedder covers. Extra: F1 with sentence embeddings. Baselines: F1 with decay and threshold "
    "tuned to the set by its labels."
)
SEMANTIC_NOTE = "B³ F1 at the default configuration, without and with sentence embeddings."


def sets() -> Iterator[tuple[str, LabelledSet]]:
    """Yield the sets of several languages by the names of their figures."""
    languages = baselines.USE_LANGUAGES
    yield "olympics_titles.together", baselines.together("olympics_titles", "olympics_titles")
    yield "ntrex.together", baselines.together("ntrex", "ntrex")
    yield "ntrex.use_languages", baselines.together("ntrex", "ntrex.use_languages", languages)


def measure(**extra: Any) -> dict[str, Evaluation]:
    """Score the sets of several languages; ``extra`` goes to the library."""
    return {name: score(data, **extra) for name, data in sets()}


def score(data: LabelledSet, **extra: Any) -> Evaluation:
    """Score one set at the default configuration."""
    labels = find_clusters(data.articles, progress=False, **extra).labels
    return evaluate(data.events, labels.tolist())


def measure_semantic(names: Sequence[str]) -> dict[str, Evaluation]:
    """Score the named sets, and those of several languages, with sentence embeddings.

    One encoder serves all.  It embeds some 80 texts a second: minutes.
    """
    encoder = UniversalSentenceEncoder()
    chosen = (data for data in datasets.labelled_sets() if data.name in names)
    found = {data.name: score(data, embedder=encoder) for data in chosen}
    return found | measure(embedder=encoder)


def figures(scores: Scores) -> Figures:
    """Return what is pinned without embeddings."""
    return {f"{name}.b_cubed_f1": each.b_cubed_f1 for name, each in scores.items()}


def semantic_figures(scores: Scores, labelled: Sequence[SetScores]) -> Figures:
    """Return what is pinned with embeddings."""
    found = figures(scores)
    for family, suffix, parts in families(labelled):
        values = [scores[part.name].b_cubed_f1 for part in parts]
        found[f"{family}.mean{suffix}.b_cubed_f1"] = mean(values)
        found[f"{family}.minimum{suffix}.b_cubed_f1"] = min(values)
    return {f"{OPTIONAL}{name}": value for name, value in found.items()}


def table(scores: Scores, semantic: Scores | None = None) -> Table:
    """Return the table of the sets of several languages."""
    return Table(
        title="Several languages at once",
        columns=("set", "articles", "events", "P", "R", "F1", "extra", *BASELINES.values()),
        rows=[_row(name, each, (semantic or {}).get(name)) for name, each in scores.items()],
        note=NOTE,
    )


def _row(name: str, each: Evaluation, semantic: Evaluation | None) -> list[str]:
    found = tuned(name.removesuffix(".together"))
    return [
        name,
        f"{each.items:,}",
        f"{each.true_clusters:,}",
        *map(share, (each.b_cubed_precision, each.b_cubed_recall, each.b_cubed_f1)),
        share(semantic.b_cubed_f1) if semantic else ABSENT,
        *(share(found.get(baseline, {}).get("score")) for baseline in BASELINES),
    ]


def semantic_table(without: Figures, semantic: Figures) -> Table:
    """Return by how much embeddings change every figure."""
    rows = []
    for name, value in semantic.items():
        plain = without[name.removeprefix(OPTIONAL)]
        shown = name.removeprefix(OPTIONAL).removesuffix(".b_cubed_f1")
        rows.append([shown, share(plain), share(value), change(value - plain)])
    return Table(
        title="What sentence embeddings change",
        columns=("set", "F1", "with the extra", "change"),
        rows=rows,
        note=SEMANTIC_NOTE,
    )
