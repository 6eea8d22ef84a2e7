"""The passages that two texts have in common, wherever they stand in each.

Theory of operation: a run of words is common if each of its windows of a few words occurs in the
other text.  So paragraphs that changed places are found, which an alignment would not do, in time
linear in the two lengths.  In scripts without spaces the words are characters, of which it takes
two to say as much: a window is as many words, or twice as many characters, or what lies between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Final

import regex

from dedup.text.tokenize import UNSPACED, word_spans

__all__ = ["LEAST", "Span", "Words"]

#: Words of the shortest passage that counts: shorter ones are phrases of the language.
LEAST: Final = 5

#: Where something begins and ends.
Span = tuple[int, int]

_UNSPACED: Final = regex.compile(f"[{UNSPACED}]")


class Words:
    """The words of a text, to be laid beside those of others.

    Parameters
    ----------
    text : str
    least : int
        Words of the shortest passage that counts.

    Examples
    --------
    >>> one = Words("The hub is watched. It rained.", 2)
    >>> other = Words("It rained, said all; the hub is watched!", 2)
    >>> [one.text[start:end] for start, end in one.passages_in(other)]
    ['The hub is watched', 'It rained']
    """

    def __init__(self, text: str, least: int = LEAST) -> None:
        self.text = text
        self._least = least
        #: Where each word stands, and its folded form.
        self.found = word_spans(text)

    def passages_in(self, other: Words) -> list[Span]:
        """Return where the passages stand that the other text holds, too: in order and apart."""
        return [
            (self.found[first][0], self.found[last - 1][1]) for first, last in self.runs_in(other)
        ]

    def runs_in(self, other: Words) -> list[Span]:
        """Return the same as places among the words.  O(words of both), once for each text."""
        if self.text == other.text:
            return [(0, len(self.found))] if self.found else []
        runs: list[Span] = []
        are_known = map(other._known.__contains__, self._told)
        for (first, last), is_known in zip(self._windows, are_known, strict=True):
            if not is_known:
                continue
            if runs and first < runs[-1][1]:
                runs[-1] = (runs[-1][0], last)
            else:
                runs.append((first, last))
        return runs

    def first_beside(self, runs: Sequence[Span]) -> str:
        """Return the first passage that lies in none of some runs; empty if all are too short."""
        for (_, start), (end, _) in pairwise([(0, 0), *runs, (len(self.found),) * 2]):
            if self._weights[end] - self._weights[start] >= 2 * self._least:
                return self.text[self.found[start][0] : self.found[end - 1][1]]
        return ""

    @cached_property
    def _forms(self) -> list[str]:
        return [form for _, _, form in self.found]

    @cached_property
    def _weights(self) -> Sequence[int]:
        """The words before each place, in halves: a character without spaces is half a word."""
        if not _UNSPACED.search(self.text):
            return range(0, 2 * len(self.found) + 1, 2)
        halves = (1 if _UNSPACED.match(form) else 2 for form in self._forms)
        return [0, *accumulate(halves)]

    @cached_property
    def _windows(self) -> list[Span]:
        """Where each window begins and ends."""
        if isinstance(self._weights, range):
            ends = range(self._least, len(self.found) + 1)
            return list(zip(range(len(ends)), ends, strict=True))
        return list(self._each_window())

    def _each_window(self) -> Iterator[Span]:
        weights, last = self._weights, 0
        for first in range(len(self.found)):
            while weights[last] - weights[first] < 2 * self._least:
                if last == len(self.found):
                    return
                last += 1
            yield first, last

    @cached_property
    def _told(self) -> list[tuple[str, ...]]:
        """The words of each window."""
        return [tuple(self._forms[first:last]) for first, last in self._windows]

    @cached_property
    def _known(self) -> frozenset[tuple[str, ...]]:
        return frozenset(self._told)
