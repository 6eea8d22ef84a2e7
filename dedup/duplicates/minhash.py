"""Shingle sets become signatures: short rows whose agreement estimates Jaccard similarity.

Laws
----
- The share of places in which two signatures agree is an unbiased estimate of the Jaccard
  similarity of their sets, with a standard error of sqrt(J (1 - J) / num_perm).
- A signature is datasketch's own, scheme ``affine32``, bit for bit.  A row can be handed to
  ``datasketch.LeanMinHash(seed=seed, hashvalues=row, scheme="affine32")`` and from there to
  ``datasketch.MinHashLSH``, and a datasketch signature of the same values can be compared with
  ours.
- An empty set's signature holds the largest value everywhere (datasketch's convention too).
  Such rows agree with each other and mean nothing: the candidate stage leaves them out.

Theory of operation
-------------------
datasketch takes 32 bits an element; it is given the upper half of each 64-bit shingle hash, which
is already mixed, through an identity hash function.  Two different shingles share those 32 bits
once in four thousand million, which moves an estimate by nothing that matters: estimates only
nominate candidates, and verification counts the full 64-bit hashes.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dedup.duplicates.shingling import Ragged

__all__ = ["EMPTY", "permutations", "signatures"]

#: Value in every place of the signature of an empty set.
EMPTY = np.uint32(0xFFFFFFFF)

# datasketch builds a (shingles, num_perm) table per call; this many shingles at a time keeps a
# document of a million words below 10 MB at 128 permutations.
_CHUNK = 1 << 14
_REPORT_EVERY = 1024


def signatures(
    shingles: Ragged,
    *,
    num_perm: int = 128,
    seed: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> NDArray[np.uint32]:
    """Return the MinHash signature of every row.

    Parameters
    ----------
    shingles : Ragged
        Shingle hashes, n rows.
    num_perm : int
        Places in a signature.  More make estimates and candidates better, and cost in proportion.
    seed : int
        Seed of datasketch's permutations; signatures of different seeds cannot be compared.
    progress : callable, optional
        Called with rows done and rows in all, now and then.

    Returns
    -------
    ndarray of uint32, shape (n, num_perm)
        O(total shingles x num_perm) time; memory beyond the result is bounded.

    Raises
    ------
    ValueError
        If ``num_perm`` is below 1.

    Examples
    --------
    >>> from dedup.duplicates.shingling import shingle
    >>> rows = signatures(shingle(["a b c d".split(), "a b c e".split()], 1), num_perm=512)
    >>> bool(abs((rows[0] == rows[1]).mean() - 3 / 5) < 0.1)
    True

    References
    ----------
    A. Z. Broder, "On the resemblance and containment of documents", 1997.
    https://doi.org/10.1109/SEQUEN.1997.666900
    """
    if num_perm < 1:
        raise ValueError(f"num_perm must be at least 1, got {num_perm}")
    # Imported here: datasketch brings scipy.integrate with it, most of a second.
    from datasketch import MinHash

    minhash = MinHash(num_perm=num_perm, seed=seed, hashfunc=_identity, scheme="affine32")
    result = np.full((len(shingles), num_perm), EMPTY, dtype=np.uint32)
    upper = (shingles.values >> np.uint64(32)).astype(np.uint32)
    bounds = shingles.offsets.tolist()
    for index, (start, end) in enumerate(pairwise(bounds)):
        if progress is not None and index % _REPORT_EVERY == 0:
            progress(index, len(shingles))
        minhash.clear()
        for chunk in range(start, end, _CHUNK):
            minhash.update_batch(upper[chunk : min(chunk + _CHUNK, end)].tolist())
        result[index] = minhash.hashvalues
    if progress is not None:
        progress(len(shingles), len(shingles))
    return result


def permutations(num_perm: int, seed: int = 1) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Return the factors and the terms of datasketch's permutations, each of shape (num_perm,).

    Drawn as datasketch draws them, without importing it, which takes longer than signing a thousand
    articles.

    Raises
    ------
    ValueError
        If ``num_perm`` is below 1.
    """
    if num_perm < 1:
        raise ValueError(f"num_perm must be at least 1, got {num_perm}")
    draw = np.random.RandomState(seed)
    # Odd factors make each a bijection.
    factors = draw.randint(0, 1 << 31, num_perm, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    return factors, draw.randint(0, 1 << 32, num_perm, dtype=np.uint32)


def _identity(value: int) -> int:
    return value
