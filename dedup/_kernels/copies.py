"""Signatures → candidate pairs → what they share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dedup._kernels.compiler import compiled
from dedup._kernels.fingerprints import mixed, sort_hashes

_ONE = np.uint64(1)

#: Steps of a merge between two looks at whether it can still reach what is needed.
_STEPS = 32


@compiled
def sorted_band(
    signatures: NDArray[np.uint32],
    occupied: NDArray[np.int64],
    first: int,
    rows: int,
    mask: np.uint64,
    packed: NDArray[np.uint64],
    scratch: NDArray[np.uint64],
    starts: NDArray[np.int64],
) -> None:
    """Hash one band of each row, put the row's place into the last bits, and sort."""
    for at, row in enumerate(occupied):
        key = np.uint64(0)
        for place in range(first, first + rows):
            key = mixed(key + _ONE) ^ np.uint64(signatures[row, place])
        packed[at] = (mixed(key) & ~mask) | np.uint64(at)
    sort_hashes(packed, scratch, starts)


@compiled
def bucket_pairs(
    packed: NDArray[np.uint64],
    occupied: NDArray[np.int64],
    mask: np.uint64,
    cap: int,
    leaders: int,
    out: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> int:
    """Write the pairs of each bucket as codes ``i << 32 | j`` while there is room.

    Returns how many there are.  ``counts`` gets the buckets over the cap, the pairs that were left
    out of them, and the size of the largest bucket.
    """
    n, found, begin = len(packed), 0, 0
    capped = lost = largest = 0
    while begin < n:
        end = begin + 1
        while end < n and (packed[end] ^ packed[begin]) & ~mask == 0:
            end += 1
        size = end - begin
        largest = max(largest, size)
        heads = size - 1
        if size > cap:
            heads = leaders
            capped += 1
            lost += (size - leaders) * (size - leaders - 1) // 2
        for left in range(begin, begin + heads):
            if found + end - left - 1 <= len(out):
                high = occupied[np.int64(packed[left] & mask)] << 32
                for right in range(left + 1, end):
                    out[found + right - left - 1] = high | occupied[np.int64(packed[right] & mask)]
            found += end - left - 1
        begin = end
    counts[0], counts[1], counts[2] = capped, lost, largest
    return found


@compiled
def shared_counts(
    values: NDArray[np.uint64],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    pairs: NDArray[np.int64],
    least: float,
    out: NDArray[np.int64],
) -> None:
    """Count the values that both rows of each pair hold, by merging.

    Where it shows that the two cannot reach the Jaccard similarity ``least``, counting stops; what
    it writes then is too low, and too low to reach it.
    """
    for pair in range(len(pairs)):
        a, b = starts[pairs[pair, 0]], starts[pairs[pair, 1]]
        a_end, b_end = a + lengths[pairs[pair, 0]], b + lengths[pairs[pair, 1]]
        both = a_end - a + b_end - b
        shared = 0
        while a < a_end and b < b_end:
            # Quotients are rounded alike here and where they are compared, so the bound is exact.
            most = shared + min(a_end - a, b_end - b)
            if most < least * (both - most) and most / (both - most) < least:
                break
            for _ in range(min(_STEPS, a_end - a, b_end - b)):
                left, right = values[a], values[b]
                shared += left == right
                a += left <= right
                b += right <= left
        out[pair] = shared
