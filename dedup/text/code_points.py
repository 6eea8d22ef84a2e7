"""What each code point is to the tokenizer, as one flat table for the compiled loops.

Law: the table says what :mod:`dedup.text.tokenize` does, because it is made from its own patterns
and from ``str.casefold``, when it is first asked for.  Nothing is written down twice.

Theory of operation: an entry packs the case-folded code point, the kinds that *it* has (the
tokenizer reads folded text), and the kinds with which a token that begins with it may go on.  So
the loop looks up once for each character, and hardly branches.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import regex
from numpy.typing import NDArray

from dedup.text.tokenize import (
    DIGIT,
    DIGIT_SEPARATOR,
    HAN_LIKE,
    KATAKANA,
    MARK,
    SENTENCE_END,
    UNSPACED,
    WORD_CHARACTER,
)

__all__ = [
    "AFTER_SHIFT",
    "CODE_MASK",
    "ENDS_SENTENCE",
    "EXPANDS",
    "IS_DIGIT",
    "IS_HAN_LIKE",
    "IS_KATAKANA",
    "IS_LOWER",
    "IS_MARK",
    "IS_TITLE",
    "IS_UNSPACED",
    "IS_UPPER",
    "IS_WORD",
    "JOINS_DIGITS",
    "KIND_MASK",
    "KIND_SHIFT",
    "LIMIT",
    "UNSURE",
    "CodePoints",
    "code_points",
]

#: Code points from here on are no letters, digits or marks.
LIMIT: Final = 0xE0200

#: Kinds: stands in a script without spaces; is a digit; may be in a word; is a mark.
IS_UNSPACED: Final = 1
IS_DIGIT: Final = 2
IS_WORD: Final = 4
IS_MARK: Final = 8

#: An entry, from the lowest bit: folded code point, its kinds, the kinds that a token goes on with.
CODE_MASK: Final = (1 << 21) - 1
KIND_SHIFT: Final = 21
AFTER_SHIFT: Final = 25
KIND_MASK: Final = 15

#: Set where a text that holds the code point may have other tokens in NFKC.
UNSURE: Final = 1 << 29

#: Set where a code point folds to several; the lowest bits are then a place in ``expansions``.
EXPANDS: Final = 1 << 31


#: What the reader of words asks of a code point as it is written, beside its kinds.
IS_UPPER: Final = 1 << 4
IS_LOWER: Final = 1 << 5
IS_TITLE: Final = 1 << 6
IS_KATAKANA: Final = 1 << 7
IS_HAN_LIKE: Final = 1 << 8
ENDS_SENTENCE: Final = 1 << 9
JOINS_DIGITS: Final = 1 << 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CodePoints:
    """The tables; everything from :data:`LIMIT` on stands in the last entry of each.

    Parameters
    ----------
    entries : ndarray of uint32, shape (LIMIT + 1,)
    expansions : ndarray of uint32
        At a place, how many entries follow, and these.
    written : ndarray of uint16, shape (LIMIT + 1,)
        Of the code point as it is written: its kinds, and the bits above.
    """

    entries: NDArray[np.uint32]
    expansions: NDArray[np.uint32]
    written: NDArray[np.uint16]


@cache
def code_points() -> CodePoints:
    """Return the table; a fifth of a second when first called.

    Examples
    --------
    >>> entries = code_points().entries
    >>> chr(entries[ord("É")] & CODE_MASK), bool(entries[ord("ß")] & EXPANDS)
    ('é', True)
    """
    # The planes between hold nothing.
    assigned = np.r_[0:0x40000, 0xE0000:LIMIT]
    every = "".join(map(chr, assigned.tolist()))
    kinds = _kinds(every, assigned)
    codes = np.arange(LIMIT + 1, dtype=np.uint32)
    # A token of an unspaced script takes its marks, a number digits, a word whatever words hold.
    after = np.where(kinds & IS_WORD, IS_WORD, 0)
    after = np.where(kinds & IS_DIGIT, IS_DIGIT, after)
    after = np.where(kinds & IS_UNSPACED, IS_MARK, after)
    plain = codes | (kinds << KIND_SHIFT) | (after.astype(np.uint32) << AFTER_SHIFT)
    entries: NDArray[np.uint32] = plain.astype(np.uint32)
    expansions: list[int] = []
    # Asking only where folding may change anything saves most of the time.
    for character in regex.findall(r"[\p{Cased}\p{Changes_When_Casefolded}]", every):
        folded = [int(plain[ord(lower)]) for lower in character.casefold()]
        if len(folded) == 1:
            entries[ord(character)] = folded[0]
        else:
            entries[ord(character)] = EXPANDS | len(expansions)
            expansions += [len(folded), *folded]
    entries[_unsure(every, kinds)] |= np.uint32(UNSURE)
    return CodePoints(
        entries=entries,
        expansions=np.array(expansions, dtype=np.uint32),
        written=_written(every, assigned, kinds),
    )


def _kinds(every: str, assigned: NDArray[np.int64]) -> NDArray[np.uint32]:
    kinds = np.zeros(LIMIT + 1, dtype=np.uint32)
    for pattern, bit in (
        (f"[{UNSPACED}]+", IS_UNSPACED),
        (f"[{DIGIT}]+", IS_DIGIT),
        (f"[{WORD_CHARACTER}]+", IS_WORD),
        (f"[{MARK}]+", IS_MARK),
    ):
        for run in regex.finditer(pattern, every):
            kinds[assigned[run.start() : run.end()]] |= np.uint32(bit)
    # A character of an unspaced script begins a token of its own, whatever else it is; but a
    # number goes on with its digits.
    unspaced = (kinds & IS_UNSPACED) > 0
    kinds[unspaced] &= np.uint32(IS_UNSPACED | IS_MARK | IS_DIGIT)
    return kinds


def _written(
    every: str, assigned: NDArray[np.int64], kinds: NDArray[np.uint32]
) -> NDArray[np.uint16]:
    written = kinds.astype(np.uint16)
    for pattern, bit in (
        (KATAKANA, IS_KATAKANA),
        (HAN_LIKE, IS_HAN_LIKE),
        (SENTENCE_END, ENDS_SENTENCE),
        (DIGIT_SEPARATOR, JOINS_DIGITS),
        (r"\p{Lt}", IS_TITLE),
    ):
        for run in regex.finditer(f"[{pattern}]+", every):
            written[assigned[run.start() : run.end()]] |= np.uint16(bit)
    for character in regex.findall(r"[\p{Cased}\p{Changes_When_Casefolded}]", every):
        if character.isupper():
            written[ord(character)] |= np.uint16(IS_UPPER)
        elif character.islower():
            written[ord(character)] |= np.uint16(IS_LOWER)
    return written


def _unsure(every: str, kinds: NDArray[np.uint32]) -> list[int]:
    """Return what is not in NFKC by itself, is put in order, or combines with what stands before.

    Canonical composition joins a character with the second part of a two-part decomposition, and
    the vowels and final consonants of Hangul with what precedes them.  A mark such as *…* or *！*
    that becomes nothing but such marks is in no token before and after, so it is left out.
    """

    def is_in_no_token(character: str) -> bool:
        return not any(
            kinds[ord(part)] or unicodedata.combining(part)
            for part in character + unicodedata.normalize("NFKC", character)
        )

    seconds = {*range(0x1161, 0x1176), *range(0x11A8, 0x11C3)}
    for character in every:
        parts = unicodedata.decomposition(character).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            seconds.add(int(parts[1], 16))
    return [
        ord(character)
        for character in every
        if ord(character) in seconds
        or unicodedata.combining(character)
        or not (unicodedata.is_normalized("NFKC", character) or is_in_no_token(character))
    ]
