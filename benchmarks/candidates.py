"""What the number of compared terms finds, and what it costs.

::

    python benchmarks/candidates.py

For each set with events: the share of the pairs of groups of one event, inside the window, that
become candidates when each group is compared by its m heaviest terms; how many candidates there are
for a group; and the CPU time of finding them, as a multiple of that at the default.
"""

from __future__ import annotations

import sys
import time

import numpy as np

import devsets
import stages
from dedup import Config
from dedup.events.candidates import event_candidates, gap_days

TERMS = (10, 20, 40, 60, 80, 120, 200, 1000)
SETS = ("gva", "ecbplus", "vietnamese", "olympics_titles.en")
ROUNDS = 3


def measure(labelled: devsets.LabelledSet) -> None:
    """Print one line for each number of terms."""
    staged = stages.run(labelled.articles)
    event = Config().event
    gold = np.unique(labelled.events, return_inverse=True)[1][staged.row_of]
    true = np.stack(np.triu_indices(len(gold), 1), axis=1)
    true = true[gold[true[:, 0]] == gold[true[:, 1]]]
    true = true[gap_days(staged.features, true) <= event.window_days]
    codes = true[:, 0] * len(gold) + true[:, 1]
    lines = []
    for terms in TERMS:
        taken = []
        for _ in range(ROUNDS):
            before = time.process_time()
            pairs = event_candidates(
                staged.features,
                top_terms=terms,
                min_cosine=event.min_cosine,
                window_days=event.window_days,
                posting_cap=event.posting_cap,
            ).pairs.astype(np.int64)
            taken.append(time.process_time() - before)
        found = np.isin(codes, pairs[:, 0] * len(gold) + pairs[:, 1])
        lines.append((terms, found.mean(), len(pairs) / len(gold), min(taken)))
    base = next(seconds for terms, *_, seconds in lines if terms == event.top_terms)
    print(f"{labelled.name}: {len(gold):,} groups, {len(true):,} pairs of one event")
    for terms, share, each_group, seconds in lines:
        print(f"{terms:8}{share:9.4f}{each_group:9.1f} a group{seconds / base:7.2f} x")


def main() -> None:
    if not devsets.available():
        sys.exit(f"no development sets in {devsets.DATA}; DEDUP_DATA names another folder")
    for labelled in devsets.labelled_sets():
        if labelled.name in SETS:
            measure(labelled)


if __name__ == "__main__":
    main()
