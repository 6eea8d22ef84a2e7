"""Who knows whom among a text's neighbours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dedup._kernels.compiler import compiled


@compiled
def _knows(
    bounds: NDArray[np.int64],
    ends: NDArray[np.int32],
    chance: NDArray[np.int64],
    a: int,
    b: int,
    least: int,
) -> bool:
    """Return whether two rows are a pair of that probability; O(log of the pairs of the first)."""
    low, high = bounds[a], bounds[a + 1]
    while low < high:
        middle = (low + high) >> 1
        if ends[middle] < b:
            low = middle + 1
        else:
            high = middle
    return bool(low < bounds[a + 1] and ends[low] == b and chance[low] >= least)


@compiled
def count_strangers(
    bounds: NDArray[np.int64],
    ends: NDArray[np.int32],
    chance: NDArray[np.int64],
    texts: NDArray[np.int64],
    certain: int,
    acquainted: int,
    looked_at: int,
    out: NDArray[np.int64],
) -> None:
    """Write how many pairs of certain neighbours each text has, and how many are of strangers.

    The pairs of a row stand from ``bounds[row]`` to the next, their other ends rising.  Of the
    neighbours ``looked_at`` are looked at, evenly spread.  ``out`` gets a row for each text; both
    orders of a pair are counted.
    """
    near, looked = np.empty(len(bounds), dtype=np.int32), np.empty(looked_at, dtype=np.int32)
    for at, text in enumerate(texts):
        count = 0
        for place in range(bounds[text], bounds[text + 1]):
            if chance[place] >= certain:
                near[count] = ends[place]
                count += 1
        size = min(count, looked_at)
        strangers = 0
        for i in range(size):
            looked[i] = near[i * count // size]
            for j in range(i):
                if not _knows(bounds, ends, chance, looked[i], looked[j], acquainted):
                    strangers += 2
        out[at, 0], out[at, 1] = size * (size - 1), strangers
