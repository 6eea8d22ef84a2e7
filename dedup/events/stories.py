"""Clusters as sums over their members, and what is measured of two in different languages.

Theory of operation: a cluster is the sum of its members' vectors (exact int64), names and numbers;
weights of words are compared as means, so that a large cluster does not share everything by chance.
Words are written in Latin letters first: between languages a name changes its script.
Joining two clusters adds their sums, so a union costs no more than its words.

Laws: values are whole numbers; the values of two clusters do not depend on the order in which their
members or parts came.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from dedup.events.candidates import MICROSECONDS_A_DAY
from dedup.events.features import UNIT, Features
from dedup.events.links import Links
from dedup.events.logistic import VALUE_UNIT
from dedup.semantic import COSINE_UNIT, Embedded, cosines
from dedup.text.language import Languages
from dedup.text.latin import latin_letters

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: Value → what it measures, in the order of the columns.
FEATURES: Mapping[str, str] = {
    "cosine": "they mean much the same",
    "high_cosine": "they mean nearly the same",
    "shared_names": "weight of the rare names that both hold",
    "conflicting_names": "share of the names that only one holds",
    "no_names": "one of them has no recognisable names",
    "shared_numbers": "weight of the numbers that both hold",
    "conflicting_numbers": "share of the numbers that only one holds",
    "no_numbers": "one of them has no numbers",
    "near_in_time": "the dates are near",
    "far_in_time": "the dates are far apart",
    "undated": "one of them has no date",
    "crowd": "others that mean something like it",
    "one_language": "a language in which both are told",
}

#: Least cosine of two centroids that are compared.
LEAST_COSINE: Final = round(0.3 * COSINE_UNIT)

#: Weights of names and numbers that count in full: about six rare names, three rare numbers.
_NAMES_CAP: Final = 60 * UNIT * UNIT
_NUMBERS_CAP: Final = 30 * UNIT * UNIT
_NAME_CONFLICT_OFFSET: Final = 10 * UNIT * UNIT
_NUMBER_CONFLICT_OFFSET: Final = 6 * UNIT * UNIT

#: Days in which nearness in time loses half of its weight, and those that count as far.
_HALF_LIFE: Final = 2.0
_FAR_DAYS: Final = 30.0

#: Counterparts that every cluster is taken to have beside those of the input: the fewer texts
#: there are, the less their number says about what news is like.
_PRIOR_CROWD: Final = 20

#: Support: weight of shared names or numbers (a word in one of twenty texts weighs 3, one in a
#: thousand 6.9), or days between the dates together with a cosine.
_SUPPORTING_WEIGHT: Final = 3 * UNIT * UNIT
_SUPPORTING_DAYS: Final = 1.0
_SUPPORTING_COSINE: Final = 0.5

_SIDE: Final = 512
_NEVER: Final = np.iinfo(np.int64).max


def date_bounds(
    features: Features, home: NDArray[np.int64], k: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first and the last moment of each cluster's dates.

    Parameters
    ----------
    features : Features
        n groups.
    home : ndarray of int64, shape (n,)
        Each group's cluster, 0 to k - 1.
    k : int

    Returns
    -------
    tuple of two ndarrays of int64, shape (k,)
        In microseconds since 1970; the first is after the last where nothing is dated.
    """
    dated = features.dated
    early, late = np.full(k, _NEVER), np.full(k, -_NEVER)
    np.minimum.at(early, home[dated], features.earliest[dated])
    np.maximum.at(late, home[dated], features.latest[dated])
    return early, late


def in_common(a: tuple[Languages, ...], b: tuple[Languages, ...]) -> int:
    """Return how many of the fewer languages may be one of the others."""
    few, many = sorted((a, b), key=len)
    return sum(any(kind.may_equal(other) for other in many) for kind in few)


def _in_latin_letters(words: Sequence[str]) -> csr_array[Any]:
    """Return which word each is in Latin letters, shape (words, such words), as ones."""
    from scipy.sparse import csr_array

    write = latin_letters()
    number: dict[str, int] = {}
    columns = [number.setdefault(write(word), len(number)) for word in words]
    shape = (max(1, len(words)), max(1, len(number)))
    ones = np.ones(len(words), dtype=np.int64)
    return csr_array(
        (ones, (np.arange(len(words)), np.array(columns, dtype=np.int64))), shape=shape
    )


class Stories:
    """Clusters as sums over their members; joined ones are added at the end.

    Numbers of clusters are positions in the lists below: at first in the order of their labels.
    """

    def __init__(
        self,
        features: Features,
        embedded: Embedded,
        labels: NDArray[np.int64],
        languages: Mapping[int, Languages],
        window_days: float,
    ) -> None:
        from scipy.sparse import csr_array

        heads, home = np.unique(labels, return_inverse=True)
        k = len(heads)
        self.window_days = window_days
        self.home = home.astype(np.int64)
        self.head: list[int] = heads.tolist()
        self.size: list[int] = np.bincount(home, minlength=k).tolist()
        sums = np.zeros((k, embedded.vectors.shape[1]), dtype=np.int64)
        np.add.at(sums, home, embedded.vectors.astype(np.int64))
        self.vector: list[NDArray[np.int64]] = list(sums)
        self.kinds: list[tuple[Languages, ...]] = [(languages[label],) for label in self.head]
        membership = csr_array(
            (np.ones(len(home), dtype=np.int64), (home, np.arange(len(home)))), shape=(k, len(home))
        )
        self.words: dict[str, list[tuple[NDArray[np.int64], NDArray[np.int64]]]] = {}
        self.n_words: dict[str, int] = {}
        for kind in ("names", "numbers"):
            view = features.views[kind]
            matrix = (membership @ view.matrix @ _in_latin_letters(view.words)).tocsr()
            matrix.sum_duplicates()
            matrix.eliminate_zeros()
            matrix.sort_indices()
            bounds = matrix.indptr.tolist()
            columns, weights = matrix.indices.astype(np.int64), matrix.data.astype(np.int64)
            self.words[kind] = [
                (columns[start:end], weights[start:end]) for start, end in pairwise(bounds)
            ]
            self.n_words[kind] = matrix.shape[1]
        self._read_dates(features, k)
        self.crowd: list[int] = [0] * k
        self.barred: dict[int, set[int]] = {}

    def _read_dates(self, features: Features, k: int) -> None:
        dated = features.dated
        self.n_dated: list[int] = np.bincount(self.home[dated], minlength=k).tolist()
        #: Sums of the middles of the dates, doubled: whole numbers.
        self.middles = [0] * k
        middles = (features.earliest[dated] + features.latest[dated]).tolist()
        for story, middle in zip(self.home[dated].tolist(), middles, strict=True):
            self.middles[story] += middle
        early, late = date_bounds(features, self.home, k)
        self.early: list[int] = early.tolist()
        self.late: list[int] = late.tolist()

    def forbid(self, links: Links) -> None:
        """Bar the clusters of rows that must not be together from joining."""
        for a, b in links.cannot:
            i, j = int(self.home[a]), int(self.home[b])
            self.barred.setdefault(i, set()).add(j)
            self.barred.setdefault(j, set()).add(i)

    def candidates(
        self, progress: Callable[[int, int], None] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the pairs of clusters worth comparing, and their values; counts the crowds."""
        chosen = [story for story, vector in enumerate(self.vector) if vector.any()]
        sums = np.array([self.vector[story] for story in chosen], dtype=np.float64)
        if not len(chosen):
            return np.empty((0, 2), dtype=np.int64), np.empty((0, len(FEATURES)), dtype=np.int64)
        units = (sums / np.linalg.norm(sums, axis=1, keepdims=True)).astype(np.float32)
        apart, own = self._different(chosen)
        found: list[tuple[int, list[int]]] = []
        for start in range(0, len(chosen), _SIDE):
            near = units[start : start + _SIDE] @ units.T >= LEAST_COSINE / COSINE_UNIT - 0.001
            near &= apart[own[start : start + _SIDE]][:, own]
            for place, row in enumerate(near, start):
                others = [chosen[at] for at in np.flatnonzero(row).tolist() if at > place]
                if others:
                    found.append((chosen[place], self._in_reach(chosen[place], others)))
            if progress is not None:
                progress(min(start + _SIDE, len(chosen)), len(chosen))
        for story, others in found:
            self.crowd[story] += len(others)
            for other in others:
                self.crowd[other] += 1
        pairs = [(story, other) for story, others in found for other in others]
        values = [self.values(story, others) for story, others in found if others]
        return (
            np.array(pairs, dtype=np.int64).reshape(-1, 2),
            np.concatenate([np.empty((0, len(FEATURES)), dtype=np.int64), *values]),
        )

    def _different(self, stories: Sequence[int]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Return which kinds of languages cannot be one, and the kind of each cluster."""
        kinds = sorted(
            {self.kinds[story][0] for story in stories},
            key=lambda kind: (kind.script, sorted(kind.possible)),
        )
        number = {kind: place for place, kind in enumerate(kinds)}
        apart = np.array([[not a.may_equal(b) for b in kinds] for a in kinds], dtype=np.bool_)
        own = np.array([number[self.kinds[story][0]] for story in stories], dtype=np.int64)
        return apart, own

    def _in_reach(self, story: int, others: Sequence[int]) -> list[int]:
        """Return those near enough in meaning and time, and not barred."""
        cosines = self._cosines(story, others).tolist()
        barred = self.barred.get(story, ())
        return [
            other
            for other, cosine in zip(others, cosines, strict=True)
            if cosine >= LEAST_COSINE
            and other not in barred
            and self.gap(story, other) <= self.window_days * MICROSECONDS_A_DAY
        ]

    def gap(self, a: int, b: int) -> int:
        """Return the time between the dates of two clusters; 0 if one has none."""
        if not (self.n_dated[a] and self.n_dated[b]):
            return 0
        return max(0, self.early[a] - self.late[b], self.early[b] - self.late[a])

    def _cosines(self, story: int, others: Sequence[int]) -> NDArray[np.int64]:
        """Return exact cosines of centroids, in units of ``1 / COSINE_UNIT``."""
        mine = self.vector[story]
        theirs = np.array([self.vector[other] for other in others], dtype=np.int64)
        return cosines(theirs @ mine, (theirs * theirs).sum(axis=1), mine @ mine)

    def values(self, story: int, others: Sequence[int]) -> NDArray[np.int64]:
        """Return what is measured of a cluster beside others.

        Returns
        -------
        ndarray of int64, shape (len(others), len(FEATURES))
            In units of ``1 / VALUE_UNIT``.
        """
        cosine = np.maximum(self._cosines(story, others) / COSINE_UNIT, 0.0)
        shared, smaller = self._shared("names", story, others)
        shared_n, smaller_n = self._shared("numbers", story, others)
        n_dated = np.array([self.n_dated[other] for other in others])
        dated = (n_dated > 0) & (self.n_dated[story] > 0)
        days = self._days(story, others)
        crowd = np.array([self.crowd[other] for other in others]) + self.crowd[story]
        columns = {
            "cosine": cosine,
            "high_cosine": np.maximum(2 * cosine - 1, 0.0),
            "shared_names": np.minimum(shared / _NAMES_CAP, 1.0),
            "conflicting_names": (smaller - shared) / (smaller + _NAME_CONFLICT_OFFSET),
            "no_names": smaller == 0,
            "shared_numbers": np.minimum(shared_n / _NUMBERS_CAP, 1.0),
            "conflicting_numbers": (smaller_n - shared_n) / (smaller_n + _NUMBER_CONFLICT_OFFSET),
            "no_numbers": smaller_n == 0,
            "near_in_time": dated / (1 + days / _HALF_LIFE),
            "far_in_time": dated * np.minimum(days / _FAR_DAYS, 1.0),
            "undated": ~dated,
            # The logarithm is rounded far more coarsely than its last bit.
            "crowd": np.rint(256 * np.log1p(crowd / (2 * _PRIOR_CROWD))) / 256 / 4,
            "one_language": np.array([self.common(story, other) for other in others]),
        }
        stacked = np.stack(
            [np.asarray(columns[name], dtype=np.float64) for name in FEATURES], axis=1
        )
        return np.rint(stacked * VALUE_UNIT).astype(np.int64)

    def _days(self, story: int, others: Sequence[int]) -> NDArray[np.float64]:
        """Return the days between the mean dates of clusters; 0 if one has none."""
        days = np.zeros(len(others))
        mine = self.n_dated[story]
        for at, other in enumerate(others):
            theirs = self.n_dated[other]
            if mine and theirs:
                difference = self.middles[story] * theirs - self.middles[other] * mine
                days[at] = abs(difference) / (2 * mine * theirs * MICROSECONDS_A_DAY)
        return days

    def common(self, a: int, b: int) -> int:
        """Return how many languages of the one that has fewer the other may have too."""
        return in_common(self.kinds[a], self.kinds[b])

    def _shared(
        self, kind: str, story: int, others: Sequence[int]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the weight that both hold, and that of the one that has less; as means."""
        columns, weights = self.words[kind][story]
        dense = np.zeros(self.n_words[kind], dtype=np.int64)
        dense[columns] = weights
        theirs = [self.words[kind][other] for other in others]
        sizes = np.array([self.size[other] for other in others], dtype=np.int64)
        lengths = [len(part[0]) for part in theirs]
        owner = np.repeat(np.arange(len(others)), lengths)
        all_columns = np.concatenate([part[0] for part in theirs])
        all_weights = np.concatenate([part[1] for part in theirs])
        both = np.zeros(len(others), dtype=np.int64)
        size = self.size[story]
        np.add.at(both, owner, np.minimum(dense[all_columns] * sizes[owner], all_weights * size))
        total = np.zeros(len(others), dtype=np.int64)
        np.add.at(total, owner, all_weights)
        smaller = np.minimum(total * size, int(weights.sum()) * sizes)
        area = sizes * size
        return both / area, smaller / area

    def supported(self, story: int, others: Sequence[int]) -> NDArray[np.bool_]:
        """Return whether there is more than a cosine to each pair."""
        found = np.zeros(len(others), dtype=np.bool_)
        for kind in ("names", "numbers"):
            found |= self._shared(kind, story, others)[0] >= _SUPPORTING_WEIGHT
        dated = np.array([bool(self.n_dated[story] and self.n_dated[other]) for other in others])
        near = dated & (self._days(story, others) <= _SUPPORTING_DAYS)
        high = self._cosines(story, others) >= _SUPPORTING_COSINE * COSINE_UNIT
        return found | (near & high)

    def join(self, a: int, b: int) -> int:
        """Add the union of two clusters and return its number."""
        self.head.append(min(self.head[a], self.head[b]))
        self.size.append(self.size[a] + self.size[b])
        self.vector.append(self.vector[a] + self.vector[b])
        for parts in self.words.values():
            columns = np.concatenate([parts[a][0], parts[b][0]])
            distinct, place = np.unique(columns, return_inverse=True)
            weights = np.zeros(len(distinct), dtype=np.int64)
            np.add.at(weights, place, np.concatenate([parts[a][1], parts[b][1]]))
            parts.append((distinct, weights))
        self.n_dated.append(self.n_dated[a] + self.n_dated[b])
        self.middles.append(self.middles[a] + self.middles[b])
        self.early.append(min(self.early[a], self.early[b]))
        self.late.append(max(self.late[a], self.late[b]))
        crowds = self.crowd[a] * self.size[a] + self.crowd[b] * self.size[b]
        self.crowd.append(crowds // self.size[-1])
        self.kinds.append(
            self.kinds[a]
            + tuple(
                kind
                for kind in self.kinds[b]
                if not any(kind.may_equal(other) for other in self.kinds[a])
            )
        )
        union = len(self.head) - 1
        inherited = self.barred.pop(a, set()) | self.barred.pop(b, set())
        for other in inherited:
            self.barred[other] -= {a, b}
            self.barred[other].add(union)
        if inherited:
            self.barred[union] = inherited
        return union
