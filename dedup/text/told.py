"""What many articles say, put together when it is asked for.

A million bodies would take as much memory as the articles they are cut from, and are asked for a
few thousand at a time.  What must be held is packed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Protocol, overload

__all__ = ["Text", "Told", "packed", "unpacked"]


def packed(text: str) -> str | bytes:
    """Return a text in the form that takes less memory, as it is or in UTF-8.

    A single character beyond U+00FF makes every other one of a string take two bytes, or four.
    There must be no lone surrogates.

    >>> unpacked(packed("a dash –")), packed("none")
    ('a dash –', 'none')
    """
    if text.isascii():
        return text
    encoded = text.encode()
    return encoded if sys.getsizeof(encoded) < sys.getsizeof(text) else text


def unpacked(text: str | bytes) -> str:
    """Return what :func:`packed` was given."""
    return text if isinstance(text, str) else text.decode()


class Text(Protocol):
    """A cleaned text."""

    @property
    def title(self) -> str:
        """The headline."""

    @property
    def body(self) -> str:
        """The paragraphs, one a line."""


class Told(Sequence[tuple[str, str]]):
    """Headlines and bodies of cleaned texts.

    Parameters
    ----------
    texts : sequence of Text

    Examples
    --------
    >>> from dedup.text.clean import CleanArticle
    >>> told = Told([CleanArticle(title="Oil rises", text="It did."), CleanArticle()])
    >>> told[0], told[1:], len(told)
    (('Oil rises', 'It did.'), [('', '')], 2)
    """

    def __init__(self, texts: Sequence[Text]) -> None:
        self._texts = texts

    def __len__(self) -> int:
        return len(self._texts)

    @overload
    def __getitem__(self, index: int) -> tuple[str, str]: ...
    @overload
    def __getitem__(self, index: slice) -> list[tuple[str, str]]: ...
    def __getitem__(self, index: int | slice) -> tuple[str, str] | list[tuple[str, str]]:
        if isinstance(index, slice):
            return [(text.title, text.body) for text in self._texts[index]]
        text = self._texts[index]
        return text.title, text.body
