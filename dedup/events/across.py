"""Clusters of one event in different languages, joined by meaning, names, numbers and time.

The word stage leaves the reports of each language in clusters of their own.  Here *clusters* are
compared, since a pair's cosine says little between two languages, while the mean of a cluster says
far more.  What vectors are worth, and why some are not trusted, is told in :mod:`dedup.semantic`.

Laws
----
* Two clusters start to join only if they differ in language.  A cluster is in the language that
  most of its texts tell; where the user's links have mixed languages, the fewer are not heard.  An
  input in one language comes out as it went in, and nothing of it is embedded.
* The embedder never joins alone.  There must be support: a rare name or number that both hold, or
  dates at most a day apart and a high cosine; between unions, it is enough that parts of the two
  support each other.
* A cluster without a trusted vector is never joined.
* What the user forbids is never joined; clusters are never taken apart.
* Values and coefficients are whole numbers, ties go to the smallest rows: the same labels on every
  machine and for any order of the input.

Theory of operation
-------------------
1. A cluster is the sum of its members: vectors (exact int64 sums), names, numbers, dates.  Weights
   of names are compared as means, so that a large cluster does not share everything by chance.
2. Candidates are clusters in different languages inside the time window whose centroids have a
   cosine of 0.3 or more.  How many a cluster has is its *crowd*: among a thousand reports of one
   Olympic day a good cosine says less than among ten, and every set has its own density.
3. A logistic model (``across.json``) turns these and a few more values into log-odds.
4. The best pair is joined, the union is compared anew with all neighbours of both, and so on while
   the log-odds reach the model's threshold.

A union may also meet a cluster that speaks one of its languages: the third language ties two
clusters that the words kept apart.  Each language that both speak counts against it, and their
parts in different languages must fit by themselves: as the candidates that they once were, they
are on the mean as likely one event as the weakest join that either union rests on, or more likely
than not.  What that takes are sums over the parts, added up when clusters join.
"""

from __future__ import annotations

import heapq
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from dedup.events.features import UNIT, Features
from dedup.events.links import Links
from dedup.semantic import COSINE_UNIT, Embedded
from dedup.text.language import Languages, possible_languages
from dedup.text.tokenize import tokenize

if TYPE_CHECKING:
    from dedup.events.groups import GroupText

#: Units of a value, of a coefficient, and of their product, the log-odds.
VALUE_UNIT: Final = 4096
COEFFICIENT_UNIT: Final = 1024
LOG_ODDS_UNIT: Final = VALUE_UNIT * COEFFICIENT_UNIT

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

_DAY: Final = 86_400_000_000  # microseconds
_NEVER: Final = np.iinfo(np.int64).max
_SIDE: Final = 512

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

#: Pairs whose log-odds lie further than this below the threshold are not looked at again.
_REACH: Final = 3 * LOG_ODDS_UNIT


@dataclass(frozen=True, slots=True, kw_only=True)
class AcrossModel:
    """A fitted model of two clusters.

    Parameters
    ----------
    coefficients : mapping of str to int
        One per entry of :data:`FEATURES`, in units of ``1 / COEFFICIENT_UNIT`` log-odds.
    intercept : int
        Same units.
    threshold : int
        Least log-odds of a join, in units of ``1 / LOG_ODDS_UNIT``.
    """

    coefficients: Mapping[str, int]
    intercept: int
    threshold: int

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> AcrossModel:
        """Read the form that ``across.json`` has."""
        return cls(
            coefficients={
                name: round(data["coefficients"][name] * COEFFICIENT_UNIT) for name in FEATURES
            },
            intercept=round(data["intercept"] * COEFFICIENT_UNIT),
            threshold=round(data["threshold"] * LOG_ODDS_UNIT),
        )

    def log_odds(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the log-odds of rows of values, in units of ``1 / LOG_ODDS_UNIT``."""
        coefficients = np.array([self.coefficients[name] for name in FEATURES], dtype=np.int64)
        found: NDArray[np.int64] = values @ coefficients + self.intercept * VALUE_UNIT
        return found


@cache
def default_across_model() -> AcrossModel:
    """Return the model that the library ships."""
    source = files("dedup.events") / "across.json"
    return AcrossModel.from_dict(json.loads(source.read_text(encoding="utf-8")))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Joined:
    """What was joined, and what was nearly joined.

    Parameters
    ----------
    labels : ndarray of int64, shape (n,)
        The smallest row number of each row's cluster.
    before : ndarray of int64, shape (n,)
        The same before this stage.
    pairs : ndarray of int64, shape (m, 2)
        Clusters that were compared, each by its smallest row at that time: first the joins in
        their order, then candidates that were not too unlike.
    values : ndarray of int64, shape (m, len(FEATURES))
        In units of ``1 / VALUE_UNIT``.
    joins : int
        How many of the pairs are joins.
    candidates : int
        Pairs of clusters that were scored at first.
    """

    labels: NDArray[np.int64]
    before: NDArray[np.int64]
    pairs: NDArray[np.int64]
    values: NDArray[np.int64]
    joins: int
    candidates: int


def languages_of_clusters(
    texts: Sequence[GroupText], languages: Sequence[Languages], labels: NDArray[np.int64]
) -> dict[int, Languages]:
    """Return what each cluster is written in.

    What most of its members say, where their words tell; several headlines, too short each, may
    tell together.

    Parameters
    ----------
    texts : sequence of GroupText, length n
    languages : sequence of Languages, length n
        What each may be written in.
    labels : ndarray of int64, shape (n,)

    Returns
    -------
    dict
        Label → languages.  Linear in the words of clusters whose members tell nothing.
    """
    rows_of: dict[int, list[int]] = defaultdict(list)
    for row, label in enumerate(labels.tolist()):
        rows_of[label].append(row)
    found = {}
    for label, rows in rows_of.items():
        told = Counter(languages[row] for row in rows if languages[row].possible)
        if not told and len(rows) > 1:
            joined = "\n".join(f"{texts[row].title}\n{texts[row].body}" for row in rows)
            found[label] = possible_languages(joined, tokenize(joined))
            continue
        votes = told or Counter(languages[row] for row in rows)
        found[label] = min(
            votes, key=lambda kind: (-votes[kind], kind.script, sorted(kind.possible))
        )
    return found


def worth_embedding(
    features: Features,
    labels: NDArray[np.int64],
    languages: Mapping[int, Languages],
    window_days: float,
) -> NDArray[np.bool_]:
    """Return which rows have a cluster in another language inside the time window, shape (n,).

    Undated clusters are inside every window.  O(n log n) for each two languages.
    """
    spans = _spans(features, labels)
    by_kind: dict[Languages, list[int]] = defaultdict(list)
    for label in spans:
        by_kind[languages[label]].append(label)
    worth: set[int] = set()
    window = window_days * _DAY
    for kind, mine in by_kind.items():
        others = [
            spans[label]
            for other, theirs in by_kind.items()
            if not kind.may_equal(other)
            for label in theirs
        ]
        if None in others:
            worth.update(mine)
            continue
        dated = sorted(span for span in others if span is not None)
        starts = np.array([start for start, _ in dated], dtype=np.float64)
        latest = np.maximum.accumulate(np.array([end for _, end in dated], dtype=np.float64))
        for label in mine:
            span = spans[label]
            if span is None:
                met = bool(dated)
            else:
                # Of the clusters that begin early enough, the one that lasts longest decides.
                place = int(np.searchsorted(starts, span[1] + window, side="right"))
                met = place > 0 and latest[place - 1] >= span[0] - window
            if met:
                worth.add(label)
    return np.array([label in worth for label in labels.tolist()], dtype=np.bool_)


def _spans(features: Features, labels: NDArray[np.int64]) -> dict[int, tuple[int, int] | None]:
    """Return the first and last moment of each cluster's dates; None if it has none."""
    spans: dict[int, tuple[int, int] | None] = dict.fromkeys(labels.tolist())
    dated = features.dated.tolist()
    for row, label in enumerate(labels.tolist()):
        if dated[row]:
            early, late = int(features.earliest[row]), int(features.latest[row])
            span = spans[label]
            spans[label] = (
                (early, late) if span is None else (min(span[0], early), max(span[1], late))
            )
    return spans


def join_across(
    features: Features,
    embedded: Embedded,
    labels: NDArray[np.int64],
    languages: Mapping[int, Languages],
    *,
    window_days: float,
    links: Links | None = None,
    model: AcrossModel | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Joined:
    """Join clusters in different languages that report one event.

    Parameters
    ----------
    features : Features
        n groups.
    embedded : Embedded
        The same n groups.
    labels : ndarray of int64, shape (n,)
        The smallest row number of each row's cluster.
    languages : mapping of int to Languages
        Of each cluster; see :func:`languages_of_clusters`.
    window_days : float
        Largest gap between the dates of two clusters.
    links : Links, optional
        Rows that must never be together; what must be is together already.
    model : AcrossModel, optional
        The shipped one by default.
    progress : callable, optional
        Called with clusters compared and clusters in all.

    Returns
    -------
    Joined
        O(k * k * d) for k clusters with vectors of d dimensions, in blocks, and for each join the
        words of the neighbours of both.  All candidates are held: their number can reach k * k.
    """
    model = model or default_across_model()
    stories = Stories(features, embedded, labels, languages, window_days)
    stories.forbid(links or Links())
    pairs, values = stories.candidates(progress)
    joining = _Joining(stories, pairs, values, model)
    joining.run()
    head = np.array(stories.head, dtype=np.int64)
    width = len(FEATURES)
    return Joined(
        labels=joining.labels(),
        before=labels,
        pairs=np.concatenate(
            [np.array(joining.joins, dtype=np.int64).reshape(-1, 2), head[joining.kept]]
        ),
        values=np.concatenate(
            [np.array(joining.values, dtype=np.int64).reshape(-1, width), joining.kept_values]
        ),
        joins=len(joining.joins),
        candidates=len(pairs),
    )


def in_common(a: tuple[Languages, ...], b: tuple[Languages, ...]) -> int:
    """Return how many of the fewer languages may be one of the others."""
    few, many = sorted((a, b), key=len)
    return sum(any(kind.may_equal(other) for other in many) for kind in few)


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
            matrix = (membership @ features.views[kind].matrix).tocsr()
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
        self.n_dated = [0] * k
        #: Sums of the middles of the dates, doubled: whole numbers.
        self.middles = [0] * k
        self.early, self.late = [_NEVER] * k, [-_NEVER] * k
        dated = features.dated.tolist()
        for row, story in enumerate(self.home.tolist()):
            if dated[row]:
                start, end = int(features.earliest[row]), int(features.latest[row])
                self.n_dated[story] += 1
                self.middles[story] += start + end
                self.early[story] = min(self.early[story], start)
                self.late[story] = max(self.late[story], end)

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
            and self.gap(story, other) <= self.window_days * _DAY
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
        dot, squares = theirs @ mine, (theirs * theirs).sum(axis=1)
        # Exact up to here; the root and the quotient of doubles are rounded alike everywhere.
        lengths = np.sqrt(squares.astype(np.float64)) * np.sqrt(float(mine @ mine))
        cosines: NDArray[np.int64] = np.rint(COSINE_UNIT * dot / np.maximum(lengths, 1)).astype(
            np.int64
        )
        return cosines

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
                days[at] = abs(difference) / (2 * mine * theirs * _DAY)
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


@dataclass(frozen=True, slots=True)
class _Between:
    """What was found between the clusters of the word stage that two unions hold.

    The sum of the log-odds of their candidates, how many those are, and whether one is supported.
    """

    log_odds: int
    pairs: int
    supported: bool

    def plus(self, other: _Between) -> _Between:
        """Return the sums over both."""
        return _Between(
            self.log_odds + other.log_odds,
            self.pairs + other.pairs,
            self.supported or other.supported,
        )


class _Joining:
    """Best-first joining of clusters.

    Law: every entry of the heap was scored, supported and fitting when it was made; an entry whose
    clusters have been joined with others since is stale, and skipped.
    """

    def __init__(
        self,
        stories: Stories,
        pairs: NDArray[np.int64],
        values: NDArray[np.int64],
        model: AcrossModel,
    ) -> None:
        self.stories = stories
        self.model = model
        self.least = model.threshold - _REACH
        self.parent = list(range(len(stories.head)))
        #: Of the clusters of the word stage that each holds, how many speak what.
        self.spoken = [Counter({stories.kinds[story]: 1}) for story in self.parent]
        #: The least log-odds that it rests on, if they are below even.
        self.weakest = [0] * len(self.parent)
        self.joins: list[tuple[int, int]] = []
        self.values: list[NDArray[np.int64]] = []
        self.heap: list[tuple[int, int, int, int, int]] = []
        log_odds = model.log_odds(values)
        near = log_odds >= self.least
        self.kept, self.kept_values, found = pairs[near], values[near], log_odds[near]
        listed = self.kept.tolist()
        self.neighbours: dict[int, set[int]] = defaultdict(set)
        self.between: dict[int, dict[int, _Between]] = defaultdict(dict)
        for a, b in listed:
            self.neighbours[a].add(b)
            self.neighbours[b].add(a)
        starts = np.flatnonzero(np.diff(self.kept[:, 0], prepend=-1, append=-1)).tolist()
        for start, end in pairwise(starts):
            story, others = int(self.kept[start, 0]), self.kept[start:end, 1].tolist()
            support = stories.supported(story, others).tolist()
            first = found[start:end].tolist()
            for other, value, is_so in zip(others, first, support, strict=True):
                self.between[story][other] = self.between[other][story] = _Between(value, 1, is_so)
            self._offer(story, others, found[start:end])

    def run(self) -> None:
        """Join the best pair until none is left."""
        while self.heap:
            value, _, _, a, b = heapq.heappop(self.heap)
            if self.parent[a] == a and self.parent[b] == b:
                self._join(a, b, -value)

    def labels(self) -> NDArray[np.int64]:
        """Return the smallest row number of each row's cluster."""
        head = np.array(self.stories.head, dtype=np.int64)
        for story in range(len(head) - 1, -1, -1):  # a union has a higher number than its parts
            head[story] = head[self.parent[story]]
        found: NDArray[np.int64] = head[self.stories.home]
        return found

    def _join(self, a: int, b: int, log_odds: int) -> None:
        stories = self.stories
        self.joins.append((stories.head[a], stories.head[b]))
        self.values.append(stories.values(a, [b])[0])
        union = stories.join(a, b)
        self.spoken.append(self.spoken[a] + self.spoken[b])
        self._add_up(a, b, union)
        self.weakest.append(min(self.weakest[a], self.weakest[b], log_odds))
        self.parent.append(union)
        self.parent[a] = self.parent[b] = union
        barred = stories.barred.get(union, ())
        others = sorted(
            other
            for other in self.neighbours.pop(a, set()) | self.neighbours.pop(b, set())
            if self.parent[other] == other
            and other not in barred
            and stories.gap(union, other) <= stories.window_days * _DAY
        )
        if not others:
            return
        found = self.model.log_odds(stories.values(union, others))
        near = found >= self.least
        others = [other for other, is_so in zip(others, near.tolist(), strict=True) if is_so]
        self.neighbours[union] = set(others)
        for other in others:
            self.neighbours[other].add(union)
        self._offer(union, others, found[near])

    def _offer(self, story: int, others: Sequence[int], found: NDArray[np.int64]) -> None:
        head = self.stories.head
        for other, value in zip(others, found.tolist(), strict=True):
            if (
                value >= self.model.threshold
                and self._is_supported(story, other)
                and self._fits(story, other)
            ):
                # Best first; among equals the clusters that hold the smallest rows.
                a, b = sorted((story, other), key=head.__getitem__)
                heapq.heappush(self.heap, (-value, head[a], head[b], a, b))

    def _add_up(self, a: int, b: int, union: int) -> None:
        """Add up what is known between the parts of two clusters and those of each other one."""
        known = self.between.pop(a, {})
        for other, more in self.between.pop(b, {}).items():
            known[other] = known[other].plus(more) if other in known else more
        for gone in (a, b):
            known.pop(gone, None)
        for other, sums in known.items():
            theirs = self.between[other]
            theirs.pop(a, None)
            theirs.pop(b, None)
            theirs[union] = sums
        self.between[union] = known

    def _is_supported(self, a: int, b: int) -> bool:
        """Whether there is more than a cosine to a pair, or to parts of the two."""
        known = self.between[a].get(b)
        return known is not None and known.supported

    def _fits(self, a: int, b: int) -> bool:
        """Whether parts in different languages fit by themselves, if the two share a language."""
        if not self.stories.common(a, b):
            return True
        known = self.between[a].get(b, _Between(0, 0, False))
        pairs = self._pairs_apart(a, b)
        total = known.log_odds + self.least * (pairs - known.pairs)
        return pairs > 0 and total >= min(self.weakest[a], self.weakest[b]) * pairs

    def _pairs_apart(self, a: int, b: int) -> int:
        """Return how many pairs of parts of the two are in different languages."""
        return sum(
            mine * theirs
            for kinds, mine in self.spoken[a].items()
            for others, theirs in self.spoken[b].items()
            if not in_common(kinds, others)
        )
