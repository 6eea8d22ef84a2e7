"""The evidence for two clusters in different languages: what the embedder and the rest said.

Nothing is computed anew but the sum: the run kept the values of every join, and of the pairs that
were not too unlike, so a loaded result explains them without the embedder.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dedup.events.across import AcrossModel, default_across_model
from dedup.events.logistic import COEFFICIENT_UNIT, LOG_ODDS_UNIT, VALUE_UNIT
from dedup.events.stories import FEATURES
from dedup.pairs import AcrossScores

__all__ = ["AcrossEvidence", "explain_across"]

#: Values that say what could not be compared, or what news is like: where the sum starts.
_CIRCUMSTANCES = ("no_names", "no_numbers", "undated", "crowd")


@dataclass(frozen=True, slots=True, kw_only=True)
class AcrossEvidence:
    """Why two clusters in different languages were joined, or not.

    Parameters
    ----------
    joined : bool
        Whether this comparison brought them together; if by way of others, it is that of the two
        unions.
    cosine : float
        Of the mean vectors of what was compared.
    log_odds : float
        Sum of the baseline and the contributions.
    threshold : float
        Least log-odds of a join.
    baseline : float
        Before the evidence is weighed, given what the clusters lack and how many others there are.
    contributions : tuple of (str, float)
        What is said, and what it adds to the log-odds; greatest first.
    """

    joined: bool
    cosine: float
    log_odds: float
    threshold: float
    baseline: float
    contributions: tuple[tuple[str, float], ...]

    def lines(self) -> list[str]:
        """Return the evidence as lines for a terminal."""
        verb = "joined" if self.joined else "not joined"
        return [
            f"  across languages: {verb} as clusters, cosine of their means {self.cosine:.2f}",
            f"  {self.baseline:+8.2f}         before the evidence",
            *(f"  {points:+8.2f}         {label}" for label, points in self.contributions),
            f"  {self.log_odds:+8.2f}         in all; joined from {self.threshold:+.2f}",
        ]


def explain_across(
    scores: AcrossScores, a: int, b: int, model: AcrossModel | None = None
) -> AcrossEvidence | None:
    """Return the evidence for the clusters of two groups; None if there is none.

    Parameters
    ----------
    scores : AcrossScores
    a, b : int
        Groups, as the scores number them.
    model : AcrossModel, optional
        The shipped one by default.
    """
    model = model or default_across_model()
    left, right = int(scores.before[a]), int(scores.before[b])
    at = _compared(scores, left, right)
    if at is None:
        return None
    values = scores.values[at]
    points = {
        name: int(value) * model.weights.coefficients[name] / LOG_ODDS_UNIT
        for name, value in zip(FEATURES, values.tolist(), strict=True)
    }
    evidence = [
        (FEATURES[name], value)
        for name, value in points.items()
        if value and name not in _CIRCUMSTANCES
    ]
    return AcrossEvidence(
        joined=at < scores.joins,
        cosine=int(values[list(FEATURES).index("cosine")]) / VALUE_UNIT,
        log_odds=int(model.weights.log_odds(values[None])[0]) / LOG_ODDS_UNIT,
        threshold=model.threshold / LOG_ODDS_UNIT,
        baseline=model.weights.intercept / COEFFICIENT_UNIT
        + sum(points[name] for name in _CIRCUMSTANCES),
        contributions=tuple(sorted(evidence, key=lambda item: (-abs(item[1]), item[0]))),
    )


def _compared(scores: AcrossScores, left: int, right: int) -> int | None:
    """Return the place of the join that brought two clusters together, or of their comparison."""
    if left == right:
        return None
    pair = np.array(sorted((left, right)))
    for at, (i, j) in enumerate(scores.pairs[: scores.joins].tolist()):
        left = i if left == j else left
        right = i if right == j else right
        if left == right:
            return at
    others = np.flatnonzero((scores.pairs[scores.joins :] == pair).all(axis=1))
    return scores.joins + int(others[0]) if len(others) else None
