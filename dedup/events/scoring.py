"""Pair → probability of the same event, with the contribution of every feature.

Theory of operation
-------------------
A logistic model over a dozen features, each built so that more means more alike or, for the
conflicts, more apart.  :data:`FEATURES` names them in the order of the columns.  The coefficients
are read from ``model.json`` beside this file, which also records what they were fitted to.

* *Similarity*: cosines of the weighted views (whole text, headline and lead, names, numbers), and
  the mass of rare names that both hold, which tells three shared names from one.
* *Conflict*: the share of names, and of numbers, that the poorer of the two texts holds and the
  other lacks.  Two robberies share all their common words; they differ in street, name and age.
* *Template*: long passages in common although the names, or the numbers, differ: two dividend
  notices, not two reports of one dividend.
* *Time*: near dates speak for one event, distant ones against it; without dates, neither.
* *Address*: one url.

Laws: features are whole numbers (1/4096), coefficients are whole numbers (1/1024), so log-odds are
exact sums and equal on every machine.  The score is symmetric in the two groups.  There is one
scoring path; explaining reads its contributions.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedup.duplicates.shingling import Ragged
from dedup.duplicates.verify import shared_counts
from dedup.events.candidates import gap_days
from dedup.events.clustering import PROBABILITY_UNIT
from dedup.events.features import UNIT, Features, View

#: Units of a feature, of a coefficient, and of their product, the log-odds.
VALUE_UNIT = 4096
COEFFICIENT_UNIT = 1024
LOG_ODDS_UNIT = VALUE_UNIT * COEFFICIENT_UNIT

#: Feature → what it measures, in the order of the columns.
FEATURES: Mapping[str, str] = {
    "text": "similarity of the rare words of the whole texts",
    "lead": "similarity of headlines and leads",
    "names": "similarity of the names",
    "numbers": "similarity of the numbers",
    "shared_names": "weight of the rare names that both hold",
    "conflicting_names": "share of the names that only one holds",
    "conflicting_numbers": "share of the numbers that only one holds",
    "template_names": "shared passages with other names in them",
    "template_numbers": "shared passages with other numbers in them",
    "no_names": "one of the texts has no recognisable names",
    "no_numbers": "one of the texts has no numbers",
    "near_in_time": "the dates are near",
    "far_in_time": "the dates are far apart",
    "undated": "one of the texts has no date",
    "same_url": "published under one url",
}

#: Pairs scored at once; bounds memory.
_BLOCK = 1 << 16

#: Shared names weigh in up to this, about six rare ones.
_SHARED_CAP = 60 * UNIT * UNIT

#: Added to the weight that a share of conflicts is taken of, about one rare name: where there is
#: little to compare, a conflict says little.
_NAME_CONFLICT_OFFSET = 10 * UNIT * UNIT
_NUMBER_CONFLICT_OFFSET = 6 * UNIT * UNIT

#: Added to the product of two lengths: the weight of one rare word, squared.
_COSINE_OFFSET = float(60 * UNIT**4)

#: Days in which nearness in time loses half of its weight.
_HALF_LIFE = 2.0
_FAR_DAYS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A fitted pair model.

    Parameters
    ----------
    coefficients : mapping of str to int
        One per entry of :data:`FEATURES`, in units of 1/1024 log-odds.
    intercept : int
        Log-odds before anything is compared, same units.
    """

    coefficients: Mapping[str, int]
    intercept: int

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Model:
        """Read the form that ``model.json`` has."""
        return cls(
            coefficients={
                name: round(data["coefficients"][name] * COEFFICIENT_UNIT) for name in FEATURES
            },
            intercept=round(data["intercept"] * COEFFICIENT_UNIT),
        )


@cache
def default_model() -> Model:
    """Return the model that the library ships."""
    source = files("dedup.events") / "model.json"
    return Model.from_dict(json.loads(source.read_text(encoding="utf-8")))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scored:
    """Scored pairs.

    Parameters
    ----------
    pairs : ndarray of int64, shape (m, 2)
    values : ndarray of int32, shape (m, len(FEATURES))
        Features in units of ``1 / VALUE_UNIT``.
    log_odds : ndarray of int64, shape (m,)
        In units of ``1 / LOG_ODDS_UNIT``.
    probability : ndarray of int64, shape (m,)
        In units of ``1 / PROBABILITY_UNIT``.
    """

    pairs: NDArray[np.int64]
    values: NDArray[np.int32]
    log_odds: NDArray[np.int64]
    probability: NDArray[np.int64]

    def at_least(self, floor: int) -> Scored:
        """Keep the pairs whose probability reaches a floor (in units of a probability)."""
        kept = self.probability >= floor
        return Scored(
            pairs=self.pairs[kept],
            values=self.values[kept],
            log_odds=self.log_odds[kept],
            probability=self.probability[kept],
        )


def score(
    features: Features,
    shingles: Ragged,
    pairs: NDArray[np.int64],
    model: Model | None = None,
) -> Scored:
    """Score pairs of groups.

    Parameters
    ----------
    features : Features
        n groups.
    shingles : Ragged
        Shingle hashes of the same n groups.
    pairs : ndarray of int64, shape (m, 2)
        Row numbers.
    model : Model, optional
        The shipped one by default.

    Returns
    -------
    Scored
        O(words of both sides of all pairs).

    References
    ----------
    Cox 1958, the regression analysis of binary sequences, doi:10.1111/j.2517-6161.1958.tb00292.x.
    """
    model = model or default_model()
    coefficients = np.array([model.coefficients[name] for name in FEATURES], dtype=np.int64)
    blocks = [np.empty((0, len(FEATURES)), dtype=np.int32)] + [
        _values(features, shingles, pairs[start : start + _BLOCK])
        for start in range(0, len(pairs), _BLOCK)
    ]
    values = np.concatenate(blocks)
    log_odds = values.astype(np.int64) @ coefficients + model.intercept * VALUE_UNIT
    return Scored(
        pairs=pairs, values=values, log_odds=log_odds, probability=to_probability(log_odds)
    )


def _values(features: Features, shingles: Ragged, pairs: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return the features of each pair, shape (m, len(FEATURES)), in units of 1/4096."""
    views = features.views
    i, j = pairs[:, 0], pairs[:, 1]
    dated = features.dated[i] & features.dated[j]
    days = gap_days(features, pairs)
    names, numbers = views["names"], views["numbers"]
    shared_names, other_names = _shared_and_conflicting(names, i, j, _NAME_CONFLICT_OFFSET)
    _, other_numbers = _shared_and_conflicting(numbers, i, j, _NUMBER_CONFLICT_OFFSET)
    passages = np.sqrt(_containment(shingles, pairs))
    columns = {
        "text": np.sqrt(_cosine(views["terms"], i, j)),
        "lead": _cosine(views["lead"], i, j),
        "names": _cosine(names, i, j),
        "numbers": _cosine(numbers, i, j),
        "shared_names": np.minimum(shared_names, _SHARED_CAP) / _SHARED_CAP,
        "conflicting_names": other_names,
        "conflicting_numbers": other_numbers,
        # Powers, since an update changes some of its numbers, a template nearly all of them.
        "template_names": passages * other_names**2,
        "template_numbers": passages * other_numbers * other_numbers**2,
        "no_names": np.minimum(names.total[i], names.total[j]) == 0,
        "no_numbers": np.minimum(numbers.total[i], numbers.total[j]) == 0,
        "near_in_time": dated / (1 + days / _HALF_LIFE),
        "far_in_time": dated * np.minimum(days / _FAR_DAYS, 1.0),
        "undated": ~dated,
        "same_url": np.array(
            [not features.urls[a].isdisjoint(features.urls[b]) for a, b in pairs.tolist()]
        ),
    }
    stacked = np.stack([np.asarray(columns[name], dtype=np.float64) for name in FEATURES], axis=1)
    return np.rint(stacked * VALUE_UNIT).astype(np.int32)


def _cosine(view: View, i: NDArray[np.int64], j: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the cosine of two rows, held down where both are so short that one word decides."""
    dot = view.matrix[i].multiply(view.matrix[j]).sum(axis=1)
    return np.asarray(dot / (view.norm[i] * view.norm[j] + _COSINE_OFFSET))


def _shared_and_conflicting(
    view: View, i: NDArray[np.int64], j: NDArray[np.int64], offset: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the weight that both hold, and the share of the poorer one's that only it holds."""
    shared = np.asarray(view.matrix[i].minimum(view.matrix[j]).sum(axis=1))
    smaller = np.minimum(view.total[i], view.total[j])
    return shared, (smaller - shared) / (smaller + offset)


def _containment(shingles: Ragged, pairs: NDArray[np.int64]) -> NDArray[np.float64]:
    shorter = shingles.lengths[pairs].min(axis=1)
    return np.asarray(shared_counts(shingles, pairs) / np.maximum(shorter, 1))


def to_probability(log_odds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return probabilities in units of ``1 / PROBABILITY_UNIT``, rising with the log-odds.

    Parameters
    ----------
    log_odds : ndarray of int64, shape (m,)
        In units of ``1 / LOG_ODDS_UNIT``.

    Examples
    --------
    >>> (to_probability(np.array([-5, 0, 5]) * LOG_ODDS_UNIT) / PROBABILITY_UNIT).round(3).tolist()
    [0.007, 0.5, 0.993]
    """
    table = _probability_table()
    step = np.clip(log_odds // (LOG_ODDS_UNIT // _STEPS), -len(table) // 2, len(table) // 2 - 1)
    return table[step + len(table) // 2]


#: Steps of the table in one unit of log-odds, and its reach on either side.
_STEPS = 256
_REACH = 16


@cache
def _probability_table() -> NDArray[np.int64]:
    # A table of rounded values, because exp differs in its last bit between machines.
    steps = range(-_REACH * _STEPS, _REACH * _STEPS)
    return np.array(
        [round(PROBABILITY_UNIT / (1 + math.exp(-step / _STEPS))) for step in steps], dtype=np.int64
    )
