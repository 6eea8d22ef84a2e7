"""How well the extent of what two texts share tells round-ups from reports.

::

    python benchmarks/round_ups.py

A round-up is made of the openings of four to seven articles of one set, at most four days apart,
one of them of the story that it is paired with.  Printed: the area under the ROC curve with which
the feature ``narrow`` tells such pairs from pairs of reports of one event, what the shipped model
gives them in the mean, and the share that it would call one event.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np

import devsets
import train_event_model as training
from calibration import roc_auc
from dedup.config import Config
from dedup.events.clustering import PROBABILITY_UNIT
from dedup.events.scoring import FEATURES, default_model

SETS = ("gva", "ecbplus", "vietnamese", "wmt_mt.en", "wmt_mt.de", "wmt_mt.fr")
PER_SET = 250
DAYS = 4
MOST = 2000  # pairs of reports, since the area takes the product


def round_ups(data: devsets.LabelledSet, seed: int = 3) -> devsets.PairSet:
    """Return pairs of a made round-up and another report of one of its stories."""
    chance = random.Random(seed)
    rows = list(zip(data.articles, data.events, strict=True))
    stories: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row, event in rows:
        stories[event].append(row)
    told_twice = sorted(event for event, reports in stories.items() if len(reports) > 1)
    pairs = []
    for _ in range(PER_SET):
        event = chance.choice(told_twice)
        report, source = chance.sample(stories[event], 2)
        others = [row for row, other in rows if other != event and near(row, source)]
        if len(others) >= 6:
            items = [source, *chance.sample(others, chance.randint(3, 6))]
            if chance.random() < 0.5:
                chance.shuffle(items)
            pairs.append((made(items, source, chance.choice((30, 40, 60))), report))
    return devsets.PairSet(
        name=f"round-ups {data.name}", family=data.family, pairs=pairs, same=[False] * len(pairs)
    )


def near(row: dict[str, Any], other: dict[str, Any]) -> bool:
    """Say whether two articles are long enough, and at most DAYS apart if both are dated."""
    dates = [row.get("published"), other.get("published")]
    if len(row["text"].split()) <= 60:
        return False
    if not all(dates):
        return True
    first, second = (np.datetime64(str(date)[:10]) for date in dates)
    return bool(abs(first - second) <= np.timedelta64(DAYS, "D"))


def made(items: list[dict[str, Any]], source: dict[str, Any], words: int) -> dict[str, Any]:
    """Return the openings of some articles as one, dated like one of them."""
    titles = [" ".join(item["title"].split()[:4]) for item in items if item.get("title")]
    body = "\n\n".join(" ".join(item["text"].split()[:words]) for item in items)
    dated = {"published": source["published"]} if source.get("published") else {}
    return {"title": ", ".join(titles[:2]), "text": body, **dated}


def lines() -> Iterator[str]:
    """Yield the table."""
    yield f"{'set':12}{'round-ups':>10}{'reports':>9}  AUC of narrow         mean p  joined"
    narrow = list(FEATURES).index("narrow")
    for data in devsets.labelled_sets():
        if data.name not in SETS:
            continue
        sets = training.sample_of(data)
        made_pairs = training.sample_of_pairs(round_ups(data))
        reports = sets.values[sets.same, narrow][:MOST]
        values = np.concatenate([made_pairs.values[:, narrow], reports])
        is_report = np.arange(len(values)) >= len(made_pairs.pairs)
        chance = training.probabilities(default_model(), made_pairs) / PROBABILITY_UNIT
        joined = (chance >= Config().event.threshold).mean()
        yield (
            f"{data.name:12}{len(chance):10,}{len(reports):9,}  "
            f"{roc_auc(-values, is_report, 200)}   {chance.mean():.2f}     {joined:.2f}"
        )


if __name__ == "__main__":
    for line in lines():
        print(line, flush=True)
