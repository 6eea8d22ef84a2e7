"""Every labelled set: at the default configuration, left out, and beside the baselines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import mean

import baselines
import devsets
import left_out
import train_event_model as training
from calibration import Judged
from dedup import find_clusters
from dedup.evaluate import evaluate
from dedup.events.logistic import Model
from gate import Figures
from layout import ABSENT, Table, share
from thresholds import Sweep, sweep
from train_event_model import Sample

#: With fewer candidate pairs, ten bins hold too few each to tell an error from chance.
ENOUGH_PAIRS = 1000

BASELINES = {"tfidf": "TF-IDF", "minilm": "MiniLM", "use": "USE"}

NOTE = (
    "P, R, F1: B³ at the default configuration. Left out: F1 with the pair model fitted without "
    "the set's family; best: the same at the threshold that the set's own labels choose. "
    "Calibration: mean distance of the left-out probabilities from the truth, ten bins of equally "
    f"many candidate pairs, sets with {ENOUGH_PAIRS:,} or more. Baselines: F1 with decay and "
    "threshold tuned to each set by its labels."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetScores:
    """What was measured on one set."""

    name: str
    family: str
    articles: int
    events: int
    precision: float
    recall: float
    f1: float
    left_out: Sweep
    judged: Judged

    @property
    def is_part(self) -> bool:
        """One language of a set."""
        return self.name != self.family

    @property
    def calibration_error(self) -> float | None:
        """None with too few pairs."""
        enough = len(self.judged.same) >= ENOUGH_PAIRS
        return self.judged.calibration_error() if enough else None

    def figures(self) -> Figures:
        """Return the figures by their short names."""
        figures = {
            "b_cubed_f1": self.f1,
            "left_out": self.left_out.default,
            "left_out_best": self.left_out.best,
            "gap": self.left_out.gap,
            "brier": self.judged.brier(),
            "log_loss": self.judged.log_loss(),
        }
        error = self.calibration_error
        return figures if error is None else figures | {"calibration_error": error}


def measure(samples: Mapping[str, Sample], models: Mapping[str, Model]) -> list[SetScores]:
    """Run every labelled set through the default configuration, and score the left-out model."""
    return [
        _measure(data, samples[data.name], models[data.family])
        for data in devsets.labelled_sets()
        if data.name in samples
    ]


def _measure(data: devsets.LabelledSet, sample: Sample, model: Model) -> SetScores:
    result = find_clusters(data.articles, progress=False)
    scores = evaluate(data.events, result.labels.tolist())
    return SetScores(
        name=data.name,
        family=data.family,
        articles=scores.items,
        events=scores.true_clusters,
        precision=scores.b_cubed_precision,
        recall=scores.b_cubed_recall,
        f1=scores.b_cubed_f1,
        left_out=sweep(sample, training.probabilities(model, sample)),
        judged=left_out.judged(model, sample),
    )


@cache
def _tuned() -> dict[str, dict[str, baselines.Figure]]:
    stored = json.loads(baselines.TARGET.read_text(encoding="utf-8"))
    figures: dict[str, dict[str, baselines.Figure]] = stored["figures"]
    return figures


def tuned(name: str) -> dict[str, baselines.Figure]:
    """Return the stored figures of the baselines on a set."""
    return _tuned().get(name, {})


def families(scores: Sequence[SetScores]) -> Iterator[tuple[str, str, list[SetScores]]]:
    """Yield each family of languages: its name, a suffix for its figures, and its sets.

    A set whose every article is alone says nothing about finding what belongs together.  It is
    scored, but neither mean nor minimum takes it in, and the suffix says so.
    """
    for family in sorted({each.family for each in scores if each.is_part}, reverse=True):
        of_family = [each for each in scores if each.family == family]
        kept = [each for each in of_family if each.name not in baselines.LEFT_OUT]
        gone = [each.name for each in of_family if each.name in baselines.LEFT_OUT]
        yield family, "".join(f"_without_{name.partition('.')[2]}" for name in gone), kept


def figures(scores: Sequence[SetScores]) -> Figures:
    """Return what is pinned.

    Of single languages that is the F1; what rests on a fit is pinned as a mean over them, since
    the smallest hold seven articles.
    """
    found: Figures = {}
    for each in scores:
        measured = each.figures()
        pinned = ["b_cubed_f1"] if each.is_part else list(measured)
        found |= {f"{each.name}.{what}": measured[what] for what in pinned}
    for family, suffix, parts in families(scores):
        measured_parts = [part.figures() for part in parts]
        for what in measured_parts[0] | measured_parts[-1]:
            values = [part[what] for part in measured_parts if what in part]
            found[f"{family}.mean{suffix}.{what}"] = mean(values)
            if what in ("b_cubed_f1", "left_out"):
                found[f"{family}.minimum{suffix}.{what}"] = min(values)
    return found


def table(scores: Sequence[SetScores]) -> Table:
    """Return the table of all sets, followed by means and minima over languages."""
    rows = [_row(each) for each in scores]
    for family, suffix, parts in families(scores):
        of_all = suffix.replace("_", " ")
        rows.append(_summary(f"{family}, mean{of_all}", parts, mean))
        rows.append(_summary(f"{family}, minimum{of_all}", parts, min))
    columns = ("set", "articles", "events", "P", "R", "F1", "left out", "best", "at", "gap")
    return Table(
        title="Labelled sets",
        columns=(*columns, "calibration", *BASELINES.values()),
        rows=rows,
        note=NOTE,
    )


def _row(each: SetScores) -> list[str]:
    found = tuned(each.name)
    return [
        each.name,
        f"{each.articles:,}",
        f"{each.events:,}",
        *map(share, (each.precision, each.recall, each.f1)),
        *map(share, (each.left_out.default, each.left_out.best)),
        f"{each.left_out.threshold:g}",
        share(each.left_out.gap),
        share(each.calibration_error),
        *(share(found.get(name, {}).get("score")) for name in BASELINES),
    ]


def _summary(
    name: str, parts: Sequence[SetScores], summary: Callable[[list[float]], float]
) -> list[str]:
    def cell(values: Sequence[float | None]) -> str:
        known = [value for value in values if value is not None]
        return share(summary(known) if len(known) == len(parts) else None)

    measured = [part.figures() for part in parts]
    scores = [cell([each[what] for each in measured]) for what in ("b_cubed_f1", "left_out")]
    best = cell([each["left_out_best"] for each in measured])
    gap, error = ABSENT, ABSENT
    if summary is not min:  # the least gap or error would say nothing
        gap = cell([each["gap"] for each in measured])
        error = share(
            mean(each["calibration_error"] for each in measured if "calibration_error" in each)
        )
    return [
        name,
        f"{sum(part.articles for part in parts):,}",
        *[ABSENT] * 3,
        *scores,
        best,
        ABSENT,
        gap,
        error,
        *(cell([tuned(p.name).get(b, {}).get("score") for p in parts]) for b in BASELINES),
    ]
