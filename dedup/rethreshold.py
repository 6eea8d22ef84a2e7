"""The same articles at another event threshold, without scoring a pair again.

Theory of operation: copies and scores do not depend on the event threshold, and the result holds
both.  Linkage runs again.  A story of the same texts as before is taken over as it is: its roles,
the version to show and the reasons depend on its members alone.  The articles of all others are
cleaned again, since keeping cleaned texts would double the size of a result, and go through the
run's own functions from there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dedup.assemble import Events, assemble
from dedup.batch import Batch, groups_of, prepare
from dedup.cluster import Cluster, DuplicateGroup
from dedup.config import Config
from dedup.duplicates.groups import Duplicates
from dedup.errors import ConfigError
from dedup.events.clustering import link
from dedup.progress import silent
from dedup.review import kept_scores, links_between, numbered, threshold_units
from dedup.text.recurring import RecurringLines, count_lines

if TYPE_CHECKING:
    from dedup.result import Clustering

__all__ = ["rethreshold"]


def rethreshold(result: Clustering, threshold: float) -> Clustering:
    """Cluster again; see :meth:`dedup.Clustering.rethreshold`."""
    scores = kept_scores(result)
    event = result.config.event
    if event.embedder is not None:
        raise ConfigError(
            f"this result was made with the embedder {event.embedder.name!r}, whose vectors are "
            "not kept, so it cannot be clustered again without it; run find_clusters() with "
            "another event.threshold"
        )
    if isinstance(threshold, int | float) and 0 < threshold < event.floor:
        raise ConfigError(
            f"threshold must not lie below event.floor, got {threshold} < {event.floor}: pairs "
            "below the floor were not kept; run find_clusters() again with a lower event.floor"
        )
    settings = replace(result.config, event=replace(event, threshold=threshold))
    groups = numbered(result)
    linkage = link(
        len(groups),
        scores.pairs,
        scores.probability,
        threshold_units(settings),
        links=links_between(result, groups).joined_by(
            scores.versions_from(threshold_units(settings))
        ),
    )
    clusters, changed = _taken_over(result, groups, linkage.labels)
    if len(changed):
        events = Events(
            labels=linkage.labels[changed],
            scores=scores.among(changed, len(groups)),
            observed=None,
        )
        clusters += _assembled(result, [groups[row] for row in changed], events, settings)
    clusters.sort(key=lambda cluster: (-len(cluster), cluster.id))  # the rank that labels are
    labels = np.full(len(result.labels), -1, dtype=np.int64)
    for label, cluster in enumerate(clusters):
        labels[[member.row for member in cluster.members]] = label
    labels.flags.writeable = False
    return replace(
        result,
        clusters=tuple(replace(cluster, label=label) for label, cluster in enumerate(clusters)),
        labels=labels,
        config=settings,
        stats=None,
    )


def _taken_over(
    result: Clustering, groups: Sequence[DuplicateGroup], labels: NDArray[np.int64]
) -> tuple[list[Cluster], NDArray[np.int64]]:
    """Return the clusters that stay as they are, and the rows of the groups in all others."""
    before = {frozenset(group.label for group in c.groups): c for c in result.clusters}
    together: dict[int, list[int]] = defaultdict(list)
    for row, label in enumerate(labels.tolist()):
        together[label].append(row)
    stay = []
    changed: list[int] = []
    for rows in together.values():
        cluster = before.get(frozenset(groups[row].label for row in rows))
        if cluster is None:
            changed += rows
        else:
            stay.append(cluster)
    return stay, np.array(sorted(changed), dtype=np.int64)


def _assembled(
    result: Clustering, groups: Sequence[DuplicateGroup], events: Events, settings: Config
) -> list[Cluster]:
    """Make clusters of some groups as a run does; they keep their places in the whole result."""
    row = {member.article.id: member.row for group in groups for member in group.members}
    label = {group.centre: group.label for group in groups}
    articles = [member.article for group in groups for member in group.members]
    batch = prepare(articles, (), settings, silent, recurring=_recurring(result))
    duplicates = _duplicates(result, batch, groups, row)
    parts = groups_of(batch, duplicates)
    made = assemble(batch, duplicates, parts, events, result.level, settings, silent)
    return [
        replace(
            cluster,
            groups=tuple(
                replace(
                    group,
                    label=label[group.centre],
                    members=tuple(replace(m, row=row[m.article.id]) for m in group.members),
                )
                for group in cluster.groups
            ),
        )
        for cluster in made.clusters
    ]


def _recurring(result: Clustering) -> RecurringLines:
    """Return the lines that recur in the whole input."""
    if result.context is not None:
        return result.context.recurring
    return count_lines([member.article for cluster in result for member in cluster.members])


def _duplicates(
    result: Clustering, batch: Batch, groups: Sequence[DuplicateGroup], row: Mapping[str, int]
) -> Duplicates:
    """Return what the duplicate stage found out about some groups, from what the result kept."""
    position = {article.id: at for at, article in enumerate(batch.articles)}
    rows = np.array([row[article.id] for article in batch.articles], dtype=np.int64)
    position_of = np.full(len(result.labels), -1, dtype=np.int64)
    position_of[rows] = np.arange(len(rows))
    centre = np.empty(len(rows), dtype=np.int64)
    for group in groups:
        for member in group.members:
            centre[position[member.article.id]] = position[group.centre]
    # Exact copies are always in one group, so whoever stands for a row is here too.
    representative = position_of[result.copies.representative[rows]]
    pairs = position_of[result.copies.pairs].reshape(-1, 2)
    here = (pairs >= 0).all(axis=1)
    return Duplicates(
        representative=representative,
        centre=centre,
        pairs=pairs[here],
        jaccard=result.copies.jaccard[here],
        candidates=result.statistics.duplicate_candidates,
        capped_buckets=result.statistics.capped_buckets,
    )
