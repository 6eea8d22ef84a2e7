"""Which live rows share a band of their signature, or a rare term, with a newcomer.

Rows that were put in lately stand beside a large sorted part, which they join when there are many.

Law: what is found is what was put in and is alive, in whatever parts it stands; and rows that are
gone take no room of those that are left.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dedup import engine
from dedup.arrays import Growing

__all__ = ["Bands", "Terms"]

#: Rows that may stand beside the large part, and their share of it.
_BESIDE: Final = 1 << 11
_SHARE: Final = 8

#: Pairs that there is room for at once; and characters that cost about as much as a term.
_ROOM: Final = 1 << 18
_CHARACTERS: Final = 30


class Bands:
    """Band keys → rows."""

    def __init__(self) -> None:
        self._sorted = [_Sorted.none(), _Sorted.none()]
        self._late_keys, self._late_rows = Growing(np.uint64), Growing(np.int32)

    def extend(self, keys: NDArray[np.uint64], rows: NDArray[np.int64]) -> None:
        """Put rows in.

        Parameters
        ----------
        keys : ndarray of uint64, shape (k, bands)
        rows : ndarray of int64, shape (k,)
        """
        self._late_keys.extend(keys.ravel())
        self._late_rows.extend(np.repeat(rows.astype(np.int32), keys.shape[1]))

    def find(
        self, keys: NDArray[np.uint64], most: int, alive: NDArray[np.bool_]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return which live rows share a key with each of k newcomers, each pair once.

        Parameters
        ----------
        keys : ndarray of uint64, shape (k, bands)
        most : int
            Of a key that more live rows have, the first so many count.
        alive : ndarray of bool
            Whether each row is; one that is gone does not come back.

        Returns
        -------
        newcomers, rows : ndarray of int64, shape (m,)
        """
        self._settle(keys.shape[1], alive)
        asked = keys.ravel()
        of = np.repeat(np.arange(len(keys), dtype=np.int64), keys.shape[1])
        spans = [part.spans(asked) for part in self._sorted]
        is_hot = sum(last - first for first, last in spans) > most
        codes = [
            _codes(of[~is_hot], part.rows, first[~is_hot], last[~is_hot])
            for part, (first, last) in zip(self._sorted, spans, strict=True)
        ]
        codes.append(self._hot(asked[is_hot], of[is_hot], most, alive))
        found = np.unique(np.concatenate(codes))
        found = found[alive[found & 0xFFFFFFFF]]
        return found >> 32, found & 0xFFFFFFFF

    def _hot(
        self,
        asked: NDArray[np.uint64],
        of: NDArray[np.int64],
        most: int,
        alive: NDArray[np.bool_],
    ) -> NDArray[np.int64]:
        """Return ``newcomer << 32 | row`` for the first live rows of keys that many rows have."""
        keys, place = np.unique(asked, return_inverse=True)
        spans = [part.spans(keys) for part in self._sorted]
        first_rows = []
        for at in range(len(keys)):
            rows = np.concatenate(
                [
                    part.rows[first[at] : last[at]]
                    for part, (first, last) in zip(self._sorted, spans, strict=True)
                ]
            )
            first_rows.append(rows[alive[rows]][:most])
        last = np.cumsum([len(rows) for rows in first_rows], dtype=np.int64)
        first = np.concatenate([[0], last])[:-1]
        rows = np.concatenate([np.empty(0, dtype=np.int32), *first_rows])
        return _codes(of, rows, first[place], last[place])

    def _settle(self, bands: int, alive: NDArray[np.bool_]) -> None:
        """Sort in what came since the last question."""
        if len(self._late_keys):
            large, small = self._sorted
            small = small.joined(_Sorted.of(self._late_keys.values, self._late_rows.values))
            self._late_keys, self._late_rows = Growing(np.uint64), Growing(np.int32)
            if len(small.keys) > bands * _BESIDE + len(large.keys) // _SHARE:
                large, small = large.joined(small).among(alive), _Sorted.none()
            self._sorted = [large, small]


class _Sorted:
    """Keys, sorted, and the row of each."""

    def __init__(self, keys: NDArray[np.uint64], rows: NDArray[np.int32]) -> None:
        self.keys, self.rows = keys, rows

    @classmethod
    def of(cls, keys: NDArray[np.uint64], rows: NDArray[np.int32]) -> _Sorted:
        order = np.argsort(keys, kind="stable")
        return cls(keys[order], rows[order])

    @classmethod
    def none(cls) -> _Sorted:
        return cls(np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int32))

    def joined(self, other: _Sorted) -> _Sorted:
        """Return both; rows of one key stand in the order in which they came."""
        if not len(self.keys):
            return other
        at = np.searchsorted(self.keys, other.keys, side="right")
        return _Sorted(np.insert(self.keys, at, other.keys), np.insert(self.rows, at, other.rows))

    def among(self, alive: NDArray[np.bool_]) -> _Sorted:
        """Return those that are alive."""
        kept = alive[self.rows]
        return self if kept.all() else _Sorted(self.keys[kept], self.rows[kept])

    def spans(self, keys: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return where the rows of each key begin and end."""
        return (
            np.searchsorted(self.keys, keys, side="left"),
            np.searchsorted(self.keys, keys, side="right"),
        )


def _codes(
    of: NDArray[np.int64],
    rows: NDArray[np.int32],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return ``newcomer << 32 | row`` for all rows between first and last of each newcomer."""
    counts = last - first
    ends = np.cumsum(counts)
    at = np.arange(ends[-1] if len(ends) else 0) + np.repeat(first - ends + counts, counts)
    return np.asarray((np.repeat(of, counts) << 32) | rows[at])


class Terms:
    """The heaviest terms of each row, by term: a sparse matrix, terms by rows."""

    def __init__(self) -> None:
        self._large: Any = None
        self._small: Any = None
        self._late = _Rows()
        self._first = 0  # row that stands first in the small part
        self._common = np.empty(0, dtype=np.int64)  # terms that count for nothing in the large one

    def extend(self, rows: Any) -> None:
        """Put rows in, as a sparse matrix of whole numbers, rows by terms."""
        self._late.extend(rows)
        self._small = None

    def find(
        self, newcomers: Any, least: int, cap: int, may_cap: Any, alive: NDArray[np.bool_]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the rows whose product with each newcomer is no less, and some that are gone.

        Parameters
        ----------
        newcomers : csr_array of int32, shape (k, n_terms)
        least : int
        cap : int
            Of a term that more rows of the large part have, the last so many count, or none.
        may_cap : callable
            Returns of terms, by number, which count for none then.
        alive : ndarray of bool
            Whether each row is; one that is gone does not come back.

        Returns
        -------
        newcomers, rows : ndarray of int64, shape (m,)
        """
        self._settle(cap, may_cap, alive)
        found = [_NO_PAIRS]
        for part, first in ((self._large, 0), (self._small, self._first)):
            if part is None:
                continue
            a, b = _near(_columns_below(newcomers, part.shape[0]), part, least)
            found.append(np.stack([a, first + b], axis=1))
        pairs = np.concatenate(found)
        return pairs[:, 0], pairs[:, 1]

    def _settle(self, cap: int, may_cap: Any, alive: NDArray[np.bool_]) -> None:
        if not len(self._late) or self._small is not None:
            return
        late = self._late.matrix().T.tocsr()
        if len(self._late) > _BESIDE + self._first // _SHARE:
            large = late if self._large is None else _beside(self._large, late)
            large = _among(large, alive)
            over = np.flatnonzero(np.diff(large.indptr) > cap)
            # What was common once stays out, or it would come back row by row.
            self._common = np.union1d(self._common, over[may_cap(over)])
            self._large = _capped(large, cap, self._common)
            self._first += len(self._late)
            self._late, self._small = _Rows(), None
        else:
            self._small = late


class _Rows:
    """Rows of a sparse matrix, as they come."""

    def __init__(self) -> None:
        self._data, self._columns = Growing(np.int32), Growing(np.int32)
        self._ends = Growing(np.int32)
        self._ends.extend(np.zeros(1, dtype=np.int32))
        self._width = 0

    def __len__(self) -> int:
        return len(self._ends) - 1

    def extend(self, rows: Any) -> None:
        """Put rows in at the end."""
        done = self._ends.values[-1]
        self._data.extend(rows.data)
        self._columns.extend(rows.indices)
        self._ends.extend(done + rows.indptr[1:])
        self._width = max(self._width, rows.shape[1])

    def matrix(self) -> Any:
        """Return all of them, without copying."""
        from scipy.sparse import csr_array

        entries = (self._data.values, self._columns.values, self._ends.values)
        return csr_array(entries, shape=(len(self), self._width))


_NO_PAIRS: Final = np.empty((0, 2), dtype=np.int64)


def _near(rows: Any, postings: Any, least: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs of a row and a column of the postings whose product is no less."""
    if not engine.is_compiled(_CHARACTERS * rows.nnz):
        product = (rows @ postings).tocoo()
        kept = product.data >= least
        return product.row[kept].astype(np.int64), product.col[kept].astype(np.int64)
    engine.warm_up()
    n, k = postings.shape[1], rows.shape[0]
    sums, touched = np.zeros(n, dtype=np.int64), np.empty(n, dtype=np.int32)
    room = np.empty(max(_ROOM, n), dtype=np.int64)
    index = (
        rows.indptr.astype(np.int64),
        rows.indices.astype(np.int32, copy=False),
        rows.data,
        np.full(rows.nnz, -1, dtype=np.int32),  # before the first posting of each column
        postings.indptr.astype(np.int64),
        postings.indices.astype(np.int32, copy=False),
        postings.data,
    )
    ends = np.full(k, n, dtype=np.int64)
    codes = [np.empty(0, dtype=np.int64)]
    row = 0
    while row < k:
        count, row = engine.kernels().near_rows(
            *index, ends, float(least), row, k, sums, touched, room
        )
        codes.append(room[:count].copy())
    found = np.concatenate(codes)
    return found >> 32, found & 0xFFFFFFFF


def _beside(left: Any, right: Any) -> Any:
    """Return two matrices of terms by rows side by side."""
    from scipy.sparse import csr_array, hstack

    height = max(left.shape[0], right.shape[0])

    def tall(part: Any) -> Any:
        missing = np.full(height - part.shape[0], part.indptr[-1], dtype=part.indptr.dtype)
        offsets = np.concatenate([part.indptr, missing])
        return csr_array((part.data, part.indices, offsets), shape=(height, part.shape[1]))

    return hstack([tall(left), tall(right)], format="csr")


def _columns_below(matrix: Any, width: int) -> Any:
    """Return a matrix without the columns from ``width`` on."""
    from scipy.sparse import csr_array

    if matrix.shape[1] <= width:
        return csr_array(
            (matrix.data, matrix.indices, matrix.indptr), shape=(matrix.shape[0], width)
        )
    kept = matrix.indices < width
    before = np.concatenate([[0], np.cumsum(kept)])
    return csr_array(
        (matrix.data[kept], matrix.indices[kept], before[matrix.indptr]),
        shape=(matrix.shape[0], width),
    )


def _among(matrix: Any, alive: NDArray[np.bool_]) -> Any:
    """Return a matrix of terms by rows without the entries of rows that are gone."""
    from scipy.sparse import csr_array

    kept = alive[matrix.indices]
    if kept.all():
        return matrix
    before = np.zeros(len(kept) + 1, dtype=matrix.indptr.dtype)
    np.cumsum(kept, out=before[1:])
    entries = (matrix.data[kept], matrix.indices[kept], before[matrix.indptr])
    return csr_array(entries, shape=matrix.shape)


def _capped(matrix: Any, cap: int, common: NDArray[np.int64]) -> Any:
    """Return the postings with the last ``cap`` of each term, and none of the common ones."""
    from scipy.sparse import csr_array

    kept = np.minimum(np.diff(matrix.indptr).astype(np.int64), cap)
    kept[common] = 0
    if kept.sum() == matrix.nnz:
        return matrix
    first = matrix.indptr[1:] - kept
    offsets = np.zeros(len(kept) + 1, dtype=np.int64)
    np.cumsum(kept, out=offsets[1:])
    at = np.arange(offsets[-1]) + np.repeat(first - offsets[:-1], kept)
    # Of one type with the rows, or scipy would widen these, and each question narrow them again.
    entries = (matrix.data[at], matrix.indices[at], offsets.astype(matrix.indices.dtype))
    return csr_array(entries, shape=matrix.shape)
