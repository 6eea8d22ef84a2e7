"""The event threshold that a person's judgements support, and how sure that is.

Judged pairs are those nearest to the threshold by their own score, at most one for two stories: no
random sample, and what a score of .4 means in general cannot be read off them.  What the threshold
decides is another thing: whether average linkage joins the two stories, at the *mean* over all
their pairs.  So each judgement is laid beside the threshold below which the two articles come
together (``joined_at``), and asks one question: on which side of it does the threshold belong?

Theory of operation: one unknown, the threshold in log-odds, t.  That a pair joined at h is judged
the same has probability 1 / (1 + exp(t − h)), as in Platt's scaling with its slope held at 1: one
half where the two meet.  Before any judgement t is normal about the threshold of the run.  The
posterior is summed on a grid.  The threshold moves no further than to the near end of its credible
interval, and stays where the interval holds it: few judgements move little, and what they do not
insist on is left as it was measured on many sets.

Laws: the order of the judgements decides nothing; none change nothing; if all are the same the
threshold never rises, if all are apart it never falls.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dedup.config import Config
from dedup.errors import ConfigError
from dedup.events.links import Pair, checked_links

__all__ = ["CREDIBLE", "Calibration", "Judgement", "calibrate"]

#: Mass of the interval that is reported, and that the threshold is moved into.
CREDIBLE: Final = 0.9

#: Standard deviation of the threshold before any judgement, in log-odds: about as far as the best
#: thresholds of the development sets lie from the default (root of the mean square .97).  About the
#: default, nine tenths lie between .12 and .79.
_SPREAD: Final = 1.0

#: Log-odds of the thresholds that are looked at; beyond a probability of one in a million.
_GRID: Final = np.linspace(-14, 14, 5601)
_LEAST: Final = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a person made of two articles; see :meth:`dedup.Borderline.judged`.

    Parameters
    ----------
    a, b : str
        Ids of the articles.
    same : bool
        Whether they report one event.
    joined_at : float
        The two are in one cluster at event thresholds up to this, 0 to 1.
    config : Config
        The configuration of the run that asked.
    """

    a: str
    b: str
    same: bool
    joined_at: float
    config: Config = field(default_factory=Config, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "same", checked_answer(self.a, self.b, self.same))
        height = self.joined_at
        is_number = isinstance(height, Real) and not isinstance(height, bool)
        if not is_number or not 0 <= height <= 1:
            raise ConfigError(
                f"joined_at of the judgement of {self.a!r} and {self.b!r} must be a number from 0 "
                f"to 1, got {height!r}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """An event threshold fitted to judgements, and how sure it is.

    Parameters
    ----------
    before : float
        The threshold of the run that was judged.
    threshold : float
        The threshold that the judgements support: ``before``, or the end of the interval that is
        nearest to it.
    low, high : float
        The threshold belongs between these with 90 %.
    n_same, n_apart : int
        Pairs judged to be one event, and not to be.
    config : Config
        That of the run with this threshold and, unless they were not wanted, the judged pairs as
        ``event.must_link`` and ``event.cannot_link``.
    """

    before: float
    threshold: float
    low: float
    high: float
    n_same: int
    n_apart: int
    config: Config = field(repr=False)

    def __str__(self) -> str:
        n = self.n_same + self.n_apart
        if not n:
            return f"no judgements: event threshold {self.before:g} stays"
        head = (
            f"{n} judgement{'s' if n > 1 else ''} ({self.n_same} same, {self.n_apart} apart): the "
            f"event threshold belongs between {self.low:.3f} and {self.high:.3f} with "
            f"{100 * CREDIBLE:.0f} %; {self.before:g}"
        )
        if self.threshold == self.before:
            return f"{head} lies inside and stays"
        return f"{head} → {self.threshold:g}, no further than that asks"


def calibrate(
    judged: Iterable[Judgement], *, links: bool = True, config: Config | None = None
) -> Calibration:
    """Fit the event threshold to judgements.

    Parameters
    ----------
    judged : iterable of Judgement
        Of one run, in any order.  A pair that is judged twice counts once; of what two collections
        say of where it is joined, the lowest.
    links : bool
        Make the judged pairs ``event.must_link`` and ``event.cannot_link`` as well.
    config : Config, optional
        That of the run; the judgements know it, if there are any.

    Returns
    -------
    Calibration
        O(n log n) in the number of judgements.

    Raises
    ------
    ConfigError
        If there is something else among them, if they contradict one another or the pairs that the
        configuration requires or forbids, or if they come from different configurations.

    References
    ----------
    Platt 1999, Probabilistic outputs for support vector machines, Advances in Large Margin
    Classifiers.  Sokal & Michener 1958 (UPGMA), whose means are judged.

    Examples
    --------
    >>> judged = [Judgement(a=f"{n}", b=f"{n}'", same=True, joined_at=0.2) for n in range(12)]
    >>> print(calibrate(judged[:1]))  # doctest: +NORMALIZE_WHITESPACE
    1 judgement (1 same, 0 apart): the event threshold belongs between 0.084 and 0.646 with 90 %;
    0.425 lies inside and stays
    >>> calibrate(judged).threshold
    0.133
    """
    distinct = _distinct(judged, config)
    if config is None:
        config = distinct[0].config if distinct else Config()
    event = config.event
    must = tuple((each.a, each.b) for each in distinct if each.same)
    cannot = tuple((each.a, each.b) for each in distinct if not each.same)
    _require_consistent(must, cannot)
    low, high = interval(distinct, event.threshold, event.floor)
    threshold = _moved(event.threshold, low, high) if distinct else event.threshold
    threshold = max(threshold, event.floor)
    settings = replace(event, threshold=threshold)
    if links:
        settings = replace(
            settings,
            must_link=_added(event.must_link, must),
            cannot_link=_added(event.cannot_link, cannot),
        )
    return Calibration(
        before=event.threshold,
        threshold=threshold,
        low=round(low, 3),
        high=round(high, 3),
        n_same=len(must),
        n_apart=len(cannot),
        config=replace(config, event=settings),
    )


def checked_answer(a: object, b: object, same: object) -> bool:
    """Return whether two articles were judged the same event; refuse what is no answer."""
    if not isinstance(same, bool | np.bool_):
        raise ConfigError(
            f"the judgement of {a!r} and {b!r} must be True (same event) or False (not), "
            f"got {same!r}"
        )
    return bool(same)


def each_of(judged: object) -> Iterable[Any]:
    """Return what can be iterated; refuse one judgement where several are asked for."""
    if not isinstance(judged, Iterable):
        raise ConfigError(
            f"the judgements must be a list or another iterable of them, got {judged!r}"
        )
    return judged


def _moved(threshold: float, low: float, high: float) -> float:
    """Return the end of an interval that is nearest, to three decimals; inside it, what it was."""
    centre = min(max(threshold, _LEAST), 1 - _LEAST)
    nearest = min(max(centre, low), high)
    if nearest == centre:
        return threshold
    # What is rounded must not go the other way.
    near = round(nearest, 3)
    return max(near, threshold) if nearest > centre else min(near, threshold)


def interval(judged: Sequence[Judgement], threshold: float, floor: float) -> tuple[float, float]:
    """Return the ends of the credible interval of the threshold."""
    density = posterior(judged, threshold, floor)
    # Half of each step lies on either side of its middle.
    mass = np.cumsum(density) - density / 2
    tail = (1 - CREDIBLE) / 2
    ends = np.interp([tail, 1 - tail], mass, _GRID)
    low, high = (float(1 / (1 + np.exp(-end))) for end in ends)
    return low, high


def posterior(judged: Sequence[Judgement], threshold: float, floor: float) -> NDArray[np.float64]:
    """Return the probability of each step of the grid of log-odds.

    Parameters
    ----------
    judged : sequence of Judgement
    threshold : float
        Where it is centred before any judgement.
    floor : float
        What joins below it counts as joined at it: no threshold lies lower.
    """
    log = -(((_GRID - _log_odds(threshold)) / _SPREAD) ** 2) / 2
    # Sorted, or the order would show in the last digits of the sum.
    for height, same in sorted((max(each.joined_at, floor), each.same) for each in judged):
        gap = _GRID - _log_odds(height)
        log -= np.logaddexp(0, gap if same else -gap)
    density = np.exp(log - log.max())
    return np.asarray(density / density.sum())


def _log_odds(probability: float) -> float:
    inside = min(max(probability, _LEAST), 1 - _LEAST)
    return float(np.log(inside / (1 - inside)))


def _distinct(judged: Iterable[Judgement], config: Config | None) -> list[Judgement]:
    """Return the judgements of one configuration sorted by their ids, each pair once."""
    found: dict[tuple[str, str], Judgement] = {}
    for each in each_of(judged):
        if not isinstance(each, Judgement):
            raise ConfigError(
                f"a judgement must be what borderline(…)[…].judged(same=…) returns, got {each!r}; "
                "a clustering's calibrate() takes (id_a, id_b, same) too"
            )
        config = config or each.config
        if each.config != config:
            raise ConfigError(
                f"the judgement of {each.a!r} and {each.b!r} and another one come from runs with "
                "different configurations; give those of one run, or all pairs to the calibrate() "
                "of one clustering"
            )
        a, b = sorted((each.a, each.b))
        former = found.setdefault((a, b), each)
        if former.same != each.same:
            raise ConfigError(
                f"{a!r} and {b!r} are judged both the same event and not; take one judgement out"
            )
        found[a, b] = min(former, each, key=lambda judgement: judgement.joined_at)
    return [replace(found[a, b], a=a, b=b) for a, b in sorted(found)]


def _added(known: tuple[Pair, ...], judged: tuple[Pair, ...]) -> tuple[Pair, ...]:
    """Return the pairs of the configuration, and those judged that it does not hold yet."""
    held = {frozenset(pair) for pair in known}
    return (*known, *(pair for pair in judged if frozenset(pair) not in held))


def _require_consistent(must: tuple[Pair, ...], cannot: tuple[Pair, ...]) -> None:
    try:
        checked_links(must, cannot)
    except ConfigError as error:
        raise ConfigError(
            "the judgements (same as event.must_link, apart as event.cannot_link) do not hold "
            f"together: {error}"
        ) from error
