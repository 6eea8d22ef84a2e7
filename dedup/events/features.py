"""What a duplicate group says: weighted terms, lead, names, numbers, and when.

One row per duplicate *group*, so that forty reprints cannot out-vote three independent reports.

Theory of operation
-------------------
1. :mod:`dedup.events.profiles` reads each text once: counts of its terms, of the terms in headline
   and lead, and of its numbers, in which parts of the body each rare term stands, and which words
   are written like names.
2. :func:`observe` counts in how many groups each of them occurs.  A word that most texts write like
   a name (accents off: *Liège* is *Liege*) is a name everywhere, also where it opens a sentence or
   stands in a headline in capitals.
3. :func:`weigh` turns profiles into sparse integer vectors.  The weight of a word is its saturated
   count times its inverse document frequency, and the document frequency mixes two sources: general
   language (:mod:`dedup.text.background`) taken as a pseudo-corpus of ``prior_weight`` texts, and
   the observed counts, which outweigh it as the input grows.

Laws: the order of groups does not matter; weights are integers (1/64 units), so that no sum depends
on its order; a profile depends on its own text alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dedup.dates import Interval
from dedup.events.profiles import Profiles, bare_words
from dedup.text.background import prior_document_frequency
from dedup.text.language import Languages

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: The four views of a text.  ``terms`` is the whole of it.
KINDS = ("terms", "lead", "names", "numbers")

#: Units of one weight: saturated counts and inverse document frequencies are kept in 64ths.
UNIT = 64

#: However common a word is in the input, it keeps this share of its rarity in general language:
#: where a thousand reports of one event are all there is, its own names must not come to nothing.
_KEPT_RARITY = 0.25

_UNDATED = np.iinfo(np.int64).min
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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


def observe(profiles: Profiles) -> Observed:
    """Count in how many texts each term, name and number occurs, and settle what is a name."""
    size = len(profiles.words)
    seen = np.bincount(profiles.word, minlength=size).tolist()
    bare, bare_of = bare_words(profiles.words)
    is_term = ~profiles.is_number[profiles.word]
    holding = _texts_with(profiles, bare_of, len(bare), is_term)
    naming = _texts_with(profiles, bare_of, len(bare), is_term & profiles.as_name)
    is_name = (naming > 0) & (2 * naming >= holding)
    names = np.flatnonzero(is_name).tolist()
    of_kind: tuple[dict[str, int], dict[str, int]] = ({}, {})
    for word, number, count in zip(profiles.words, profiles.is_number.tolist(), seen, strict=True):
        of_kind[number][word] = count
    return Observed(
        n_texts=len(profiles),
        terms=of_kind[False],
        names={bare[name]: int(holding[name]) for name in names},
        numbers=of_kind[True],
    )


def not_observed(profiles: Profiles) -> Observed:
    """Settle what is a name, but count nothing: general language alone weighs the words."""
    return Observed(
        n_texts=0, terms={}, names=dict.fromkeys(observe(profiles).names, 0), numbers={}
    )


def _texts_with(
    profiles: Profiles, bare_of: NDArray[np.int64], size: int, chosen: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return in how many texts each word occurs, accents off, among some entries."""
    bare = bare_of[profiles.word[chosen]]
    # Words that differ in accents alone may stand in one text together.
    several = (np.bincount(bare_of, minlength=size) > 1)[bare]
    counts = np.bincount(bare[~several], minlength=size)
    twice = np.unique(profiles.row[chosen][several] * size + bare[several]) % max(size, 1)
    return np.asarray(counts + np.bincount(twice, minlength=size))


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
    profiles: Profiles,
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
    profiles : Profiles
        n texts.
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
    words = profiles.words
    bare, bare_of = bare_words(words)
    named = np.array([word in observed.names for word in bare], dtype=np.bool_)
    is_number = profiles.is_number[profiles.word]
    is_name = named[bare_of[profiles.word]] if len(named) else is_number
    n_texts = observed.n_texts

    def rarity(of: Sequence[str], counts: Mapping[str, int]) -> NDArray[np.int64]:
        return inverse_document_frequency(of, counts, n_texts, prior_weight)

    def rows(
        values: NDArray[np.int64], chosen: NDArray[np.bool_], column: NDArray[np.int64], width: int
    ) -> csr_array[Any]:
        return _rows(profiles.row[chosen], column[chosen], values[chosen], len(profiles), width)

    of_terms, size = rarity(words, observed.terms), len(words)
    terms, lead = (
        _view(rows(values, ~is_number & (values > 0), profiles.word, size), of_terms, words)
        for values in (profiles.count, profiles.lead)
    )
    names = _view(
        rows(profiles.count, ~is_number & is_name, bare_of[profiles.word], len(bare)),
        rarity(bare, observed.names),
        bare,
    )
    # A number counts once, however often it is used.
    numbers = _view(
        rows(np.ones_like(profiles.count), is_number, profiles.word, size),
        rarity(words, observed.numbers),
        words,
    )
    return Features(
        views={"terms": terms, "lead": lead, "names": names, "numbers": numbers},
        places=rows(profiles.places, profiles.places > 0, profiles.word, size),
        common=rows(np.ones_like(profiles.word), ~is_number & ~is_name, profiles.word, size),
        earliest=spans[:, 0],
        latest=spans[:, 1],
        urls=tuple(urls),
        languages=tuple(languages),
    )


def _rows(
    row: NDArray[np.int64],
    column: NDArray[np.int64],
    values: NDArray[np.int64],
    height: int,
    width: int,
) -> csr_array[Any]:
    """Return a sparse matrix; values in one place are added up."""
    from scipy.sparse import csr_array

    offsets = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=height))])
    matrix = csr_array((values, column, offsets), shape=(height, max(1, width)))
    matrix.sum_duplicates()  # sorts the columns, too
    return matrix


def _view(matrix: csr_array[Any], rarity: NDArray[np.int64], words: Sequence[str]) -> View:
    matrix.data = _saturate(matrix.data) * rarity[matrix.indices]
    squares = matrix.copy()
    squares.data = squares.data**2
    return View(
        matrix=matrix,
        norm=np.sqrt(squares.sum(axis=1).astype(np.float64)),
        total=np.asarray(matrix.sum(axis=1), dtype=np.int64),
        words=tuple(words),
    )


def _saturate(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return 64 for one use, and ever less for each use more.

    The curve is BM25's with k1 = 1.2 (Robertson & Zaragoza 2009, doi:10.1561/1500000019).
    """
    return np.rint(UNIT * 2.2 * counts / (counts + 1.2)).astype(np.int64)


def _microseconds(span: Interval) -> tuple[int, int]:
    # Whole numbers: seconds as a float would lose microseconds.
    step = timedelta(microseconds=1)
    return (span.start - _EPOCH) // step, (span.end - _EPOCH) // step
