"""Pair → probability of the same event, with the contribution of every feature.

Theory of operation
-------------------
A logistic model over sixteen features, each built so that more means more alike or, for the
conflicts, more apart.  :data:`FEATURES` names them in the order of the columns.  The coefficients
are read from ``model.json`` beside this file, which also records what they were fitted to.

* *Similarity*: cosines of the weighted views (whole text, headline and lead, names, numbers), and
  the weight of the three rarest words that both hold, which tells three shared names from one.
* *Conflict*: the share of names, and of numbers, that the poorer of the two texts holds and the
  other lacks.  Two robberies share all their common words; they differ in street, name and age.
* *Extent*: in how many parts of either text stands something rare that the other holds too.  A
  round-up shares one paragraph with each of its stories.
* *Template*: the same common words with other names, or other numbers, in them: two dividend
  notices, not two reports of one dividend.  Reports in other words never share so many of them.
* *Time*: near dates speak for one event, distant ones against it; without dates, neither.  The
  shorter the texts, the less else there is to go by, and the more nearness says.
* *Address*: one url, as far as the two share a rare word: a section has an address, too.

Laws: features are whole numbers (1/4096), coefficients are whole numbers (1/1024), so log-odds are
exact sums and equal on every machine.  The score is symmetric in the two groups.  There is one
scoring path; explaining reads its contributions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedup import engine
from dedup.arrays import rows_of
from dedup.events.candidates import MICROSECONDS_A_DAY, are_dated, gap_days
from dedup.events.clustering import PROBABILITY_UNIT
from dedup.events.features import BLOCK, UNIT, Features, View
from dedup.events.logistic import LOG_ODDS_UNIT, VALUE_UNIT, Model, stored
from dedup.events.overlaps import Overlaps, how_many_parts, overlaps_of

_Floats = NDArray[np.float64]

#: Feature → what it measures, in the order of the columns.
FEATURES: Mapping[str, str] = {
    "text": "similarity of the rare words of the whole texts",
    "lead": "similarity of headlines and leads",
    "names": "similarity of the names",
    "numbers": "similarity of the numbers",
    "rarest": "weight of the three rarest words that both hold",
    "conflicting_names": "share of the names that only one holds",
    "conflicting_numbers": "share of the numbers that only one holds",
    "narrow": "what they share stands in few parts of one of them",
    "template_names": "the same common words with other names in them",
    "template_numbers": "the same common words with other numbers in them",
    "near_in_time": "the dates are near",
    "same_day": "the dates are near to the hour",
    "near_and_short": "the dates are near and the texts short",
    "far_in_time": "the dates are far apart",
    "undated": "one of the texts has no date",
    "same_url": "published under one url",
}

#: Pairs scored at once; bounds memory.
_BLOCK = 1 << 16

#: Weight of the rarest shared words in which the feature is measured.
_RAREST_SCALE = 30 * UNIT * UNIT

#: Added to the weight that a share of conflicts is taken of, about one rare name: where there is
#: little to compare, a conflict says little.
_NAME_CONFLICT_OFFSET = 10 * UNIT * UNIT
_NUMBER_CONFLICT_OFFSET = 6 * UNIT * UNIT

#: Weight of the rarest shared words from which one url counts in full: two words of some rarity.
#: Under the address of a section stand stories that share none.
_VERSION_FROM = 12 * UNIT * UNIT

#: Added to the product of two lengths: the weight of one rare word, squared.
_COSINE_OFFSET = float(60 * UNIT**4)

#: A text in which fewer than this share of the parts holds something shared is a narrow match.
_NARROW = 0.4

#: Common words that both hold, of all that either does: from the first share on a form is likely,
#: from the second it is certain.  Of 246 pairs of reports of one event above the first, in three
#: sets, none had conflicting names of more than .6.
_FORM_FROM, _FORM_TO = 0.4, 0.8

#: Days in which nearness in time loses half of its weight, and terms in which brevity does.
_HALF_LIFE = 2.0
_HALF_DAY = 0.5
_HALF_LENGTH = 20
_FAR_DAYS = 30.0


@cache
def default_model() -> Model:
    """Return the model that the library ships."""
    return Model.from_dict(stored("model.json"), FEATURES)


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


def score(
    features: Features,
    pairs: NDArray[np.integer[Any]],
    model: Model | None = None,
    *,
    floor: int = 0,
) -> Scored:
    """Score pairs of groups.

    Parameters
    ----------
    features : Features
        n groups.
    pairs : ndarray of integers, shape (m, 2)
        Row numbers.
    model : Model, optional
        The shipped one by default.
    floor : int
        Pairs less probable than this are left out, in units of a probability.  Nearly all are, so
        their features are dropped as they come and only a block of them is ever held.

    Returns
    -------
    Scored
        O(words of both sides of all pairs).
    """
    model = model or default_model()
    kept_pairs = [np.empty((0, 2), dtype=np.int64)]
    kept_values = [np.empty((0, len(FEATURES)), dtype=np.int32)]
    count, texts = overlaps_of(features, len(pairs)), _Texts.of(features, pairs)

    def scored(start: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        block = pairs[start : start + _BLOCK].astype(np.int64)
        values = _values(features, texts, count(block), block)
        kept = to_probability(model.log_odds(values)) >= floor
        return block[kept], values[kept]

    for block, values in engine.in_parallel(scored, range(0, len(pairs), _BLOCK)):
        kept_pairs.append(block)
        kept_values.append(values)
    values = np.concatenate(kept_values)
    log_odds = model.log_odds(values)
    return Scored(
        pairs=np.concatenate(kept_pairs),
        values=values,
        log_odds=log_odds,
        probability=to_probability(log_odds),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Texts:
    """What is known of each text by itself.

    How many of its words are no names, how many of its parts hold a rare term, whether it has an
    address, and the middle of its date.
    """

    common: NDArray[np.int64]
    parts: NDArray[np.int64]
    has_url: NDArray[np.bool_]
    middle: NDArray[np.int64]

    @classmethod
    def of(cls, features: Features, pairs: NDArray[np.integer[Any]]) -> _Texts:
        """Look at the texts of some pairs; of the others nothing is said."""
        n = len(features)
        terms = features.views["terms"].matrix
        common, parts = np.zeros((2, n), dtype=np.int64)
        has_url, asked = np.zeros((2, n), dtype=np.bool_)
        asked[pairs.ravel()] = True
        every = np.flatnonzero(asked)
        for start in range(0, len(every), BLOCK):
            rows = every[start : start + BLOCK]
            at, ends = rows_of(terms.indptr, rows)
            before = np.concatenate([[0], np.cumsum(features.common[terms.indices[at]])])
            common[rows] = np.diff(before[ends])
            parts[rows] = how_many_parts(features.places[at], ends)
            has_url[rows] = [bool(features.urls[row]) for row in rows.tolist()]
        return cls(common=common, parts=parts, has_url=has_url, middle=features.middle)


def _values(
    features: Features, texts: _Texts, overlaps: Overlaps, pairs: NDArray[np.int64]
) -> NDArray[np.int32]:
    """Return the features of each pair, shape (m, len(FEATURES)), in units of 1/4096."""
    views = features.views
    i, j = pairs[:, 0], pairs[:, 1]
    dated = are_dated(features, pairs)
    days = gap_days(features, pairs)
    near = dated / (1 + days / _HALF_LIFE)
    between_middles = np.abs(texts.middle[i] - texts.middle[j]) / MICROSECONDS_A_DAY
    cosine = {kind: _cosine(overlaps, view, kind, pairs) for kind, view in views.items()}
    other_names, other_numbers = (
        _conflict(overlaps, views[kind], kind, pairs, offset)
        for kind, offset in (
            ("names", _NAME_CONFLICT_OFFSET),
            ("numbers", _NUMBER_CONFLICT_OFFSET),
        )
    )
    alike = _common_words(overlaps, texts.common, pairs)
    form = np.clip((alike - _FORM_FROM) / (_FORM_TO - _FORM_FROM), 0, 1)
    extent = _extent(overlaps, texts.parts, pairs)
    rarest = overlaps.rarest.astype(np.float64)
    columns = {
        "text": np.sqrt(cosine["terms"]),
        "lead": np.sqrt(cosine["lead"]),
        "names": cosine["names"],
        "numbers": cosine["numbers"],
        "rarest": rarest / _RAREST_SCALE,
        "conflicting_names": other_names,
        "conflicting_numbers": other_numbers,
        "narrow": np.maximum(_NARROW - extent, 0),
        "template_names": form * other_names,
        "template_numbers": form * other_numbers,
        "near_in_time": near,
        "same_day": dated / (1 + between_middles / _HALF_DAY),
        "near_and_short": near
        * _HALF_LENGTH
        / (_HALF_LENGTH + np.minimum(features.sizes[i], features.sizes[j])),
        "far_in_time": dated * np.minimum(days / _FAR_DAYS, 1.0),
        "undated": ~dated,
        "same_url": _one_url(features, texts, pairs) * np.minimum(rarest / _VERSION_FROM, 1.0),
    }
    stacked = np.stack([np.asarray(columns[name], dtype=np.float64) for name in FEATURES], axis=1)
    return np.rint(stacked * VALUE_UNIT).astype(np.int32)


def _cosine(overlaps: Overlaps, view: View, kind: str, pairs: NDArray[np.int64]) -> _Floats:
    """Return the cosine of two rows, held down where both are so short that one word decides."""
    i, j = pairs[:, 0], pairs[:, 1]
    return np.asarray(overlaps.products[kind] / (view.norm[i] * view.norm[j] + _COSINE_OFFSET))


def _conflict(
    overlaps: Overlaps, view: View, kind: str, pairs: NDArray[np.int64], offset: int
) -> _Floats:
    """Return the share of the poorer one's weight that only it holds."""
    smaller = np.minimum(view.total[pairs[:, 0]], view.total[pairs[:, 1]])
    return np.asarray((smaller - overlaps.minima[kind]) / (smaller + offset))


def _extent(overlaps: Overlaps, parts: NDArray[np.int64], pairs: NDArray[np.int64]) -> _Floats:
    """Return the share of each text's parts that hold a rare term of the other; the smaller one."""
    return np.asarray((overlaps.places / np.maximum(parts[pairs], 1)).min(axis=1))


def _common_words(
    overlaps: Overlaps, sizes: NDArray[np.int64], pairs: NDArray[np.int64]
) -> _Floats:
    """Return the Jaccard similarity of the words that are no names; held down for a few words."""
    either = sizes[pairs].sum(axis=1) - overlaps.common
    return np.asarray(overlaps.common / (either + 2))


def _one_url(features: Features, texts: _Texts, pairs: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return whether the two were published under one url."""
    found: NDArray[np.bool_] = np.asarray(texts.has_url[pairs].all(axis=1))
    for at in np.flatnonzero(found).tolist():
        a, b = pairs[at].tolist()
        found[at] = not features.urls[a].isdisjoint(features.urls[b])
    return found


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
