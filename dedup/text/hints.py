"""One look at all the words of a text, which tells what rules can apply to it at all.

The idea: thousands of phrases are looked for, and hardly any stands in a given article.  Each has a
word that must stand in the text if the phrase does.  So a text is cut into words once, and asked
once which of them matter; a rule whose word is missing is not tried on any line.

Laws
----
* A phrase that stands in the text, apart by spaces or ASCII punctuation, has all its pieces in the
  text's words: hints only spare work.

Theory of operation: phrases and texts are cut alike, at white space and punctuation, so that a
piece of the one is a piece of the other.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import Final

__all__ = ["Hints", "hints_of", "pieces", "without_dashes"]

#: No sign of numbers, which patterns use for themselves.
_MARKS: Final = string.punctuation.replace("#", "")
_APART: Final = str.maketrans(_MARKS, " " * len(_MARKS))
#: What English text holds beside ASCII, once it is normalised; without it, all is quicker.
_DASHES: Final = "\u2013\u2026"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What is known of a text before its lines are looked at.

    Parameters
    ----------
    folded : str
        The text in small letters, with spaces for dashes and ellipses.
    words : frozenset[str]
        Those of its words that were asked for.
    """

    folded: str
    words: frozenset[str]


def pieces(folded: str) -> list[str]:
    """Cut a text in small letters at white space and punctuation.

    >>> pieces("don't reply: follow us.")
    ['don', 't', 'reply', 'follow', 'us']
    """
    return _cut(without_dashes(folded))


def without_dashes(folded: str) -> str:
    """Return a text with spaces for dashes and ellipses.

    >>> without_dashes("now \u2013 or never\u2026")
    'now   or never '
    """
    if folded.isascii():
        return folded
    for mark in _DASHES:
        folded = folded.replace(mark, " ")
    return folded


def _cut(folded: str) -> list[str]:
    if folded.isascii():  # quick only then
        return folded.translate(_APART).split()
    for mark in _MARKS:
        if mark in folded:
            folded = folded.replace(mark, " ")
    return folded.split()


def hints_of(folded: str, vocabulary: frozenset[str]) -> Hints:
    """Look which words of a vocabulary stand in a text.

    Parameters
    ----------
    folded : str
        The text in small letters.
    vocabulary : frozenset of str
        Pieces of phrases.

    Examples
    --------
    >>> sorted(hints_of("please, follow us", frozenset({"follow", "log", "us"})).words)
    ['follow', 'us']
    """
    bare = without_dashes(folded)
    return Hints(folded=bare, words=vocabulary.intersection(_cut(bare)))
