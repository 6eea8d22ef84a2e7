"""B³ F1 of one scored set at every threshold, from one linkage.

Means fall from merge to merge under average linkage, so the clusters at a threshold are those that
the merges at or above it make: the linkage is computed once, down to the lowest threshold, and cut.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dedup.config import Config
from dedup.evaluate import b_cubed_f1_score
from dedup.events.clustering import PROBABILITY_UNIT, Linkage, link
from dedup.events.round_ups import held_down
from train_event_model import Sample

DEFAULT = Config().event.threshold

#: Where the best threshold of a set is looked for.
GRID = tuple(round(0.1 + 0.025 * step, 3) for step in range(29))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """B³ F1 at the default threshold, and at the one that the set's own labels would choose."""

    default: float
    best: float
    threshold: float

    @property
    def gap(self) -> float:
        """What a threshold that fits the set would gain."""
        return self.best - self.default


def sweep(sample: Sample, probability: NDArray[np.int64]) -> Sweep:
    """Cluster a set at every threshold.

    Parameters
    ----------
    sample : Sample
        Has events.
    probability : ndarray of int64, shape (len(sample.pairs),)
        In units of ``1 / PROBABILITY_UNIT``.
    """
    levels = {threshold: round(threshold * PROBABILITY_UNIT) for threshold in (*GRID, DEFAULT)}
    kept = probability >= round(Config().event.floor * PROBABILITY_UNIT)
    counted = held_down(sample.sizes, sample.pairs[kept], probability[kept])
    linkage = link(sample.n_groups, sample.pairs[kept], counted, min(levels.values()))
    scores = {
        threshold: b_cubed_f1_score(
            sample.events, cut(sample.n_groups, linkage, level)[sample.group_of].tolist()
        )
        for threshold, level in levels.items()
    }
    # Of equally good thresholds, the one nearest to the default: a gap of 0 is no other threshold.
    best = max(scores, key=lambda threshold: (scores[threshold], -abs(threshold - DEFAULT)))
    return Sweep(default=scores[DEFAULT], best=scores[best], threshold=best)


def cut(n: int, linkage: Linkage, level: int) -> NDArray[np.int64]:
    """Return the labels that linkage with a threshold no lower than its own would have given.

    >>> pairs, probability = np.array([[0, 1], [1, 2]]), np.array([900_000, 800_000])
    >>> low = link(3, pairs, probability, 300_000)
    >>> cut(3, low, 300_000).tolist(), cut(3, low, 500_000).tolist()
    ([0, 0, 0], [0, 0, 2])
    """
    head = np.arange(n, dtype=np.int64)
    made = linkage.merges[linkage.total >= level * linkage.area]
    for i, j in reversed(made.tolist()):  # the last merge knows where all of it ended up
        head[j] = head[i]
    return head
