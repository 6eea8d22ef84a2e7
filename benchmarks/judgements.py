"""What a person's judgements are worth: borderline pairs judged by gold, and fed back.

::

    python benchmarks/judgements.py                       # the tables
    python benchmarks/judgements.py --write-table FILE    # as Markdown too

Every set is clustered at the default, its most borderline pairs are judged by its labels, and what
``Clustering.calibrate()`` makes of them is applied in three ways: the threshold alone, the judged
pairs alone as links, and both, which is the default.  Figures are differences in B³ F1.

How a threshold and links cluster again is asked of the scores that the run kept: copies and scores
depend on neither.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import devsets
from dedup import Calibration, Clustering, EventConfig, find_clusters
from dedup.evaluate import b_cubed_f1_score
from dedup.events.clustering import PROBABILITY_UNIT, link
from dedup.events.links import Links
from dedup.review import kept_scores, numbered
from layout import Table, share
from thresholds import DEFAULT, GRID

#: How many borderline pairs are judged.
COUNTS = (20, 50, 100)

#: Fewer borderline pairs say nothing about many judgements.
FEWEST = 10

NOTE = (
    "B³ F1 at the default, and what is gained: by the threshold that the judgements support (at), "
    "by the judged pairs as must_link and cannot_link, by both; and by the threshold that all "
    "labels of the set would choose (best). Others: what both gain among the articles of no judged "
    "text, the judged ones left out. Same: share of the pairs that are one event. Interval: where "
    "the threshold belongs with 90 %. Sets may have fewer borderline pairs than asked for."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """What so many judgements did to the B³ F1 of one set."""

    name: str
    family: str
    before: float
    calibration: Calibration
    threshold: float
    links: float
    both: float
    others: float
    best: float
    best_at: float

    @property
    def judged(self) -> int:
        """How many pairs there were to judge."""
        return self.calibration.n_same + self.calibration.n_apart


def judge(data: devsets.LabelledSet, result: Clustering, count: int) -> Calibration:
    """Judge the most borderline pairs by the labels of a set."""
    event = {member.article.id: data.events[member.row] for c in result for member in c.members}
    return result.calibrate(
        pair.judged(same=event[pair.a] == event[pair.b]) for pair in result.borderline(count)
    )


def clustered_again(result: Clustering, threshold: float, event: EventConfig) -> list[int]:
    """Return the labels that a run at this threshold, with these links, gives each row."""
    groups, scores = numbered(result), kept_scores(result)
    row_of = {m.article.id: row for row, group in enumerate(groups) for m in group.members}
    units = round(threshold * PROBABILITY_UNIT)
    links = Links.of(event.must_link, event.cannot_link, row_of)
    links = links.joined_by(scores.versions_from(units))
    labels = link(len(groups), scores.pairs, scores.probability, units, links=links).labels
    found = [0] * len(result.labels)
    for row, group in enumerate(groups):
        for member in group.members:
            found[member.row] = int(labels[row])
    return found


def measure(data: devsets.LabelledSet) -> Iterator[Gain]:
    """Yield what each number of judgements does to a set."""
    result = find_clusters(data.articles, progress=False)
    none = result.config.event

    def score(threshold: float, event: EventConfig) -> float:
        return b_cubed_f1_score(data.events, clustered_again(result, threshold, event))

    before = score(none.threshold, none)
    swept = {threshold: score(threshold, none) for threshold in GRID}
    best_at = max(swept, key=lambda threshold: (swept[threshold], -abs(threshold - DEFAULT)))
    for count in COUNTS:
        found = judge(data, result, count)
        event = found.config.event
        yield Gain(
            name=data.name,
            family=data.family,
            before=before,
            calibration=found,
            threshold=score(event.threshold, none) - before,
            links=score(none.threshold, event) - before,
            both=score(event.threshold, event) - before,
            others=_gain_of_others(data, result, event),
            best=swept[best_at] - before,
            best_at=best_at,
        )


def _gain_of_others(data: devsets.LabelledSet, result: Clustering, event: EventConfig) -> float:
    """Return what is gained among the articles that nobody judged, nor a copy of theirs."""
    judged = {
        member.row
        for pair in (*event.must_link, *event.cannot_link)
        for name in pair
        for member in result.group_of(name).members
    }
    others = [row for row in range(len(data.events)) if row not in judged]
    events = [data.events[row] for row in others]
    scores = [
        b_cubed_f1_score(events, [labels[row] for row in others])
        for labels in (
            clustered_again(result, setting.threshold, setting)
            for setting in (result.config.event, event)
        )
    ]
    return scores[1] - scores[0]


def table(gains: Sequence[Gain], count: int) -> Table:
    """Return the table for one number of judgements, means over languages last."""
    rows = [
        [
            each.name,
            str(each.judged),
            share(each.calibration.n_same / each.judged, 2),
            share(each.before),
            f"{each.calibration.low:.2f}–{each.calibration.high:.2f}",
            f"{each.calibration.threshold:.2f}",
            *_gained([each]),
            f"{each.best_at:g}",
        ]
        for each in gains
    ]
    for family in dict.fromkeys(each.family for each in gains if each.family != each.name):
        parts = [each for each in gains if each.family == family]
        before = share(mean(each.before for each in parts))
        rows.append([f"{family}, mean", "", "", before, "", "", *_gained(parts), ""])
    columns = ("set", "judged", "same", "F1", "interval", "at")
    return Table(
        title=f"{count} judgements",
        columns=(*columns, "threshold", "links", "both", "others", "best", "best at"),
        rows=rows,
        note=NOTE,
    )


def _gained(parts: Sequence[Gain]) -> list[str]:
    return [
        f"{mean(values):+.3f}"
        for values in zip(
            *((each.threshold, each.links, each.both, each.others, each.best) for each in parts),
            strict=True,
        )
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="What judgements are worth.")
    parser.add_argument("--write-table", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    measured = [list(measure(data)) for data in devsets.labelled_sets()]
    tables = []
    for at, count in enumerate(COUNTS):
        gains = [of_set[at] for of_set in measured if of_set[at].judged >= FEWEST]
        tables.append(table(gains, count))
        print(tables[-1].text())
    if arguments.write_table:
        pages = "\n\n".join(each.markdown() for each in tables)
        arguments.write_table.write_text(pages + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
