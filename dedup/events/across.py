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

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dedup.events.candidates import MICROSECONDS_A_DAY
from dedup.events.features import Features
from dedup.events.joining import Joining
from dedup.events.links import Links
from dedup.events.logistic import LOG_ODDS_UNIT, Model, stored
from dedup.events.stories import FEATURES, Stories, date_bounds
from dedup.semantic import Embedded
from dedup.text.language import Languages, possible_languages
from dedup.text.tokenize import tokenize

if TYPE_CHECKING:
    from dedup.events.groups import GroupText


@dataclass(frozen=True, slots=True, kw_only=True)
class AcrossModel:
    """A fitted model of two clusters, and from where on they are joined.

    Parameters
    ----------
    weights : Model
        One coefficient per entry of :data:`dedup.events.stories.FEATURES`.
    threshold : int
        Least log-odds of a join, in units of ``1 / LOG_ODDS_UNIT``.
    """

    weights: Model
    threshold: int

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> AcrossModel:
        """Read the form that ``across.json`` has."""
        return cls(
            weights=Model.from_dict(data, FEATURES),
            threshold=round(data["threshold"] * LOG_ODDS_UNIT),
        )


@cache
def default_across_model() -> AcrossModel:
    """Return the model that the library ships."""
    return AcrossModel.from_dict(stored("across.json"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Joined:
    """What was joined, and what was nearly joined.

    Parameters
    ----------
    labels : ndarray of int64, shape (n,)
        The smallest row number of each row's cluster.
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
    heads, home = np.unique(labels, return_inverse=True)
    early, late = (bounds.tolist() for bounds in date_bounds(features, home, len(heads)))
    dated = [start <= end for start, end in zip(early, late, strict=True)]
    by_kind: dict[Languages, list[int]] = defaultdict(list)
    for place, label in enumerate(heads.tolist()):
        by_kind[languages[label]].append(place)
    worth = np.zeros(len(heads), dtype=np.bool_)
    window = window_days * MICROSECONDS_A_DAY
    for kind, mine in by_kind.items():
        others = [
            place
            for other, theirs in by_kind.items()
            if not kind.may_equal(other)
            for place in theirs
        ]
        if not all(dated[place] for place in others):
            worth[mine] = True
            continue
        others.sort(key=early.__getitem__)
        starts = np.array([early[place] for place in others], dtype=np.float64)
        latest = np.maximum.accumulate(np.array([late[p] for p in others], dtype=np.float64))
        for place in mine:
            # Of the clusters that begin early enough, the one that lasts longest decides.
            begun = int(np.searchsorted(starts, late[place] + window, side="right"))
            in_time = begun > 0 and latest[begun - 1] >= early[place] - window
            worth[place] = in_time if dated[place] else bool(others)
    return worth[home]


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
    joining = Joining(stories, pairs, values, model.weights, model.threshold)
    joining.run()
    head = np.array(stories.head, dtype=np.int64)
    width = len(FEATURES)
    return Joined(
        labels=joining.labels(),
        pairs=np.concatenate(
            [np.array(joining.joins, dtype=np.int64).reshape(-1, 2), head[joining.kept]]
        ),
        values=np.concatenate(
            [np.array(joining.values, dtype=np.int64).reshape(-1, width), joining.kept_values]
        ),
        joins=len(joining.joins),
        candidates=len(pairs),
    )
