"""Pairs that a result keeps, in compact form: verified copies, and scored pairs of groups."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

__all__ = ["AcrossScores", "PairScores", "VerifiedCopies"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VerifiedCopies:
    """Verified pairs in compact form: exact copies stand behind one representative.

    Parameters
    ----------
    representative : ndarray of int64, shape (n_rows,)
        Row that stands for each row's text; -1 for a skipped row.
    pairs : ndarray of int64, shape (m, 2)
        Rows of representatives.
    jaccard : ndarray of float64, shape (m,)
    """

    representative: NDArray[np.int64]
    pairs: NDArray[np.int64]
    jaccard: NDArray[np.float64]

    def expand(self) -> NDArray[np.int64]:
        """Return all verified pairs of rows, i < j, sorted; quadratic in exact copies."""
        from dedup.duplicates.groups import expand_pairs

        return expand_pairs(self.representative, self.pairs, self.jaccard)[0]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairScores:
    """Scored pairs of duplicate groups at or above ``event.floor``, thirteen bytes each.

    Groups are numbered by the ids of their centres, sorted: so the numbers do not depend on
    thresholds, on labels, or on the order of the input.

    Parameters
    ----------
    pairs : ndarray of int32, shape (m, 2)
        Groups i < j, sorted.
    probability : ndarray of int32, shape (m,)
        In units of ``1 / PROBABILITY_UNIT``.
    versions : ndarray of bool, shape (m,)
        Whether they are versions of one report; see :mod:`dedup.events.versions`.
    """

    pairs: NDArray[np.int32]
    probability: NDArray[np.int32]
    versions: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        pairs: NDArray[np.int64],
        probability: NDArray[np.int64],
        versions: NDArray[np.bool_],
    ) -> PairScores:
        """Keep what the event stage scored."""
        return cls(
            pairs=pairs.astype(np.int32),
            probability=probability.astype(np.int32),
            versions=versions,
        )

    @classmethod
    def none(cls) -> PairScores:
        """Return no pairs at all."""
        nothing = np.empty(0, dtype=np.int64)
        return cls.of(nothing.reshape(0, 2), nothing, nothing.astype(np.bool_))

    def versions_from(self, threshold: int) -> list[tuple[int, int]]:
        """Return the versions at least so probable to be one event, the surest first."""
        at = np.flatnonzero(self.versions & (self.probability >= threshold))
        at = at[np.argsort(-self.probability[at], kind="stable")]
        return [(i, j) for i, j in self.pairs[at].tolist()]

    def __len__(self) -> int:
        return len(self.pairs)

    def inside(self, labels: NDArray[np.int64]) -> PairScores:
        """Return the pairs whose two groups have one label; ``labels`` has one entry a group."""
        kept = np.asarray(labels[self.pairs[:, 0]] == labels[self.pairs[:, 1]])
        return self.at(kept)

    def among(self, rows: NDArray[np.int64], n: int) -> PairScores:
        """Return the pairs among some of the n groups, numbered by their places in ``rows``."""
        place = np.full(n, -1, dtype=np.int32)
        place[rows] = np.arange(len(rows), dtype=np.int32)
        pairs = place[self.pairs]
        kept = np.asarray((pairs >= 0).all(axis=1))
        return replace(self.at(kept), pairs=pairs[kept])

    def at(self, places: NDArray[np.int64] | NDArray[np.bool_]) -> PairScores:
        """Return some of the pairs: in the order of their places, or those that a mask keeps."""
        return PairScores(
            pairs=self.pairs[places],
            probability=self.probability[places],
            versions=self.versions[places],
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AcrossScores:
    """What joined clusters in different languages; groups are numbered as in the pair scores.

    Parameters
    ----------
    before : ndarray of int64, shape (n,)
        Each group's cluster before, by its smallest group.
    trusted : ndarray of bool, shape (n,)
        Whether the embedder read the group's text.
    needed : ndarray of bool, shape (n,)
        Whether there was anything in another language to compare it with.
    pairs : ndarray of int64, shape (m, 2)
        Clusters that were compared, each by its smallest group at that time: joins in their order,
        then candidates that were not too unlike.
    values : ndarray of int64, shape (m, k)
        See :data:`dedup.events.stories.FEATURES`.
    joins : int
        How many of the pairs are joins.
    """

    before: NDArray[np.int64]
    trusted: NDArray[np.bool_]
    needed: NDArray[np.bool_]
    pairs: NDArray[np.int64]
    values: NDArray[np.int64]
    joins: int
