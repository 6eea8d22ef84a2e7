"""Which rows of a sparse matrix have a large enough product, through an inverted index."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dedup._kernels.compiler import compiled


@compiled
def near_rows(
    offsets: NDArray[np.int64],
    columns: NDArray[np.int32],
    weights: NDArray[np.int32],
    place: NDArray[np.int32],
    postings: NDArray[np.int64],
    posting_rows: NDArray[np.int32],
    posting_weights: NDArray[np.int32],
    row_ends: NDArray[np.int64],
    least: float,
    start: int,
    stop: int,
    sums: NDArray[np.int64],
    touched: NDArray[np.int32],
    out: NDArray[np.int64],
) -> tuple[int, int]:
    """Write, for rows from ``start``, the later rows before their ends whose product is no less.

    ``place`` says where each entry stands among the postings of its column, which begin at
    ``postings`` of the column and end at the next.  Pairs are written as ``row << 32 | later row``.
    Returns how many, and the row to go on with where there was no room left.

    Weights are above 0, so that a sum of 0 is one not yet touched; ``sums`` is 0 throughout, before
    and after; and ``out`` has room for all pairs of one row, or it would never be done.
    """
    found = 0
    for row in range(start, stop):
        count = 0
        end = row_ends[row]
        for entry in range(offsets[row], offsets[row + 1]):
            weight = np.int64(weights[entry])
            column = columns[entry]
            for at in range(postings[column] + place[entry] + 1, postings[column + 1]):
                other = posting_rows[at]
                if other >= end:
                    break
                if not sums[other]:
                    touched[count] = other
                    count += 1
                sums[other] += weight * posting_weights[at]
        room = found + count <= len(out)
        for at in range(count):
            other = touched[at]
            if room and sums[other] >= least:
                out[found] = (np.int64(row) << 32) | np.int64(other)
                found += 1
            sums[other] = 0
        if not room:
            return found, row
    return found, stop
