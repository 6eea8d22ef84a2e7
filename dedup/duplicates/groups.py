"""Tokens in, duplicate groups out: the duplicate stage from end to end.

Laws
----
- Rows with the same token sequence are in one group (rows without tokens excepted: each is alone).
- Any other member of a group has exact Jaccard similarity at or above the threshold with the
  group's centre.
- Rows with fewer tokens than a shingle match exactly or not at all.
- The verified pairs are a property of the texts.  Row numbers break ties, nothing else does: a
  caller who sorts rows by a stable key gets the same groups for any input order.

Theory of operation
-------------------
Exact copies are collapsed first, by a 128-bit digest of their tokens, so that a press release
carried by a thousand sites costs one row from then on; it still counts a thousand times when
centres are chosen.  The rows that are left go through shingles, signatures, candidates, exact
verification and stars.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dedup.duplicates.fingerprints import Fingerprints
from dedup.duplicates.lsh import candidate_pairs
from dedup.duplicates.verify import star_groups, verify
from dedup.progress import Progress, silent

__all__ = ["Duplicates", "find_duplicates"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Duplicates:
    """What the duplicate stage found, for n rows of which r have a text of their own.

    Parameters
    ----------
    representative : ndarray of int64, shape (n,)
        The first row with the same tokens; its own number for a row that is first.
    centre : ndarray of int64, shape (n,)
        The row at the centre of each row's group: always a representative.
    pairs : ndarray of int64, shape (m, 2)
        Verified pairs i < j of representatives, sorted.
    jaccard : ndarray of float64, shape (m,)
        Exact Jaccard similarity of each pair.
    candidates : int
        Pairs that were counted exactly.
    capped_buckets : int
        Buckets over the cap; if not 0, pairs may be missing, and raising the cap finds them.
    capped_pairs : int
        Pairs that they did not nominate, counted in each band.
    """

    representative: NDArray[np.int64]
    centre: NDArray[np.int64]
    pairs: NDArray[np.int64]
    jaccard: NDArray[np.float64]
    candidates: int
    capped_buckets: int
    capped_pairs: int = 0

    def __post_init__(self) -> None:
        n = len(self.representative)
        if len(self.centre) != n:
            raise ValueError("representative and centre must have one entry a row")
        if self.pairs.shape != (len(self.jaccard), 2):
            raise ValueError("pairs must have shape (m, 2) and jaccard shape (m,)")

    def __len__(self) -> int:
        return len(self.representative)

    def expanded_pairs(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return all verified pairs of rows, exact copies included, and their similarity.

        Quadratic in the number of exact copies of one text: a thousand copies are half a million
        pairs.

        Returns
        -------
        pairs : ndarray of int64, shape (p, 2)
            Row numbers i < j, sorted.
        jaccard : ndarray of float64, shape (p,)
            1.0 for exact copies, also where they are shorter than a shingle.
        """
        return expand_pairs(self.representative, self.pairs, self.jaccard)


def expand_pairs(
    representative: NDArray[np.int64], pairs: NDArray[np.int64], jaccard: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return all pairs of rows that verified pairs of representatives stand for.

    Parameters
    ----------
    representative : ndarray of int64, shape (n,)
        Row that stands for each row's text; -1 for a row that takes no part.
    pairs : ndarray of int64, shape (m, 2)
        Rows of representatives.
    jaccard : ndarray of float64, shape (m,)

    Returns
    -------
    pairs : ndarray of int64, shape (p, 2)
        Row numbers i < j, sorted; quadratic in the exact copies of one text.
    jaccard : ndarray of float64, shape (p,)

    Examples
    --------
    >>> pairs, _ = expand_pairs(np.array([0, 0, 2]), np.array([[0, 2]]), np.array([0.8]))
    >>> pairs.tolist()
    [[0, 1], [0, 2], [1, 2]]
    """
    order = np.argsort(representative, kind="stable")
    heads, starts = np.unique(representative[order], return_index=True)
    # np.split returns one part more than it is given places: the part before the first.
    copies = dict(zip(heads.tolist(), np.split(order, starts)[1:], strict=True))
    copies.pop(-1, None)
    blocks = [np.empty((0, 2), dtype=np.int64)]
    values = [np.empty(0, dtype=np.float64)]
    for rows in copies.values():
        if len(rows) > 1:
            left, right = np.triu_indices(len(rows), 1)
            blocks.append(np.stack([rows[left], rows[right]], axis=1))
            values.append(np.ones(len(left)))
    for (i, j), value in zip(pairs.tolist(), jaccard.tolist(), strict=True):
        first = np.repeat(copies[i], len(copies[j]))
        block = np.stack([first, np.tile(copies[j], len(copies[i]))], axis=1)
        blocks.append(np.sort(block, axis=1))
        values.append(np.full(len(block), value))
    pairs, jaccard = np.concatenate(blocks), np.concatenate(values)
    sorting = np.lexsort((pairs[:, 1], pairs[:, 0]))
    return pairs[sorting], jaccard[sorting]


def find_duplicates(
    fingerprints: Fingerprints,
    *,
    threshold: float,
    bands: int = 42,
    rows: int = 3,
    bucket_cap: int = 64,
    progress: Progress = silent,
) -> Duplicates:
    """Group rows that are the same text, lightly changed.

    Parameters
    ----------
    fingerprints : Fingerprints
        Of the cleaned texts, in a stable order (sorted by a key that input order does not touch):
        row numbers break ties.
    threshold : float
        Least exact Jaccard similarity of a copy, in (0, 1].
    bands, rows, bucket_cap : int
        See :func:`~dedup.duplicates.lsh.candidate_pairs`.
    progress : callable, optional
        Called with the name of a step, units done, and units in all.

    Returns
    -------
    Duplicates

    Raises
    ------
    ValueError
        If a setting is out of its range.

    Examples
    --------
    >>> from dedup.duplicates.fingerprints import fingerprint_tokens
    >>> texts = ["a b c d e f", "a b c d e g", "a b c d e f", "v w x y z", "", ""]
    >>> rows = fingerprint_tokens([text.split() for text in texts], shingle_size=2)
    >>> found = find_duplicates(rows, threshold=0.6)
    >>> found.centre.tolist(), found.pairs.tolist()
    ([0, 0, 0, 3, 4, 5], [[0, 1]])
    """
    heads, text_of, copies = np.unique(
        fingerprints.representative, return_inverse=True, return_counts=True
    )
    candidates = candidate_pairs(
        fingerprints.signatures, bands=bands, rows=rows, bucket_cap=bucket_cap
    )
    progress("verify", 0, len(candidates))
    verified = verify(fingerprints.shingles, candidates.pairs, threshold)
    progress("verify", len(candidates), len(candidates))
    centre = star_groups(len(heads), verified.pairs, copies.astype(np.int64))
    return Duplicates(
        representative=fingerprints.representative,
        centre=heads[centre[text_of]],
        pairs=heads[verified.pairs].reshape(-1, 2),
        jaccard=verified.jaccard,
        candidates=len(candidates),
        capped_buckets=candidates.capped_buckets,
        capped_pairs=candidates.capped_pairs,
    )
