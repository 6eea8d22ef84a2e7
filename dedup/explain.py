"""The evidence for a pair: why together, why apart.

Nothing is computed here in a way of its own.  The pair is scored by the one scoring function, over
the same groups and the same counts as in the run, and :class:`Evidence` lays out its contributions:
with the baseline they add up to the log-odds of the pair.  The similarity of two views is the sum
of what each shared word adds, so its contribution is handed out to the words in proportion.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dedup.cluster import shorten
from dedup.duplicates.verify import containment, jaccard
from dedup.events.candidates import gap_days
from dedup.events.clustering import PROBABILITY_UNIT
from dedup.events.features import UNIT, Features, Observed
from dedup.events.groups import GroupText, score_pair
from dedup.events.logistic import COEFFICIENT_UNIT, LOG_ODDS_UNIT, Model
from dedup.events.overlaps import RAREST
from dedup.events.scoring import FEATURES, default_model
from dedup.explain_across import AcrossEvidence
from dedup.text.tokenize import strip_accents

#: Features that are sums over shared words → the view that they are summed over.
_OF_WORDS = {
    "text": "terms",
    "lead": "lead",
    "names": "names",
    "numbers": "numbers",
    "rarest": "terms",
}

#: Characters of a title or an id in a line of text.
_LINE = 200

#: Features that say what could not be compared: no evidence, but where the sum starts.
_CIRCUMSTANCES = ("undated",)

#: How a contribution that is not a word's reads in a line of text.
_SENTENCES = {
    "conflicting_names": "names that only one of them holds",
    "conflicting_numbers": "numbers that only one of them holds",
    "narrow": "what they share stands in few parts of one of them",
    "template_names": "the words of one form with other names in them",
    "template_numbers": "the words of one form with other numbers in them",
    "near_in_time": "near in time",
    "same_day": "near to the hour",
    "near_and_short": "near in time, which says more of short texts",
    "far_in_time": "far apart in time",
    "same_url": "published under one url",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What one piece of evidence adds to the log-odds.

    Parameters
    ----------
    kind : str
        ``name``, ``number``, ``term`` for a shared word; else the name of a feature.
    label : str
        The word, or what the feature says.
    log_odds : float
        Above 0 speaks for one event, below 0 against it.
    share : float
        Its part of the sum of all absolute contributions, 0 to 1.
    """

    kind: str
    label: str
    log_odds: float
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why two articles are together, or apart.

    Parameters
    ----------
    a, b : str
        Ids of the two articles.
    titles : tuple of (str, str)
    relation : str
        ``copies`` (one duplicate group), ``one event``, or ``apart``.
    probability : float
        That they report the same event, 0 to 1.
    log_odds : float
        The same as a sum: that of the baseline and the contributions.
    baseline : float
        Log-odds of two candidates before their evidence is weighed, given what they lack (a
        date).
    contributions : tuple of Contribution
        Greatest first.
    jaccard : float
        Shingles that both hold, of all.
    containment : tuple of (float, float)
        Share of a's shingles that b holds, and the reverse.
    days : float or None
        Between the dates; 0 if they may coincide, None if one is absent.
    shared_names, shared_numbers, shared_terms : tuple of str
        Greatest contribution first.
    only_a, only_b : tuple of str
        Names and numbers that only one of them holds, rarest first.
    notes : tuple of str
        What else a reader should know: which copy speaks for which, why a pair was not scored.
    across : AcrossEvidence or None
        How their clusters compared across languages, if an embedder was asked.
    texts : tuple of (str, str)
        What was compared, below the headlines.
    """

    a: str
    b: str
    titles: tuple[str, str]
    relation: str
    probability: float
    log_odds: float
    baseline: float
    contributions: tuple[Contribution, ...]
    jaccard: float
    containment: tuple[float, float]
    days: float | None
    shared_names: tuple[str, ...]
    shared_numbers: tuple[str, ...]
    shared_terms: tuple[str, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    notes: tuple[str, ...] = ()
    across: AcrossEvidence | None = None
    texts: tuple[str, str] = ("", "")

    @property
    def same_event(self) -> bool:
        """Whether the two stand in one cluster."""
        return self.relation != "apart"

    def related(self, relation: str) -> Evidence:
        """Return the same evidence under another relation."""
        return replace(self, relation=relation)

    def noted(self, notes: Sequence[str]) -> Evidence:
        """Return the same evidence with other notes."""
        return replace(self, notes=tuple(notes))

    def __repr__(self) -> str:  # not both texts
        return (
            f"<Evidence {shorten(self.a)} | {shorten(self.b)}: {self.relation}, "
            f"{self.probability:.2f}>"
        )

    def _repr_html_(self) -> str:
        from dedup.views.notebook import html_of_evidence

        return html_of_evidence(self)

    def __str__(self) -> str:
        return "\n".join(_lines(self))


def explain_pair(
    a: GroupText,
    b: GroupText,
    observed: Observed,
    *,
    prior_weight: int,
    shingle_size: int,
    relation: str,
    notes: Sequence[str] = (),
    ids: tuple[str, str] | None = None,
    titles: tuple[str, str] | None = None,
    model: Model | None = None,
) -> Evidence:
    """Score two groups and lay out what the score is made of.

    Parameters
    ----------
    a, b : GroupText
    observed : Observed
        Counts of the run; general language alone if nothing was observed.
    prior_weight, shingle_size : int
        The run's settings.
    relation : str
        See :class:`Evidence`.
    notes : sequence of str
    ids, titles : tuple of (str, str), optional
        Of the articles asked about, if they are not the groups' centres.
    model : Model, optional
        The shipped one by default.
    """
    model = model or default_model()
    pair = score_pair(a, b, observed, prior_weight=prior_weight, shingle_size=shingle_size)
    values = dict(zip(FEATURES, pair.scored.values[0].tolist(), strict=True))
    exact = {name: value * model.coefficients[name] for name, value in values.items()}
    contributions = _contributions(pair.features, exact)
    words = {
        kind: tuple(c.label for c in contributions if c.kind == kind and c.log_odds > 0)
        for kind in ("name", "number", "term")
    }
    only_a, only_b = _conflicts(pair.features)
    left, right = pair.shingles
    same = bool(a.tokens) and a.tokens == b.tokens  # also where they are shorter than a shingle
    both_dated = bool(pair.features.dated.all())
    return Evidence(
        a=(ids or (a.id, b.id))[0],
        b=(ids or (a.id, b.id))[1],
        titles=titles or (a.title, b.title),
        relation=relation,
        probability=int(pair.scored.probability[0]) / PROBABILITY_UNIT,
        log_odds=int(pair.scored.log_odds[0]) / LOG_ODDS_UNIT,
        baseline=model.intercept / COEFFICIENT_UNIT
        + sum(exact[name] for name in _CIRCUMSTANCES) / LOG_ODDS_UNIT,
        contributions=contributions,
        jaccard=1.0 if same else jaccard(left, right),
        containment=(1.0, 1.0) if same else (containment(left, right), containment(right, left)),
        days=float(gap_days(pair.features, np.array([[0, 1]]))[0]) if both_dated else None,
        shared_names=words["name"],
        shared_numbers=words["number"],
        shared_terms=words["term"],
        only_a=only_a,
        only_b=only_b,
        notes=tuple(notes),
        texts=(a.body, b.body),
    )


def _contributions(features: Features, exact: Mapping[str, int]) -> tuple[Contribution, ...]:
    """Split the score into words and features; greatest absolute value first."""
    parts: dict[tuple[str, str], float] = defaultdict(float)
    names = set(_shared(features, "names", "product"))
    for name, value in exact.items():
        if value == 0 or name in _CIRCUMSTANCES:
            continue
        points = value / LOG_ODDS_UNIT
        if name not in _OF_WORDS:
            parts[name, _SENTENCES[name]] += points
            continue
        measure = "minimum" if name == "rarest" else "product"
        shared = _shared(features, _OF_WORDS[name], measure)
        if name == "rarest":
            largest = sorted(shared.items(), key=lambda item: (-item[1], item[0]))
            shared = dict(largest[:RAREST])
        whole = sum(shared.values())
        for word, weight in shared.items():
            kind = "number" if name == "numbers" else "term"
            bare = strip_accents(word)
            if kind == "term" and bare in names:
                kind, word = "name", bare
            parts[kind, word] += points * weight / whole
    total = math.fsum(abs(points) for points in parts.values())
    ordered = sorted(parts.items(), key=lambda item: (-abs(item[1]), item[0]))
    return tuple(
        Contribution(kind=kind, label=label, log_odds=points, share=abs(points) / total)
        for (kind, label), points in ordered
    )


def _shared(features: Features, kind: str, measure: str) -> dict[str, int]:
    """Return the words that both rows hold, with what each adds to the sum over the view."""
    view = features.views[kind]
    left, right = _row(features, kind, 0), _row(features, kind, 1)
    combine = min if measure == "minimum" else int.__mul__
    return {
        view.words[column]: combine(weight, right[column])
        for column, weight in left.items()
        if weight and right.get(column)
    }


def _row(features: Features, kind: str, row: int) -> dict[int, int]:
    matrix = features.views[kind].matrix
    start, end = matrix.indptr[row], matrix.indptr[row + 1]
    columns: NDArray[np.int64] = matrix.indices[start:end]
    weights: NDArray[np.int64] = matrix.data[start:end]
    return dict(zip(columns.tolist(), weights.tolist(), strict=True))


def _conflicts(features: Features) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names and numbers that only the first, and only the second, holds."""
    only: tuple[list[tuple[int, str]], list[tuple[int, str]]] = ([], [])
    for kind in ("names", "numbers"):
        words = features.views[kind].words
        rows = (_row(features, kind, 0), _row(features, kind, 1))
        for mine, other, out in ((rows[0], rows[1], only[0]), (rows[1], rows[0], only[1])):
            out.extend(
                (-weight, words[column])
                for column, weight in mine.items()
                if column not in other and weight > 2 * UNIT * UNIT
            )
    first, second = (tuple(word for _, word in sorted(side)) for side in only)
    return first, second


def _lines(evidence: Evidence) -> list[str]:
    """Return the evidence as lines for a terminal."""
    days = "unknown" if evidence.days is None else f"{evidence.days:.1f}"
    together = {
        "copies": "copies of one text",
        "one event": "reports of one event",
        "apart": "apart",
    }[evidence.relation]
    lines = [
        f"{shorten(evidence.a, _LINE)}: {shorten(evidence.titles[0], _LINE) or '(no title)'}",
        f"{shorten(evidence.b, _LINE)}: {shorten(evidence.titles[1], _LINE) or '(no title)'}",
        f"→ {together}; probability of one event {evidence.probability:.2f}",
        f"  Jaccard {evidence.jaccard:.3f}, containment {evidence.containment[0]:.2f} / "
        f"{evidence.containment[1]:.2f}, days between {days}",
    ]
    lines += [f"  note: {shorten(note, 2 * _LINE)}" for note in evidence.notes]
    lines += [
        "  log-odds  share  evidence",
        f"  {evidence.baseline:+8.2f}         before the evidence"
        + ("" if evidence.days is not None else " (not both are dated)"),
    ]
    shown = [c for c in evidence.contributions if c.share >= 0.005][:16]
    lines += [f"  {c.log_odds:+8.2f}  {c.share:4.0%}  {_describe(c)}" for c in shown]
    rest = math.fsum(c.log_odds for c in evidence.contributions) - math.fsum(
        c.log_odds for c in shown
    )
    left = len(evidence.contributions) - len(shown)
    if left:
        lines.append(f"  {rest:+8.2f}         {left} smaller ones")
    lines.append(f"  {evidence.log_odds:+8.2f}         in all")
    if evidence.across is not None:
        lines += evidence.across.lines()
    for name, words in ((evidence.a, evidence.only_a), (evidence.b, evidence.only_b)):
        if words:
            lines.append(f"  only in {shorten(name, _LINE)}: {', '.join(words[:8])}")
    return lines


def _describe(contribution: Contribution) -> str:
    if contribution.kind in ("name", "number", "term"):
        return f"shared {contribution.kind}: {contribution.label}"
    return contribution.label
