"""How common a word is in general: the prior of the event stage.

With two articles, or two hundred, document frequencies counted from the input alone are worthless:
every word of a pair is "in all documents".  This module answers, for any folded word, in which
share of news-length texts general language would use it.

Theory of operation: one table for all languages, made by ``benchmarks/build_background.py`` from
the word lists of wordfreq 3.1 (42 languages; licence beside the data).  A word's frequency is the
highest over the languages.  The table stores 32-bit CRCs as sorted gaps and a frequency class of
0.1 zipf (log10 of uses per billion words); a wrong hit has a chance of one in 4,000 and makes an
unknown word look rare-but-known.  Words below the cut-off of zipf 3.2 (one use in 630,000 words),
and all words of scripts that the lists do not cover (Thai, Khmer, …), are *unknown*: taken as rare,
so that there the counts of the input decide.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

#: Zipf value of class 0, and classes per unit of zipf.
LEVEL_ZERO = 3.0
LEVELS_PER_ZIPF = 10

#: Zipf value given to a word that the table does not hold.
UNKNOWN_ZIPF = 2.6

#: Words in the text that document frequencies are stated for.
TEXT_LENGTH = 300


def prior_document_frequency(words: Sequence[str]) -> NDArray[np.int64]:
    """Return how many of a million general texts of 300 words use each word.

    Parameters
    ----------
    words : sequence of str
        Folded words, as :func:`dedup.text.tokenize.read_words` gives them.

    Returns
    -------
    ndarray of int64, shape (len(words),)
        Documents per million, at least 1.  Cost: O(log table) a word.

    Examples
    --------
    >>> the, liege, vsse = prior_document_frequency(["the", "liège", "vsse"])
    >>> bool(the > 900_000 > 20_000 > liege >= vsse)
    True
    """
    keys, classes = _table()
    wanted = _crc(words)
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    known = keys[place] == wanted
    frequency = _class_document_frequency()
    result = np.where(known, frequency[classes[place]], _per_million(UNKNOWN_ZIPF))
    for position, word in enumerate(words):
        if word[:1].isdecimal():
            result[position] = _number_document_frequency(word)
    return result.astype(np.int64)


def is_common(word: str) -> bool:
    """Say whether general language knows this folded word (zipf 3.2 or more).

    >>> is_common("sicherheit"), is_common("cainiao")
    (True, False)
    """
    keys, _ = _table()
    key = np.uint32(zlib.crc32(word.encode("utf-8", "surrogatepass")))
    place = int(np.searchsorted(keys, key))
    return place < len(keys) and bool(keys[place] == key)


def are_common(words: Sequence[str]) -> NDArray[np.bool_]:
    """Return :func:`is_common` of many words, shape (len(words),)."""
    keys, _ = _table()
    wanted = _crc(words)
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.asarray(keys[place] == wanted)


def _crc(words: Sequence[str]) -> NDArray[np.uint32]:
    return np.fromiter(
        (zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in words),
        dtype=np.uint32,
        count=len(words),
    )


def _number_document_frequency(number: str) -> int:
    """Documents per million that hold this number: few digits and years are common.

    Not in the word lists; rounded from counts in English, Indonesian and Vietnamese news.
    """
    if not number.isdecimal():  # 5.93, 1.200.50
        return 2_000
    if len(number) == 4 and number[:2] in ("19", "20"):
        return 50_000
    return {1: 150_000, 2: 50_000, 3: 8_000}.get(len(number), 1_000)


def _per_million(zipf: float) -> int:
    return max(1, round(1e6 * -math.expm1(-TEXT_LENGTH * 10 ** (zipf - 9))))


@cache
def _class_document_frequency() -> NDArray[np.int64]:
    return np.array(
        [_per_million(LEVEL_ZERO + level / LEVELS_PER_ZIPF) for level in range(256)], dtype=np.int64
    )


@cache
def _table() -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
    """Read the table: sorted keys and their classes.  About 40 ms, once."""
    source = files("dedup.text") / "data" / "background.npz"
    with source.open("rb") as stream, np.load(stream, allow_pickle=False) as data:
        gaps = data["gap_high"].astype(np.uint32) << np.uint32(16)
        gaps |= data["gap_middle"].astype(np.uint32) << np.uint32(8)
        gaps |= data["gap_low"]
        return np.cumsum(gaps, dtype=np.uint32), data["levels"].copy()
