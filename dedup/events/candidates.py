"""Which pairs of groups are worth scoring.

A pair is a candidate if its rarest words overlap enough, or if both groups were published under one
url; and if its dates allow one event, and its words one language.

Theory of operation: each group keeps its ``top_terms`` heaviest terms; the product of that sparse
matrix with its own transpose gives the partial cosine of every pair that shares one of them.  Rows
stand in the order of their dates, undated ones first, so a row is multiplied with what follows it
inside the window, and with nothing else.  The reference takes a slice of rows at a time; the
compiled loop goes through the postings of each row's terms.

A term that more than ``posting_cap`` groups keep would cost their square.  If it is common in
general language, it says little, and does not generate candidates (it still counts in the score).
If it is rare there, it may be the name of a story that everybody tells: its groups are cut into
runs of ``posting_cap``, in the order of their dates, and it generates candidates inside each.  How
many terms were so capped is part of the result.  At equal dates, and without, runs follow the rows:
these must stand in an order that the input's does not touch.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dedup import engine
from dedup.arrays import Chunks, distinct
from dedup.events.features import UNDATED, Features, View
from dedup.events.profiles import RARE
from dedup.hashing import token_hash
from dedup.text.background import prior_document_frequency
from dedup.text.language import Languages

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: Groups multiplied with all others at once; bounds the memory of one product.
_SLICE = 512

#: Groups whose heaviest terms are looked for at once; all would take as much as the features.
_BLOCK = 1 << 13

#: Units of a weight: products and their sums are whole numbers, so their order cannot matter.
COSINE_UNIT = 1024

#: Groups in a row that are compared with their window at once: the postings of all would take as
#: much memory as a third of the features.
_STRETCH = 1 << 17

#: Pairs that are worked on at once, and that one thread finds room for, at least; and characters
#: that cost about as much as a term.
_ROOM = 1 << 20
_CHARACTERS = 30

MICROSECONDS_A_DAY = 86_400_000_000

#: A url under which this many groups or more were published is a page of many stories.
SHARED_PAGE = 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EventCandidates:
    """Pairs worth scoring.

    Parameters
    ----------
    pairs : ndarray of int32, shape (m, 2)
        Row numbers i < j, sorted.
    capped_terms : int
        Terms too widespread to generate all their candidates; raise ``posting_cap`` if it matters.
    """

    pairs: NDArray[np.int32]
    capped_terms: int


def event_candidates(
    features: Features,
    *,
    top_terms: int,
    min_cosine: float,
    window_days: float,
    posting_cap: int,
    across_languages: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> EventCandidates:
    """Find the pairs that may report one event.

    Parameters
    ----------
    features : Features
        n groups.
    top_terms : int
        Heaviest terms of each group that are compared.  Raising it finds more, at a higher cost.
    min_cosine : float
        Least partial cosine of a candidate.  Raising it scores fewer pairs and loses reports that
        share few words.
    window_days : float
        Largest gap between the two dates.  Raising it lets long stories join, and scores more
        pairs.  Undated groups are inside every window.
    posting_cap : int
        Groups that may share a term before it stops generating candidates, or, where it is rare in
        general language, generates those among so many groups in a row alone.
    across_languages : bool
        Whether texts that cannot be of one language may be candidates.
    progress : callable, optional
        Called with groups done and groups in all.

    Returns
    -------
    EventCandidates
        O(sum over terms and runs of the square of their postings), at most ``posting_cap`` squared.
    """
    view = features.views["terms"]
    matrix = heaviest(view, top_terms)
    postings = np.bincount(matrix.indices, minlength=matrix.shape[1])
    capped = postings > posting_cap
    rare = np.zeros_like(capped)
    if capped.any():
        at = np.flatnonzero(capped)
        rare[at] = prior_document_frequency([view.words[word] for word in at.tolist()]) < RARE
        matrix.data[(capped & ~rare)[matrix.indices]] = 0
        matrix.eliminate_zeros()
    n = len(features)
    speak_alike = None if across_languages else one_language(features.languages)

    def fitting(pairs: NDArray[np.int64]) -> NDArray[np.int64]:
        """Keep the pairs inside the window and one language, as one whole number each."""
        kept = pairs[gap_days(features, pairs) <= window_days]
        if speak_alike is not None:
            kept = kept[speak_alike(kept)]
        return np.asarray(kept.min(axis=1) * n + kept.max(axis=1))

    found = Chunks(np.int64)
    found.keep(fitting(_same_url(features.urls)))
    order, ends = _in_time(features, window_days)
    near = _compiled if engine.is_compiled(_CHARACTERS * matrix.nnz) else _reference
    matrix = matrix[order]  # by itself, so that both are not held while it is cut
    matrix = _in_runs(matrix, rare, posting_cap, view.words)
    for a, b, done in near(matrix, ends, min_cosine * COSINE_UNIT**2):
        found.keep(fitting(np.stack([order[a], order[b]], axis=1)))
        if progress is not None:
            progress(done, n)
    del matrix
    pairs = _as_pairs(distinct(found.joined(), overwrite=True), n)
    return EventCandidates(pairs=pairs, capped_terms=int(capped.sum()))


def _as_pairs(codes: NDArray[np.int64], n: int) -> NDArray[np.int32]:
    """Turn codes into pairs where they stand: there are many more pairs than groups."""
    pairs = codes.view(np.int32).reshape(-1, 2)
    for start in range(0, len(codes), _ROOM):
        here = slice(start, start + _ROOM)
        pairs[here, 0], pairs[here, 1] = np.divmod(codes[here], n)
    return pairs


#: Pairs of places in time, and how many places were gone through.
_Near = Iterator[tuple[NDArray[np.int64], NDArray[np.int64], int]]


def _reference(matrix: csr_array[Any], ends: NDArray[np.int64], least: float) -> _Near:
    n = matrix.shape[0]
    for start in range(0, n, _SLICE):
        stop = min(start + _SLICE, n)
        part = matrix[start:stop].astype(np.int64)
        product = (part @ matrix[start : int(ends[start:stop].max())].T).tocoo()
        kept = (product.data >= least) & (product.row < product.col)
        a, b = start + product.row[kept].astype(np.int64), start + product.col[kept]
        inside = b < ends[a]
        yield a[inside], b[inside].astype(np.int64), stop


def _compiled(matrix: csr_array[Any], ends: NDArray[np.int64], least: float) -> _Near:
    engine.warm_up()
    n = matrix.shape[0]
    for first in range(0, n, _STRETCH):
        stop = min(first + _STRETCH, n)
        last = int(ends[first:stop].max())
        index = _postings(matrix[first:last])
        for codes, done in _near_in(index, ends[first:last] - first, least, stop - first):
            yield first + (codes >> 32), first + (codes & 0xFFFFFFFF), first + done


def _near_in(
    index: tuple[NDArray[Any], ...], ends: NDArray[np.int64], least: float, stop: int
) -> Iterator[tuple[NDArray[np.int64], int]]:
    """Yield the near pairs of the first rows, as codes, and how many rows are done."""
    n = len(ends)

    def found_in(part: tuple[int, int]) -> list[NDArray[np.int64]]:
        sums, touched = np.zeros(n, dtype=np.int64), np.empty(n, dtype=np.int32)
        room = np.empty(max(_ROOM, n), dtype=np.int64)
        row, end = part
        codes = []
        while row < end:
            count, row = engine.kernels().near_rows(
                *index, ends, least, row, end, sums, touched, room
            )
            codes.append(room[:count].copy())
        return codes

    step = max(1, min(8 * _SLICE, -(-stop // engine.threads())))
    parts = [(start, min(start + step, stop)) for start in range(0, stop, step)]
    for at in range(0, len(parts), engine.threads()):
        together = parts[at : at + engine.threads()]
        codes = np.concatenate(list(chain.from_iterable(engine.in_parallel(found_in, together))))
        yield codes, together[-1][1]


def _postings(matrix: csr_array[Any]) -> tuple[NDArray[Any], ...]:
    """Return the matrix by rows and by columns, as the compiled loop takes it."""
    from scipy.sparse import csr_array

    columns = matrix.indices.astype(np.int32, copy=False)
    entries = np.arange(len(columns), dtype=np.int32 if len(columns) < 1 << 31 else np.int64)
    by_column = csr_array((entries, columns, matrix.indptr), shape=matrix.shape).tocsc()
    starts = by_column.indptr.astype(np.int64)
    before = np.repeat(starts[:-1].astype(entries.dtype), np.diff(starts))
    np.subtract(entries, before, out=entries)
    place = np.empty(len(columns), dtype=np.int32)
    place[by_column.data] = entries
    del entries, before
    rows = by_column.indices.astype(np.int32, copy=False)
    weights = matrix.data[by_column.data]
    return matrix.indptr.astype(np.int64), columns, matrix.data, place, starts, rows, weights


def _in_time(features: Features, window_days: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows in the order of their dates, and the end of the window of each place.

    What stands at that place or beyond is later by more than the window than whatever stands
    before; undated rows, which are inside every window, come first and have no end.
    """
    dated = features.dated
    order = np.lexsort((features.earliest, dated))
    first = len(dated) - int(dated.sum())
    early = features.earliest[order[first:]] / MICROSECONDS_A_DAY
    late = features.latest[order[first:]] / MICROSECONDS_A_DAY
    # A day more than the window, so that no rounding counts.
    reach = np.maximum.accumulate(late) + window_days + 1
    ends = np.full(len(dated), len(dated), dtype=np.int64)
    ends[first:] = first + np.searchsorted(early, reach, side="right")
    return order, ends


def gap_days(features: Features, pairs: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
    """Return the days between the dates of each pair: 0 if they may coincide, or if one is absent.

    Returns
    -------
    ndarray of float64, shape (m,)
    """
    i, j = pairs[:, 0], pairs[:, 1]
    # The bounds of undated texts would overflow; they are set aside before the subtraction.
    known = are_dated(features, pairs)
    early_i, late_i, early_j, late_j = (
        np.where(known, bound[rows], 0)
        for rows in (i, j)
        for bound in (features.earliest, features.latest)
    )
    gap = np.maximum(early_i - late_j, early_j - late_i)
    return np.asarray(np.maximum(gap, 0) / MICROSECONDS_A_DAY)


def are_dated(features: Features, pairs: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
    """Return whether both texts of each pair have a date, shape (m,)."""
    return np.asarray((features.earliest[pairs] != UNDATED).all(axis=1))


def one_language(
    languages: Sequence[Languages],
) -> Callable[[NDArray[np.int64]], NDArray[np.bool_]]:
    """Return what tells whether the two texts of each pair may be of one language."""
    kinds = sorted(set(languages), key=lambda kind: (kind.script, sorted(kind.possible)))
    number = {kind: place for place, kind in enumerate(kinds)}
    fits = np.array([a.may_equal(b) for a in kinds for b in kinds], dtype=np.bool_)
    fits = fits.reshape(len(kinds), len(kinds))
    of_row = np.array([number[kind] for kind in languages], dtype=np.int64)
    return lambda pairs: np.asarray(fits[of_row[pairs[:, 0]], of_row[pairs[:, 1]]])


def heaviest(view: View, size: int) -> csr_array[Any]:
    """Keep the heaviest entries of each row, divided by the length of the whole row.

    Among equals all are kept or none, so that order is moot; and partial cosines are lower bounds.
    """
    from scipy.sparse import csr_array

    data, indices, done = Chunks(np.int32), Chunks(np.int32), 0
    offsets = np.zeros_like(view.matrix.indptr)
    for first in range(0, view.matrix.shape[0], _BLOCK):
        kept = view.matrix[first : first + _BLOCK].copy()  # it is written into
        for start, end in pairwise(kept.indptr.tolist()):
            if end - start > size:
                weights = kept.data[start:end]
                weakest = np.partition(weights, -size)[-size]
                weights[weights < weakest] = 0
        kept.eliminate_zeros()
        length = np.repeat(view.norm[first : first + _BLOCK], np.diff(kept.indptr))
        kept.data = np.rint(kept.data / length * COSINE_UNIT).astype(np.int32)
        kept.eliminate_zeros()
        data.keep(kept.data)
        indices.keep(kept.indices)
        offsets[first + 1 : first + 1 + kept.shape[0]] = done + kept.indptr[1:]
        done += len(kept.data)
    return csr_array((data.joined(), indices.joined(), offsets), shape=view.matrix.shape)


def _in_runs(
    matrix: csr_array[Any], chosen: NDArray[np.bool_], size: int, words: Sequence[str]
) -> csr_array[Any]:
    """Cut the chosen columns into runs of so many rows, each a column of its own.

    Each word has borders of its own, so that where all texts of a story hold all of its names, not
    all of these part it at one place.  The matrix is written into.
    """
    from scipy.sparse import csr_array

    n, width = matrix.shape
    # How far the rows of each word have come, the first run cut short by its shift.
    place = np.zeros(width, dtype=np.int64)
    at = np.flatnonzero(chosen)
    place[at] = [token_hash(words[each]) % size for each in at.tolist()]
    runs = np.zeros(width, dtype=np.int64)
    runs[at] = (place + np.bincount(matrix.indices, minlength=width))[at] // size + 1
    first = width + np.cumsum(runs) - runs
    for start in range(0, n if len(at) else 0, _BLOCK):
        ends = matrix.indptr[start], matrix.indptr[min(start + _BLOCK, n)]
        here = matrix.indices[slice(*ends)]
        entries = np.flatnonzero(chosen[here])
        columns = here[entries].astype(np.int64)
        order = np.argsort(columns, kind="stable")
        ordered = columns[order]
        before = np.empty_like(order)
        before[order] = np.arange(len(order)) - np.searchsorted(ordered, ordered)
        here[entries] = first[columns] + (place[columns] + before) // size
        place += np.bincount(columns, minlength=width)
    return csr_array(
        (matrix.data, matrix.indices, matrix.indptr), shape=(n, width + int(runs.sum()))
    )


def _same_url(urls: Sequence[frozenset[str]]) -> NDArray[np.int64]:
    pages: dict[str, list[int]] = defaultdict(list)
    for row, addresses in enumerate(urls):
        for address in addresses:
            pages[address].append(row)
    pairs = [
        (i, j)
        for rows in pages.values()
        if len(rows) < SHARED_PAGE
        for place, i in enumerate(rows)
        for j in rows[place + 1 :]
    ]
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)
