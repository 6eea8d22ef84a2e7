"""The passages that two texts have in common, wherever they stand in each.

Theory of operation: the longest run of words that the other text holds is taken, then the longest
on either side of it, and so on; so paragraphs that changed places are found, which an alignment
would not do.  The standard library's ``difflib`` finds them, over windows of a few words in place
of words: a window seldom stands twice in a text, so it has little to try.  In scripts without
spaces the words are characters, of which it takes two to say as much: a window is as many words,
or twice as many characters, or what lies between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
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

    def __len__(self) -> int:
        return len(self.found)

    def passages_in(self, other: Words) -> list[Span]:
        """Return where the passages stand that the other text holds, too: in order and apart."""
        return [
            (self.found[first][0], self.found[last - 1][1]) for first, last in self.runs_in(other)
        ]

    def runs_in(self, other: Words) -> list[Span]:
        """Return the same as places among the words.

        Linear in the words of both, but for windows that recur; of texts of hundreds of words,
        windows that make up more than a hundredth of the other are not asked for.
        """
        if self._forms == other._forms:
            return [(0, len(self))] if len(self) else []
        matcher = other._matcher
        matcher.set_seq1(self._told)
        return sorted(self._longest(matcher, len(other._told)))

    def first_beside(self, runs: Sequence[Span]) -> str:
        """Return the first passage that lies in none of some runs, or else the first words."""
        beside = [
            (start, end)
            for (_, start), (end, _) in pairwise([(0, 0), *runs, (len(self), len(self))])
            if start < end
        ]
        if not beside:
            return ""
        first, last = next(
            (
                (start, end)
                for start, end in beside
                if self._weights[end] - self._weights[start] >= 2 * self._least
            ),
            beside[0],
        )
        return self.text[self.found[first][0] : self.found[last - 1][1]]

    def _longest(self, matcher: SequenceMatcher[tuple[str, ...]], n: int) -> Iterator[Span]:
        """Yield the longest run that the other text holds, and so on on either side of it."""
        gaps = [(0, len(self._windows))]
        while gaps:
            low, high = gaps.pop()
            if low >= high:
                continue
            match = matcher.find_longest_match(low, high, 0, n)
            if not match.size:
                continue
            first, last = match.a, self._windows[match.a + match.size - 1][1]
            yield first, last
            # On either side the windows that have no word of it.
            before = first
            while before > low and self._windows[before - 1][1] > first:
                before -= 1
            gaps += [(low, before), (last, high)]

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
        """Where each window begins and ends; the first begins with the first word, and so on."""
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
    def _matcher(self) -> SequenceMatcher[tuple[str, ...]]:
        """Finds runs of this text in others; what it knows of this one is worked out once."""
        return SequenceMatcher(None, (), self._told)
