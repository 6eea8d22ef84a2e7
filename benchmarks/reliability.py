"""What the left-out probabilities promise, and what they hold: over all sets, and set by set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Protocol

from calibration import BINS, Bin, Judged, error
from gate import Figures
from layout import ABSENT, Table, share

POOLED_NOTE = (
    "Left-out probabilities; each family weighs the same, and inside it every pair. Candidates: "
    "the candidate pairs of the labelled sets. Judged: the pairs judged by hand, which the library "
    "did not choose. Each with its share of pairs, their mean probability, and how many of them "
    "are one event."
)
SETS_NOTE = (
    "Left-out probabilities. Same: the share of pairs that are one event, which the mean "
    "probability should meet. All: each family weighs the same."
)


class Scored(Protocol):
    """A set whose pairs have left-out probabilities."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def family(self) -> str: ...  # noqa: D102
    @property
    def judged(self) -> Judged: ...  # noqa: D102


def pooled(scores: Iterable[Scored]) -> Judged:
    """Pool sets; each family weighs the same."""
    by_family = groupby(sorted(scores, key=lambda s: (s.family, s.name)), lambda s: s.family)
    return Judged.pooled([each.judged for each in family] for _, family in by_family)


def figures(candidates: Sequence[Scored], pairs: Sequence[Scored]) -> Figures:
    """Return what is pinned of the pooled pairs."""
    found: Figures = {}
    for name, scores in (("candidates", candidates), ("judged", pairs)):
        of_all = pooled(scores)
        found |= {
            f"pooled.{name}.reliability_error": error(of_all.reliability()),
            f"pooled.{name}.brier": of_all.brier(),
            f"pooled.{name}.log_loss": of_all.log_loss(),
        }
    return found


def tables(candidates: Sequence[Scored], pairs: Sequence[Scored]) -> list[Table]:
    """Return the pooled reliability, and Brier score and log loss of every set."""
    return [_pooled_table(pooled(candidates), pooled(pairs)), _sets_table(candidates, pairs)]


def _pooled_table(candidates: Judged, pairs: Judged) -> Table:
    both = zip(candidates.reliability(), pairs.reliability(), strict=True)
    rows = [
        [f"{number / BINS:.1f} – {(number + 1) / BINS:.1f}", *_cells(left), *_cells(right)]
        for number, (left, right) in enumerate(both)
    ]
    errors = [error(each.reliability()) for each in (candidates, pairs)]
    rows.append(
        ["mean distance", ABSENT, ABSENT, share(errors[0]), *[ABSENT] * 2, share(errors[1])]
    )
    return Table(
        title="Reliability",
        columns=("probability", "candidates", "mean p", "same", "judged", "mean p", "same"),
        rows=rows,
        note=POOLED_NOTE,
    )


def _cells(each: Bin | None) -> list[str]:
    if each is None:
        return [ABSENT] * 3
    return [f"{100 * each.share:.1f} %", share(each.probability), share(each.same)]


def _sets_table(candidates: Sequence[Scored], pairs: Sequence[Scored]) -> Table:
    rows = [_row(each.name, each.judged) for each in (*candidates, *pairs)]
    rows.append(_row("all candidates", pooled(candidates)))
    rows.append(_row("all judged", pooled(pairs)))
    return Table(
        title="Brier score and log loss",
        columns=("set", "pairs", "same", "mean p", "Brier", "log loss"),
        rows=rows,
        note=SETS_NOTE,
    )


def _row(name: str, judged: Judged) -> list[str]:
    return [
        name,
        f"{len(judged.same):,}",
        share(float((judged.weight * judged.same).sum())),
        share(float((judged.weight * judged.probability).sum())),
        share(judged.brier()),
        share(judged.log_loss()),
    ]
