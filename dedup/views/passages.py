"""The passages that two texts have in common, wherever they stand in each.

Theory of operation: a run of words is common if each of its windows of a few words occurs in the
other text.  So paragraphs that changed places are found, which an alignment would not do, in time
linear in the two lengths.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import regex

from dedup.text.tokenize import fold

__all__ = ["LEAST", "Span", "common_passages", "words_in"]

#: Words of the shortest passage that counts: shorter ones are phrases of the language.
LEAST: Final = 5

#: Where a passage begins and ends in a text.
Span = tuple[int, int]

#: A word; in scripts without spaces, a character with its marks.
_UNSPACED: Final = "".join(
    rf"\p{{{name}}}" for name in ("Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar")
)
_WORD: Final = regex.compile(
    rf"[{_UNSPACED}]\p{{M}}*|(?:(?![{_UNSPACED}])[\p{{L}}\p{{N}}\p{{M}}])+"
)


def words_in(text: str) -> list[Span]:
    """Return where the words of a text stand.

    >>> [ "Liège: 1,500 jobs"[a:b] for a, b in words_in("Liège: 1,500 jobs") ]
    ['Liège', '1', '500', 'jobs']
    """
    return [match.span() for match in _WORD.finditer(text)]


def common_passages(
    a: str, b: str, least: int = LEAST
) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Return the passages of each text that stand in the other one, too.

    Parameters
    ----------
    a, b : str
    least : int
        Words of the shortest passage that counts.

    Returns
    -------
    tuple of two tuples of (int, int)
        In each, where they begin and end, in order and apart.  O(len(a) + len(b)).

    Examples
    --------
    >>> one, other = "The hub is watched. It rained.", "It rained, said all; the hub is watched!"
    >>> here, there = common_passages(one, other, 2)
    >>> [one[start:end] for start, end in here], [other[start:end] for start, end in there]
    (['The hub is watched', 'It rained'], ['It rained', 'the hub is watched'])
    """
    spans = words_in(a), words_in(b)
    words = [
        [fold(text[start:end]) for start, end in each]
        for text, each in zip((a, b), spans, strict=True)
    ]
    windows = [
        [tuple(each[at : at + least]) for at in range(len(each) - least + 1)] for each in words
    ]
    known = [set(each) for each in windows]
    one, other = (
        _joined(spans[side], [window in known[1 - side] for window in windows[side]], least)
        for side in (0, 1)
    )
    return one, other


def _joined(spans: Sequence[Span], common: Sequence[bool], least: int) -> tuple[Span, ...]:
    """Return the runs of words that common windows cover."""
    found: list[tuple[int, int]] = []
    for first, is_common in enumerate(common):
        if is_common and found and first < found[-1][1]:
            found[-1] = (found[-1][0], first + least)
        elif is_common:
            found.append((first, first + least))
    return tuple((spans[start][0], spans[end - 1][1]) for start, end in found)
