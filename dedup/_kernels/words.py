"""Text → the words that the event stage counts; values → dense numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dedup._kernels.compiler import compiled
from dedup._kernels.fingerprints import mixed
from dedup.hashing import TOKEN_FACTOR, TOKEN_START
from dedup.text.code_points import (
    CODE_MASK,
    ENDS_SENTENCE,
    EXPANDS,
    IS_DIGIT,
    IS_HAN_LIKE,
    IS_KATAKANA,
    IS_LOWER,
    IS_MARK,
    IS_TITLE,
    IS_UNSPACED,
    IS_UPPER,
    IS_WORD,
    JOINS_DIGITS,
)
from dedup.text.tokenize import HAN_GRAM, LONGER, MOST_CAPITALS, OTHER_GRAM

_TOKEN_START = np.uint64(TOKEN_START)
_TOKEN_FACTOR = np.uint64(TOKEN_FACTOR)
_EXPANDS, _CODE, _ONE = np.uint32(EXPANDS), np.uint32(CODE_MASK), np.uint32(1)

#: What is known of a word: a number; of more than one letter; a name; a name if it is not common.
IS_NUMBER = np.uint8(1)
IS_TERM = np.uint8(2)
IS_NAME = np.uint8(4)
MAY_BE_NAME = np.uint8(8)
# Only while a text is read: has a capital where one may tell.
_HAS_CAPITAL = np.uint8(16)


@compiled
def _hash(
    text: NDArray[np.uint32],
    begin: int,
    end: int,
    entries: NDArray[np.uint32],
    expansions: NDArray[np.uint32],
) -> tuple[np.uint64, int]:
    """Fold a word and hash it; return the hash, and how many code points were folded into it."""
    last = np.uint32(len(entries) - 1)
    value = _TOKEN_START
    length = 0
    for at in range(begin, end):
        entry = entries[min(text[at], last)]
        if entry & _EXPANDS:
            place = entry & _CODE
            for step in range(expansions[place]):
                code = expansions[place + _ONE + np.uint32(step)] & _CODE
                value = value * _TOKEN_FACTOR + np.uint64(code)
                length += 1
        else:
            value = value * _TOKEN_FACTOR + np.uint64(entry & _CODE)
            length += 1
    return mixed(value), length


@compiled
def _hash_number(
    text: NDArray[np.uint32], begin: int, end: int, written: NDArray[np.uint16]
) -> np.uint64:
    """Hash a number without the marks between its thousands."""
    last = np.uint32(len(written) - 1)
    value = _TOKEN_START
    for at in range(begin, end):
        if written[min(text[at], last)] & JOINS_DIGITS:
            digits = 0
            for after in range(at + 1, end):
                if written[min(text[after], last)] & JOINS_DIGITS:
                    break
                digits += 1
            if digits == 3:
                continue
        value = value * _TOKEN_FACTOR + np.uint64(text[at])
    return mixed(value)


@compiled
def _read_words(
    text: NDArray[np.uint32],
    begin: int,
    end: int,
    entries: NDArray[np.uint32],
    expansions: NDArray[np.uint32],
    written: NDArray[np.uint16],
    elements: NDArray[np.int64],
    hashes: NDArray[np.uint64],
    bounds: NDArray[np.int64],
    known: NDArray[np.uint8],
) -> int:
    """Read a text as :func:`dedup.text.tokenize.read_words` does; return how many words it has.

    ``elements`` is room for the places of the characters of one run without spaces.
    """
    last = np.uint32(len(written) - 1)
    count = 0
    inside = False  # whether a word that begins here stands inside a sentence
    longer = cased = capitals = 0
    at = begin
    while at < end:
        kind = written[min(text[at], last)]
        if kind & IS_UNSPACED:
            size = HAN_GRAM if kind & IS_HAN_LIKE else OTHER_GRAM
            run = 0
            while at < end and written[min(text[at], last)] & IS_UNSPACED:
                elements[run] = at
                run += 1
                at += 1
                while at < end and written[min(text[at], last)] & IS_MARK:
                    at += 1
            elements[run] = at
            for first in range(max(1, run - size + 1)):
                start, stop = elements[first], elements[min(first + size, run)]
                value, length = _hash(text, start, stop, entries, expansions)
                hashes[count] = value
                bounds[count, 0], bounds[count, 1] = start, stop
                known[count] = IS_TERM if length > 1 else 0
                count += 1
                if stop - start >= LONGER:
                    longer += 1
                    letter = written[min(text[start], last)]
                    cased += (letter & (IS_UPPER | IS_LOWER)) != 0
                    capitals += (letter & IS_UPPER) != 0
            inside = True
            continue
        if kind & IS_DIGIT:
            start = at
            at += 1
            while at < end:
                kind = written[min(text[at], last)]
                if kind & IS_DIGIT:
                    at += 1
                elif (
                    kind & JOINS_DIGITS
                    and at + 1 < end
                    and written[min(text[at + 1], last)] & IS_DIGIT
                ):
                    at += 2
                else:
                    break
            hashes[count] = _hash_number(text, start, at, written)
            bounds[count, 0], bounds[count, 1] = start, at
            known[count] = IS_NUMBER
            count += 1
            inside = True
            continue
        if kind & IS_WORD:
            start = at
            letter = kind
            every = kind
            katakana = kind & IS_KATAKANA
            at += 1
            while at < end:
                kind = written[min(text[at], last)]
                if not kind & IS_WORD:
                    break
                every |= kind
                katakana &= kind
                at += 1
            value, length = _hash(text, start, at, entries, expansions)
            hashes[count] = value
            bounds[count, 0], bounds[count, 1] = start, at
            what = IS_TERM if length > 1 else np.uint8(0)
            if at - start > 1:
                upper = every & IS_UPPER and not every & (IS_LOWER | IS_TITLE)
                if katakana:
                    what |= IS_NAME
                elif (inside or upper) and letter & IS_UPPER:
                    what |= _HAS_CAPITAL
            known[count] = what
            count += 1
            if inside and at - start >= LONGER:
                longer += 1
                cased += (letter & (IS_UPPER | IS_LOWER)) != 0
                capitals += (letter & IS_UPPER) != 0
            inside = True
            continue
        if kind & ENDS_SENTENCE:
            inside = False
        at += 1
    trusted = cased == 0 or 3 * cased < longer or capitals / cased <= MOST_CAPITALS
    for word in range(count):
        if known[word] & _HAS_CAPITAL:
            known[word] |= IS_NAME if trusted else MAY_BE_NAME
    return count


@compiled
def count_words(
    text: NDArray[np.uint32],
    pieces: NDArray[np.int64],
    entries: NDArray[np.uint32],
    expansions: NDArray[np.uint32],
    written: NDArray[np.uint16],
    lead_words: int,
    parts: int,
    hashes: NDArray[np.uint64],
    bounds: NDArray[np.int64],
    counts: NDArray[np.int32],
    known: NDArray[np.uint8],
    lengths: NDArray[np.int64],
) -> int:
    """Count the distinct words of each headline and body; return how many in all.

    Headline ``i`` stands from ``pieces[2 * i]`` to ``pieces[2 * i + 1]``, and its body from there
    to ``pieces[2 * i + 2]``.  For each distinct word of a text, in the order of its first use:
    its hash; where that use begins and ends; how often it is used, how often in headline and lead,
    in which parts of the body it stands, and in which of the headline (``counts``, four columns);
    and what is known of it.
    """
    longest = 1
    for row in range(len(lengths)):
        longest = max(longest, pieces[2 * row + 2] - pieces[2 * row])
    elements = np.empty(longest + 1, dtype=np.int64)
    token_hashes = np.empty(longest, dtype=np.uint64)
    token_bounds = np.empty((longest, 2), dtype=np.int64)
    token_known = np.empty(longest, dtype=np.uint8)
    slots = 4
    while slots < 2 * longest:
        slots *= 2
    table = np.full(slots, -1, dtype=np.int64)
    taken = np.empty(longest, dtype=np.int64)
    total = 0
    for row in range(len(lengths)):
        headline = _read_words(
            text,
            pieces[2 * row],
            pieces[2 * row + 1],
            entries,
            expansions,
            written,
            elements,
            token_hashes,
            token_bounds,
            token_known,
        )
        body = _read_words(
            text,
            pieces[2 * row + 1],
            pieces[2 * row + 2],
            entries,
            expansions,
            written,
            elements,
            token_hashes[headline:],
            token_bounds[headline:],
            token_known[headline:],
        )
        in_headline = in_body = 0
        for token in range(headline + body):
            if token_known[token] & IS_TERM:
                if token < headline:
                    in_headline += 1
                else:
                    in_body += 1
        size = 4
        while size < 2 * (headline + body):
            size *= 2
        mask = np.uint64(size - 1)
        distinct = 0
        position = 0
        for token in range(headline + body):
            if token == headline:
                position = 0
            what = token_known[token]
            if not what & (IS_TERM | IS_NUMBER):
                continue
            value = token_hashes[token]
            slot = np.int64(value & mask)
            while table[slot] >= 0 and hashes[table[slot]] != value:
                slot = (slot + 1) & (size - 1)
            at = table[slot]
            if at < 0:
                at = total + distinct
                table[slot] = at
                taken[distinct] = slot
                distinct += 1
                hashes[at] = value
                bounds[at, 0], bounds[at, 1] = token_bounds[token, 0], token_bounds[token, 1]
                known[at] = 0
                for column in range(4):
                    counts[at, column] = 0
            known[at] |= what & ~_HAS_CAPITAL
            counts[at, 0] += 1
            if token < headline + lead_words:
                counts[at, 1] += 1
            if what & IS_TERM:
                if token < headline:
                    counts[at, 3] |= 1 << (position * parts // in_headline)
                else:
                    counts[at, 2] |= 1 << (position * parts // in_body)
                position += 1
        for word in range(distinct):
            table[taken[word]] = -1
        lengths[row] = distinct
        total += distinct
    return total


@compiled
def place_values(keys: NDArray[np.uint64], table: NDArray[np.int64]) -> None:
    """Put the places of distinct values into an empty table; its size is a power of two."""
    mask = np.uint64(len(table) - 1)
    for number in range(len(keys)):
        slot = np.int64(keys[number] & mask)
        while table[slot] >= 0:
            slot = (slot + 1) & np.int64(mask)
        table[slot] = number


@compiled
def number_values(
    values: NDArray[np.uint64],
    keys: NDArray[np.uint64],
    table: NDArray[np.int64],
    count: int,
    numbers: NDArray[np.int64],
    firsts: NDArray[np.int64],
) -> int:
    """Give values numbers, going on from ``count`` known ones; return how many are known then.

    ``keys`` holds the known values and has room for all; more than half of ``table`` stays free.
    ``firsts`` gets the first place of each value that is new.
    """
    mask = np.uint64(len(table) - 1)
    known = count
    for at in range(len(values)):
        value = values[at]
        slot = np.int64(value & mask)
        while table[slot] >= 0 and keys[table[slot]] != value:
            slot = (slot + 1) & np.int64(mask)
        if table[slot] < 0:
            table[slot] = count
            keys[count] = value
            firsts[count - known] = at
            count += 1
        numbers[at] = table[slot]
    return count
