"""Candidate pairs are counted exactly, and verified pairs become groups.

Laws
----
- A verified pair has exact Jaccard similarity at or above the threshold, computed from these two
  texts alone.  Containment never makes a pair.
- A group is a *star*: every member has a verified pair with the group's centre, so no chain of
  small changes can join two different texts.
- The stars depend on the pairs as a set and on row numbers, never on the order of the pairs.

Theory of operation
-------------------
The rows that are asked for become sorted sets, so what two of them share is counted by merging: by
a compiled loop where there is much to count, which gives a pair up as soon as it can no longer
reach the threshold.  The reference lays a block of pairs out as two sparse 0/1 matrices, left rows
and right rows, and lets scipy merge.  Blocks are cut by the number of shingles in them, so memory
is bounded.

The quotient of two integers is rounded correctly by IEEE arithmetic, so 7 shared shingles of 10
compare equal to the literal ``0.7``: no tolerance is needed, and none is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedup import engine
from dedup.arrays import connected_components, distinct
from dedup.duplicates.shingling import Ragged, Runs, Sets

__all__ = [
    "Shared",
    "Verified",
    "containment",
    "jaccard",
    "near_one_another",
    "shared",
    "star_groups",
    "verify",
]

#: Rows whose sets are made at once, beside all others of one component.
_ROWS = 1 << 16

# Shingles on both sides of one block of pairs; about 100 MB of working memory.
_BLOCK = 1 << 21


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Verified:
    """Pairs at or above the threshold.

    Parameters
    ----------
    pairs : ndarray of integers, shape (m, 2)
        Row numbers, in the order in which the candidates came.
    jaccard : ndarray of float64, shape (m,)
        Exact Jaccard similarity of each pair.
    """

    pairs: NDArray[np.integer[Any]]
    jaccard: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.pairs.shape != (len(self.jaccard), 2):
            raise ValueError("pairs must have shape (m, 2) and jaccard shape (m,)")

    def __len__(self) -> int:
        return len(self.pairs)


def jaccard(a: NDArray[np.uint64], b: NDArray[np.uint64]) -> float:
    """Return the share of all shingles of two rows that both hold; 0.0 for two empty rows.

    >>> jaccard(np.array([1, 2, 3], dtype=np.uint64), np.array([2, 3, 4], dtype=np.uint64))
    0.5
    """
    both = _both(a, b)
    union = len(a) + len(b) - both
    return both / union if union else 0.0


def containment(a: NDArray[np.uint64], b: NDArray[np.uint64]) -> float:
    """Return the share of ``a``'s shingles that ``b`` holds too; 0.0 if ``a`` is empty.

    Parameters
    ----------
    a, b : ndarray of uint64
        Sorted, unique shingle hashes.

    Returns
    -------
    float
        1.0 if ``a`` is an excerpt of ``b``.  O((len(a) + len(b)) log).

    Examples
    --------
    >>> short, long = np.array([2, 3], dtype=np.uint64), np.arange(9, dtype=np.uint64)
    >>> containment(short, long), containment(long, short) == 2 / 9
    (1.0, True)
    """
    return _both(a, b) / len(a) if len(a) else 0.0


def _both(a: NDArray[np.uint64], b: NDArray[np.uint64]) -> int:
    return len(np.intersect1d(a, b, assume_unique=True))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shared:
    """What both rows of m pairs hold.

    Parameters
    ----------
    counts : ndarray of int64, shape (m,)
        Values in both.
    sizes : ndarray of int64, shape (m, 2)
        Values of the first row, and of the second.
    """

    counts: NDArray[np.int64]
    sizes: NDArray[np.int64]

    @property
    def jaccard(self) -> NDArray[np.float64]:
        """Share of all values that both hold; 0 for two empty rows."""
        return np.asarray(self.counts / np.maximum(self.sizes.sum(axis=1) - self.counts, 1))


def shared(shingles: Runs, pairs: NDArray[np.integer[Any]], least: float = 0.0) -> Shared:
    """Count the shingles that both rows of each pair hold.

    Parameters
    ----------
    shingles : Runs
        Repeated values count once.
    pairs : ndarray of integers, shape (m, 2)
        Row numbers.
    least : float
        Jaccard similarity below which no exact count is needed: it may then be too low.

    Returns
    -------
    Shared
        O(shingles on both sides of all pairs), and log-linear in those of all rows named; memory
        for one set of each of these rows.
    """
    rows = distinct(pairs.astype(np.int64).ravel())
    place = np.empty(len(shingles), dtype=np.int64)
    place[rows] = np.arange(len(rows))
    sets, pairs = shingles.sets(rows), place[pairs].reshape(-1, 2)
    counts = np.zeros(len(pairs), dtype=np.int64)
    sizes = sets.lengths[pairs].reshape(-1, 2)
    costs = sizes.sum(axis=1)
    if engine.is_compiled(int(costs.sum())):  # a shingle costs about as much as a character
        engine.warm_up()

        def count(part: slice) -> None:
            engine.kernels().shared_counts(
                sets.values, sets.starts, sets.lengths, pairs[part], least, counts[part]
            )

        engine.in_parallel(count, [slice(*block) for block in _blocks(costs)])
    else:
        for begin, end in _blocks(costs):
            counts[begin:end] = _count_block(sets, pairs[begin:end])
    return Shared(counts=counts, sizes=sizes)


def _blocks(costs: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Cut pairs into runs of about one block's cost; a pair too dear for a block has its own."""
    total = np.cumsum(costs)
    begin = 0
    while begin < len(costs):
        spent = int(total[begin - 1]) if begin else 0
        end = max(begin + 1, int(np.searchsorted(total, spent + _BLOCK, side="right")))
        yield begin, end
        begin = end


def _count_block(sets: Sets, pairs: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    from scipy.sparse import csr_array

    rows, places = np.unique(pairs, return_inverse=True)
    block = Ragged.from_rows(sets.row(row) for row in rows.tolist())
    # Hashes are numbered densely only to serve as column numbers; equality is all that is used.
    # The numbering keeps order, so each row stays sorted and scipy merges instead of scattering.
    distinct, columns = np.unique(block.values, return_inverse=True)
    matrix = csr_array(
        (np.ones(len(columns), dtype=np.bool_), columns.astype(np.int32), block.offsets),
        shape=(len(rows), max(1, len(distinct))),
    )
    places = places.reshape(pairs.shape)
    both = matrix[places[:, 0]].multiply(matrix[places[:, 1]]).tocsr()
    ends: NDArray[np.int64] = both.indptr.astype(np.int64)
    return np.diff(ends)


def verify(shingles: Runs, pairs: NDArray[np.integer[Any]], threshold: float) -> Verified:
    """Keep the pairs whose exact Jaccard similarity reaches the threshold.

    Parameters
    ----------
    shingles : Runs
        Repeated values count once.
    pairs : ndarray of integers, shape (m, 2)
        Row numbers.
    threshold : float
        In (0, 1].  Raising it keeps fewer, more alike pairs.

    Returns
    -------
    Verified
        Order of the pairs kept.  A pair of empty rows has similarity 0 and is never kept.

    Raises
    ------
    ValueError
        If the threshold is outside (0, 1].

    Examples
    --------
    >>> from dedup.duplicates.shingling import shingle
    >>> rows = shingle(map(str.split, ["a b c d", "a b c d e", "v w x y z"]), 2)
    >>> found = verify(Runs(parts=(rows,)), np.array([[0, 1], [0, 2]]), 0.75)
    >>> found.pairs.tolist(), found.jaccard.tolist()
    ([[0, 1]], [0.75])
    """
    if not 0.0 < threshold <= 1.0:
        raise ValueError(f"threshold must lie in (0, 1], got {threshold}; 0.8 means 80 %")
    similarity = np.empty(len(pairs))
    for block in near_one_another(pairs, len(shingles), _ROWS):
        similarity[block] = shared(shingles, pairs[block], threshold).jaccard
    kept = similarity >= threshold
    return Verified(pairs=pairs[kept], jaccard=similarity[kept])


def near_one_another(
    pairs: NDArray[np.integer[Any]], n: int, most: int
) -> Iterator[NDArray[np.int64]]:
    """Cut pairs of n rows into blocks of about so many rows, which hardly share one.

    Yields
    ------
    ndarray of int64
        Places of pairs, connected ones next to one another; each place once.  A block names about
        ``most`` rows that no block before it did, and others of a component that was cut.

    Examples
    --------
    >>> pairs = np.array([[0, 1], [4, 5], [1, 2], [2, 3]])
    >>> [block.tolist() for block in near_one_another(pairs, 6, 3)]
    [[0], [2, 3], [1]]
    """
    if n <= most:
        yield np.arange(len(pairs))
        return
    order = np.argsort(connected_components(n, pairs)[pairs[:, 0]], kind="stable")
    _, first = np.unique(pairs[order], return_index=True)
    fresh = np.cumsum(np.bincount(first // 2, minlength=len(pairs)))
    cuts = np.flatnonzero(np.diff(fresh // most, prepend=0)).tolist()
    for begin, end in pairwise(sorted({0, *cuts, len(pairs)})):
        yield order[begin:end]


def star_groups(
    n: int,
    pairs: NDArray[np.integer[Any]],
    copies: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Divide rows into stars.

    Rows are ordered by how many copies they are verified against, most first, then by row number.
    The first takes all its neighbours; the next among the rest takes those of its neighbours that
    are still free; and so on.

    Parameters
    ----------
    n : int
        Number of rows.
    pairs : ndarray of integers, shape (m, 2)
        Verified pairs, each once.
    copies : ndarray of int64, shape (n,), optional
        Exact copies that each row stands for, itself included; 1 for each by default.

    Returns
    -------
    ndarray of int64, shape (n,)
        The centre of each row's group; its own number for a centre and for a row alone.
        O(n log n + m log m).

    Examples
    --------
    A chain 0 - 1 - 2 - 3 - 4 is cut: 1 has most neighbours, the lowest number, and takes 0 and 2.

    >>> star_groups(5, np.array([[0, 1], [1, 2], [2, 3], [3, 4]])).tolist()
    [1, 1, 1, 3, 3]
    """
    centre = np.arange(n, dtype=np.int64)
    if len(pairs) == 0:
        return centre
    multiplicity = np.ones(n, dtype=np.int64) if copies is None else copies
    # Both directions, sorted, are an adjacency list.
    both = np.concatenate([pairs, pairs[:, ::-1]]).astype(np.int64)
    both = both[np.lexsort((both[:, 1], both[:, 0]))]
    offsets = np.searchsorted(both[:, 0], np.arange(n + 1))
    degree = multiplicity - 1
    np.add.at(degree, both[:, 0], multiplicity[both[:, 1]])
    free = np.ones(n, dtype=np.bool_)
    linked = np.unique(both[:, 0])
    for row in linked[np.lexsort((linked, -degree[linked]))].tolist():
        if free[row]:
            free[row] = False
            neighbours = both[offsets[row] : offsets[row + 1], 1]
            neighbours = neighbours[free[neighbours]]
            centre[neighbours] = row
            free[neighbours] = False
    return centre
