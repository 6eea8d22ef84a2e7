"""Many texts are read at once: words get numbers, and their entries stand in flat arrays.

Law: reading many texts at once gives what reading each by itself gives, whatever engine runs.

Theory of operation: the reference asks :func:`dedup.events.profiles.read_profile` of each text.
The compiled loops hash each word as it is folded, so that a word is cut out of the article, and
asked whether it is common, only where its hash is new.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from dedup import engine
from dedup.arrays import Chunks, Growing
from dedup.events.profiles import (
    LEAD_WORDS,
    MOST_USES,
    PARTS,
    RARE,
    Profile,
    Profiles,
    read_profile,
)
from dedup.progress import Progress, silent
from dedup.text.background import are_common, prior_document_frequency
from dedup.text.code_points import code_points
from dedup.text.tokenize import fold, plain_number

__all__ = ["profiles_in_one", "read_profiles"]

#: Texts after which progress is told.
_REPORT_EVERY = 256


def read_profiles(texts: Sequence[tuple[str, str]], *, progress: Progress = silent) -> Profiles:
    """Read many texts.

    Parameters
    ----------
    texts : sequence of (str, str)
        Cleaned headlines and bodies.
    progress : callable, optional
        Called with ("read words", texts done, texts in all).

    Returns
    -------
    Profiles
        Linear in the length of all texts.

    Examples
    --------
    >>> read_profiles([("Marlin aground", "The Marlin is aground."), ("", "")])[0].terms["marlin"]
    2
    """
    sizes = engine.lengths(texts)
    if engine.is_compiled(int(sizes.sum())):
        engine.warm_up(progress)
        return _compiled(texts, sizes, progress)
    profiles = []
    for done, (title, body) in enumerate(texts, start=1):
        profiles.append(read_profile(title, body))
        if done % _REPORT_EVERY == 0 or done == len(texts):
            progress("read words", done, len(texts))
    return profiles_in_one(profiles)


def profiles_in_one(profiles: Sequence[Profile]) -> Profiles:
    """Return the profiles of single texts as one record."""
    words = _Words()
    rows = _Rows(words)
    for profile in profiles:
        rows.add(words.entries(profile))
    return rows.joined()


class _Words:
    """Words and their numbers, in the order in which they came.

    A term may be written like a number: *①2* is no number, and folds to *12*.
    """

    def __init__(self) -> None:
        self.words: list[str] = []
        self.is_number: list[bool] = []
        self._known: tuple[dict[str, int], dict[str, int]] = ({}, {})

    def number_of(self, word: str, is_number: bool) -> int:
        number = self._known[is_number].setdefault(word, len(self.words))
        if number == len(self.words):
            self.words.append(word)
            self.is_number.append(is_number)
        return number

    def entries(self, profile: Profile) -> _Entries:
        rows = [
            (
                self.number_of(term, False),
                min(count, MOST_USES),
                min(profile.lead.get(term, 0), MOST_USES),
                profile.places.get(term, 0),
                term in profile.written_as_names,
            )
            for term, count in profile.terms.items()
        ]
        rows += [
            (self.number_of(word, True), min(count, MOST_USES), 0, 0, False)
            for word, count in profile.numbers.items()
        ]
        rows.sort()
        word, count, lead, places, as_name = np.array(rows, dtype=np.int64).reshape(-1, 5).T
        return _Entries(
            lengths=np.array([len(rows)], dtype=np.int64),
            word=word.astype(np.int32),
            count=count.astype(np.uint16),
            lead=lead.astype(np.uint16),
            places=places.astype(np.uint16),
            as_name=as_name.astype(np.bool_),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Entries:
    """Entries of some texts, columns as in :class:`Profiles`, and how many each text has.

    Those of one text are sorted by word.
    """

    lengths: NDArray[np.int64]
    word: NDArray[np.int32]
    count: NDArray[np.uint16]
    lead: NDArray[np.uint16]
    places: NDArray[np.uint16]
    as_name: NDArray[np.bool_]


_COLUMNS: Mapping[str, type[np.generic]] = {
    "word": np.int32,
    "count": np.uint16,
    "lead": np.uint16,
    "places": np.uint16,
    "as_name": np.bool_,
}


class _Rows:
    """The entries of many texts, part by part."""

    def __init__(self, words: _Words) -> None:
        self._words = words
        self._lengths = [np.zeros(1, dtype=np.int64)]
        self._columns = {name: Chunks(kind) for name, kind in _COLUMNS.items()}

    def add(self, entries: _Entries) -> None:
        self._lengths.append(entries.lengths)
        for name, column in self._columns.items():
            column.keep(getattr(entries, name))

    def joined(self) -> Profiles:
        """Return all of them, which are then no longer here."""
        # One column at a time is twice in memory, not all of them.
        columns = {name: column.joined() for name, column in self._columns.items()}
        return Profiles(
            words=tuple(self._words.words),
            is_number=np.array(self._words.is_number, dtype=np.bool_),
            offsets=np.cumsum(np.concatenate(self._lengths), dtype=np.int64),
            **columns,
        )


# --- compiled ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Read:
    """A part of the texts as the compiled loop read it, and what it could not read."""

    text: str
    lengths: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    bounds: NDArray[np.int64]
    counts: NDArray[np.int32]
    known: NDArray[np.uint8]
    others: Mapping[int, Profile]


def _compiled(
    texts: Sequence[tuple[str, str]], sizes: NDArray[np.int64], progress: Progress
) -> Profiles:
    words = _Words()
    hashed, rows = _Hashed(words), _Rows(words)
    for parts in engine.groups_of_parts(sizes):
        read = engine.in_parallel(lambda part: _read(texts[part]), parts)
        for entries in hashed.entries(read):
            rows.add(entries)
        progress("read words", parts[-1].stop, len(texts))
    return rows.joined()


def _read(texts: Sequence[tuple[str, str]]) -> _Read:
    loops, points = engine.kernels(), code_points()
    pieces = list(chain.from_iterable(texts))
    text, bounds = engine.buffer(pieces)
    strange = {at // 2 for at in engine.not_in_nfkc(pieces, text, bounds)}
    if strange:
        pieces = ["" if at // 2 in strange else piece for at, piece in enumerate(pieces)]
        text, bounds = engine.buffer(pieces)
    room = len(text)
    hashes = np.empty(room, dtype=np.uint64)
    found = np.empty((room, 2), dtype=np.int64)
    counts = np.empty((room, 4), dtype=np.int32)
    known = np.empty(room, dtype=np.uint8)
    lengths = np.empty(len(texts), dtype=np.int64)
    total = loops.count_words(
        *(text, bounds, points.entries, points.expansions, points.written, LEAD_WORDS, PARTS),
        *(hashes, found, counts, known, lengths),
    )
    return _Read(
        text="".join(pieces),
        lengths=lengths,
        hashes=hashes[:total].copy(),
        bounds=found[:total].copy(),
        counts=counts[:total].copy(),
        known=known[:total].copy(),
        others={row: read_profile(*texts[row]) for row in sorted(strange)},
    )


class _Hashed:
    """What is known of each hash of a word: the word's number, and whether it is common, or rare.

    Hashes are numbered in the order in which they came, in a table with open addressing.
    """

    def __init__(self, words: _Words) -> None:
        self._words = words
        self._count = 0
        self._keys = np.empty(1 << 16, dtype=np.uint64)
        self._table = np.full(1 << 18, -1, dtype=np.int64)
        self._word = Growing(np.int32)
        self._common = Growing(np.bool_)
        self._rare = Growing(np.bool_)

    def entries(self, read: Sequence[_Read]) -> Iterator[_Entries]:
        """Give the words of some parts numbers, and settle what depends on a word alone."""
        ends = np.cumsum([len(part.hashes) for part in read])
        number = self._number(read, ends)
        for part, here in zip(read, np.split(number, ends[:-1]), strict=True):
            yield self._with_others(part, self._entries(part, here))

    def _number(self, read: Sequence[_Read], ends: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the number of each hash; learn the words that are new."""
        loops = engine.kernels()
        hashes = np.concatenate([part.hashes for part in read])
        most = self._count + len(hashes)
        if most > len(self._keys):
            self._keys = np.concatenate([self._keys, np.empty(most, dtype=np.uint64)])
        if 2 * most > len(self._table):
            self._table = np.full(1 << (4 * most).bit_length(), -1, dtype=np.int64)
            loops.place_values(self._keys[: self._count], self._table)
        number, firsts = np.empty(len(hashes), np.int64), np.empty(len(hashes), np.int64)
        count = loops.number_values(hashes, self._keys, self._table, self._count, number, firsts)
        self._learn(read, ends, firsts[: count - self._count])
        self._count = count
        return number

    def _learn(
        self, read: Sequence[_Read], ends: NDArray[np.int64], firsts: NDArray[np.int64]
    ) -> None:
        """Cut new words out of the texts in which they first stand."""
        is_term = int(engine.kernels().IS_TERM)
        starts = np.concatenate([[0], ends])
        words, numbers = [], []
        for part, (start, end) in zip(read, pairwise(starts.tolist()), strict=True):
            here = firsts[(firsts >= start) & (firsts < end)] - start
            bounds, known = part.bounds[here].tolist(), part.known[here].tolist()
            for (first, last), what in zip(bounds, known, strict=True):
                is_number = not what & is_term
                word = fold(part.text[first:last])
                word = plain_number(word) if is_number else word
                words.append(word)
                numbers.append(self._words.number_of(word, is_number))
        self._word.extend(np.array(numbers, dtype=np.int32))
        self._common.extend(are_common(words))
        self._rare.extend(prior_document_frequency(words) < RARE)

    def _entries(self, part: _Read, number: NDArray[np.int64]) -> _Entries:
        loops = engine.kernels()
        row = np.repeat(np.arange(len(part.lengths)), part.lengths)
        is_term = (part.known & loops.IS_TERM) > 0
        counts = np.minimum(part.counts, MOST_USES).astype(np.uint16)
        rare = self._rare.values[number] & is_term
        in_body, in_headline = counts[:, 2] * rare, counts[:, 3] * rare
        has_body = np.bincount(row[in_body > 0], minlength=len(part.lengths)) > 0
        as_name = (part.known & loops.IS_NAME) > 0
        as_name |= ((part.known & loops.MAY_BE_NAME) > 0) & ~self._common.values[number]
        word = self._word.values[number]
        order = np.lexsort((word, row))
        return _Entries(
            lengths=part.lengths,
            word=word[order],
            count=counts[order, 0],
            lead=(counts[:, 1] * is_term)[order],
            places=np.where(has_body[row], in_body, in_headline)[order],
            as_name=(as_name & is_term)[order],
        )

    def _with_others(self, part: _Read, entries: _Entries) -> _Entries:
        """Put in the texts that the loop could not read."""
        if not part.others:
            return entries
        lengths = part.lengths.copy()
        ends = np.cumsum(lengths)
        others = {row: self._words.entries(profile) for row, profile in part.others.items()}
        places = [np.full(len(found.word), ends[row]) for row, found in others.items()]
        for row, found in others.items():
            lengths[row] = len(found.word)
        at = np.concatenate(places)
        columns = {
            name: np.insert(
                getattr(entries, name),
                at,
                np.concatenate([getattr(found, name) for found in others.values()]),
            )
            for name in _COLUMNS
        }
        return _Entries(lengths=lengths, **columns)
