"""Scored pairs → clusters that do not chain.

Average linkage: two clusters are joined while the mean probability over *all* their pairs reaches
the threshold.  A pair that was never scored counts as the floor, 0: so one accidental link between
two big stories is outvoted by all the links that are missing.  The user's word comes first: rows
that must be together start as one cluster, and clusters that hold two that must not are never
joined.

Theory of operation: a mean reaches the threshold only if some pair does, so whatever is joined lies
in one connected component of the pairs at or above it.  Components are independent: weaker pairs
between them decide nothing, and each is clustered alone (and could be so on another machine, with
the same result).

Inside a component a heap holds the mean of each linked pair of clusters; the best pair is merged,
the sums of its links are added up, and stale heap entries are skipped when they surface.
Probabilities are whole numbers (1/2**20), sums are exact, ties go to the clusters that hold the
smallest row numbers.

Whatever is joined with one side of a forbidden pair is forbidden to the other side from then on.
So a link between two clusters that may not be joined is never asked for again, and is dropped.

Means fall from merge to merge of a cluster (a mean over three clusters lies between those over
two), with forbidden pairs too: the last merge of a cluster is the one that holds least.

Large inputs run in compiled code (:mod:`dedup._kernels.linkage`), as many small components at once
as make a fair amount of work.  A component so large that its sums would be rounded there is left to
the reference, whose whole numbers have no end.

Source: Sokal & Michener 1958 (UPGMA); sparse in that missing similarities are constant.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dedup import engine
from dedup.arrays import connected_components
from dedup.events.links import Links, units

#: Units of a probability.
PROBABILITY_UNIT = 1 << 20

#: Characters that cost about as much as a pair.
CHARACTERS_A_PAIR: Final = 16

#: Pairs that compiled code clusters at once, as far as components allow; bounds memory.
_AT_ONCE: Final = 1 << 16

#: Whole numbers below this are exact as floats.
_EXACT: Final = 1 << 53

#: Pairs of one component that compiled code has numbers for.
_MOST: Final = 1 << 29


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Linkage:
    """Clusters, and how they came about.

    Parameters
    ----------
    labels : ndarray of int64, shape (n,)
        The smallest row number of each row's cluster.
    merges : ndarray of int64, shape (k, 2)
        The two clusters of each merge by their smallest rows, i < j; in the order in which they
        were made, component by component.  What the user's pairs joined is no merge.
    total, area : ndarray of int64, shape (k,)
        The sum of the probabilities between the two clusters, and the number of their pairs.
    largest_component : int
        Rows in the largest connected component of all pairs.
    """

    labels: NDArray[np.int64]
    merges: NDArray[np.int64]
    total: NDArray[np.int64]
    area: NDArray[np.int64]
    largest_component: int


def average_linkage(
    n: int,
    pairs: NDArray[np.integer[Any]],
    probability: NDArray[np.integer[Any]],
    threshold: int,
    progress: Callable[[int, int], None] | None = None,
) -> NDArray[np.int64]:
    """Return the labels that :func:`link` finds where the user requires and forbids nothing.

    Examples
    --------
    Row 2 is close to row 1 only, and is outvoted by row 0:

    >>> pairs, strong = np.array([[0, 1], [1, 2]]), PROBABILITY_UNIT * 9 // 10
    >>> average_linkage(3, pairs, np.array([strong, strong - 1]), PROBABILITY_UNIT // 2).tolist()
    [0, 0, 2]
    """
    return link(n, pairs, probability, threshold, progress=progress).labels


def link(
    n: int,
    pairs: NDArray[np.integer[Any]],
    probability: NDArray[np.integer[Any]],
    threshold: int,
    *,
    links: Links | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Linkage:
    """Cluster rows by average linkage over scored pairs.

    Parameters
    ----------
    n : int
        Number of rows, below 2**31.
    pairs : ndarray of integers, shape (m, 2)
        Row numbers, each pair once; a pair that is not listed has probability 0.
    probability : ndarray of integers, shape (m,)
        In units of ``1 / PROBABILITY_UNIT``.
    threshold : int
        Least mean probability of a merge, same units, above 0.  Raising it splits stories.
    links : Links, optional
        What the user requires and forbids, free of contradictions.
    progress : callable, optional
        Called with components done and components in all; after each, or after some at once.

    Returns
    -------
    Linkage
        O(m log m) in a component whose clusters stay small.  Elsewhere each merge costs the links
        of both clusters; in compiled code, those of the one that has fewer, which comes to
        O(m log² m).  Compiled code takes 60 bytes a pair besides, at the most.

    Examples
    --------
    Row 2 must stay with row 3, which nothing else resembles, so it is lost to row 1:

    >>> pairs, strong = np.array([[0, 1], [1, 2]]), np.array([3, 3]) * PROBABILITY_UNIT // 4
    >>> found = link(4, pairs, strong, PROBABILITY_UNIT // 2, links=Links(must=((2, 3),)))
    >>> found.labels.tolist(), found.merges.tolist()
    ([0, 0, 2, 2], [[0, 1]])
    """
    links = links or Links()
    unit = units(links.must)
    start_of = np.arange(n, dtype=np.int64)
    start_of[list(unit)] = list(unit.values())
    must = np.array(links.must, dtype=np.int64).reshape(-1, 2)
    largest = np.bincount(connected_components(n, np.concatenate([pairs, must]))).max(initial=0)
    component = connected_components(n, np.concatenate([pairs[probability >= threshold], must]))
    blocks = _Blocks.of(pairs, probability, component, start_of)
    # In compiled code a mean of 0 never is enough.
    compiled = threshold > 0 and engine.is_compiled(CHARACTERS_A_PAIR * len(blocks.ends))
    run = _compiled if compiled else _reference
    tables = [np.empty((0, 4), dtype=np.int64)]
    for merges, done in run(blocks, threshold, _forbidden(links, unit)):
        tables.append(merges)
        if progress is not None:
            progress(done, len(blocks))
    table = np.concatenate(tables)
    # Whatever a cluster is merged into may itself be merged later.
    head = np.arange(n, dtype=np.int64)
    head[table[:, 1]] = table[:, 0]
    while not np.array_equal(further := head[head], head):
        head = further
    return Linkage(
        labels=head[start_of],
        merges=table[:, :2],
        total=table[:, 2],
        area=table[:, 3],
        largest_component=int(largest),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Blocks:
    """The pairs inside components, one component after the other.

    Parameters
    ----------
    ends : ndarray of int32, shape (m, 2)
        The clusters that the two rows of each pair start in.
    probability : ndarray of int64, shape (m,)
    bounds : ndarray of int64, shape (c + 1,)
        Where the pairs of each component begin, and where the last ends.
    component : ndarray of int64, shape (n,)
        The smallest row of each row's component; components stand in the order of these.
    heads : ndarray of int64, shape (c,)
        The smallest row of each component.
    size : ndarray of int64, shape (n,)
        Rows of each cluster at the start.
    """

    ends: NDArray[np.int32]
    probability: NDArray[np.int64]
    bounds: NDArray[np.int64]
    component: NDArray[np.int64]
    heads: NDArray[np.int64]
    size: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of components that have pairs."""
        return len(self.heads)

    @classmethod
    def of(
        cls,
        pairs: NDArray[np.integer[Any]],
        probability: NDArray[np.integer[Any]],
        component: NDArray[np.int64],
        start_of: NDArray[np.int64],
    ) -> _Blocks:
        """Sort pairs by component; those between two components are left out."""
        home = component[pairs[:, 0]]
        inside = np.flatnonzero(home == component[pairs[:, 1]])
        home = home[inside]
        order = np.argsort(home, kind="stable")
        inside, home = inside[order], home[order]
        starts = np.flatnonzero(np.diff(home, prepend=-1))
        ends = np.empty((len(inside), 2), dtype=np.int32)
        for side in (0, 1):
            ends[:, side] = start_of[pairs[inside, side]]
        return cls(
            ends=ends,
            probability=probability[inside].astype(np.int64, copy=False),
            bounds=np.append(starts, len(inside)),
            component=component,
            heads=home[starts],
            size=np.bincount(start_of, minlength=len(start_of)),
        )


#: Merges, ``i, j, total, area``, and how many components are done.
_Run = Iterator[tuple[NDArray[np.int64], int]]


def _reference(
    blocks: _Blocks,
    threshold: int,
    forbidden: dict[int, set[int]],
    chosen: range | None = None,
) -> _Run:
    """Cluster the chosen components, all by default."""
    for at in range(len(blocks)) if chosen is None else chosen:
        block = slice(blocks.bounds[at], blocks.bounds[at + 1])
        graph = _graph(blocks.ends[block].tolist(), blocks.probability[block].tolist(), forbidden)
        sizes = {row: int(blocks.size[row]) for row in graph}
        made = _cluster_component(graph, sizes, threshold, forbidden)
        yield np.array(made, dtype=np.int64).reshape(-1, 4), at + 1


def _compiled(blocks: _Blocks, threshold: int, forbidden: dict[int, set[int]]) -> _Run:
    """Cluster all components; the blocks are used up."""
    engine.warm_up()
    rows = np.bincount(blocks.component)[blocks.heads]
    sums = np.add.reduceat(blocks.probability, blocks.bounds[:-1])
    places, total, bounds = _with_forbidden(blocks, forbidden)
    # Sums and areas must be exact as floats, or their quotient is not that of whole numbers.
    fits = (np.maximum(sums, rows**2) < _EXACT) & (np.diff(bounds) < _MOST)
    scratch = np.empty((4, len(blocks.size)), dtype=np.int32)
    # At once go components that begin within a stretch of so many pairs, if all fit or none.
    fresh = (np.diff(bounds[:-1] // _AT_ONCE, prepend=-1) > 0) | np.diff(fits, prepend=False)
    starts = np.flatnonzero(fresh).tolist()
    for first, last in pairwise([*starts, len(blocks)]):
        if not fits[first]:
            yield from _reference(blocks, threshold, forbidden, range(first, last))
            continue
        links = slice(bounds[first], bounds[last])
        merges = np.empty((rows[first:last].sum(), 4), dtype=np.int64)
        made = engine.kernels().link_components(
            *(places[links], total[links], bounds[first : last + 1] - bounds[first]),
            *(blocks.size, threshold, scratch, merges),
        )
        yield merges[:made].copy(), last


def _with_forbidden(
    blocks: _Blocks, forbidden: Mapping[int, set[int]]
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]:
    """Return pairs, probabilities and bounds; with the forbidden pairs of each component in it."""
    barred = np.array(
        [(i, j) for i, others in forbidden.items() for j in others if i < j], dtype=np.int32
    ).reshape(-1, 2)
    home = blocks.component[barred]
    barred, home = barred[home[:, 0] == home[:, 1]], home[home[:, 0] == home[:, 1], 0]
    if not len(barred):
        return blocks.ends, blocks.probability, blocks.bounds
    at = np.searchsorted(blocks.heads, home)
    begin = blocks.bounds[at]
    return (
        np.insert(blocks.ends, begin, barred, axis=0),
        np.insert(blocks.probability, begin, engine.kernels().FORBIDDEN),
        blocks.bounds + np.searchsorted(np.sort(begin), blocks.bounds),
    )


#: Cluster → the clusters that it is linked to, with the sum of the probabilities.
_Graph = dict[int, dict[int, int]]


def _forbidden(links: Links, unit: Mapping[int, int]) -> dict[int, set[int]]:
    """Return, for each cluster at the start, those that it must not be joined with."""
    forbidden: dict[int, set[int]] = {}
    for a, b in links.cannot:
        i, j = unit.get(a, a), unit.get(b, b)
        forbidden.setdefault(i, set()).add(j)
        forbidden.setdefault(j, set()).add(i)
    return forbidden


def _graph(
    pairs: list[list[int]], probability: list[int], forbidden: Mapping[int, set[int]]
) -> _Graph:
    """Return the links between different clusters that may be joined."""
    graph: _Graph = {}
    for (i, j), value in zip(pairs, probability, strict=True):
        if i != j and j not in forbidden.get(i, ()):
            total = graph.setdefault(i, {}).get(j, 0) + value
            graph[i][j] = graph.setdefault(j, {})[i] = total
    return graph


def _cluster_component(
    links: _Graph, size: dict[int, int], threshold: int, forbidden: dict[int, set[int]]
) -> list[tuple[int, int, int, int]]:
    """Join the clusters of one component; return the merges: (i, j, total, area), i < j."""
    merges = []
    # A cluster is known by its smallest row; an entry is stale once its sum or sizes changed.
    heap: list[tuple[float, int, int, int, int]] = []

    def offer(i: int, j: int, total: int) -> None:
        area = size[i] * size[j]
        if total >= threshold * area:
            # The quotient of two whole numbers below 2**53 is rounded correctly, everywhere.
            heapq.heappush(heap, (-total / area, min(i, j), max(i, j), total, area))

    for i, others in links.items():
        for j, total in others.items():
            if i < j:
                offer(i, j, total)
    while heap:
        _, i, j, total, area = heapq.heappop(heap)
        if i not in size or j not in size or links[i].get(j) != total or area != size[i] * size[j]:
            continue
        merges.append((i, j, total, area))
        _merge(links, forbidden, i, j)
        size[i] += size.pop(j)
        for other, value in links[i].items():
            offer(i, other, value)
    return merges


def _merge(links: _Graph, forbidden: dict[int, set[int]], i: int, j: int) -> None:
    """Add the links of cluster j to those of cluster i, and drop j."""
    del links[i][j]
    gone = links.pop(j)
    del gone[i]
    for other, value in gone.items():
        del links[other][j]
        total = links[i].get(other, 0) + value
        links[i][other] = links[other][i] = total
    inherited = forbidden.pop(j, None)
    if inherited:
        barred = forbidden.setdefault(i, set())
        barred |= inherited
        for other in inherited:
            forbidden[other].remove(j)
            forbidden[other].add(i)
    for other in forbidden.get(i, set()) & links[i].keys():
        del links[i][other], links[other][i]
