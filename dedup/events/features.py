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

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
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

#: Texts whose words are counted or weighed at once; bounds memory.
BLOCK = 1 << 13

UNDATED = np.iinfo(np.int64).min
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counted:
    """In how many of some texts each word occurs.

    Parameters
    ----------
    n_texts : int
    words : sequence of str
    is_number : ndarray of bool, shape (len(words),)
    seen : ndarray of int64, shape (len(words),)
        Texts that hold each word.
    bare : sequence of str
        The words without accents, each once.
    holding, naming : ndarray of int64, shape (len(bare),)
        Texts that hold each as a term, and texts that write it like a name.
    """

    n_texts: int
    words: Sequence[str]
    is_number: NDArray[np.bool_]
    seen: NDArray[np.int64]
    bare: Sequence[str]
    holding: NDArray[np.int64]
    naming: NDArray[np.int64]


def count(profiles: Profiles) -> Counted:
    """Count in how many texts each term, name and number occurs."""
    seen = np.zeros(len(profiles.words), dtype=np.int64)
    bare, bare_of = bare_words(profiles.words)
    # Words that differ in accents alone may stand in one text together.
    several = np.bincount(bare_of, minlength=len(bare)) > 1
    holding, naming = np.zeros((2, len(bare)), dtype=np.int64)
    for rows, here in _blocks(profiles.offsets):
        word = profiles.word[here]
        seen += np.bincount(word, minlength=len(seen))
        lengths = np.diff(profiles.offsets[rows.start : rows.stop + 1])
        row = np.repeat(np.arange(len(lengths)), lengths)
        is_term = ~profiles.is_number[word]
        for counts, chosen in ((holding, is_term), (naming, is_term & profiles.as_name[here])):
            counts += _texts_with(bare_of[word[chosen]], row[chosen], several)
    return Counted(
        n_texts=len(profiles),
        words=profiles.words,
        is_number=profiles.is_number,
        seen=seen,
        bare=bare,
        holding=holding,
        naming=naming,
    )


def observe(profiles: Profiles) -> Observed:
    """Count in how many texts each term, name and number occurs, and settle what is a name."""
    return observed(count(profiles))


def observed(counted: Counted) -> Observed:
    """Settle what is a name: what at least half of the texts that hold it write like one."""
    is_name = (counted.naming > 0) & (2 * counted.naming >= counted.holding)
    names = np.flatnonzero(is_name).tolist()
    of_kind: tuple[dict[str, int], dict[str, int]] = ({}, {})
    kinds = counted.is_number.tolist()
    for text, number, seen in zip(counted.words, kinds, counted.seen.tolist(), strict=True):
        of_kind[number][text] = seen
    return Observed(
        n_texts=counted.n_texts,
        terms=of_kind[False],
        names={counted.bare[name]: int(counted.holding[name]) for name in names},
        numbers=of_kind[True],
    )


def not_observed(profiles: Profiles) -> Observed:
    """Settle what is a name, but count nothing: general language alone weighs the words."""
    return Observed(
        n_texts=0, terms={}, names=dict.fromkeys(observe(profiles).names, 0), numbers={}
    )


def _texts_with(
    word: NDArray[np.int64], row: NDArray[np.int64], several: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return in how many texts each word occurs; those of ``several`` may do so twice in one."""
    size = len(several)
    twice = several[word]
    counts = np.bincount(word[~twice], minlength=size)
    once = np.unique(row[twice] * size + word[twice]) % max(size, 1)
    return np.asarray(counts + np.bincount(once, minlength=size))


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
    matrix : scipy.sparse.csr_array of int32, shape (n, n_words)
        Weights; column numbers mean nothing beyond this record.  The lead's has an entry for each
        of the terms', 0 where the lead does not hold it.
    norm : ndarray of float64, shape (n,)
        Euclidean length of each row; 0 for an empty one.
    total : ndarray of int64, shape (n,)
        Sum of each row.
    words : sequence of str
        The word of each column.
    """

    matrix: csr_array[Any]
    norm: NDArray[np.float64]
    total: NDArray[np.int64]
    words: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Features:
    """What is compared about n duplicate groups.

    Parameters
    ----------
    views : mapping of str to View
        One per entry of :data:`KINDS`.
    places : ndarray of uint16
        For each entry of the terms' view, the parts of the text in which it stands, as bits; 0 for
        a term that is not rare.
    common : ndarray of bool, shape (n_words,)
        Whether each column of the terms' view is no name.
    earliest, latest : ndarray of int64, shape (n,)
        Bounds of the publication in microseconds since 1970; the smallest int64 if undated.
    urls : sequence of frozenset of str
        Comparable urls under which each group was published.
    languages : sequence of Languages
        What each group may be written in.
    """

    views: Mapping[str, View]
    places: NDArray[np.uint16]
    common: NDArray[np.bool_]
    earliest: NDArray[np.int64]
    latest: NDArray[np.int64]
    urls: Sequence[frozenset[str]]
    languages: Sequence[Languages]

    def __len__(self) -> int:
        return len(self.earliest)

    @property
    def dated(self) -> NDArray[np.bool_]:
        """Whether each group has a date."""
        return np.asarray(self.earliest != UNDATED)

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
    spans = bounds_of(published)
    words = profiles.words
    bare, bare_of = bare_words(words)
    named = np.array([word in observed.names for word in bare], dtype=np.bool_)
    is_name = named[bare_of] & ~profiles.is_number if len(bare) else profiles.is_number
    n_texts = observed.n_texts

    def rarity(
        of: Sequence[str], chosen: NDArray[np.bool_], counts: Mapping[str, int]
    ) -> NDArray[np.int64]:
        """Return how rare the chosen words are; 0 for the others, which nothing asks about."""
        found = np.zeros(len(of), dtype=np.int64)
        at = np.flatnonzero(chosen)
        some = [of[word] for word in at.tolist()]
        found[at] = inverse_document_frequency(some, counts, n_texts, prior_weight)
        return found

    of_terms = rarity(words, ~profiles.is_number, observed.terms)
    ends, columns, count, in_lead, places = _entries_of(
        profiles, ~profiles.is_number, profiles.count, profiles.lead, profiles.places
    )
    terms = _view(_csr(count, columns, ends, len(words)), of_terms, words)
    del count  # here memory is at its highest
    lead = _view(_csr(in_lead, columns, ends, len(words)), of_terms, words)
    del in_lead
    ends, columns, count = _entries_of(profiles, is_name, profiles.count)
    named_counts = _csr(count.astype(np.int32), bare_of[columns].astype(np.int32), ends, len(bare))
    named_counts.sum_duplicates()  # words that differ in accents alone; sorts the columns, too
    names = _view(named_counts, rarity(bare, named, observed.names), bare)
    ends, columns = _entries_of(profiles, profiles.is_number)
    # A number counts once, however often it is used.
    numbers = _view(
        _csr(np.ones(len(columns), dtype=np.uint16), columns, ends, len(words)),
        rarity(words, profiles.is_number, observed.numbers),
        words,
    )
    return Features(
        views={"terms": terms, "lead": lead, "names": names, "numbers": numbers},
        places=places,
        common=~is_name & ~profiles.is_number,
        earliest=spans[:, 0],
        latest=spans[:, 1],
        urls=tuple(urls),
        languages=tuple(languages),
    )


def _blocks(offsets: NDArray[np.int64]) -> Iterator[tuple[slice, slice]]:
    """Yield slices of at most ``BLOCK`` texts, and of their entries in the flat arrays."""
    for start in range(0, len(offsets) - 1, BLOCK):
        stop = min(start + BLOCK, len(offsets) - 1)
        yield slice(start, stop), slice(int(offsets[start]), int(offsets[stop]))


def _entries_of(
    profiles: Profiles, of_kind: NDArray[np.bool_], *values: NDArray[Any]
) -> tuple[NDArray[Any], ...]:
    """Return the entries of some words: their offsets for each text, their words, their values.

    ``of_kind`` has a flag for each word's number, and ``values`` one value for each entry.
    """
    total = sum(
        int(np.count_nonzero(of_kind[profiles.word[here]])) for _, here in _blocks(profiles.offsets)
    )
    columns = (profiles.word, *values)
    chosen = tuple(np.empty(total, dtype=column.dtype) for column in columns)
    offsets = np.zeros_like(profiles.offsets)
    done = 0
    for rows, here in _blocks(profiles.offsets):
        of_it = of_kind[profiles.word[here]]
        before = np.concatenate([[0], np.cumsum(of_it)])
        ends = profiles.offsets[rows.start + 1 : rows.stop + 1] - here.start
        offsets[rows.start + 1 : rows.stop + 1] = done + before[ends]
        end = done + int(before[-1])
        for target, column in zip(chosen, columns, strict=True):
            target[done:end] = column[here][of_it]
        done = end
    return offsets, *chosen


def _whole(most: int) -> type[np.int32] | type[np.int64]:
    """Return a type for whole numbers up to this."""
    return np.int32 if most < 1 << 31 else np.int64


def _csr(
    values: NDArray[Any], columns: NDArray[np.int32], ends: NDArray[np.int64], width: int
) -> csr_array[Any]:
    from scipy.sparse import csr_array

    # Of one type, or scipy would widen the columns.
    ends = ends.astype(_whole(len(values)), copy=False)
    return csr_array((values, columns, ends), shape=(len(ends) - 1, max(1, width)))


def _view(counts: csr_array[Any], rarity: NDArray[np.int64], words: Sequence[str]) -> View:
    n = counts.shape[0]
    weights = np.empty(len(counts.data), dtype=np.int32)
    norm, total = np.zeros(n), np.zeros(n, dtype=np.int64)
    of_word = rarity.astype(np.int32)
    for rows, here in _blocks(counts.indptr):
        ends = counts.indptr[rows.start : rows.stop + 1].astype(np.int64)
        used = np.minimum(counts.data[here], len(_saturated()) - 1)
        weights[here] = _saturated()[used] * of_word[counts.indices[here]]
        norm[rows], total[rows] = lengths(weights[here], ends - ends[0])
    return View(
        matrix=_csr(weights, counts.indices, counts.indptr, counts.shape[1]),
        norm=norm,
        total=total,
        words=tuple(words),
    )


def lengths(
    weights: NDArray[np.int32], ends: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the Euclidean length and the sum of each row; row i ends at ``ends[i + 1]``."""
    whole = weights.astype(np.int64)
    return np.sqrt(_sums(whole**2, ends)), _sums(whole, ends)


def _sums(values: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the sum of each row."""
    before = np.concatenate([[0], np.cumsum(values)])
    return np.asarray(before[ends[1:]] - before[ends[:-1]])


@cache
def _saturated() -> NDArray[np.int32]:
    """Return what so many uses weigh: 64 for one, and ever less for each use more.

    The curve is BM25's with k1 = 1.2 (Robertson & Zaragoza 2009, doi:10.1561/1500000019).  From
    its last entry on it stays the same.
    """
    counts = np.arange(1024)
    return np.rint(UNIT * 2.2 * counts / (counts + 1.2)).astype(np.int32)


def bounds_of(published: Sequence[Interval | None]) -> NDArray[np.int64]:
    """Return the bounds of dates, as :class:`Features` has them, shape (n, 2)."""
    bounds = [(UNDATED, UNDATED) if span is None else microseconds(span) for span in published]
    return np.array(bounds, dtype=np.int64).reshape(-1, 2)


def microseconds(span: Interval) -> tuple[int, int]:
    """Return both bounds in microseconds since 1970."""
    # Whole numbers: seconds as a float would lose microseconds.
    step = timedelta(microseconds=1)
    return (span.start - _EPOCH) // step, (span.end - _EPOCH) // step
