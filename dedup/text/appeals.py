"""Lines that speak to the reader: log in, subscribe, allow, give.

The idea: such a request is told by the phrases that belong to requests, several in one line, and by
"you" or "we" outside of a quotation.  Where it must stand to be furniture is decided in
:mod:`dedup.text.boilerplate`.

Law: :func:`appeals_in` only spares work; what it passes over is no appeal.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

from dedup.text.hints import Hints, fold, pieces
from dedup.text.line_forms import QUOTES, UNSPACED, WORD
from dedup.text.patterns import furniture_words

__all__ = ["appeal_words", "appeals_in", "is_appeal", "is_to_reader"]

_APPEAL: Final = 600
_SHORT_APPEAL: Final = 50  # a longer one says "you" or "we"


def is_appeal(line: str, words: Sequence[str] | None = None) -> bool:
    """Tell whether a line asks the reader to log in, subscribe, allow or give something.

    Several of the words that belong to such requests must stand in it, the more the longer it is.

    Parameters
    ----------
    line : str
    words : sequence of str, optional
        What :func:`appeals_in` says of the whole text.

    Examples
    --------
    >>> is_appeal("Please turn off your ad blocker or log in to your account to go on reading.")
    True
    >>> is_appeal("The company said that no password had been stolen from its users.")
    False
    """
    if len(line) > _APPEAL or line[0] in QUOTES:
        return False
    phrases, unspaced = _appeals()
    folded = fold(line)
    needed = 2 + len(line) // 250
    if not folded.isascii() and UNSPACED.search(folded):
        needed = 2 + len(line) // 80  # where a character is a word
        return sum(phrase in folded for phrase in unspaced) >= needed
    if words is not None and sum(word in folded for word in words) < 2:
        return False
    keys = phrases.keys() & folded.split()
    if len(keys) < 2:
        return False
    padded = f" {' '.join(WORD.findall(folded))} "
    found = {phrase for key in keys for phrase in phrases[key] if f" {phrase} " in padded}
    # "newsletter" within "our newsletter" is one sign, not two.
    apart = [one for one in found if not any(one != other and one in other for other in found)]
    if len(apart) < needed:
        return False
    return len(line) <= _SHORT_APPEAL or len(apart) > needed + 1 or is_to_reader(line)


def appeals_in(hints: Hints) -> tuple[str, ...] | None:
    """Return a word of each phrase of appeals that may stand in a text; None if no line can be one.

    Parameters
    ----------
    hints : Hints
        Of a vocabulary that holds :func:`appeal_words`.
    """
    needed = _needed_words()
    words = tuple(
        key
        for word in needed.keys() & hints.words
        for key, others in needed[word]
        if others <= hints.words
    )
    unspaced = not hints.folded.isascii() and UNSPACED.search(hints.folded) is not None
    return words if len(words) > 1 or unspaced else None


@cache
def appeal_words() -> frozenset[str]:
    """Return the words that :func:`appeals_in` asks a text for."""
    return frozenset(
        word for keys in _needed_words().values() for _, words in keys for word in words
    )


@cache
def _needed_words() -> dict[str, tuple[tuple[str, frozenset[str]], ...]]:
    """Return the longest word of each phrase of appeals, with all its pieces, by one of them.

    It alone is asked for: it stands between white space, but for a mark after it (see
    :func:`_appeals`), so that hints find it; what stands between the others is left to the line.
    """
    found: dict[str, list[tuple[str, frozenset[str]]]] = {}
    for phrase in {phrase for phrases in _appeals()[0].values() for phrase in phrases}:
        key = _key(phrase)
        words = pieces(key)
        found.setdefault(max(words, key=len), []).append((key, frozenset(words)))
    return {word: tuple(keys) for word, keys in found.items()}


def _key(phrase: str) -> str:
    return max(reversed(phrase.split()), key=len)


@cache
def _appeals() -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """Return phrases by their longest word as a text has it, and those of unspaced scripts."""
    every = sorted(furniture_words("appeal"))
    spaced = [" ".join(WORD.findall(phrase)) for phrase in every if not UNSPACED.search(phrase)]
    by_key: dict[str, list[str]] = {}
    for phrase in spaced:
        key = _key(phrase)
        for mark in ("", ".", ",", "!", "?", ":", ";"):
            by_key.setdefault(key + mark, []).append(phrase)
    found = {key: tuple(phrases) for key, phrases in by_key.items()}
    return found, tuple(phrase for phrase in every if UNSPACED.search(phrase))


def is_to_reader(line: str) -> bool:
    """Tell whether a line says "you" or "we", outside a quotation.

    >>> is_to_reader("We hope you liked it."), is_to_reader('"You did," he said.')
    (True, False)
    """
    folded = fold(line)
    if any(mark in QUOTES and mark != "'" for mark in line):
        return False
    words = furniture_words("reader_word")
    if not words.isdisjoint(WORD.findall(folded)):
        return True
    return bool(UNSPACED.search(folded)) and any(
        word in folded for word in words if UNSPACED.search(word)
    )
