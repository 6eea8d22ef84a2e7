"""One look at all the words of a text, which tells what rules can apply to it at all.

The idea: thousands of phrases are looked for, and hardly any stands in a given article.  Each has a
word that must stand in the text if the phrase does.  So a text is cut into words once, and asked
once which of them matter; a rule whose word is missing is not tried on any line.

Laws
----
* Whatever stands in a text with neither letter nor digit beside it has all its pieces among the
  text's words: hints only spare work.

Theory of operation: phrases and texts are folded and cut alike, so that a piece of the one is a
piece of the other.  Whoever asks for a word must be sure that it stands apart in this sense
wherever its rule applies.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["Hints", "fold", "hints_of", "pieces"]

#: All of ASCII that is neither letter nor digit.
_APART: Final = {code: " " for code in range(128) if not chr(code).isalnum()}
_PIECE = re.compile(r"[^\W_]+")
#: What English text holds beside ASCII, once it is normalised; without it, all is quicker.
_DASHES: Final = "\u2013\u2026"
# Marks of East Asian typesetting, written as their plain twins; the Turkish i, dotted.
_WIDE: Final = str.maketrans(
    "：（）【】［］〔〕「」『』《》〈〉、，！？／｜＝ı", ':()[][][]""""<><>,,!?/|=i'
)
_WIDE_MARK = re.compile(f"[{re.escape(''.join(map(chr, _WIDE)))}]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What is known of a text before its lines are looked at.

    Parameters
    ----------
    folded : str
        The text as :func:`fold` writes it, with spaces for dashes and ellipses.
    words : frozenset[str]
        Those of its words that were asked for.
    """

    folded: str
    words: frozenset[str]


def fold(line: str) -> str:
    """Return a text in small letters, with the marks of East Asian typesetting as plain ones.

    >>> fold("分享：Share")
    '分享:share'
    """
    folded = line.casefold()
    if folded.isascii():
        return folded
    if _WIDE_MARK.search(folded):
        folded = folded.translate(_WIDE)
    # Case folding leaves a dot above the small letter of the Turkish capital.
    return folded.replace("i\u0307", "i")


def pieces(phrase: str) -> list[str]:
    """Fold a text and cut it at all that is neither letter nor digit.

    >>> pieces("Don't reply: follow us.")
    ['don', 't', 'reply', 'follow', 'us']
    """
    return _cut(_bare(phrase))


def hints_of(text: str, vocabulary: frozenset[str]) -> Hints:
    """Look which words of a vocabulary stand in a text.

    Parameters
    ----------
    text : str
    vocabulary : frozenset of str
        What :func:`pieces` made of phrases.

    Examples
    --------
    >>> sorted(hints_of("Please, follow us", frozenset({"follow", "log", "us"})).words)
    ['follow', 'us']
    """
    bare = _bare(text)
    return Hints(folded=bare, words=vocabulary.intersection(_cut(bare)))


def _bare(text: str) -> str:
    """Fold a text, and put spaces in the place of dashes and ellipses."""
    folded = fold(text)
    if not folded.isascii():
        for mark in _DASHES:
            folded = folded.replace(mark, " ")
    return folded


def _cut(bare: str) -> list[str]:
    if bare.isascii():  # the same, in half the time
        return bare.translate(_APART).split()
    return _PIECE.findall(bare)
