"""What a duplicate group says: weighted terms, lead, names, numbers, and when.

One row per duplicate *group*, so that forty reprints cannot out-vote three independent reports.

Theory of operation
-------------------
1. :func:`read_profile` reads one text once: counts of its terms, of the terms in headline and lead,
   and of its numbers, in which parts of the body each rare term stands, and which words are written
   like names (accents off: *Liège* is *Liege*).
2. :func:`observe` counts in how many groups each of them occurs.  A word that most texts write like
   a name is a name everywhere, also where it opens a sentence or stands in a headline in capitals.
3. :func:`weigh` turns profiles into sparse integer vectors.  The weight of a word is its saturated
   count times its inverse document frequency, and the document frequency mixes two sources: general
   language (:mod:`dedup.text.background`) taken as a pseudo-corpus of ``prior_weight`` texts, and
   the observed counts, which outweigh it as the input grows.

Laws: the order of groups does not matter; weights are integers (1/64 units), so that no sum depends
on its order; a profile depends on its own text alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dedup.dates import Interval
from dedup.text.background import is_common, prior_document_frequency
from dedup.text.language import Languages
from dedup.text.tokenize import Word, read_words, strip_accents

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: The four views of a text.  ``terms`` is the whole of it.
KINDS = ("terms", "lead", "names", "numbers")

#: Words of the body that count as its lead, beside the headline.
LEAD_WORDS = 60

#: Parts of equally many words that a body is cut into, to tell where its rare terms stand.
PARTS = 16

#: A term is rare if fewer than this many of a million general texts hold it: one in 55.
_RARE = 18_316

#: Units of one weight: saturated counts and inverse document frequencies are kept in 64ths.
UNIT = 64

#: However common a word is in the input, it keeps this share of its rarity in general language:
#: where a thousand reports of one event are all there is, its own names must not come to nothing.
_KEPT_RARITY = 0.25

_UNDATED = np.iinfo(np.int64).min
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
        written_as_names=frozenset(strip_accents(word.text) for word in words if word.is_name),
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


def _without_accents(terms: Mapping[str, int]) -> Counter[str]:
    bare: Counter[str] = Counter()
    for term, count in terms.items():
        bare[strip_accents(term)] += count
    return bare


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What was seen over ``n_texts`` groups.

    Parameters
    ----------
    n_texts : int
    terms, numbers : mapping of str to int
        Texts in which each was seen.
    names : mapping of str to int
        The words that count as names, accents off, and the texts in which each was seen.
    """

    n_texts: int
    terms: Mapping[str, int]
    names: Mapping[str, int]
    numbers: Mapping[str, int]

    def counts(self, kind: str) -> Mapping[str, int]:
        """Return the counts for a kind; the lead shares those of the whole text."""
        counts: Mapping[str, int] = getattr(self, "terms" if kind == "lead" else kind)
        return counts

    def words_of(self, profile: Profile, kind: str) -> Mapping[str, int]:
        """Return the counts of one kind in a text."""
        if kind != "names":
            counts: Mapping[str, int] = getattr(profile, kind)
            return counts
        bare = _without_accents(profile.terms)
        return {word: count for word, count in bare.items() if word in self.names}


def observe(profiles: Iterable[Profile]) -> Observed:
    """Count in how many texts each term, name and number occurs, and settle what is a name."""
    n_texts = 0
    terms: Counter[str] = Counter()
    bare: Counter[str] = Counter()
    named: Counter[str] = Counter()
    numbers: Counter[str] = Counter()
    for profile in profiles:
        n_texts += 1
        terms.update(profile.terms.keys())
        bare.update(_without_accents(profile.terms).keys())
        named.update(profile.written_as_names)
        numbers.update(profile.numbers.keys())
    names = {word: bare[word] for word, count in named.items() if 2 * count >= bare[word]}
    return Observed(n_texts=n_texts, terms=terms, names=names, numbers=numbers)


def not_observed(profiles: Iterable[Profile]) -> Observed:
    """Settle what is a name, but count nothing: general language alone weighs the words."""
    return Observed(
        n_texts=0, terms={}, names=dict.fromkeys(observe(profiles).names, 0), numbers={}
    )


def inverse_document_frequency(
    words: Sequence[str], counts: Mapping[str, int], n_texts: int, prior_weight: int
) -> NDArray[np.int64]:
    """Return how rare each word is, as ``ln(texts / texts with the word)`` in 64ths.

    Parameters
    ----------
    words : sequence of str
    counts : mapping of str to int
        Observed texts that hold each word; absent means 0.
    n_texts : int
        Observed texts.
    prior_weight : int
        Size of the pseudo-corpus that general language stands for.

    Returns
    -------
    ndarray of int64, shape (len(words),)
        0 for a word in every general text; never less than a quarter of what general language
        alone would give, so that a story that fills the input keeps its own words.  Rounded to
        1/64, far coarser than the last bit in which implementations of the logarithm differ.

    Examples
    --------
    >>> rare, usual = inverse_document_frequency(["cainiao", "the"], {}, 0, 1000)
    >>> int(rare // 64), int(usual)
    (9, 0)
    """
    prior = prior_document_frequency(words)
    seen = np.fromiter((counts.get(word, 0) for word in words), dtype=np.int64, count=len(words))
    holding = seen * 1_000_000 + prior * prior_weight
    ratio = ((n_texts + prior_weight) * 1_000_000) / np.maximum(holding, 1)
    ratio = np.maximum(ratio, (1_000_000 / prior) ** _KEPT_RARITY)
    rounded: NDArray[np.int64] = np.rint(UNIT * np.log(np.maximum(ratio, 1.0))).astype(np.int64)
    return rounded


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class View:
    """One kind of weighted words of all groups.

    Parameters
    ----------
    matrix : scipy.sparse.csr_array of int64, shape (n, n_words)
        Weights; column numbers mean nothing beyond this record.
    norm : ndarray of float64, shape (n,)
        Euclidean length of each row; 0 for an empty one.
    total : ndarray of int64, shape (n,)
        Sum of each row.
    words : tuple of str
        The word of each column.
    """

    matrix: csr_array[Any]
    norm: NDArray[np.float64]
    total: NDArray[np.int64]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Features:
    """What is compared about n duplicate groups.

    Parameters
    ----------
    views : mapping of str to View
        One per entry of :data:`KINDS`.
    places : scipy.sparse.csr_array of int64, shape (n, n_words)
        Parts of each text in which its rare terms stand, as bits; columns as in the terms' view.
    common : scipy.sparse.csr_array of int64, shape (n, n_words)
        1 for each term that is no name; columns likewise.
    earliest, latest : ndarray of int64, shape (n,)
        Bounds of the publication in microseconds since 1970; the smallest int64 if undated.
    urls : tuple of frozenset of str
        Comparable urls under which each group was published.
    languages : tuple of Languages
        What each group may be written in.
    """

    views: Mapping[str, View]
    places: csr_array[Any]
    common: csr_array[Any]
    earliest: NDArray[np.int64]
    latest: NDArray[np.int64]
    urls: tuple[frozenset[str], ...]
    languages: tuple[Languages, ...]

    def __len__(self) -> int:
        return len(self.earliest)

    @property
    def dated(self) -> NDArray[np.bool_]:
        """Whether each group has a date."""
        return np.asarray(self.earliest != _UNDATED)

    @property
    def middle(self) -> NDArray[np.int64]:
        """Middle of each publication, in microseconds since 1970; 0 where undated."""
        return np.asarray(np.where(self.dated, self.earliest // 2 + self.latest // 2, 0))

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Distinct terms of each group."""
        return np.asarray(np.diff(self.views["terms"].matrix.indptr), dtype=np.int64)


def weigh(
    profiles: Sequence[Profile],
    observed: Observed,
    *,
    published: Sequence[Interval | None],
    urls: Sequence[frozenset[str]],
    languages: Sequence[Languages],
    prior_weight: int,
) -> Features:
    """Turn profiles into sparse integer vectors.

    Parameters
    ----------
    profiles : sequence of Profile, length n
    observed : Observed
        Counts over the whole input, not only over these profiles.
    published : sequence of Interval or None, length n
    urls : sequence of frozenset of str, length n
    languages : sequence of Languages, length n
    prior_weight : int
        See :func:`inverse_document_frequency`.

    Returns
    -------
    Features
        Linear in the number of distinct words of all profiles.
    """
    bounds = [(_UNDATED, _UNDATED) if span is None else _microseconds(span) for span in published]
    spans = np.array(bounds, dtype=np.int64).reshape(-1, 2)
    views = {kind: _view(profiles, observed, kind, prior_weight) for kind in KINDS}
    column = {word: number for number, word in enumerate(views["terms"].words)}
    is_name = {word: strip_accents(word) in observed.names for word in column}
    return Features(
        views=views,
        places=_rows([profile.places for profile in profiles], column),
        common=_rows(
            [{term: 1 for term in profile.terms if not is_name[term]} for profile in profiles],
            column,
        ),
        earliest=spans[:, 0],
        latest=spans[:, 1],
        urls=tuple(urls),
        languages=tuple(languages),
    )


def _rows(texts: Sequence[Mapping[str, int]], column: Mapping[str, int]) -> csr_array[Any]:
    """Return a whole number for each word of each text, in the given columns."""
    from scipy.sparse import csr_array

    columns = [column[word] for text in texts for word in text]
    values = [value for text in texts for value in text.values()]
    offsets = np.cumsum([0, *map(len, texts)])
    matrix = csr_array(
        (np.array(values, dtype=np.int64), np.array(columns, dtype=np.int64), offsets),
        shape=(len(texts), max(1, len(column))),
    )
    matrix.sort_indices()
    return matrix


def _view(profiles: Sequence[Profile], observed: Observed, kind: str, prior_weight: int) -> View:
    texts = [observed.words_of(profile, kind) for profile in profiles]
    column: dict[str, int] = {}
    for text in texts:
        for word in text:
            column.setdefault(word, len(column))
    rarity = inverse_document_frequency(
        list(column), observed.counts(kind), observed.n_texts, prior_weight
    )
    matrix = _rows(texts, column)
    matrix.data = _saturate(matrix.data, kind) * rarity[matrix.indices]
    squares = matrix.copy()
    squares.data = squares.data**2
    return View(
        matrix=matrix,
        norm=np.sqrt(squares.sum(axis=1).astype(np.float64)),
        total=np.asarray(matrix.sum(axis=1), dtype=np.int64),
        words=tuple(column),
    )


def _saturate(counts: NDArray[np.int64], kind: str) -> NDArray[np.int64]:
    """Return 64 for one use, and ever less for each use more; a number counts once.

    The curve is BM25's with k1 = 1.2 (Robertson & Zaragoza 2009, doi:10.1561/1500000019).
    """
    if kind == "numbers":
        return np.full(len(counts), UNIT, dtype=np.int64)
    return np.rint(UNIT * 2.2 * counts / (counts + 1.2)).astype(np.int64)


def _microseconds(span: Interval) -> tuple[int, int]:
    # Whole numbers: seconds as a float would lose microseconds.
    step = timedelta(microseconds=1)
    return (span.start - _EPOCH) // step, (span.end - _EPOCH) // step
