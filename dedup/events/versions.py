"""Versions of one running report: what one source puts out again, longer, within two days.

A flash grows into a report, the report into a background, and the last version need share nothing
with the first.  Each is the same story for whoever published it, but the mean over all pairs, by
which clusters are joined, sees the first and the last as strangers.  So two texts are versions, and
start in one cluster, if

* one source published both, less than two days apart,
* two fifths of the shingles of the shorter one stand in the other (of five words each: half of its
  paragraphs, but for the runs of words at their seams), and
* the pair is as good as certain to be one event, round-ups being held down before.

Two notices from one form, and a story with the day's digest that holds it, fail the last of these.

Laws: versions depend on the two texts, dates and sources, on the pair's own score, and on
``duplicate.shingle_size``; without dates or sources there are none, nor of a text shorter than a
shingle.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from dedup.duplicates.passages import shared_passages
from dedup.events.candidates import gap_days
from dedup.events.clustering import PROBABILITY_UNIT
from dedup.events.features import Features
from dedup.text.told import Text

__all__ = ["Sourced", "are_versions"]

#: Least probability, and share of the shorter text's shingles; and days between the two at most.
_SURE: Final = round(0.8 * PROBABILITY_UNIT)
_HELD: Final = 0.4
_DAYS: Final = 2.0


class Sourced(Text, Protocol):
    """A cleaned text, and who published it."""

    @property
    def sources(self) -> frozenset[str]:
        """The outlets."""


def are_versions(
    features: Features,
    texts: Sequence[Sourced],
    pairs: NDArray[np.integer[Any]],
    probability: NDArray[np.int64],
    shingle_size: int,
) -> NDArray[np.bool_]:
    """Return which pairs are versions of one report.

    Parameters
    ----------
    features : Features
        n texts.
    texts : sequence of Sourced, length n
    pairs : ndarray of integers, shape (m, 2)
    probability : ndarray of int64, shape (m,)
        In units of ``1 / PROBABILITY_UNIT``, after round-ups were held down.
    shingle_size : int
        Tokens in a shingle.

    Returns
    -------
    ndarray of bool, shape (m,)
        Linear in the pairs, and in the texts of those that one source published.
    """
    dated = features.dated[pairs].all(axis=1)
    asked = np.flatnonzero(dated & (probability >= _SURE))
    asked = asked[gap_days(features, pairs[asked]) < _DAYS]
    one = [bool(texts[i].sources & texts[j].sources) for i, j in pairs[asked].tolist()]
    asked = asked[np.array(one, dtype=np.bool_)]
    common = shared_passages(texts, pairs[asked], shingle_size)
    shorter = common.sizes.min(axis=1)
    found = np.zeros(len(pairs), dtype=np.bool_)
    found[asked] = (shorter > 0) & (common.counts >= _HELD * shorter)
    return found
