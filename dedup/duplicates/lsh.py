"""Signatures become candidate pairs: rows that agree on a whole band of places.

Laws
----
- Two rows that agree in every place of some band are a candidate pair, unless a bucket of theirs
  was over the cap.
- The work is linear in rows: a bucket of b members gives at most ``min(b, cap)`` pairs a member,
  however hot it is.
- Whatever the cap cut is counted in the record.
- Rows of empty sets are never candidates.

Theory of operation
-------------------
A signature is cut into ``bands`` of ``rows`` places.  A pair of Jaccard similarity J agrees on one
band with probability J**rows, so it is nominated with probability 1 - (1 - J**rows)**bands: a
steep curve around (1 / bands)**(1 / rows).  Candidates are cheap to verify exactly, so the curve
is set well to the left of the threshold: recall is bought here, precision later.  42 bands of 3
find 99.9 % of edited copies at or above 0.5 (``benchmarks/shingles.py``), 25 of 5 only 87 %; from
0.65 up, 32 of 4 suffice and nominate fewer (``docs/duplicates.md``).

Each band is hashed to one 64-bit number a row, its last bits give way to the row's place, and the
numbers are sorted: equal neighbours are a bucket, in the order of their rows.  (Of a million rows
44 bits of the hash are left, and what falls together by accident does not pass verification.)  A
bucket over the cap (a template shared by a hundred thousand articles) pairs each member with its
first few only, its *leaders*; the row number is the stable order that says who is first.

References
----------
A. Z. Broder, "On the resemblance and containment of documents", 1997.
https://doi.org/10.1109/SEQUEN.1997.666900
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dedup import engine
from dedup.arrays import distinct
from dedup.duplicates.minhash import EMPTY
from dedup.hashing import mix64

__all__ = ["LEADERS", "Candidates", "band_keys", "candidate_pairs", "recall_at"]

#: Members of a bucket over the cap that every other member is paired with.
LEADERS = 8

_BATCH = 1 << 22

#: Characters of text that cost about as much as one band of one row.
_CHARACTERS = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidates:
    """Pairs to verify, and what the bucket cap left out.

    Parameters
    ----------
    pairs : ndarray of int32, shape (m, 2)
        Row numbers i < j, sorted, each pair once.
    capped_buckets : int
        Buckets that held more rows than the cap.
    capped_pairs : int
        Pairs of those buckets that were not nominated there.  One and the same pair counts in
        each band that cut it, and may have been nominated by another band.
    largest_bucket : int
        Rows in the fullest bucket; 0 without rows.
    """

    pairs: NDArray[np.int32]
    capped_buckets: int
    capped_pairs: int
    largest_bucket: int

    def __post_init__(self) -> None:
        if self.pairs.dtype != np.int32 or self.pairs.ndim != 2 or self.pairs.shape[1] != 2:
            raise ValueError("pairs must be int32 of shape (m, 2)")

    def __len__(self) -> int:
        return len(self.pairs)


def recall_at(jaccard: float, *, bands: int = 42, rows: int = 3) -> float:
    """Return the probability that a pair of this Jaccard similarity becomes a candidate.

    >>> round(recall_at(0.5), 3), round(recall_at(0.05), 3)
    (0.996, 0.005)
    """
    return float(1.0 - (1.0 - jaccard**rows) ** bands)


def candidate_pairs(
    signatures: NDArray[np.uint32],
    *,
    bands: int = 42,
    rows: int = 3,
    bucket_cap: int = 64,
) -> Candidates:
    """Return the pairs of rows that agree on at least one band.

    Parameters
    ----------
    signatures : ndarray of uint32, shape (n, num_perm)
        In a stable order: sort by a key of your own first, if input order must not matter.
    bands, rows : int
        Bands, and places in each; ``bands * rows <= num_perm``.  More bands find more pairs,
        more rows nominate fewer false ones.
    bucket_cap : int
        Largest bucket, at least 8, of which all pairs are taken.  Raising it costs time and
        memory, up to ``n * bands * bucket_cap / 2`` pairs.

    Returns
    -------
    Candidates
        O(n log n) for each band.

    Raises
    ------
    ValueError
        If the bands do not fit into the signatures, or a number is out of its range.

    Examples
    --------
    >>> from dedup.duplicates.minhash import signatures
    >>> from dedup.duplicates.shingling import shingle
    >>> texts = ["a b c d e f g h", "x y z", "a b c d e f g i"]
    >>> candidate_pairs(signatures(shingle(map(str.split, texts), 1))).pairs.tolist()
    [[0, 2]]
    """
    _check(signatures, bands, rows, bucket_cap)
    occupied = np.flatnonzero((signatures != EMPTY).any(axis=1))
    found, pending, waiting = np.empty(0, dtype=np.int64), [], 0
    capped_buckets = capped_pairs = largest = 0
    compiled = engine.is_compiled(_CHARACTERS * bands * len(occupied))
    band_of = _compiled if compiled else _reference
    for band in band_of(signatures, occupied, bands, rows, bucket_cap):
        capped_buckets += band.capped_buckets
        capped_pairs += band.capped_pairs
        largest = max(largest, band.largest_bucket)
        for codes in band.codes:
            pending.append(codes)
            waiting += len(codes)
            # Many bands nominate one and the same pair; merge before the copies add up.
            if waiting > max(_BATCH, len(found)):
                found, pending, waiting = distinct(np.concatenate([found, *pending])), [], 0
    found = distinct(np.concatenate([found, *pending]))
    pairs = np.empty((len(found), 2), dtype=np.int32)
    pairs[:, 0], pairs[:, 1] = found >> 32, found & 0xFFFFFFFF
    return Candidates(
        pairs=pairs,
        capped_buckets=capped_buckets,
        capped_pairs=capped_pairs,
        largest_bucket=largest,
    )


def _check(signatures: NDArray[np.uint32], bands: int, rows: int, bucket_cap: int) -> None:
    if signatures.dtype != np.uint32 or signatures.ndim != 2:
        raise ValueError("signatures must be uint32 of shape (n, num_perm)")
    if len(signatures) >= 1 << 31:
        raise ValueError("at most 2**31 - 1 rows; split the input")
    if bands < 1 or rows < 1:
        raise ValueError(f"bands and rows must be at least 1, got {bands} and {rows}")
    if bands * rows > signatures.shape[1]:
        raise ValueError(
            f"{bands} bands of {rows} rows need {bands * rows} permutations, "
            f"the signatures have {signatures.shape[1]}"
        )
    if bucket_cap < LEADERS:
        raise ValueError(f"bucket_cap must be at least {LEADERS}, got {bucket_cap}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Band:
    """The pairs of one band as codes ``i << 32 | j``, i < j, and what its buckets were like."""

    codes: Iterable[NDArray[np.int64]]
    capped_buckets: int
    capped_pairs: int
    largest_bucket: int


def _mask(n: int) -> int:
    """Return the bits that hold a place among n."""
    return (1 << max(1, (n - 1).bit_length())) - 1


def _compiled(
    signatures: NDArray[np.uint32],
    occupied: NDArray[np.int64],
    bands: int,
    rows: int,
    cap: int,
) -> Iterator[_Band]:
    engine.warm_up()
    loops = engine.kernels()
    n = len(occupied)
    mask = np.uint64(_mask(n))
    packed, scratch = np.empty(n, dtype=np.uint64), np.empty(n, dtype=np.uint64)
    starts, counts = np.empty(n + 2, dtype=np.int64), np.empty(3, dtype=np.int64)
    codes = np.empty(n, dtype=np.int64)
    for band in range(bands):
        loops.sorted_band(signatures, occupied, band * rows, rows, mask, packed, scratch, starts)
        found = loops.bucket_pairs(packed, occupied, mask, cap, LEADERS, codes, counts)
        if found > len(codes):
            codes = np.empty(found, dtype=np.int64)
            loops.bucket_pairs(packed, occupied, mask, cap, LEADERS, codes, counts)
        capped, lost, largest = counts.tolist()
        yield _Band(
            codes=[codes[:found].copy()],
            capped_buckets=capped,
            capped_pairs=lost,
            largest_bucket=largest,
        )


def _reference(
    signatures: NDArray[np.uint32],
    occupied: NDArray[np.int64],
    bands: int,
    rows: int,
    cap: int,
) -> Iterator[_Band]:
    mask = np.uint64(_mask(len(occupied)))
    places = np.arange(len(occupied), dtype=np.uint64)
    for band in range(bands):
        keys = _band_keys(signatures, occupied, band * rows, rows)
        ordered = np.sort((keys & ~mask) | places)
        fresh = np.ones(len(ordered), dtype=np.bool_)
        fresh[1:] = (ordered[1:] ^ ordered[:-1]) > mask
        starts = np.flatnonzero(fresh)
        sizes = np.diff(starts, append=len(ordered))
        over = sizes[sizes > cap]
        members = occupied[(ordered & mask).astype(np.int64)]
        yield _Band(
            codes=_unroll(members, starts, sizes, cap),
            capped_buckets=len(over),
            capped_pairs=int(((over - LEADERS) * (over - LEADERS - 1) // 2).sum()),
            largest_bucket=int(sizes.max(initial=0)),
        )


def _band_keys(
    signatures: NDArray[np.uint32], occupied: NDArray[np.int64], first: int, rows: int
) -> NDArray[np.uint64]:
    """Hash one band of every occupied row to 64 bits."""
    return _mixed(signatures[occupied, first : first + rows])


def _mixed(places: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """Hash the last axis to 64 bits."""
    keys = np.zeros(places.shape[:-1], dtype=np.uint64)
    for place in range(places.shape[-1]):
        # The bijective mix between two places makes their order matter.
        keys = mix64(keys + np.uint64(1)) ^ places[..., place]
    return mix64(keys)


def band_keys(signatures: NDArray[np.uint32], bands: int, rows: int) -> NDArray[np.uint64]:
    """Hash every band of every row to 64 bits, for whoever keeps buckets beyond one call.

    Parameters
    ----------
    signatures : ndarray of uint32, shape (n, num_perm)
    bands, rows : int
        See :func:`candidate_pairs`.

    Returns
    -------
    ndarray of uint64, shape (n, bands)
        Equal only where the same band of two rows agrees, but for a chance of 2⁻⁶⁴.

    Examples
    --------
    >>> keys = band_keys(np.array([[1, 2, 1, 2]], dtype=np.uint32), 2, 2)
    >>> keys.shape, bool(keys[0, 0] == keys[0, 1])
    ((1, 2), False)
    """
    cut = signatures[:, : bands * rows].reshape(len(signatures), bands, rows)
    number: NDArray[np.uint64] = np.arange(bands, dtype=np.uint64)
    return mix64(_mixed(cut) + number)


def _unroll(
    members: NDArray[np.int64],
    starts: NDArray[np.int64],
    sizes: NDArray[np.int64],
    cap: int,
) -> Iterator[NDArray[np.int64]]:
    """Yield the pairs of all buckets as codes ``i << 32 | j``, i < j.

    Members of a bucket stand in rising order.  Buckets of one size are unrolled together, so that
    Python loops over sizes and not over buckets.
    """
    for size in np.unique(sizes[(sizes > 1) & (sizes <= cap)]).tolist():
        left, right = np.triu_indices(size, 1)
        first = starts[sizes == size]
        # In slices: fifty thousand buckets of 64 members would be a hundred million pairs at once.
        step = max(1, _BATCH // len(left))
        for begin in range(0, len(first), step):
            places = first[begin : begin + step, None]
            yield ((members[places + left] << 32) | members[places + right]).ravel()
    for start, size in zip(starts[sizes > cap], sizes[sizes > cap], strict=True):
        bucket = members[start : start + size]
        for place in range(LEADERS):
            yield (bucket[place] << 32) | bucket[place + 1 :]
