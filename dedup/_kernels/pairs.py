"""What the rows of sparse matrices share, pair by pair."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dedup._kernels.compiler import compiled


@compiled
def _lay_out(
    offsets: NDArray[np.int64],
    columns: NDArray[np.int64],
    values: NDArray[np.int64],
    before: int,
    row: int,
    laid_out: NDArray[np.int64],
) -> None:
    """Lay a row out in full, in place of the one before; -1 if there was none."""
    if before >= 0:
        for at in range(offsets[before], offsets[before + 1]):
            laid_out[columns[at]] = 0
    for at in range(offsets[row], offsets[row + 1]):
        laid_out[columns[at]] = values[at]


@compiled
def shared_weights(
    offsets: NDArray[np.int64],
    columns: NDArray[np.int64],
    weights: NDArray[np.int64],
    width: int,
    pairs: NDArray[np.int64],
    products: NDArray[np.int64],
    minima: NDArray[np.int64],
    rarest: NDArray[np.int64],
) -> None:
    """Sum, over the columns that both rows of a pair hold, the products and the lesser weights.

    ``rarest`` gets the sum of the three greatest of these.  The row on the left is laid out in full
    once for as long as pairs go on with it, so sorted pairs are quickest.
    """
    laid_out = np.zeros(width, dtype=np.int64)
    left = -1
    for pair in range(len(pairs)):
        if pairs[pair, 0] != left:
            _lay_out(offsets, columns, weights, left, pairs[pair, 0], laid_out)
            left = pairs[pair, 0]
        right = pairs[pair, 1]
        product = total = first = second = third = np.int64(0)
        for at in range(offsets[right], offsets[right + 1]):
            other = laid_out[columns[at]]
            if other:
                own = weights[at]
                product += own * other
                less = min(own, other)
                total += less
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
        products[pair] = product
        minima[pair] = total
        rarest[pair] = first + second + third


@compiled
def shared_places(
    offsets: NDArray[np.int64],
    columns: NDArray[np.int64],
    places: NDArray[np.int64],
    width: int,
    pairs: NDArray[np.int64],
    found: NDArray[np.int64],
) -> None:
    """Write in how many places of either row, given as bits, stands what the other holds too."""
    laid_out = np.zeros(width, dtype=np.int64)
    left = -1
    for pair in range(len(pairs)):
        if pairs[pair, 0] != left:
            _lay_out(offsets, columns, places, left, pairs[pair, 0], laid_out)
            left = pairs[pair, 0]
        right = pairs[pair, 1]
        of_left = of_right = np.int64(0)
        for at in range(offsets[right], offsets[right + 1]):
            other = laid_out[columns[at]]
            if other:
                of_left |= other
                of_right |= places[at]
        count = 0
        while of_left:
            of_left &= of_left - 1
            count += 1
        found[pair, 0] = count
        count = 0
        while of_right:
            of_right &= of_right - 1
            count += 1
        found[pair, 1] = count
