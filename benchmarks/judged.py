"""Pairs judged by hand: how well the log-odds order them, beside the baselines' cosines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

import devsets
import left_out
import train_event_model as training
from calibration import Area, Judged, roc_auc
from dedup.events.logistic import Model
from dedup.events.scoring import default_model
from gate import Figures
from labelled import BASELINES, tuned
from layout import ABSENT, Table, share
from train_event_model import Sample

NOTE = (
    "Area under the ROC curve of the log-odds, with a bootstrap interval of 95 %; left out: the "
    "pair model fitted without the set. Right: pairs on the right side of a probability of one "
    "half. Baselines: area of the cosine."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairScores:
    """What was measured on one set of judged pairs."""

    name: str
    family: str
    area: Area
    area_left_out: Area
    right: float
    right_left_out: float
    judged: Judged

    def figures(self) -> Figures:
        """Return what is pinned."""
        return {
            f"{self.name}.roc_auc": self.area.score,
            f"{self.name}.roc_auc_left_out": self.area_left_out.score,
            f"{self.name}.pairs_right": self.right,
            f"{self.name}.pairs_right_left_out": self.right_left_out,
            f"{self.name}.brier": self.judged.brier(),
            f"{self.name}.log_loss": self.judged.log_loss(),
        }


def measure(samples: Mapping[str, Sample], models: Mapping[str, Model]) -> list[PairScores]:
    """Score every set of judged pairs."""
    return [_measure(sample, models[sample.family]) for sample in pair_samples(samples)]


def pair_samples(samples: Mapping[str, Sample]) -> Iterator[Sample]:
    """Yield the sets of judged pairs, of the largest also the English pairs, as the baselines."""
    for data in devsets.pair_sets():
        yield samples[data.name]
        if tuned(f"{data.name}.en"):
            rows = devsets.read(f"{data.name}.pairs")
            kept = [r["lang_a"] == "en" for r in rows if r["lang_a"] == r["lang_b"]]
            yield part(samples[data.name], np.array(kept), f"{data.name}.en")


def part(sample: Sample, kept: NDArray[np.bool_], name: str) -> Sample:
    """Return some of a sample's pairs; what is rare was counted over all."""
    return replace(
        sample,
        name=name,
        pairs=sample.pairs[kept],
        values=sample.values[kept],
        same=sample.same[kept],
    )


def _measure(sample: Sample, model: Model) -> PairScores:
    shipped, other = left_out.judged(default_model(), sample), left_out.judged(model, sample)
    return PairScores(
        name=sample.name,
        family=sample.family,
        area=roc_auc(training.log_odds(default_model(), sample), sample.same),
        area_left_out=roc_auc(training.log_odds(model, sample), sample.same),
        right=_right(shipped),
        right_left_out=_right(other),
        judged=other,
    )


def _right(judged: Judged) -> float:
    return float(((judged.probability >= 0.5) == judged.same).mean())


def figures(scores: list[PairScores]) -> Figures:
    """Return what is pinned."""
    return {name: value for each in scores for name, value in each.figures().items()}


def table(scores: list[PairScores]) -> Table:
    """Return the table of all sets."""
    columns = ("set", "pairs", "same", "AUC", "AUC left out", "right", "right left out")
    return Table(
        title="Judged pairs",
        columns=(*columns, *BASELINES.values()),
        rows=[_row(each) for each in scores],
        note=NOTE,
    )


def _row(each: PairScores) -> list[str]:
    found = {name: Area(**figure) for name, figure in tuned(each.name).items()}
    return [
        each.name,
        f"{len(each.judged.same):,}",
        f"{int(each.judged.same.sum()):,}",
        str(each.area),
        str(each.area_left_out),
        share(each.right),
        share(each.right_left_out),
        *(str(found.get(name, ABSENT)) for name in BASELINES),
    ]
