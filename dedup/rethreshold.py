"""The same articles at another event threshold, without scoring a pair again.

Theory of operation: cleaning, copies and scores do not depend on the event threshold.  Copies and
scores are in the result; texts are cleaned again, since keeping them would double its size.  From
there on the run's own functions are called: linkage, roles, the version to show.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from dedup.assemble import Events, assemble
from dedup.batch import Batch, groups_of, prepare, user_links
from dedup.duplicates.groups import Duplicates
from dedup.duplicates.shingling import shingle
from dedup.errors import ConfigError
from dedup.events.clustering import link
from dedup.progress import silent
from dedup.review import kept_scores, threshold_units
from dedup.text.tokenize import compared_tokens

if TYPE_CHECKING:
    from dedup.result import Clustering

__all__ = ["rethreshold"]


def rethreshold(result: Clustering, threshold: float) -> Clustering:
    """Cluster again; see :meth:`dedup.Clustering.rethreshold`."""
    scores = kept_scores(result)
    event = result.config.event
    if isinstance(threshold, int | float) and 0 < threshold < event.floor:
        raise ConfigError(
            f"threshold must not lie below event.floor, got {threshold} < {event.floor}: pairs "
            "below the floor were not kept; run find_clusters() again with a lower event.floor"
        )
    settings = replace(result.config, event=replace(event, threshold=threshold))
    in_order = sorted(
        (member for cluster in result.clusters for member in cluster.members),
        key=lambda member: member.row,
    )
    batch = prepare([member.article for member in in_order], result.skipped, settings, silent)
    duplicates = _duplicates(result, batch)
    groups = groups_of(batch, duplicates)
    linkage = link(
        len(groups),
        scores.pairs,
        scores.probability,
        threshold_units(settings),
        links=user_links(batch, groups, settings.event),
    )
    events = Events(
        labels=linkage.labels,
        scores=scores,
        observed=None if result.context is None else result.context.observed,
        candidates=result.statistics.event_candidates,
        capped_terms=result.statistics.capped_terms,
        largest_component=linkage.largest_component,
    )
    shingles = duplicates.shingles.take(duplicates.shingle_row[[g.centre for g in groups]])
    return assemble(batch, duplicates, groups, shingles, events, result.level, settings, silent)


def _duplicates(result: Clustering, batch: Batch) -> Duplicates:
    """Return what the duplicate stage found, from what the result kept of it."""
    position_of_row = np.full(len(result.labels), -1, dtype=np.int64)
    position_of_row[list(batch.rows)] = np.arange(len(batch.rows))
    position = {article.id: at for at, article in enumerate(batch.articles)}
    centre = np.empty(len(batch.articles), dtype=np.int64)
    for group in result.groups:
        for member in group.members:
            centre[position[member.article.id]] = position[group.centre]
    representative = position_of_row[result.copies.representative[list(batch.rows)]]
    heads, shingle_row = np.unique(representative, return_inverse=True)
    texts = (batch.cleaned[head] for head in heads.tolist())
    return Duplicates(
        representative=representative,
        centre=centre,
        pairs=position_of_row[result.copies.pairs].reshape(-1, 2),
        jaccard=result.copies.jaccard,
        shingles=shingle(
            [compared_tokens(text.title, text.body) for text in texts],
            result.config.duplicate.shingle_size,
        ),
        shingle_row=shingle_row.astype(np.int64),
        candidates=result.statistics.duplicate_candidates,
        capped_buckets=result.statistics.capped_buckets,
    )
