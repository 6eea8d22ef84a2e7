"""What texts contain: their words, how often, where, and which are written like names.

Laws
----
* A profile depends on its own text alone.
* Reading many texts at once gives what reading each by itself gives, whatever engine runs.

Theory of operation: :func:`read_profile` reads one text, and is the reference.  Many texts stand
in one record of flat arrays (:class:`Profiles`): words are numbered, and whatever depends on a word
alone (is it common? what is it without accents?) is asked once for each word, not for each use.
Large inputs are read by compiled loops, which hash each word as it is folded; a word's text is cut
out of the article where it was first seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from dedup import engine
from dedup.progress import Progress, silent
from dedup.text.background import are_common, is_common, prior_document_frequency
from dedup.text.code_points import code_points
from dedup.text.tokenize import Word, fold, plain_number, read_words, strip_accents

__all__ = [
    "LEAD_WORDS",
    "PARTS",
    "Profile",
    "Profiles",
    "bare_words",
    "read_profile",
    "read_profiles",
]

#: Words of the body that count as its lead, beside the headline.
LEAD_WORDS = 60

#: Parts of equally many words that a body is cut into, to tell where its rare terms stand.
PARTS = 16

#: A term is rare if fewer than this many of a million general texts hold it: one in 55.
_RARE = 18_316

#: Texts after which progress is told.
_REPORT_EVERY = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What one text contains: counts by kind, and the words that it writes like names.

    ``places`` says of each rare term in which parts of the body it stands, as the bits of a whole
    number; of the headline, where the body has none.
    """

    terms: Mapping[str, int]
    lead: Mapping[str, int]
    numbers: Mapping[str, int]
    places: Mapping[str, int]
    written_as_names: frozenset[str]


def read_profile(title: str, body: str) -> Profile:
    """Read a text once and count what the event stage compares.

    Parameters
    ----------
    title, body : str
        Cleaned text.  Linear time.

    Examples
    --------
    >>> body = "Cainiao runs it. Officers of the VSSE were watching closely what Cainiao does."
    >>> sorted(read_profile("", body).written_as_names)
    ['cainiao', 'vsse']
    """
    headline = read_words(title, is_common=is_common)
    text = read_words(body, is_common=is_common)
    words = headline + text
    return Profile(
        terms=_terms(words),
        lead=_terms(headline + text[:LEAD_WORDS]),
        numbers=Counter(word.text for word in words if word.is_number),
        places=_places(_texts_of_terms(text)) or _places(_texts_of_terms(headline)),
        written_as_names=frozenset(word.text for word in words if word.is_name),
    )


def _terms(words: Sequence[Word]) -> Counter[str]:
    return Counter(_texts_of_terms(words))


def _texts_of_terms(words: Sequence[Word]) -> list[str]:
    return [word.text for word in words if not word.is_number and len(word.text) > 1]


def _places(terms: Sequence[str]) -> dict[str, int]:
    """Return the parts of a text in which each of its rare terms stands."""
    distinct = list(dict.fromkeys(terms))
    prior = prior_document_frequency(distinct).tolist()
    places = {term: 0 for term, count in zip(distinct, prior, strict=True) if count < _RARE}
    for position, term in enumerate(terms):
        if term in places:
            places[term] |= 1 << (position * PARTS // len(terms))
    return places


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profiles:
    """What n texts contain: for each text a row of entries, one for each of its words.

    Parameters
    ----------
    words : tuple of str
        The word of each number.
    is_number : ndarray of bool, shape (len(words),)
        Whether the word is a number; else it is a term.
    offsets : ndarray of int64, shape (n + 1,)
        The entries of text ``i`` are those from ``offsets[i]`` to ``offsets[i + 1]``.
    word : ndarray of int64, shape (m,)
        The number of each entry's word; no word twice in one text.
    count, lead : ndarray of int64, shape (m,)
        Uses in the text; in headline and lead.
    places : ndarray of int64, shape (m,)
        Parts of the text in which a rare term stands, as bits; 0 for others.
    as_name : ndarray of bool, shape (m,)
        Whether the text writes it like a name.
    """

    words: tuple[str, ...]
    is_number: NDArray[np.bool_]
    offsets: NDArray[np.int64]
    word: NDArray[np.int64]
    count: NDArray[np.int64]
    lead: NDArray[np.int64]
    places: NDArray[np.int64]
    as_name: NDArray[np.bool_]

    @classmethod
    def of(cls, profiles: Sequence[Profile]) -> Profiles:
        """Return the profiles of single texts as one record."""
        numbering = _Numbering()
        parts = [numbering.entries(profile) for profile in profiles]
        return numbering.profiles(parts)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def row(self) -> NDArray[np.int64]:
        """The text of each entry, shape (m,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    def __getitem__(self, text: int) -> Profile:
        """Return the profile of one text."""
        here = slice(self.offsets[text], self.offsets[text + 1])
        words = [self.words[number] for number in self.word[here].tolist()]
        numbers = self.is_number[self.word[here]].tolist()
        columns = zip(
            words,
            numbers,
            *(values[here].tolist() for values in (self.count, self.lead, self.places)),
            self.as_name[here].tolist(),
            strict=True,
        )
        rows = list(columns)
        return Profile(
            terms={w: count for w, number, count, _, _, _ in rows if not number},
            lead={w: lead for w, number, _, lead, _, _ in rows if lead and not number},
            numbers={w: count for w, number, count, _, _, _ in rows if number},
            places={w: places for w, _, _, _, places, _ in rows if places},
            written_as_names=frozenset(w for w, _, _, _, _, as_name in rows if as_name),
        )


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
    if engine.is_compiled(sum(len(title) + len(body) for title, body in texts)):
        engine.warm_up(progress)
        return _compiled(texts, progress)
    profiles = []
    for done, (title, body) in enumerate(texts, start=1):
        profiles.append(read_profile(title, body))
        if done % _REPORT_EVERY == 0 or done == len(texts):
            progress("read words", done, len(texts))
    return Profiles.of(profiles)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Entries:
    """Entries of some texts: columns as in :class:`Profiles`, one below the other."""

    lengths: NDArray[np.int64]
    columns: NDArray[np.int64]  # (m, 5): word, count, lead, places, as_name


class _Numbering:
    """Words and their numbers, in the order in which they came.

    A term may be written like a number: *①2* is no number, and folds to *12*.
    """

    def __init__(self) -> None:
        self.words: list[str] = []
        self.is_number: list[bool] = []
        self.known: tuple[dict[str, int], dict[str, int]] = ({}, {})

    def of(self, word: str, is_number: bool) -> int:
        number = self.known[is_number].setdefault(word, len(self.words))
        if number == len(self.words):
            self.words.append(word)
            self.is_number.append(is_number)
        return number

    def entries(self, profile: Profile) -> _Entries:
        terms = [
            (
                self.of(term, False),
                count,
                profile.lead.get(term, 0),
                profile.places.get(term, 0),
                term in profile.written_as_names,
            )
            for term, count in profile.terms.items()
        ]
        numbers = [
            (self.of(word, True), count, 0, 0, False) for word, count in profile.numbers.items()
        ]
        columns = np.array(terms + numbers, dtype=np.int64).reshape(-1, 5)
        return _Entries(lengths=np.array([len(columns)], dtype=np.int64), columns=columns)

    def profiles(self, parts: Sequence[_Entries]) -> Profiles:
        lengths = np.concatenate([np.zeros(1, np.int64), *(part.lengths for part in parts)])
        columns = np.concatenate([np.empty((0, 5), np.int64), *(part.columns for part in parts)])
        word, count, lead, places, as_name = columns.T
        return Profiles(
            words=tuple(self.words),
            is_number=np.array(self.is_number, dtype=np.bool_),
            offsets=np.cumsum(lengths),
            word=word,
            count=count,
            lead=lead,
            places=places,
            as_name=as_name.astype(np.bool_),
        )


def bare_words(words: Sequence[str]) -> tuple[list[str], NDArray[np.int64]]:
    """Return the distinct words without accents, and which of them each word is."""
    number: dict[str, int] = {}
    of_word = [number.setdefault(strip_accents(word), len(number)) for word in words]
    return list(number), np.array(of_word, dtype=np.int64)


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


def _compiled(texts: Sequence[tuple[str, str]], progress: Progress) -> Profiles:
    numbering = _Numbering()
    made: list[_Entries] = []
    for parts in engine.groups_of_parts(texts):
        read = engine.in_parallel(lambda part: _read(texts[part]), parts)
        made += _numbered(read, numbering)
        progress("read words", parts[-1].stop, len(texts))
    return numbering.profiles(made)


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


def _numbered(read: Sequence[_Read], numbering: _Numbering) -> Iterator[_Entries]:
    """Give the words of some parts numbers, and settle what depends on a word alone."""
    loops = engine.kernels()
    hashes = np.concatenate([part.hashes for part in read])
    local, firsts = np.empty(len(hashes), np.int64), np.empty(len(hashes), np.int64)
    distinct = loops.number_values(hashes, local, firsts)
    firsts = firsts[:distinct]
    words, is_number = _words(read, firsts, loops)
    number = np.fromiter(map(numbering.of, words, is_number), dtype=np.int64, count=len(words))
    common, rare = are_common(words), prior_document_frequency(words) < _RARE
    start = 0
    for part in read:
        here = local[start : start + len(part.hashes)]
        start += len(part.hashes)
        row = np.repeat(np.arange(len(part.lengths)), part.lengths)
        is_term = (part.known & loops.IS_TERM) > 0
        counts = part.counts.astype(np.int64)
        in_body, in_headline = (counts[:, side] * (rare[here] & is_term) for side in (2, 3))
        has_body = np.bincount(row[in_body > 0], minlength=len(part.lengths)) > 0
        as_name = (part.known & loops.IS_NAME) > 0
        as_name |= ((part.known & loops.MAY_BE_NAME) > 0) & ~common[here]
        columns = np.stack(
            [
                number[here],
                counts[:, 0],
                counts[:, 1] * is_term,
                np.where(has_body[row], in_body, in_headline),
                as_name & is_term,
            ],
            axis=1,
        )
        yield _with_others(part, columns, numbering)


def _words(
    read: Sequence[_Read], firsts: NDArray[np.int64], loops: ModuleType
) -> tuple[list[str], list[bool]]:
    """Return each new word as it is compared, and whether it is a number."""
    ends = np.cumsum([len(part.hashes) for part in read])
    home = np.searchsorted(ends, firsts, side="right").tolist()
    words, is_number = [], []
    bounds = np.concatenate([part.bounds for part in read])[firsts].tolist()
    known = np.concatenate([part.known for part in read])[firsts].tolist()
    for part, (start, end), what in zip(home, bounds, known, strict=True):
        word = fold(read[part].text[start:end])
        number = not what & int(loops.IS_TERM)
        words.append(plain_number(word) if number else word)
        is_number.append(number)
    return words, is_number


def _with_others(part: _Read, columns: NDArray[np.int64], numbering: _Numbering) -> _Entries:
    """Put in the texts that the loop could not read."""
    if not part.others:
        return _Entries(lengths=part.lengths, columns=columns)
    lengths = part.lengths.copy()
    ends = np.cumsum(lengths)
    places, rows = [], []
    for row, profile in part.others.items():
        entries = numbering.entries(profile)
        lengths[row] = len(entries.columns)
        places.append(np.full(len(entries.columns), ends[row]))
        rows.append(entries.columns)
    return _Entries(
        lengths=lengths,
        columns=np.insert(columns, np.concatenate(places), np.concatenate(rows), axis=0),
    )
