"""The pair model fitted without the family that it is then scored on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import train_event_model as training
from calibration import Judged
from dedup.events.clustering import PROBABILITY_UNIT
from dedup.events.logistic import Model
from train_event_model import Sample


def reported(samples: Sequence[Sample]) -> dict[str, Sample]:
    """Return the samples to report by name: all but the made pairs and the shortened sets."""
    return {
        sample.name: sample
        for sample in samples
        if sample.family != training.MADE and sample.part == "whole"
    }


def stems_from(sample: Sample, family: str) -> bool:
    """Say whether a sample holds text of a family, be it pairs made from one of its sets."""
    origin = sample.name.removeprefix(f"{training.MADE} ").split(".")[0]
    return family in (sample.family, origin)


def models(samples: Sequence[Sample]) -> dict[str, Model]:
    """Return for each reported family the model that has seen nothing of it."""
    return {
        family: training.fit([s for s in samples if not stems_from(s, family)])
        for family in sorted({sample.family for sample in reported(samples).values()})
    }


def judged(model: Model, sample: Sample) -> Judged:
    """Return what a model says of a sample's pairs, beside the truth."""
    probability = training.probabilities(model, sample) / PROBABILITY_UNIT
    return Judged.of(np.asarray(probability), sample.same)
