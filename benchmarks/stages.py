"""Articles through the library's own stages, up to candidate pairs of duplicate groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import dedup.find as find
from dedup.article import as_articles
from dedup.batch import groups_of, prepare
from dedup.config import Config
from dedup.events.features import Features, observe
from dedup.events.groups import GroupText, features_of, profiles_of
from dedup.stats import Stopwatch


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Staged:
    """What the stages found about a set.

    Parameters
    ----------
    texts : sequence of GroupText
        One per duplicate group.
    features : Features
    pairs : ndarray of int32, shape (m, 2)
        Candidates.
    group_of : ndarray of int64, shape (n_rows,)
        Each row's group.
    row_of : ndarray of int64, shape (n_groups,)
        The row that speaks for each group.
    """

    texts: Sequence[GroupText]
    features: Features
    pairs: NDArray[np.int32]
    group_of: NDArray[np.int64]
    row_of: NDArray[np.int64]


def run(rows: Sequence[dict[str, Any]]) -> Staged:
    """Run rows through the stages at the default configuration."""
    config = Config()
    articles, _ = as_articles(rows)
    batch = prepare(articles, [], config, lambda *_: None)
    groups = groups_of(batch, find._find_duplicates(batch, config, lambda *_: None, Stopwatch()))
    texts = [group.text for group in groups]
    profiles = profiles_of(texts)
    features = features_of(texts, profiles, observe(profiles), config.event.prior_weight)
    group_of = np.empty(len(articles), dtype=np.int64)
    for index, group in enumerate(groups):
        group_of[[batch.rows[p] for p in group.members]] = index
    return Staged(
        texts=texts,
        features=features,
        pairs=find._find_candidates(features, config.event, lambda *_: None).pairs,
        group_of=group_of,
        row_of=np.array([batch.rows[group.centre] for group in groups], dtype=np.int64),
    )
