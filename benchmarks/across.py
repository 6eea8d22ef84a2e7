"""Events told in several languages at once, without an embedder and with one.

The rows ``+ embedder`` need ``story-dedup[semantic]`` and are left out without it.  What the same
reaches when nothing was fitted to the set stands in ``dedup/events/across.json``, and
``train_across_model.py`` prints it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import baselines
import devsets
from dedup import Config, EventConfig, MissingDependencyError, find_clusters
from dedup.evaluate import Evaluation, evaluate
from devsets import LabelledSet
from gate import Figures
from labelled import BASELINES, tuned
from layout import Table, share

Scores = Mapping[str, Evaluation]

NOTE = (
    "B³ at the default configuration over all languages together; ntrex also over those that the "
    "USE baseline covers. With embedder: event.embedder=UniversalSentenceEncoder(); declared: each "
    "article says its language, which headlines are too short to tell. Baselines: F1 with decay "
    "and threshold tuned to the set by its labels."
)

#: What the name of a row ends in.
EMBEDDED = ".embedder"
DECLARED = ".declared"


def sets() -> Iterator[tuple[str, LabelledSet]]:
    """Yield the sets of several languages by the names of their figures."""
    languages = baselines.USE_LANGUAGES
    yield "olympics_titles.together", baselines.together("olympics_titles", "olympics_titles")
    yield "ntrex.together", baselines.together("ntrex", "ntrex")
    yield "ntrex.use_languages", baselines.together("ntrex", "ntrex.use_languages", languages)


def measure() -> dict[str, Evaluation]:
    """Score the sets of several languages, with an embedder too if there is one."""
    scores = {}
    config = with_embedder()
    for name, data in sets():
        scores[name] = score(data)
        if config is not None:
            scores[name + EMBEDDED] = score(data, config)
    if config is not None:
        name = f"olympics_titles.together{DECLARED}"
        scores[name] = score(declared("olympics_titles"))
        scores[name + EMBEDDED] = score(declared("olympics_titles"), config)
    return scores


def with_embedder() -> Config | None:
    """Return the default configuration with the embedder; None if it is not installed."""
    try:
        from dedup.semantic import UniversalSentenceEncoder

        return Config(event=EventConfig(embedder=UniversalSentenceEncoder()))
    except MissingDependencyError:
        return None


def declared(file: str) -> LabelledSet:
    """Return one file's articles over all languages, each saying its language."""
    rows = devsets.read(file)
    return LabelledSet(
        name=file,
        family=file,
        articles=[devsets.article(row) | {"language": row["lang"]} for row in rows],
        events=[row["event"] for row in rows],
    )


def score(data: LabelledSet, config: Config | None = None) -> Evaluation:
    """Score one set at the default configuration, or at another."""
    labels = find_clusters(data.articles, config=config, progress=False).labels
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
    plain = name.removesuffix(EMBEDDED).removesuffix(DECLARED)
    found = tuned(plain.removesuffix(".together"))
    return [
        name.replace(EMBEDDED, " + embedder"),
        f"{each.items:,}",
        f"{each.true_clusters:,}",
        *map(share, (each.b_cubed_precision, each.b_cubed_recall, each.b_cubed_f1)),
        *(share(found.get(baseline, {}).get("score")) for baseline in BASELINES),
    ]


if __name__ == "__main__":
    print(table(measure()).text())
