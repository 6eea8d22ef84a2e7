"""What two texts have word for word in common, read from the texts again.

Theory of operation: the shingles of a million texts take more memory than all else that is known of
them, and after the copies are found hardly any are asked for again.  So they are not kept; the few
texts that are asked for are read once more, a block of pairs at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dedup.arrays import distinct
from dedup.duplicates.fingerprints import shingle_texts
from dedup.duplicates.verify import Shared, near_one_another, shared
from dedup.text.told import Text, Told

__all__ = ["shared_passages"]

#: Texts that are read at once, beside those of the same stories that were read before.
_BLOCK: Final = 1 << 14


def shared_passages(
    texts: Sequence[Text], pairs: NDArray[np.integer[Any]], shingle_size: int
) -> Shared:
    """Count the shingles that both texts of each pair hold.

    Parameters
    ----------
    texts : sequence of Text, length n
    pairs : ndarray of integers, shape (m, 2)
        Positions in ``texts``.
    shingle_size : int
        Tokens in a shingle, at least 1.

    Returns
    -------
    Shared
        Linear in the length of the texts named, and in the shingles on both sides of all pairs.
        A story's texts are read once, or once for every 16,384 of them.

    Examples
    --------
    >>> from dedup.text.clean import CleanArticle
    >>> texts = [CleanArticle(text=text) for text in ("a b c d e", "b c d e f g")]
    >>> found = shared_passages(texts, np.array([[0, 1]]), 3)
    >>> found.counts.tolist(), found.sizes.tolist()
    ([2], [[3, 4]])
    """
    counts = np.zeros(len(pairs), dtype=np.int64)
    sizes = np.zeros((len(pairs), 2), dtype=np.int64)
    for block in near_one_another(pairs, len(texts), _BLOCK):
        rows = distinct(pairs[block].astype(np.int64).ravel())
        named = Told([texts[row] for row in rows.tolist()])
        found = shared(shingle_texts(named, shingle_size), np.searchsorted(rows, pairs[block]))
        counts[block], sizes[block] = found.counts, found.sizes
    return Shared(counts=counts, sizes=sizes)
