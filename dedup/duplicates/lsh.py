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

Each band is hashed to one 64-bit number a row and sorted; equal neighbours are a bucket.  Buckets
of one size are unrolled together, so that Python loops over sizes and not over buckets.  A bucket
over the cap (a template shared by a hundred thousand articles) pairs each member with its first
few only, its *leaders*; the row number is the stable order that says who is first.

References
----------
A. Z. Broder, "On the resemblance and containment of documents", 1997.
https://doi.org/10.1109/SEQUEN.1997.666900
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dedup.arrays import distinct
from dedup.duplicates.minhash import EMPTY
from dedup.hashing import mix64

__all__ = ["LEADERS", "Candidates", "candidate_pairs", "recall_at"]

#: Members of a bucket over the cap that every other member is paired with.
LEADERS = 8

_BATCH = 1 << 22


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
    for band in range(bands):
        order, starts, sizes = _buckets(_band_keys(signatures, occupied, band * rows, rows))
        largest = max(largest, int(sizes.max(initial=0)))
        over = sizes[sizes > bucket_cap]
        capped_buckets += len(over)
        capped_pairs += int(((over - LEADERS) * (over - LEADERS - 1) // 2).sum())
        for codes in _unroll(occupied[order], starts, sizes, bucket_cap):
            pending.append(codes)
            waiting += len(codes)
            # Many bands nominate one and the same pair; merge before the copies add up.
            if waiting > max(_BATCH, len(found)):
                found, pending, waiting = distinct(np.concatenate([found, *pending])), [], 0
    found = distinct(np.concatenate([found, *pending]))
    pairs = np.stack([found >> 32, found & 0xFFFFFFFF], axis=1).astype(np.int32)
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


def _band_keys(
    signatures: NDArray[np.uint32], occupied: NDArray[np.int64], first: int, rows: int
) -> NDArray[np.uint64]:
    """Hash one band of every occupied row to 64 bits."""
    keys = np.zeros(len(occupied), dtype=np.uint64)
    for place in range(first, first + rows):
        # The bijective mix between two places makes their order matter.
        keys = mix64(keys + np.uint64(1)) ^ signatures[occupied, place]
    return mix64(keys)


def _buckets(
    keys: NDArray[np.uint64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return an order that puts equal keys together, and where each run starts and its size."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    fresh = np.ones(len(keys), dtype=np.bool_)
    fresh[1:] = ordered[1:] != ordered[:-1]
    starts = np.flatnonzero(fresh)
    return order, starts, np.diff(starts, append=len(keys))


def _unroll(
    members: NDArray[np.int64],
    starts: NDArray[np.int64],
    sizes: NDArray[np.int64],
    cap: int,
) -> Iterator[NDArray[np.int64]]:
    """Yield the pairs of all buckets as codes ``i << 32 | j``, i < j.

    Members of a bucket stand in rising order, because the sort was stable.
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
