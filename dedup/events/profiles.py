"""What texts contain: their words, how often, where, and which are written like names.

Laws
----
* A profile depends on its own text alone.

:func:`read_profile` reads one text.  Many texts stand in one record of flat arrays
(:class:`Profiles`), as :func:`dedup.events.reading.read_profiles` makes it: words are numbered, so
that what depends on a word alone is asked once for each word, not for each use.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dedup.text.background import is_common, prior_document_frequency
from dedup.text.tokenize import Word, read_words, strip_accents

__all__ = [
    "LEAD_WORDS",
    "MOST_USES",
    "PARTS",
    "RARE",
    "Profile",
    "Profiles",
    "bare_words",
    "read_profile",
]

#: Words of the body that count as its lead, beside the headline.
LEAD_WORDS = 60

#: Parts of equally many words that a body is cut into, to tell where its rare terms stand.
PARTS = 16

#: A term is rare if fewer than this many of a million general texts hold it: one in 55.
RARE = 18_316

#: Uses in one text from which on more make no difference to any weight.
MOST_USES = 65_535


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
    places = {term: 0 for term, count in zip(distinct, prior, strict=True) if count < RARE}
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
    word : ndarray of int32, shape (m,)
        The number of each entry's word, rising inside a text.
    count, lead : ndarray of uint16, shape (m,)
        Uses in the text, 65,535 at most; in headline and lead.
    places : ndarray of uint16, shape (m,)
        Parts of the text in which a rare term stands, as bits; 0 for others.
    as_name : ndarray of bool, shape (m,)
        Whether the text writes it like a name.
    """

    words: tuple[str, ...]
    is_number: NDArray[np.bool_]
    offsets: NDArray[np.int64]
    word: NDArray[np.int32]
    count: NDArray[np.uint16]
    lead: NDArray[np.uint16]
    places: NDArray[np.uint16]
    as_name: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def named(self) -> NDArray[np.bool_]:
        """Whether each term's entry is written like a name, those of numbers left out."""
        return np.asarray(self.as_name[~self.is_number[self.word]])

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


def bare_words(words: Sequence[str]) -> tuple[list[str], NDArray[np.int64]]:
    """Return the distinct words without accents, and which of them each word is."""
    number: dict[str, int] = {}
    of_word = [number.setdefault(strip_accents(word), len(number)) for word in words]
    return list(number), np.array(of_word, dtype=np.int64)
