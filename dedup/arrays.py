"""Small things done to flat arrays."""

from __future__ import annotations

from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["Chunks", "Growing", "connected_components", "distinct", "rows_of"]

#: Bytes from which on memory comes from the system by itself, and goes back there when it is freed.
_CHUNK: Final = 1 << 26

#: Bytes from which on an array that grows gets such a piece.
_SMALL: Final = 1 << 18

_Scalar = TypeVar("_Scalar", np.int64, np.uint64)


def distinct(values: NDArray[_Scalar], *, overwrite: bool = False) -> NDArray[_Scalar]:
    """Return the distinct values, sorted; ``np.unique`` takes ten times as long on millions.

    With ``overwrite`` they are sorted in place, and returned where they stand if all differ.

    >>> distinct(np.array([3, 1, 3])).tolist()
    [1, 3]
    """
    if overwrite:
        values.sort()
    ordered = values if overwrite else np.sort(values)
    fresh = np.ones(len(ordered), dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=fresh[1:])
    return ordered if fresh.all() else ordered[fresh]


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


class Chunks:
    """Room for many small arrays in a few large pieces of memory.

    Thousands of small arrays that are freed leave holes between what stays, which a process keeps;
    a large piece goes back to the system.

    >>> chunks = Chunks(np.int32)
    >>> kept = [chunks.keep(np.array(values, dtype=np.int32)) for values in ([1, 2], [], [3])]
    >>> kept[0].tolist(), chunks.joined().tolist()
    ([1, 2], [1, 2, 3])
    """

    def __init__(self, dtype: type[np.generic]) -> None:
        self._dtype = np.dtype(dtype)
        self._chunks: list[NDArray[Any]] = []
        self._used: list[int] = []

    def room(self, count: int) -> NDArray[Any]:
        """Return room for so many values, after all that was given out before."""
        if not self._chunks or self._used[-1] + count > len(self._chunks[-1]):
            # What is never written takes no memory, where the system gives it out when it is used.
            self._chunks.append(np.empty(max(count, _CHUNK // self._dtype.itemsize), self._dtype))
            self._used.append(0)
        start = self._used[-1]
        self._used[-1] += count
        return self._chunks[-1][start : start + count]

    def keep(self, values: NDArray[Any]) -> NDArray[Any]:
        """Copy an array into room of its own; return it there."""
        room = self.room(len(values))
        room[:] = values
        return room

    def joined(self) -> NDArray[Any]:
        """Return all of it in one array, and let go of each piece as it is copied."""
        end = sum(self._used)
        whole = np.empty(end, self._dtype)
        while self._chunks:
            chunk, used = self._chunks.pop(), self._used.pop()
            whole[end - used : end] = chunk[:used]
            end -= used
        return whole


class Growing:
    """An array that grows at its end, in amortised constant time a value.

    From some hundred kilobytes on it has a large piece of memory to itself, of which what is not
    written yet takes none: so it does not leave holes behind as it grows.

    >>> numbers = Growing(np.int32)
    >>> numbers.extend(np.array([1, 2], dtype=np.int32))
    >>> numbers.values.tolist()
    [1, 2]
    """

    def __init__(self, dtype: type[np.generic]) -> None:
        self._room: NDArray[Any] = np.empty(16, dtype=dtype)
        self._count = 0

    def extend(self, values: NDArray[Any]) -> None:
        """Add values at the end."""
        count = self._count + len(values)
        if count > len(self._room):
            size = max(count, 2 * len(self._room))
            if size * self._room.itemsize > _SMALL:
                size = max(size, _CHUNK // self._room.itemsize)
            more = np.empty(size, dtype=self._room.dtype)
            more[: self._count] = self.values
            self._room = more
        self._room[self._count : count] = values
        self._count = count

    def __len__(self) -> int:
        return self._count

    def truncate(self, count: int) -> None:
        """Take values off its end, until so many are left."""
        self._count = min(count, self._count)

    @property
    def values(self) -> NDArray[Any]:
        """What it holds; a view that the next growth may leave behind."""
        return self._room[: self._count]


def rows_of(
    offsets: NDArray[np.integer[Any]], rows: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where the entries of some rows stand, and the offsets of these rows alone.

    >>> at, offsets = rows_of(np.array([0, 2, 2, 5]), np.array([2, 0]))
    >>> at.tolist(), offsets.tolist()
    ([2, 3, 4, 0, 1], [0, 3, 5])
    """
    starts = offsets[rows].astype(np.int64)
    lengths = offsets[rows + 1] - starts
    ends = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum(lengths, out=ends[1:])
    at = np.arange(ends[-1], dtype=np.int64) + np.repeat(starts - ends[:-1], lengths)
    return at, ends
