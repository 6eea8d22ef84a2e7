"""Scored pairs → clusters that do not chain.

Average linkage: two clusters are joined while the mean probability over *all* their pairs reaches
the threshold.  A pair that was never scored counts as the floor, 0: so one accidental link between
two big stories is outvoted by all the links that are missing.

Theory of operation: connected components of the scored graph are independent, so each is clustered
alone (and could be so on another machine, with the same result).  Inside a component a heap holds
the mean of each linked pair of clusters; the best pair is merged, the sums of its links are added
up, and stale heap entries are skipped when they surface.  Probabilities are whole numbers
(1/2**20), sums are exact, ties go to the clusters that hold the smallest row numbers.

Source: Sokal & Michener 1958 (UPGMA); sparse in that missing similarities are constant.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Units of a probability.
PROBABILITY_UNIT = 1 << 20


def connected_components(n: int, pairs: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """Return the smallest row number of each row's component.

    Parameters
    ----------
    n : int
        Number of rows.
    pairs : ndarray of integers, shape (m, 2)

    Returns
    -------
    ndarray of int64, shape (n,)
        O(n + m).

    Examples
    --------
    >>> connected_components(4, np.array([[1, 3]])).tolist()
    [0, 1, 2, 1]
    """
    from scipy.sparse import coo_array, csgraph

    if n == 0:
        return np.empty(0, dtype=np.int64)
    links = coo_array(
        (np.ones(len(pairs), dtype=np.int8), (pairs[:, 0], pairs[:, 1])), shape=(n, n)
    )
    _, component = csgraph.connected_components(links, directed=False)
    first = np.full(component.max() + 1, n, dtype=np.int64)
    np.minimum.at(first, component, np.arange(n))
    return np.asarray(first[component])


def average_linkage(
    n: int,
    pairs: NDArray[np.integer[Any]],
    probability: NDArray[np.int64],
    threshold: int,
    progress: Callable[[int, int], None] | None = None,
) -> NDArray[np.int64]:
    """Cluster rows by average linkage over scored pairs.

    Parameters
    ----------
    n : int
        Number of rows.
    pairs : ndarray of integers, shape (m, 2)
        Row numbers, each pair once; a pair that is not listed has probability 0.
    probability : ndarray of int64, shape (m,)
        In units of ``1 / PROBABILITY_UNIT``.
    threshold : int
        Least mean probability of a merge, same units, above 0.  Raising it splits stories.
    progress : callable, optional
        Called with components done and components in all.

    Returns
    -------
    ndarray of int64, shape (n,)
        The smallest row number of each row's cluster.  O(m log m) in a component whose clusters
        stay small; each merge costs the links of the smaller neighbourhood.

    Examples
    --------
    Row 2 is close to row 1 only, and is outvoted by row 0:

    >>> pairs, strong = np.array([[0, 1], [1, 2]]), PROBABILITY_UNIT * 9 // 10
    >>> average_linkage(3, pairs, np.array([strong, strong - 1]), PROBABILITY_UNIT // 2).tolist()
    [0, 0, 2]
    """
    labels = np.arange(n, dtype=np.int64)
    if len(pairs) == 0:
        return labels
    component = connected_components(n, pairs)
    home = component[pairs[:, 0]]
    order = np.argsort(home, kind="stable")
    starts = np.flatnonzero(np.diff(home[order], prepend=-1))
    ends = np.append(starts[1:], len(order))
    for done, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        block = order[start:end]
        merged = _cluster_component(pairs[block].tolist(), probability[block].tolist(), threshold)
        for row, head in merged.items():
            labels[row] = head
        if progress is not None:
            progress(done + 1, len(starts))
    return labels


def _cluster_component(
    pairs: list[list[int]], probability: list[int], threshold: int
) -> dict[int, int]:
    """Return row → smallest row of its cluster, for one component."""
    links: dict[int, dict[int, int]] = {}
    for (i, j), value in zip(pairs, probability, strict=True):
        links.setdefault(i, {})[j] = value
        links.setdefault(j, {})[i] = value
    size = dict.fromkeys(links, 1)
    head = {row: row for row in links}
    # A cluster is known by its smallest row; an entry is stale once its sum or sizes changed.
    heap: list[tuple[float, int, int, int, int]] = [
        (-value, min(i, j), max(i, j), value, 1)
        for (i, j), value in zip(pairs, probability, strict=True)
        if value >= threshold
    ]
    heapq.heapify(heap)
    while heap:
        _, i, j, total, area = heapq.heappop(heap)
        if i not in size or j not in size or links[i].get(j) != total or area != size[i] * size[j]:
            continue
        head[j] = i
        _merge(links, i, j)
        size[i] += size.pop(j)
        for other, value in links[i].items():
            area = size[i] * size[other]
            if value >= threshold * area:
                # The quotient of two whole numbers below 2**53 is rounded correctly, everywhere.
                heapq.heappush(heap, (-value / area, min(i, other), max(i, other), value, area))
    return {row: _root(head, row) for row in head}


def _merge(links: dict[int, dict[int, int]], i: int, j: int) -> None:
    """Add the links of cluster j to those of cluster i, and drop j."""
    del links[i][j]
    gone = links.pop(j)
    del gone[i]
    for other, value in gone.items():
        del links[other][j]
        total = links[i].get(other, 0) + value
        links[i][other] = links[other][i] = total


def _root(head: dict[int, int], row: int) -> int:
    while head[row] != row:
        head[row] = row = head[head[row]]
    return row
