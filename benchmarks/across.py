"""Events told in several languages at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import baselines
from datasets import LabelledSet
from dedup import find_clusters
from dedup.evaluate import Evaluation, evaluate
from gate import Figures
from labelled import BASELINES, tuned
from layout import Table, share

Scores = Mapping[str, Evaluation]

NOTE = (
    "B³ at the default configuration over all languages together; ntrex also over those that the "
    "USE baseline covers. Baselines: F1 with decay and threshold tuned to the set by its labels."
)


def sets() -> Iterator[tuple[str, LabelledSet]]:
    """Yield the sets of several languages by the names of their figures."""
    languages = baselines.USE_LANGUAGES
    yield "olympics_titles.together", baselines.together("olympics_titles", "olympics_titles")
    yield "ntrex.together", baselines.together("ntrex", "ntrex")
    yield "ntrex.use_languages", baselines.together("ntrex", "ntrex.use_languages", languages)


def measure() -> dict[str, Evaluation]:
    """Score the sets of several languages."""
    return {name: score(data) for name, data in sets()}


def score(data: LabelledSet) -> Evaluation:
    """Score one set at the default configuration."""
    labels = find_clusters(data.articles, progress=False).labels
    return evaluate(data.events, labels.tolist())


def figures(scores: Scores) -> Figures:
    """Return what is pinned."""
    return {f"{name}.b_cubed_f1": each.b_cubed_f1 for name, each in scores.items()}


def table(scores: Scores) -> Table:
    """Return the table of the sets of several languages."""
    return Table(
        title="Several languages at once",
        columns=("set", "articles", "events", "P", "R", "F1", *BASELINES.values()),
        rows=[_row(name, each) for name, each in scores.items()],
        note=NOTE,
    )


def _row(name: str, each: Evaluation) -> list[str]:
    found = tuned(name.removesuffix(".together"))
    return [
        name,
        f"{each.items:,}",
        f"{each.true_clusters:,}",
        *map(share, (each.b_cubed_precision, each.b_cubed_recall, each.b_cubed_f1)),
        *(share(found.get(baseline, {}).get("score")) for baseline in BASELINES),
    ]
