"""How far probabilities can be believed, and how well scores order pairs.

Pure functions of probabilities (or scores), of what was true, and of what each pair weighs.

- *Calibration error*: pairs sorted by probability, cut into bins of equally many; the mean
  distance between what a bin promises and what it holds.
- *Reliability*: bins of equal width, which show where along the scale the promise fails.
- *Brier score* and *log loss*: both also fall when the scores tell the pairs apart better.
- *ROC AUC*: the chance that a pair of one event scores above a pair of two; the scale is ignored.

References
----------
Brier 1950, doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2.
Naeini et al. 2015, Obtaining well calibrated probabilities using Bayesian binning, AAAI.
Efron 1979, bootstrap methods, doi:10.1214/aos/1176344552.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

BINS = 10
DRAWS = 2000

#: A probability of 0 or 1 is a rounded one: it counts as half a unit of the library's away from it.
CLIP = 2.0**-21


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """What the pairs of one bin promise and hold: share of all, mean probability, share same."""

    share: float
    probability: float
    same: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Area under the ROC curve with its interval of 95 %."""

    score: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.score:.3f} ({self.low:.3f}–{self.high:.3f})"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """Pairs with a probability each, what was true, and what each weighs (all weights sum to 1)."""

    probability: Floats
    same: Flags
    weight: Floats

    @classmethod
    def of(cls, probability: Floats, same: Flags) -> Judged:
        """Return pairs that all weigh the same."""
        return cls(
            probability=probability, same=same, weight=np.full(len(same), 1 / max(len(same), 1))
        )

    @classmethod
    def pooled(cls, families: Iterable[Iterable[Judged]]) -> Judged:
        """Pool families so that each weighs the same, and inside it every pair."""
        joined = [
            cls.of(
                np.concatenate([part.probability for part in parts]),
                np.concatenate([part.same for part in parts]),
            )
            for parts in map(list, families)
        ]
        return cls(
            probability=np.concatenate([family.probability for family in joined]),
            same=np.concatenate([family.same for family in joined]),
            weight=np.concatenate([family.weight for family in joined]) / len(joined),
        )

    def brier(self) -> float:
        """Return the mean squared distance of the probability from the truth."""
        return float((self.weight * (self.probability - self.same) ** 2).sum())

    def log_loss(self) -> float:
        """Return the mean of minus the logarithm of the probability given to the truth."""
        probability = np.clip(self.probability, CLIP, 1 - CLIP)
        given = np.where(self.same, probability, 1 - probability)
        return float(-(self.weight * np.log(given)).sum())

    def reliability(self) -> list[Bin | None]:
        """Return the bins 0 – .1 … .9 – 1; None where there is no pair."""
        index = np.minimum((self.probability * BINS).astype(np.int64), BINS - 1)
        return [self._bin(np.flatnonzero(index == number)) for number in range(BINS)]

    def calibration_error(self) -> float:
        """Return the mean distance of promised from true over ten bins of equally many pairs."""
        order = np.argsort(self.probability, kind="stable")
        return error(self._bin(rows) for rows in np.array_split(order, BINS))

    def _bin(self, rows: NDArray[np.int64]) -> Bin | None:
        weight = self.weight[rows]
        share = float(weight.sum())
        if share == 0:
            return None
        return Bin(
            share=share,
            probability=float((weight * self.probability[rows]).sum()) / share,
            same=float((weight * self.same[rows]).sum()) / share,
        )


def error(bins: Iterable[Bin | None]) -> float:
    """Return the mean distance between what bins promise and hold, each by its share."""
    return sum(each.share * abs(each.probability - each.same) for each in bins if each)


def roc_auc(score: NDArray[Any], same: Flags, draws: int = DRAWS, seed: int = 0) -> Area:
    """Return the area under the ROC curve, with a bootstrap interval over pairs.

    A draw changes only how often a pair counts, so all draws share one table of which pair beats
    which.  Draws in which all pairs are alike say nothing and are left out.
    """
    yes, no = np.flatnonzero(same), np.flatnonzero(~same)
    beats = np.sign(score[yes, None] - score[None, no]) / 2 + 0.5
    random = np.random.default_rng(seed)
    times = random.multinomial(len(same), np.full(len(same), 1 / len(same)), size=draws)
    of_yes, of_no = times[:, yes].astype(np.float64), times[:, no].astype(np.float64)
    drawn = of_yes.sum(axis=1) * of_no.sum(axis=1)
    wins = ((of_yes @ beats) * of_no).sum(axis=1)
    low, high = np.quantile(wins[drawn > 0] / drawn[drawn > 0], (0.025, 0.975))
    return Area(score=float(beats.mean()), low=float(low), high=float(high))
