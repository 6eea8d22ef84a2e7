"""Fit ``dedup/events/across.json``: the model that joins clusters in different languages.

Run by hand when a value or the word stage changes; needs ``story-dedup[semantic]``::

    python benchmarks/train_across_model.py            # fit, with the left-out table
    python benchmarks/train_across_model.py --write    # and store the model

Each set of several languages goes through the library's own stages, up to clusters inside each
language, and the candidates between these are what the model is fitted to; a pair of clusters that
hold several events counts as the share of their pairs that is one event.  Olympic headlines, the
only dated set in several languages, are also taken as clusters by gold, which is what better word
clusters would be.

Without the Olympic headlines no set would tell what nearness in time is worth.  So single articles
and headlines of gva (dated, one language) take part, with coefficients of their own for what one
language changes (intercept, cosine, names), which are thrown away afterwards; and the same without
their dates.

Leave one out: the model is fitted without the family that it is then scored on.  *Oracle*: the
clusters inside each language are those of gold, and only what joins them is scored.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

import baselines
import dedup.events.across
import devsets
import stages
from dedup.config import Config
from dedup.evaluate import Evaluation, evaluate
from dedup.events.across import AcrossModel, join_across, languages_of_clusters
from dedup.events.clustering import PROBABILITY_UNIT, link
from dedup.events.logistic import COEFFICIENT_UNIT, LOG_ODDS_UNIT, VALUE_UNIT
from dedup.events.round_ups import held_down
from dedup.events.scoring import score
from dedup.events.stories import FEATURES, Stories
from dedup.review import threshold_units
from dedup.semantic import Embedded, UniversalSentenceEncoder, embed
from dedup.text.language import Languages

TARGET = Path(dedup.events.across.__file__).with_name("across.json")
FILES = ("olympics_titles", "ntrex", "semeval2022.pairs", "wmt_mt", "gva")

FOR = {"cosine", "high_cosine", "shared_names", "shared_numbers", "near_in_time"}
AGAINST = {"conflicting_names", "conflicting_numbers", "far_in_time", "crowd"}

#: No candidate at first has it; set by hand, see docs/semantic.md.
BY_HAND = {"one_language": -0.5}
#: Least log-odds of a join; flat around it, see docs/semantic.md.
THRESHOLD = -1.5
THRESHOLDS = (-2.0, -1.5, -1.0, -0.5, 0.0)

RIDGE = 1.0
EFFECTIVE_PAIRS = 5_000
MOST_PAIRS = 300_000
TIME = ("near_in_time", "far_in_time")
#: What is thrown away: how pairs of gva differ from pairs in two languages.
OWN = ("cosine", "high_cosine", "shared_names", "conflicting_names")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Corpus:
    """A set up to its clusters inside each language."""

    name: str
    staged: stages.Staged
    embedded: Embedded
    labels: NDArray[np.int64]
    events: Sequence[str]
    language: Sequence[str]

    @property
    def languages(self) -> Sequence[Languages]:
        """What each group may be written in."""
        return self.staged.features.languages

    @property
    def event_of_group(self) -> NDArray[np.int64]:
        """Gold of each group, as numbers."""
        names = [self.events[row] for row in self.first_row]
        return np.unique(names, return_inverse=True)[1].astype(np.int64)

    @property
    def gold_labels(self) -> NDArray[np.int64]:
        """Clusters by gold inside each language, each by its smallest row."""
        keys = [f"{self.language[row]} {self.events[row]}" for row in self.first_row]
        _, head, place = np.unique(keys, return_index=True, return_inverse=True)
        return head[place].astype(np.int64)

    @property
    def first_row(self) -> list[int]:
        """The first row of each group."""
        return list(np.unique(self.staged.group_of, return_index=True)[1].tolist())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """Candidate pairs of clusters."""

    family: str
    values: NDArray[np.float64]
    same: NDArray[np.float64]
    weight: NDArray[np.float64]
    share: float
    #: Whether they are pairs in one language.
    apart: bool = False


def corpus_of(
    name: str, rows: Sequence[dict[str, Any]], encoder: UniversalSentenceEncoder
) -> Corpus:
    """Run a set up to its clusters inside each language."""
    found = stages.run([devsets.article(row) | {"language": row["lang"]} for row in rows])
    config = Config()
    floor = round(config.event.floor * PROBABILITY_UNIT)
    near = score(found.features, found.pairs, floor=floor)
    counted = held_down(found.features.sizes, near.pairs, near.probability)
    linkage = link(len(found.texts), near.pairs, counted, threshold_units(config))
    excerpts = [(text.title, text.body) for text in found.texts]
    return Corpus(
        name=name,
        staged=found,
        embedded=embed(encoder, excerpts, found.features.languages),
        labels=linkage.labels,
        events=[row["event"] for row in rows],
        language=[row["lang"] for row in rows],
    )


def stories_of(corpus: Corpus, labels: NDArray[np.int64]) -> Stories:
    languages = languages_of_clusters(corpus.staged.texts, corpus.languages, labels)
    window = Config().event.window_days
    return Stories(corpus.staged.features, corpus.embedded, labels, languages, window)


def sample_of(corpus: Corpus, family: str, labels: NDArray[np.int64], share: float) -> Sample:
    """Return the candidates between the clusters of a set."""
    stories = stories_of(corpus, labels)
    pairs, values = stories.candidates()
    return labelled_sample(corpus, family, stories, pairs, values, share)


def labelled_sample(
    corpus: Corpus,
    family: str,
    stories: Stories,
    pairs: NDArray[np.int64],
    values: NDArray[np.int64],
    share: float,
    apart: bool = False,
) -> Sample:
    event = corpus.event_of_group
    held = np.zeros((len(stories.head), event.max() + 1), dtype=np.float32)
    np.add.at(held, (stories.home, event), 1)
    held /= held.sum(axis=1, keepdims=True)
    size = np.array(stories.size, dtype=np.float64)
    return Sample(
        family=family,
        values=values / VALUE_UNIT,
        same=np.concatenate(
            [(held[a] * held[b]).sum(axis=1) for a, b in _blocks(pairs)] or [np.zeros(0)]
        ).astype(np.float64),
        weight=np.sqrt(size[pairs].prod(axis=1)),
        share=share,
        apart=apart,
    )


def _blocks(pairs: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    return [pairs[start : start + 20_000].T for start in range(0, len(pairs), 20_000)]


def singles(corpus: Corpus, family: str, share: float) -> list[Sample]:
    """Return pairs of single groups as if each were in a language of its own; dated and not."""
    n = len(corpus.labels)
    languages = {row: Languages("", frozenset({str(row)})) for row in range(n)}
    rows = np.arange(n, dtype=np.int64)
    window = Config().event.window_days
    stories = Stories(corpus.staged.features, corpus.embedded, rows, languages, window)
    pairs, values = stories.candidates()
    if len(pairs) > MOST_PAIRS:
        kept = np.random.default_rng(0).choice(len(pairs), MOST_PAIRS, replace=False)
        pairs, values = pairs[np.sort(kept)], values[np.sort(kept)]
    undated = values.copy()
    columns = list(FEATURES)
    undated[:, [columns.index(name) for name in TIME]] = 0
    undated[:, columns.index("undated")] = VALUE_UNIT
    return [
        labelled_sample(corpus, family, stories, pairs, each, share, apart=True)
        for each in (values, undated)
    ]


def judged(encoder: UniversalSentenceEncoder, share: float) -> Sample:
    """Return the judged pairs in two languages."""
    rows = [row for row in devsets.read("semeval2022.pairs") if row["lang_a"] != row["lang_b"]]
    sides = [
        {**row[side], "id": f"{row['id']}{side}", "event": row["id"], "lang": row[f"lang_{side}"]}
        for row in rows
        for side in ("a", "b")
    ]
    corpus = corpus_of("semeval2022", sides, encoder)
    stories = stories_of(corpus, np.arange(len(corpus.labels), dtype=np.int64))
    pairs = corpus.staged.group_of.reshape(-1, 2)
    used = (pairs[:, 0] != pairs[:, 1]) & corpus.embedded.trusted[pairs].all(axis=1)
    stories.crowd = [0] * len(stories.head)
    values = [stories.values(a, [b])[0] for a, b in pairs[used].tolist()]
    same = np.array([float(row["label"] == 1) for row in rows])[used]
    return Sample(
        family="semeval2022",
        values=np.array(values) / VALUE_UNIT,
        same=same,
        weight=np.ones(len(same)),
        share=share,
    )


def fit(samples: Sequence[Sample], ridge: float = RIDGE) -> AcrossModel:
    """Fit the model by penalised maximum likelihood under sign constraints."""
    columns = list(FEATURES)
    names = [name for name in columns if name not in BY_HAND]
    chosen = [columns.index(name) for name in names]
    own = [columns.index(name) for name in OWN]
    parts = []
    for sample in samples:
        extra = np.column_stack([np.ones(len(sample.same)), sample.values[:, own]]) * sample.apart
        parts.append(np.column_stack([sample.values[:, chosen], extra]))
    values = np.concatenate(parts)
    same = np.concatenate([sample.same for sample in samples])
    weight = np.concatenate([s.share * s.weight / s.weight.sum() for s in samples])
    weight *= EFFECTIVE_PAIRS / weight.sum()
    limits = dict.fromkeys(FOR, (0.0, None)) | dict.fromkeys(AGAINST, (None, 0.0))
    free = (None, None)

    def loss(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        points = values @ theta[:-1] + theta[-1]
        value = (weight * (np.logaddexp(0, points) - same * points)).sum()
        slope = weight * (1 / (1 + np.exp(-np.clip(points, -500, 500))) - same)
        return (
            float(value + ridge / 2 * (theta[:-1] ** 2).sum()),
            np.append(values.T @ slope + ridge * theta[:-1], slope.sum()),
        )

    found = minimize(
        loss,
        np.zeros(values.shape[1] + 1),
        jac=True,
        method="L-BFGS-B",
        bounds=[*(limits.get(name, free) for name in names), *[free] * (len(own) + 2)],
        options={"maxiter": 5000},
    )
    coefficients = dict(zip(names, found.x[: len(names)].tolist(), strict=True)) | BY_HAND
    return AcrossModel.from_dict(
        {"coefficients": coefficients, "intercept": float(found.x[-1]), "threshold": THRESHOLD}
    )


def at(model: AcrossModel, threshold: float) -> AcrossModel:
    """Return the model with another threshold."""
    return replace(model, threshold=round(threshold * LOG_ODDS_UNIT))


def scored(corpus: Corpus, model: AcrossModel, labels: NDArray[np.int64]) -> Evaluation:
    """Join the clusters of a set and score the result."""
    found = join_across(
        corpus.staged.features,
        corpus.embedded,
        labels,
        languages_of_clusters(corpus.staged.texts, corpus.languages, labels),
        window_days=Config().event.window_days,
        model=model,
    )
    return evaluate(corpus.events, found.labels[corpus.staged.group_of].tolist())


def table(
    corpora: Mapping[str, Corpus], samples: Sequence[Sample]
) -> dict[str, dict[str, dict[str, float]]]:
    """Print B³ of each set, fitted with and without it; return F1."""
    everything = fit(samples)
    record: dict[str, dict[str, dict[str, float]]] = {}
    print(f"{'':34}" + "".join(f"{threshold:>22}" for threshold in THRESHOLDS))
    for name, corpus in corpora.items():
        without = fit([sample for sample in samples if sample.family != name])
        starts = {"words": corpus.labels}
        if name == "olympics_titles":
            starts["oracle"] = corpus.gold_labels
        for start, labels in starts.items():
            before = evaluate(corpus.events, labels[corpus.staged.group_of].tolist())
            print(f"{name} {start}: before {before.b_cubed_f1:.3f}")
            for what, model in (("fitted", everything), ("left out", without)):
                found = [scored(corpus, at(model, t), labels) for t in THRESHOLDS]
                print(
                    f"{name:16} {start:7} {what:9}"
                    + "".join(
                        f"   {e.b_cubed_precision:.3f} {e.b_cubed_recall:.3f} {e.b_cubed_f1:.3f}"
                        for e in found
                    ),
                    flush=True,
                )
                record.setdefault(f"{name}, {start}", {})[what] = {
                    str(t): round(e.b_cubed_f1, 4) for t, e in zip(THRESHOLDS, found, strict=True)
                }
    return record


def read() -> tuple[dict[str, Corpus], list[Sample]]:
    """Return the sets that are scored, and all samples."""
    encoder = UniversalSentenceEncoder()
    covered = baselines.USE_LANGUAGES
    gva = [{**row, "lang": "en"} for row in devsets.read("gva")]
    corpora = {
        "olympics_titles": corpus_of("olympics_titles", devsets.read("olympics_titles"), encoder),
        "ntrex": corpus_of(
            "ntrex", [row for row in devsets.read("ntrex") if row["lang"] in covered], encoder
        ),
        "wmt_mt": corpus_of("wmt_mt", devsets.read("wmt_mt"), encoder),
    }
    olympics = corpora["olympics_titles"]
    samples = [
        sample_of(olympics, "olympics_titles", olympics.labels, 0.5),
        sample_of(olympics, "olympics_titles", olympics.gold_labels, 0.5),
        sample_of(corpora["ntrex"], "ntrex", corpora["ntrex"].labels, 0.5),
        sample_of(corpora["wmt_mt"], "wmt_mt", corpora["wmt_mt"].labels, 0.3),
        judged(encoder, 0.3),
    ]
    for name, rows in (
        ("gva", gva),
        ("gva, headlines", [{**row, "text": ""} for row in gva if row.get("title")]),
    ):
        samples += singles(corpus_of(name, rows, encoder), "gva", 0.125)
    return corpora, samples


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="store the model in the package")
    options = parser.parse_args()
    corpora, samples = read()
    for sample in samples:
        print(f"{sample.family:16} {len(sample.same):8,} pairs, same {sample.same.mean():.4f}")
    model = fit(samples)
    stored = {
        "about": "Model of the stage across languages, fitted by benchmarks/train_across_model.py.",
        "coefficients": {
            name: value / COEFFICIENT_UNIT for name, value in model.weights.coefficients.items()
        },
        "intercept": model.weights.intercept / COEFFICIENT_UNIT,
        "threshold": THRESHOLD,
        "embedder": UniversalSentenceEncoder.name,
        "fitted_to": {name: devsets.digest(name) for name in FILES},
        "b_cubed_f1_by_threshold": table(corpora, samples),
    }
    print(json.dumps(stored["coefficients"], indent=1), stored["intercept"])
    if options.write:
        TARGET.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
