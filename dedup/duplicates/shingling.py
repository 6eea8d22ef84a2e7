"""Tokens become sets of shingle hashes, kept in two flat arrays.

A *shingle* is a run of ``size`` consecutive tokens.  Two texts that share most of their shingles
share most of their wording, in order; that is all the duplicate stage asks.

Laws
----
- The hashes depend on the tokens alone: not on the process, the platform, or any other document.
- A row is sorted and holds no value twice: it is a set, ready for merging.
- A document with fewer than ``size`` tokens has an empty row.  It shares no shingle with anything,
  so it can only ever be compared exactly.

Theory of operation: a shingle is hashed as :mod:`dedup.hashing` says, from the hashes of its
tokens.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedup import engine
from dedup.arrays import distinct
from dedup.hashing import SHINGLE_FACTOR, mix64, token_hash

__all__ = ["Ragged", "Runs", "Sets", "check_size", "shingle", "shingle_hashes"]

# The memo of token hashes is emptied when it has grown to this many words (about 200 MB).
_MEMO_LIMIT = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ragged:
    """Rows of unequal length in two flat arrays.

    Parameters
    ----------
    values : ndarray of uint64, shape (total,)
        All rows, one after the other.
    offsets : ndarray of int64, shape (n + 1,)
        Row ``i`` is ``values[offsets[i]:offsets[i + 1]]``.

    Raises
    ------
    ValueError
        If the arrays do not fit together.

    Examples
    --------
    >>> rows = Ragged.from_rows([np.array([3, 5]), np.array([], dtype=int)])
    >>> len(rows), rows.row(0).tolist(), rows.lengths.tolist()
    (2, [3, 5], [2, 0])
    """

    values: NDArray[np.uint64]
    offsets: NDArray[np.int64]

    def __post_init__(self) -> None:
        values, offsets = self.values, self.offsets
        if values.dtype != np.uint64 or values.ndim != 1:
            raise ValueError("values must be a flat array of uint64")
        if offsets.dtype != np.int64 or offsets.ndim != 1 or len(offsets) == 0:
            raise ValueError("offsets must be a flat array of int64 with at least one entry")
        if offsets[0] != 0 or offsets[-1] != len(values) or np.any(np.diff(offsets) < 0):
            raise ValueError("offsets must rise from 0 to the number of values")

    @classmethod
    def from_rows(cls, rows: Iterable[NDArray[Any]]) -> Ragged:
        """Lay rows one after the other; linear in their total length."""
        parts = [np.asarray(row).astype(np.uint64, copy=False) for row in rows]
        offsets = np.zeros(len(parts) + 1, dtype=np.int64)
        np.cumsum([len(part) for part in parts], out=offsets[1:])
        values = np.concatenate(parts) if parts else np.empty(0, dtype=np.uint64)
        return cls(values=values, offsets=offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Length of every row, int64, shape (n,)."""
        return np.diff(self.offsets)

    def row(self, index: int) -> NDArray[np.uint64]:
        """Return one row, without copying; negative indices count from the end."""
        if not -len(self) <= index < len(self):
            raise IndexError(f"row {index} of {len(self)}")
        index %= len(self)
        return self.values[self.offsets[index] : self.offsets[index + 1]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Runs:
    """Rows in several :class:`Ragged` parts, as they were made; joining them would copy all.

    Values stand in any order inside a row, and may be repeated: most rows are never looked at
    again, so none is sorted.

    Parameters
    ----------
    parts : tuple of Ragged
        Rows are counted through all of them.

    Examples
    --------
    >>> runs = Runs(parts=(Ragged.from_rows([[7, 3, 7]]), Ragged.from_rows([[5]])))
    >>> len(runs), runs.row(1).tolist()
    (2, [5])
    """

    parts: tuple[Ragged, ...]

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    @property
    def _starts(self) -> NDArray[np.int64]:
        return np.cumsum([0, *map(len, self.parts)], dtype=np.int64)

    def row(self, index: int) -> NDArray[np.uint64]:
        """Return one row, without copying."""
        part = int(np.searchsorted(self._starts, index, side="right")) - 1
        return self.parts[part].row(index - int(self._starts[part]))

    def sets(self, rows: NDArray[np.integer[Any]]) -> Sets:
        """Return the sets of the values of some rows, in their order.

        Examples
        --------
        >>> found = Runs(parts=(Ragged.from_rows([[7, 3, 7], [5]]),)).sets(np.array([1, 0]))
        >>> found.row(0).tolist(), found.row(1).tolist()
        ([5], [3, 7])
        """
        order = np.argsort(rows, kind="stable")
        ends = np.searchsorted(rows[order], self._starts)
        lengths = np.zeros(len(rows), dtype=np.int64)
        wanted, size = [], 0
        for part, first, (begin, end) in zip(
            self.parts, self._starts.tolist(), pairwise(ends.tolist()), strict=False
        ):
            if end > begin:
                chosen = rows[order[begin:end]].astype(np.int64) - first
                wanted.append((part, chosen, size, slice(begin, end)))
                size += int(part.lengths[chosen].sum())
        values = np.empty(size, dtype=np.uint64)
        compiled = engine.is_compiled(size)
        if compiled:
            engine.warm_up()

        def fill(work: tuple[Ragged, NDArray[np.int64], int, slice]) -> NDArray[np.int64]:
            part, chosen, start, here = work
            write = engine.kernels().set_rows if compiled else _set_rows
            write(part.values, part.offsets, chosen, values[start:], lengths[here])
            return start + np.cumsum(lengths[here]) - lengths[here]

        starts = np.concatenate([lengths[:0], *engine.in_parallel(fill, wanted)])
        back = np.empty_like(order)
        back[order] = np.arange(len(order))
        return Sets(values=values, starts=starts[back], lengths=lengths[back])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sets:
    """Sorted rows without repeated values; there may be gaps between them.

    Parameters
    ----------
    values : ndarray of uint64
    starts, lengths : ndarray of int64, shape (n,)
        Where each row begins, and how many values it has.
    """

    values: NDArray[np.uint64]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]

    def row(self, index: int) -> NDArray[np.uint64]:
        """Return one row, without copying."""
        start = int(self.starts[index])
        return self.values[start : start + int(self.lengths[index])]


def _set_rows(
    values: NDArray[np.uint64],
    offsets: NDArray[np.int64],
    rows: NDArray[np.int64],
    out: NDArray[np.uint64],
    lengths: NDArray[np.int64],
) -> int:
    """Write the sorted sets of some rows, one after the other; return how many values."""
    count = 0
    for at, row in enumerate(rows.tolist()):
        found = distinct(values[offsets[row] : offsets[row + 1]])
        out[count : count + len(found)] = found
        lengths[at] = len(found)
        count += len(found)
    return count


class _TokenHashes(dict[str, int]):
    """Token hashes already computed within one call."""

    def __missing__(self, token: str) -> int:
        if len(self) >= _MEMO_LIMIT:
            self.clear()
        value = self[token] = token_hash(token)
        return value


def shingle_hashes(tokens: Sequence[str], size: int) -> NDArray[np.uint64]:
    """Return the set of hashes of all runs of ``size`` consecutive tokens.

    Parameters
    ----------
    tokens : sequence of str
        The words of one document, in order.
    size : int
        Tokens in a shingle, at least 1.

    Returns
    -------
    ndarray of uint64
        Sorted, unique; empty if there are fewer than ``size`` tokens.  O(t log t) for t tokens.

    Raises
    ------
    ValueError
        If ``size`` is below 1.

    Examples
    --------
    >>> len(shingle_hashes("a rose is a rose is a rose".split(), 3))
    3
    >>> shingle_hashes(["too", "short"], 3)
    array([], dtype=uint64)
    """
    check_size(size)
    return _hash_row(tokens, size, _TokenHashes())


def shingle(documents: Iterable[Sequence[str]], size: int) -> Ragged:
    """Return the shingle hashes of many documents, one row each.

    Parameters
    ----------
    documents : iterable of sequences of str
        Tokens of each document; read once, so a generator will do.
    size : int
        Tokens in a shingle, at least 1.

    Returns
    -------
    Ragged
        Row ``i`` equals ``shingle_hashes(documents[i], size)``.

    Raises
    ------
    ValueError
        If ``size`` is below 1.

    Examples
    --------
    >>> shingle([["one"], "a b c d".split()], 2).lengths.tolist()
    [0, 3]
    """
    check_size(size)
    memo = _TokenHashes()
    return Ragged.from_rows(_hash_row(tokens, size, memo) for tokens in documents)


def check_size(size: int) -> None:
    """Raise ValueError for a shingle size below 1."""
    if size < 1:
        raise ValueError(f"the shingle size must be at least 1, got {size}")


def _hash_row(tokens: Sequence[str], size: int, memo: _TokenHashes) -> NDArray[np.uint64]:
    count = len(tokens) - size + 1
    if count < 1:
        return np.empty(0, dtype=np.uint64)
    hashes = np.fromiter(map(memo.__getitem__, tokens), dtype=np.uint64, count=len(tokens))
    values = np.full(count, size, dtype=np.uint64)
    for place in range(size):
        values = values * np.uint64(SHINGLE_FACTOR) + hashes[place : place + count]
    return distinct(mix64(values))
