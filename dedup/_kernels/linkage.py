"""Average linkage inside components, on flat arrays.

The twin of ``_cluster_component`` in :mod:`dedup.events.clustering`: the same merges in the same
order, with the same sums.

Laws: rows are below 2**31; in each component the sum of the probabilities, and the square of the
number of rows, are below 2**53, so every sum and area is an exact float and their quotient is
rounded correctly.  The caller sees to that.

Theory of operation
-------------------
*Clusters* stand in the place of one of their rows.  When two are merged, the links of the one that
has fewer move to the place of the other: a link moves at most log2(links) times.  The smallest row
of a cluster, by which it is known, is kept beside its place.

*Links* are numbered.  A link is found by its two places through a table of chains, and from either
place through a list of its ends: end 2k belongs to the first place of link k, end 2k + 1 to the
second.  A link that is dropped leaves its chain, and its ends leave their lists when these move.

*Forbidden pairs* are links that hold -1 in place of a sum.  What is added to one is forbidden, too;
so they are inherited in the same way as sums are.

*The heap* holds the mean of a link and its clusters, as they were when it was pushed.  The
reference pushes a link again whenever one of its sides has grown.  Here it is left alone, since its
mean can only have fallen: the entry says no less than is true.  When it surfaces, it is looked at
again, and if it says too much, it sinks to where it belongs.  So there is hardly more than one
entry for a link at any time, and whatever surfaces and is true comes before all others.

Why no entry says too little: means are compared with the smallest rows as a tie-breaker.  Where
only one of two merged clusters had the link, its mean falls by more than rounding hides.  Where
both had, the mean lies between their two, and the better link is kept, with its entry.  One case is
left: the better one was that of the greater row, and its mean stays the same, rounded; only then a
second entry is pushed.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup._kernels.compiler import compiled
from dedup._kernels.fingerprints import mixed

#: In place of a sum: the two clusters must not be joined.
FORBIDDEN: Final = -1

#: In place of a place: none, or no longer.
_NONE: Final = -1

#: In place of a mean, negated: too low for a merge.  A mean that is enough is above 0.
_TOO_LOW: Final = 0.0


class _Graph(NamedTuple):
    """Clusters by place, links by number.

    Of each cluster the smallest row, how many rows, the first and the last end in its list, and how
    many.  Of each link the two places (none: dropped) and the sum; the next link in its chain; and
    of each of its ends the next in the list.  ``chains`` holds the first link of each chain.
    """

    label: NDArray[np.int32]
    size: NDArray[np.int64]
    first: NDArray[np.int32]
    last: NDArray[np.int32]
    length: NDArray[np.int32]
    places: NDArray[np.int32]
    total: NDArray[np.int64]
    in_chain: NDArray[np.int32]
    in_list: NDArray[np.int32]
    chains: NDArray[np.int32]


class _Heap(NamedTuple):
    """Entries: a mean, negated; the two smallest rows as ``i << 32 | j``, i < j; and the link."""

    mean: NDArray[np.float64]
    rows: NDArray[np.int64]
    link: NDArray[np.int32]


@compiled
def _rows(a: int, b: int) -> np.int64:
    """Return two smallest rows as one number, in which the order of pairs is theirs."""
    return (np.int64(min(a, b)) << 32) | np.int64(max(a, b))


@compiled
def _mean(total: int, area: int, threshold: int) -> float:
    """Return the mean, negated as in the heap."""
    # The same as total >= threshold * area, which may not fit into 64 bits.
    return -(total / area) if total // threshold >= area else _TOO_LOW


@compiled
def _put(heap: _Heap, at: int, mean: float, rows: np.int64, link: int) -> None:
    heap.mean[at], heap.rows[at], heap.link[at] = mean, rows, link


@compiled
def _push(heap: _Heap, count: int, mean: float, rows: np.int64, link: int) -> int:
    """Add an entry; return how many there are then."""
    at = count
    while at:
        above = (at - 1) >> 1
        if (heap.mean[above], heap.rows[above]) <= (mean, rows):
            break
        _put(heap, at, heap.mean[above], heap.rows[above], heap.link[above])
        at = above
    _put(heap, at, mean, rows, link)
    return count + 1


@compiled
def _replace_top(heap: _Heap, count: int, mean: float, rows: np.int64, link: int) -> None:
    """Put an entry into the place of the first, and let it sink."""
    at = 0
    while True:
        below = 2 * at + 1
        if below >= count:
            break
        if below + 1 < count and (heap.mean[below + 1], heap.rows[below + 1]) < (
            heap.mean[below],
            heap.rows[below],
        ):
            below += 1
        if (mean, rows) <= (heap.mean[below], heap.rows[below]):
            break
        _put(heap, at, heap.mean[below], heap.rows[below], heap.link[below])
        at = below
    _put(heap, at, mean, rows, link)


@compiled
def _drop_top(heap: _Heap, count: int) -> int:
    """Take the first entry out; return how many are left."""
    last = count - 1
    _replace_top(heap, last, heap.mean[last], heap.rows[last], heap.link[last])
    return last


@compiled
def _chain(graph: _Graph, a: int, b: int) -> np.uint64:
    return mixed(np.uint64(_rows(a, b))) & np.uint64(len(graph.chains) - 1)


@compiled
def _find(graph: _Graph, a: int, b: int) -> int:
    """Return the link between two places, or -1."""
    link: int = graph.chains[_chain(graph, a, b)]
    while link != _NONE:
        c, d = graph.places[link]
        if (c == a and d == b) or (c == b and d == a):
            break
        link = graph.in_chain[link]
    return link


@compiled
def _enter(graph: _Graph, link: int) -> None:
    """Put a link into the chain of its places."""
    chain = _chain(graph, graph.places[link, 0], graph.places[link, 1])
    graph.in_chain[link] = graph.chains[chain]
    graph.chains[chain] = link


@compiled
def _leave(graph: _Graph, link: int) -> None:
    """Take a link out of the chain of its places."""
    chain = _chain(graph, graph.places[link, 0], graph.places[link, 1])
    other = graph.chains[chain]
    if other == link:
        graph.chains[chain] = graph.in_chain[link]
        return
    while graph.in_chain[other] != link:
        other = graph.in_chain[other]
    graph.in_chain[other] = graph.in_chain[link]


@compiled
def _append(graph: _Graph, place: int, end: int) -> None:
    """Put the end of a link at the end of the list of its place."""
    if graph.length[place]:
        graph.in_list[graph.last[place]] = end
    else:
        graph.first[place] = end
    graph.last[place] = end
    graph.length[place] += 1


@compiled
def _sum(a: int, b: int) -> int:
    return FORBIDDEN if a == FORBIDDEN or b == FORBIDDEN else a + b


@compiled
def _read(graph: _Graph, start: int, stop: int) -> None:
    """Chain and list the links; several between two places become one, at the first of them."""
    for link in range(start, stop):
        for place in graph.places[link]:
            graph.label[place] = place
            graph.length[place] = 0
    for link in range(start, stop):
        a, b = graph.places[link]
        known = _find(graph, a, b) if a != b else _NONE
        if known != _NONE:
            graph.total[known] = _sum(graph.total[known], graph.total[link])
        if a == b or known != _NONE:
            graph.places[link] = _NONE
            continue
        _enter(graph, link)
        _append(graph, a, 2 * link)
        _append(graph, b, 2 * link + 1)


@compiled
def _merge(
    graph: _Graph, heap: _Heap, count: int, threshold: int, from_place: int, to_place: int
) -> int:
    """Move a cluster, and its links, to the place of another; return the number of entries.

    The link between the two is dropped already.
    """
    from_size, to_size = graph.size[from_place], graph.size[to_place]
    from_label, to_label = graph.label[from_place], graph.label[to_place]
    label = min(from_label, to_label)
    end = graph.first[from_place]
    for _ in range(graph.length[from_place]):
        following = graph.in_list[end]
        link, side = end >> 1, end & 1
        other = graph.places[link, 1 - side]
        if other != _NONE:
            _leave(graph, link)
            rival = _find(graph, to_place, other)
            if rival == _NONE:
                graph.places[link, side] = to_place
                _enter(graph, link)
                _append(graph, to_place, end)
            else:
                size = graph.size[other]
                mine = _mean(graph.total[link], from_size * size, threshold), from_label
                theirs = _mean(graph.total[rival], to_size * size, threshold), to_label
                total = _sum(graph.total[link], graph.total[rival])
                kept, before = rival, theirs
                if mine < theirs:
                    kept, before = link, mine
                    _leave(graph, rival)
                    graph.places[rival] = _NONE
                    graph.places[link, side] = to_place
                    _enter(graph, link)
                    _append(graph, to_place, end)
                else:
                    graph.places[link] = _NONE
                graph.total[kept] = total
                mean = _mean(total, (from_size + to_size) * size, threshold)
                if mean < _TOO_LOW and (mean, label) < before:
                    count = _push(heap, count, mean, _rows(label, graph.label[other]), kept)
        end = following
    graph.label[to_place] = label
    graph.size[to_place] = from_size + to_size
    return count


@compiled
def _cluster(
    graph: _Graph,
    heap: _Heap,
    start: int,
    stop: int,
    threshold: int,
    out: NDArray[np.int64],
    made: int,
) -> int:
    """Join the clusters between which the links of one component are; return the merges in all."""
    count = 0
    for link in range(start, stop):
        a, b = graph.places[link]
        if a != _NONE:
            mean = _mean(graph.total[link], graph.size[a] * graph.size[b], threshold)
            if mean < _TOO_LOW:
                count = _push(heap, count, mean, _rows(graph.label[a], graph.label[b]), link)
    while count:
        link = heap.link[0]
        a, b = graph.places[link]
        mean = _TOO_LOW
        if a != _NONE:
            total, area = graph.total[link], graph.size[a] * graph.size[b]
            mean = _mean(total, area, threshold)
        if mean == _TOO_LOW:
            count = _drop_top(heap, count)
            continue
        rows = _rows(graph.label[a], graph.label[b])
        if mean != heap.mean[0] or rows != heap.rows[0]:
            _replace_top(heap, count, mean, rows, link)
            continue
        count = _drop_top(heap, count)
        out[made] = rows >> 32, rows & 0xFFFFFFFF, total, area
        made += 1
        _leave(graph, link)
        graph.places[link] = _NONE
        if graph.length[a] > graph.length[b]:
            a, b = b, a
        count = _merge(graph, heap, count, threshold, a, b)
    return made


@compiled
def link_components(
    places: NDArray[np.int32],
    total: NDArray[np.int64],
    bounds: NDArray[np.int64],
    size: NDArray[np.int64],
    threshold: int,
    scratch: NDArray[np.int32],
    out: NDArray[np.int64],
) -> int:
    """Write the merges of some components, ``i, j, total, area``; return how many.

    Component c is made of the pairs of clusters, each known by its smallest row, from ``bounds[c]``
    to the next; ``total`` is their probability, or :data:`FORBIDDEN`.  ``size`` tells the rows of
    each cluster.  These three are used up.  The threshold is above 0, in the units of a
    probability; ``scratch`` has shape (4, n); ``out`` has room for as many merges as there are
    clusters.
    """
    n_links, n_chains = len(places), 1
    while n_chains < n_links:
        n_chains *= 2
    graph = _Graph(
        scratch[0],
        size,
        scratch[1],
        scratch[2],
        scratch[3],
        places,
        total,
        np.empty(n_links, dtype=np.int32),
        np.empty(2 * n_links, dtype=np.int32),
        np.full(n_chains, _NONE, dtype=np.int32),
    )
    # One entry for each link, and one more for each that a merge drops: nearly always far fewer,
    # and what is not written to takes no memory.
    room = 2 * np.diff(bounds).max()
    heap = _Heap(
        np.empty(room, dtype=np.float64),
        np.empty(room, dtype=np.int64),
        np.empty(room, dtype=np.int32),
    )
    made = 0
    for component in range(len(bounds) - 1):
        start, stop = bounds[component], bounds[component + 1]
        _read(graph, start, stop)
        made = _cluster(graph, heap, start, stop, threshold, out, made)
    return made
