"""What the rows of sparse matrices share, pair by pair.

The row on the left of a pair is laid out in full, for as long as pairs go on with it: sorted pairs
are quickest.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dedup._kernels.compiler import compiled


@compiled
def _lay_out(
    offsets: NDArray[np.int32],
    columns: NDArray[np.int32],
    before: int,
    row: int,
    place: NDArray[np.int32],
) -> None:
    """Note where each column of a row stands, from 1; of the row before (-1: none) no more."""
    if before >= 0:
        for at in range(offsets[before], offsets[before + 1]):
            place[columns[at]] = 0
    start = offsets[row]
    for at in range(start, offsets[row + 1]):
        place[columns[at]] = at - start + 1


@compiled
def _bits(value: np.int64) -> np.int64:
    count = np.int64(0)
    while value:
        value &= value - 1
        count += 1
    return count


@compiled
def shared_terms(
    offsets: NDArray[np.int32],
    columns: NDArray[np.int32],
    weights: NDArray[np.int32],
    lead: NDArray[np.int32],
    places: NDArray[np.uint16],
    common: NDArray[np.bool_],
    pairs: NDArray[np.int64],
    out: NDArray[np.int64],
) -> None:
    """Write what both rows of each pair hold, a column for each pair.

    Rows of ``out``: the sum of the products of the weights; the sum of the three greatest of the
    lesser ones; the sum of the products of the weights in the lead; how many columns are common; in
    how many places of the first row, given as bits, stands what the second holds too, and the
    reverse.
    """
    place = np.zeros(len(common), dtype=np.int32)
    left = -1
    for pair in range(len(pairs)):
        if pairs[pair, 0] != left:
            _lay_out(offsets, columns, left, pairs[pair, 0], place)
            left = pairs[pair, 0]
        start = offsets[left] - 1
        right = pairs[pair, 1]
        product = first = second = third = of_lead = both = of_left = of_right = np.int64(0)
        for at in range(offsets[right], offsets[right + 1]):
            column = columns[at]
            if place[column]:
                other = start + place[column]
                own_weight, other_weight = np.int64(weights[at]), np.int64(weights[other])
                product += own_weight * other_weight
                of_lead += np.int64(lead[at]) * np.int64(lead[other])
                both += common[column]
                if places[at] and places[other]:
                    of_left |= np.int64(places[other])
                    of_right |= np.int64(places[at])
                less = min(own_weight, other_weight)
                if less > third:
                    if less > second:
                        third = second
                        if less > first:
                            second = first
                            first = less
                        else:
                            second = less
                    else:
                        third = less
        out[0, pair] = product
        out[1, pair] = first + second + third
        out[2, pair] = of_lead
        out[3, pair] = both
        out[4, pair] = _bits(of_left)
        out[5, pair] = _bits(of_right)


@compiled
def shared_weights(
    offsets: NDArray[np.int32],
    columns: NDArray[np.int32],
    weights: NDArray[np.int32],
    width: int,
    pairs: NDArray[np.int64],
    out: NDArray[np.int64],
) -> None:
    """Sum, over the columns that both rows of a pair hold, the products and the lesser weights."""
    place = np.zeros(width, dtype=np.int32)
    left = -1
    for pair in range(len(pairs)):
        if pairs[pair, 0] != left:
            _lay_out(offsets, columns, left, pairs[pair, 0], place)
            left = pairs[pair, 0]
        start = offsets[left] - 1
        right = pairs[pair, 1]
        product = total = np.int64(0)
        for at in range(offsets[right], offsets[right + 1]):
            column = columns[at]
            if place[column]:
                own, other = np.int64(weights[at]), np.int64(weights[start + place[column]])
                product += own * other
                total += min(own, other)
        out[0, pair] = product
        out[1, pair] = total
