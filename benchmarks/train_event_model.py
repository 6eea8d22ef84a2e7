"""Fit ``dedup/events/model.json``: the coefficients of the pair model.

Run by hand when a feature changes::

    python benchmarks/train_event_model.py            # fit, with the leave-one-out table
    python benchmarks/train_event_model.py --write    # and store the model

Each set goes through the library's own stages with the default configuration, up to candidate
pairs and their features.  The fit is a logistic regression in which every *set family* has a
stated weight, whatever its size, so that no collection's quirks decide; coefficients of
similarities may not be negative, nor those of conflicts positive.

Headlines alone and openings of articles are fitted too, with a fifth of the weight, so that short
texts are not judged by what was learnt of long ones.

The sets hold hardly any templates (notices filled in from one form), so the two template features
are fitted in a second step, all other coefficients fixed, with pairs made for it: an article and
itself with other names and numbers put in, which is a report of something else.

Leave one out: the model is fitted without the family that it is then scored on.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

import dedup.events.scoring
import devsets
import stages
from dedup.article import as_articles
from dedup.batch import prepare
from dedup.config import Config
from dedup.evaluate import b_cubed_f1_score
from dedup.events.clustering import PROBABILITY_UNIT, average_linkage
from dedup.events.features import observe
from dedup.events.groups import GroupText, features_of, profiles_of
from dedup.events.logistic import COEFFICIENT_UNIT, LOG_ODDS_UNIT, VALUE_UNIT, Model
from dedup.events.round_ups import held_down
from dedup.events.scoring import FEATURES, score, to_probability
from dedup.text.background import is_common
from dedup.text.tokenize import Word, fold, read_words

TARGET = Path(dedup.events.scoring.__file__).with_name("model.json")

#: Weight of each family in the fit.  Whole articles with event labels count most; headlines and
#: pairs judged on another scale count less.
FAMILY_WEIGHT = {
    "gva": 1.0,
    "ecbplus": 1.0,
    "vietnamese": 1.0,
    "wmt_mt": 1.0,
    "olympics_titles": 0.5,
    "semeval2022": 0.3,
    "tgcontest": 0.2,
}

#: What the headlines of a set, and the openings of its articles, weigh beside the whole of it.
SHORT_WEIGHT = 0.2
HEADLINES_OF = ("gva", "vietnamese")
OPENINGS_OF = (
    *("gva", "ecbplus", "vietnamese"),
    *("wmt_mt.en", "wmt_mt.de", "wmt_mt.fr", "wmt_mt.ja"),
)
OPENING_WORDS = 70
OPENING_CHARACTERS = 150  # where words are not spaced

#: Characters between two spaces, on average, from which a script counts as one without spaces.
UNSPACED = 20

#: Features that speak for one event, and against; the others may do either.
FOR = {"text", "lead", "names", "numbers", "rarest", "near_in_time", "same_day", "near_and_short"}
AGAINST = {"conflicting_names", "conflicting_numbers", "narrow", "far_in_time"}

#: Fitted in the second step, to made pairs beside the sets.
SECOND = ("template_names", "template_numbers")
MADE = "made templates"
MADE_WEIGHT = 0.2
MADE_PER_SET = 250
MADE_FROM = ("gva", "ecbplus", "vietnamese", "wmt_mt.en", "wmt_mt.de", "wmt_mt.fr")

#: Never seen in the sets; set by hand: two versions under one address need little else in common.
BY_HAND = {"same_url": 4.0}

RIDGE = 1.0
EFFECTIVE_PAIRS = 20_000

THRESHOLDS = (0.3, 0.35, 0.4, 0.425, 0.45, 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Candidate pairs of one set, with their features and gold."""

    name: str
    family: str
    part: str = "whole"
    pairs: NDArray[np.int64]
    values: NDArray[np.float64]
    same: NDArray[np.bool_]
    group_of: NDArray[np.int64]
    sizes: NDArray[np.int64]
    events: Sequence[str]

    @property
    def n_groups(self) -> int:
        """Duplicate groups of the set."""
        return int(self.group_of.max()) + 1


ZERO = Model(coefficients=dict.fromkeys(FEATURES, 0), intercept=0)


def sample_of(data: devsets.LabelledSet) -> Sample:
    """Run a set up to scored candidates, as :func:`dedup.find_clusters` does."""
    found = stages.run(data.articles)
    codes = {event: code for code, event in enumerate(sorted(set(data.events)))}
    gold = np.array([codes[data.events[row]] for row in found.row_of.tolist()])
    return Sample(
        name=data.name,
        family=data.family,
        pairs=found.pairs.astype(np.int64),
        values=score(found.features, found.pairs, ZERO).values / VALUE_UNIT,
        same=gold[found.pairs[:, 0]] == gold[found.pairs[:, 1]],
        group_of=found.group_of,
        sizes=found.features.sizes,
        events=data.events,
    )


def shortened(data: devsets.LabelledSet, part: str) -> devsets.LabelledSet:
    """Return a set of the headlines of another, or of the openings of its articles."""

    def text(row: dict[str, Any]) -> str:
        if part == "headlines":
            return ""
        whole = str(row["text"])
        words = whole.split()
        unspaced = len(whole) > UNSPACED * len(words)
        return whole[:OPENING_CHARACTERS] if unspaced else " ".join(words[:OPENING_WORDS])

    rows = [{**row, "text": text(row)} for row in data.articles]
    return replace(data, name=f"{data.name}, {part}", articles=rows)


def sample_of_pairs(data: devsets.PairSet) -> Sample:
    """Score judged pairs, all texts of the set being the corpus."""
    config = Config()
    articles, _ = as_articles(
        [
            {**side, "id": f"{n}{mark}"}
            for n, pair in enumerate(data.pairs)
            for side, mark in zip(pair, "ab", strict=True)
        ]
    )
    batch = prepare(articles, [], config, lambda *_: None)
    place = np.argsort(batch.rows)
    cleaned = [batch.cleaned[p] for p in place]
    texts = [
        GroupText(id=a.id, clean=c, published=a.published, urls=frozenset())
        for a, c in zip(articles, cleaned, strict=True)
    ]
    profiles = profiles_of(texts)
    features = features_of(texts, profiles, observe(profiles), config.event.prior_weight)
    pairs = np.arange(len(texts), dtype=np.int64).reshape(-1, 2)
    scored = score(features, pairs, ZERO)
    return Sample(
        name=data.name,
        family=data.family,
        pairs=pairs,
        values=scored.values / VALUE_UNIT,
        same=np.array(data.same),
        group_of=np.arange(len(texts)),
        sizes=features.sizes,
        events=[],
    )


def made_templates(data: devsets.LabelledSet, seed: int = 20231005) -> devsets.PairSet:
    """Return pairs of an article and itself with the names of another and other numbers put in."""
    chance = random.Random(seed)
    long = [row for row in data.articles if len(row["text"]) > 300]
    chance.shuffle(long)
    half = min(MADE_PER_SET, len(long) // 2)
    pairs = []
    for row, donor in zip(long[:half], long[half : 2 * half], strict=True):
        names = sorted({w.text for w in words_of(donor) if w.is_name})
        if names:
            pairs.append((row, refilled(row, names, chance)))
    return devsets.PairSet(
        name=f"{MADE} {data.name}", family=MADE, pairs=pairs, same=[False] * len(pairs)
    )


def words_of(row: dict[str, Any]) -> list[Word]:
    return read_words(f"{row.get('title', '')}.\n{row['text']}", is_common=is_common)


def refilled(row: dict[str, Any], names: list[str], chance: random.Random) -> dict[str, Any]:
    """Return a row with other numbers; in two of three also with other names, each throughout."""
    own = {w.text for w in words_of(row) if w.is_name} if chance.random() < 0.65 else set()
    names_for = {name: chance.choice(names).title() for name in sorted(own)}
    numbers_for: dict[str, str] = {}

    def replace(match: re.Match[str]) -> str:
        word = match.group()
        if word[0].isdigit():
            other = "".join(chance.choice("123456789") if c.isdigit() else c for c in word)
            return numbers_for.setdefault(word, other)
        return names_for.get(fold(word), word) if word[0].isupper() else word

    new = {key: re.sub(r"\w+", replace, row.get(key, "")) for key in ("title", "text")}
    kept = {key: row[key] for key in ("published",) if key in row and chance.random() < 0.7}
    return kept | new


def fit(samples: Sequence[Sample], ridge: float = RIDGE) -> Model:
    """Fit the model by penalised maximum likelihood under sign constraints, in two steps."""
    first = [name for name in FEATURES if name not in BY_HAND and name not in SECOND]
    bounds = dict.fromkeys(FOR, (0.0, None)) | dict.fromkeys(AGAINST, (None, 0.0))
    sets = [s for s in samples if s.family != MADE]
    found = maximise(sets, first, [bounds.get(name, (None, None)) for name in first], ridge, {})
    whole = [s for s in samples if s.part == "whole"]
    second = maximise(whole, SECOND, [(None, 0.0)] * len(SECOND), ridge, found)
    return Model.from_dict(
        {"coefficients": found | second | BY_HAND, "intercept": found["intercept"]}, FEATURES
    )


def maximise(
    samples: Sequence[Sample],
    names: Sequence[str],
    bounds: Sequence[tuple[float | None, float | None]],
    ridge: float,
    fixed: dict[str, float],
) -> dict[str, float]:
    """Fit the named coefficients, and the intercept unless coefficients are given as fixed."""
    order = list(FEATURES)
    sizes = Counter((sample.family, sample.part) for sample in samples)
    values = np.concatenate([s.values[:, [order.index(n) for n in names]] for s in samples])
    signs = np.where(np.concatenate([s.same for s in samples]), 1.0, -1.0)
    share = FAMILY_WEIGHT | {MADE: MADE_WEIGHT}
    of_part = {s.part: 1.0 if s.part == "whole" else SHORT_WEIGHT for s in samples}
    of_pair = [
        share[s.family] * of_part[s.part] / sizes[s.family, s.part] / len(s.same) for s in samples
    ]
    weights = np.repeat(of_pair, [len(s.same) for s in samples])
    weights *= EFFECTIVE_PAIRS / weights.sum()
    offset = np.zeros(len(signs))
    if fixed:
        base = np.array([fixed.get(name, 0.0) for name in order])
        offset = np.concatenate([s.values for s in samples]) @ base + fixed["intercept"]
    free = 0.0 if fixed else 1.0

    def loss(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margin = signs * (offset + values @ theta[:-1] + free * theta[-1])
        slope = -weights * signs / (1 + np.exp(np.minimum(margin, 500)))
        value = (weights * np.logaddexp(0, -margin)).sum() + ridge / 2 * (theta[:-1] ** 2).sum()
        return value, np.append(values.T @ slope + ridge * theta[:-1], free * slope.sum())

    found = minimize(
        loss,
        np.zeros(len(names) + 1),
        jac=True,
        method="L-BFGS-B",
        bounds=[*bounds, (None, None)],
        options={"maxiter": 5000},
    )
    fitted = dict(zip(names, found.x[:-1].tolist(), strict=True))
    return fitted if fixed else fitted | {"intercept": float(found.x[-1])}


def log_odds(model: Model, sample: Sample) -> NDArray[np.int64]:
    """Score a sample's pairs with a model, in units of ``1 / LOG_ODDS_UNIT``."""
    points = sample.values @ np.array([model.coefficients[n] for n in FEATURES]) + model.intercept
    units: NDArray[np.int64] = np.rint(points / COEFFICIENT_UNIT * LOG_ODDS_UNIT).astype(np.int64)
    return units


def probabilities(model: Model, sample: Sample) -> NDArray[np.int64]:
    """Score a sample's pairs with a model, in units of ``1 / PROBABILITY_UNIT``."""
    return to_probability(log_odds(model, sample))


def f1_by_threshold(model: Model, sample: Sample) -> list[float]:
    """Return B³ F1 of a sample for each of THRESHOLDS."""
    return [f1_at(model, sample, threshold) for threshold in THRESHOLDS]


def f1_at(model: Model, sample: Sample, threshold: float = Config().event.threshold) -> float:
    """Return B³ F1 of a sample clustered at a threshold."""
    chance = probabilities(model, sample)
    kept = chance >= Config().event.floor * PROBABILITY_UNIT
    pairs = sample.pairs[kept]
    labels = average_linkage(
        sample.n_groups,
        pairs,
        held_down(sample.sizes, pairs, chance[kept]),
        round(threshold * PROBABILITY_UNIT),
    )
    return b_cubed_f1_score(sample.events, labels[sample.group_of].tolist())


def brier(model: Model, sample: Sample) -> float:
    """Return the mean squared error of the probabilities (Brier 1950)."""
    return float(((probabilities(model, sample) / PROBABILITY_UNIT - sample.same) ** 2).mean())


def table(samples: Sequence[Sample]) -> dict[str, dict[str, float]]:
    """Print B³ F1 for each set, fitted with and without its family; return the second."""
    everything = fit(samples)
    print(f"{'':22}      " + "".join(f"{t:>7}" for t in THRESHOLDS) + "   Brier")
    record: dict[str, dict[str, float]] = {}
    means: dict[str, list[list[float]]] = {"fitted": [], "left out": []}
    for sample in (s for s in samples if s.family != MADE and s.part == "whole"):
        without = fit([s for s in samples if s.family != sample.family])
        for what, model in (("fitted", everything), ("left out", without)):
            if not sample.events:
                print(f"{sample.name:22} {what:9}" + " " * 49 + f"  {brier(model, sample):.3f}")
                continue
            scores = f1_by_threshold(model, sample)
            if len(sample.events) > 300:
                means[what].append(scores)
            print(
                f"{sample.name:22} {what:9}"
                + "".join(f"{s:7.3f}" for s in scores)
                + f"   {brier(model, sample):.3f}"
            )
            if what == "left out":
                record[sample.name] = dict(
                    zip(map(str, THRESHOLDS), np.round(scores, 4).tolist(), strict=True)
                )
    for what, rows in means.items():
        print(
            f"{'mean of sets > 300':22} {what:9}"
            + "".join(f"{s:7.3f}" for s in np.mean(rows, axis=0))
        )
    return record


def all_samples() -> list[Sample]:
    """Return every set up to scored candidates, judged pairs, and made pairs."""
    sets = list(devsets.labelled_sets())
    samples = [sample_of(data) for data in sets]
    for part, chosen in (("headlines", HEADLINES_OF), ("openings", OPENINGS_OF)):
        short = [shortened(data, part) for data in sets if data.name in chosen]
        samples += [replace(sample_of(data), part=part) for data in short]
    samples += [sample_of_pairs(data) for data in devsets.pair_sets()]
    samples += [sample_of_pairs(made_templates(data)) for data in sets if data.name in MADE_FROM]
    return [sample for sample in samples if len(sample.pairs)]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="store the model in the package")
    options = parser.parse_args()
    started = time.process_time()
    samples = all_samples()
    print(f"features in {time.process_time() - started:.0f} s of CPU time")
    left_out = table(samples)
    model = fit(samples)
    stored = {
        "about": "Pair model of the event stage, fitted by benchmarks/train_event_model.py.",
        "coefficients": {name: value / 1024 for name, value in model.coefficients.items()},
        "intercept": model.intercept / 1024,
        "fitted_to": {
            name: devsets.digest(name)
            for name in (
                "gva",
                "ecbplus",
                "vietnamese",
                "wmt_mt",
                "olympics_titles",
                "semeval2022.pairs",
                "tgcontest.pairs",
            )
        },
        "b_cubed_f1_left_out_by_threshold": left_out,
    }
    print(json.dumps(stored["coefficients"], indent=1), stored["intercept"])
    if options.write:
        TARGET.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        print(f"wrote {TARGET.name}")


if __name__ == "__main__":
    main()
