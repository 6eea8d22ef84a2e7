"""What a notebook shows of a result: HTML without scripts, in the colours of the notebook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from dedup.views.elements import Child, asset, element, written
from dedup.views.story import evidence_view, stories_table, story_view

if TYPE_CHECKING:
    from dedup.cluster import Cluster
    from dedup.explain import Evidence
    from dedup.result import Clustering

__all__ = ["html_of_cluster", "html_of_clustering", "html_of_evidence"]

#: Stories that a notebook shows of a result.
_SHOWN: Final = 20


def html_of_clustering(result: Clustering) -> str:
    """Return the largest stories as a table."""
    several = [cluster for cluster in result.clusters if len(cluster) > 1]
    shown = several[:_SHOWN]
    parts: list[Child] = [element("p", result.summary)]
    if shown:
        parts.append(stories_table(shown, "Stories with several articles, largest first"))
    if len(several) > len(shown):
        left = len(several) - len(shown)
        parts.append(
            element(
                "p",
                f"… and {left:,} more. Each is .clusters[n]; all of them on one "
                "page: .report(path).",
            )
        )
    return _shown(parts)


def html_of_cluster(cluster: Cluster) -> str:
    """Return a story with its members."""
    return _shown(story_view(cluster))


def html_of_evidence(evidence: Evidence) -> str:
    """Return a pair side by side."""
    return _shown(evidence_view(evidence))


def _shown(parts: Sequence[Child]) -> str:
    return written(element("div", asset("style", "style.css"), *parts, class_="dedup"))
