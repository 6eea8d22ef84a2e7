"""Charts of a result, drawn by altair: when stories ran, how large they are, how sure the scores.

Laws
----
* A chart holds what it draws and nothing else of the articles, so it can be shown to others.
* However large the result, a chart stays small: what is many is counted first, or its largest
  shown.
"""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dedup.cluster import Cluster, printable, shorten
from dedup.errors import ConfigError, MissingDependencyError
from dedup.events.clustering import PROBABILITY_UNIT
from dedup.views.story import spread

if TYPE_CHECKING:
    from datetime import datetime

    from dedup.dates import Interval
    from dedup.result import Clustering

__all__ = ["Plots"]

#: Stories of a timeline, and articles of one; articles of a graph.
_STORIES: Final = 20
_MOST_STORIES: Final = 100
_ARTICLES: Final = 2000
_NODES: Final = 100

#: Bars of a histogram of probabilities.
_BARS: Final = 50

_TITLE: Final = 50


class Plots:
    """Charts of a result; ``clustering.plot`` returns one.

    Parameters
    ----------
    result : Clustering
    """

    def __init__(self, result: Clustering) -> None:
        self._result = result

    def timeline(self, stories: int = _STORIES) -> Any:
        """Draw when the articles of the largest stories appeared, each story a line.

        Parameters
        ----------
        stories : int
            At most so many, from 1 to 100.  Of a large story some articles are drawn, from the
            first to the last.

        Returns
        -------
        altair.Chart

        Raises
        ------
        ConfigError
            If it is no such number.
        MissingDependencyError
            If altair is not installed.
        """
        alt = _altair()
        if not isinstance(stories, Integral) or not 1 <= stories <= _MOST_STORIES:
            raise ConfigError(
                f"stories must be a whole number from 1 to {_MOST_STORIES}, got {stories!r}"
            )
        most = _ARTICLES // int(stories)
        values, order, is_cut = [], [], False
        for cluster in self._result.clusters[:stories]:
            dated = [
                (_middle(member.article.published), member.article.id, member)
                for member in cluster.members
                if member.article.published is not None
            ]
            shown = cluster.canonical
            name = f"{cluster.label}  {shorten(shown.title or shown.text, _TITLE)}"
            order.append(name)
            is_cut |= len(dated) > most
            values += [
                {
                    "story": name,
                    "when": start.isoformat(),
                    "role": member.role.value,
                    "source": printable(member.article.source or ""),
                    "title": shorten(member.article.title or member.article.text),
                }
                for start, _, member in spread(sorted(dated), most)
            ]
        return (
            alt.Chart(alt.Data(values=values))
            .mark_tick(thickness=2, size=14)
            .encode(
                x=alt.X("when:T", title=None),
                y=alt.Y("story:N", sort=order, title=None, axis=alt.Axis(labelLimit=360)),
                color=alt.Color("role:N", title="role"),
                tooltip=["title:N", "source:N", "when:T", "role:N"],
            )
            .properties(width=460, **_said(f"at most {most:,} articles of a story" * is_cut))
        )

    def sizes(self) -> Any:
        """Draw how many stories have how many articles.

        Returns
        -------
        altair.Chart

        Raises
        ------
        MissingDependencyError
            If altair is not installed.
        """
        alt = _altair()
        sizes, counts = np.unique(
            np.array([len(cluster) for cluster in self._result.clusters], dtype=np.int64),
            return_counts=True,
        )
        values = [
            {"articles": size, "stories": count}
            for size, count in zip(sizes.tolist(), counts.tolist(), strict=True)
        ]
        return (
            alt.Chart(alt.Data(values=values))
            .mark_circle(size=60)
            .encode(
                x=alt.X("articles:Q", scale=alt.Scale(type="log"), title="articles of a story"),
                y=alt.Y("stories:Q", scale=alt.Scale(type="log"), title="stories"),
                tooltip=["articles:Q", "stories:Q"],
            )
            .properties(width=360, height=220)
        )

    def scores(self) -> Any:
        """Draw the probabilities of the scored pairs, and the threshold.

        Returns
        -------
        altair.LayerChart

        Raises
        ------
        ConfigError
            If the run looked for copies alone, and scored nothing.
        MissingDependencyError
            If altair is not installed.
        """
        alt = _altair()
        if self._result.scores is None:
            raise ConfigError(
                "level='duplicate' scores no pairs; plot.sizes() shows what was found"
            )
        chances = self._result.scores.probability / PROBABILITY_UNIT
        counts, edges = np.histogram(chances, bins=_BARS, range=(0.0, 1.0))
        values = [
            {"from": low, "to": high, "pairs": count}
            for low, high, count in zip(
                edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True
            )
        ]
        bars = (
            alt.Chart(alt.Data(values=values))
            .mark_bar()
            .encode(
                x=alt.X("from:Q", bin="binned", title="probability of one event"),
                x2="to:Q",
                y=alt.Y("pairs:Q", title="pairs of texts"),
                tooltip=["from:Q", "to:Q", "pairs:Q"],
            )
        )
        line = (
            alt.Chart(alt.Data(values=[{"threshold": self._result.config.event.threshold}]))
            .mark_rule(strokeDash=[4, 4])
            .encode(x="threshold:Q", tooltip=["threshold:Q"])
        )
        return (bars + line).properties(width=360, height=220)

    def graph(self, cluster: Cluster) -> Any:
        """Draw who copied whom in a story: articles from the earliest to the latest.

        Parameters
        ----------
        cluster : Cluster

        Returns
        -------
        altair.LayerChart
            An arrow for each entry of ``cluster.provenance``; articles without one stand alone.
            Of a large story a hundred articles are drawn, those with arrows first.

        Raises
        ------
        ConfigError
            If it is no story.
        MissingDependencyError
            If altair is not installed.
        """
        alt = _altair()
        if not isinstance(cluster, Cluster):
            raise ConfigError(
                "the graph is drawn of a story, such as plot.graph(clustering.clusters[0]), "
                f"got {cluster!r}"
            )
        found = cluster.provenance
        linked = {name for arrow in found for name in (arrow.article, arrow.origin)}
        members = sorted(cluster.members, key=lambda m: m.article.id not in linked)[:_NODES]
        order = sorted(
            members,
            key=lambda m: (
                m.article.published is None,
                "" if m.article.published is None else m.article.published.start.isoformat(),
                m.article.id,
            ),
        )
        place = {member.article.id: at for at, member in enumerate(order)}
        label = {
            member.article.id: f"{place[member.article.id] + 1}  "
            + shorten(member.article.source or member.article.title or member.article.id, 30)
            for member in order
        }
        nodes = [
            {
                "article": label[member.article.id],
                "place": place[member.article.id],
                "role": member.role.value,
                "title": shorten(member.article.title or member.article.text),
                "published": ""
                if member.article.published is None
                else str(member.article.published),
            }
            for member in order
        ]
        heads = {True: "triangle-left", False: "triangle-right"}
        arrows = [
            {
                "from": label[arrow.article],
                "start": place[arrow.article],
                "end": place[arrow.origin],
                "head": heads[place[arrow.origin] < place[arrow.article]],
                "relation": arrow.relation.value,
                "certainty": arrow.certainty,
                "reason": printable(arrow.reason),
            }
            for arrow in found
            if arrow.article in place and arrow.origin in place
        ]
        sort = [label[member.article.id] for member in order]

        def row(field: str) -> Any:
            return alt.Y(field, sort=sort, title=None, axis=alt.Axis(labelLimit=260))

        points = (
            alt.Chart(alt.Data(values=nodes))
            .mark_circle(size=90, opacity=1)
            .encode(
                x=alt.X("place:Q", title=None, axis=None),
                y=row("article:N"),
                color=alt.Color("role:N", title="role"),
                tooltip=["title:N", "published:N", "role:N"],
            )
        )
        lines = (
            alt.Chart(alt.Data(values=arrows))
            .mark_rule(strokeWidth=2)
            .encode(
                x=alt.X("end:Q", title=None, axis=None),
                x2="start:Q",
                y=row("from:N"),
                strokeDash=alt.StrokeDash("relation:N", title="relation"),
                opacity=alt.Opacity("certainty:Q", scale=alt.Scale(domain=[0, 1]), legend=None),
                tooltip=["relation:N", "certainty:Q", "reason:N"],
            )
        )
        ends = (
            alt.Chart(alt.Data(values=arrows))
            .mark_point(size=60, filled=True, color="gray")
            .encode(
                x=alt.X("end:Q", title=None, axis=None),
                y=row("from:N"),
                shape=alt.Shape("head:N", scale=None, legend=None),
            )
        )
        left = len(cluster) - len(members)
        cut = f"{len(members):,} of {len(cluster):,} articles" if left else ""
        return (lines + ends + points).properties(width=320, **_said(cut))


def _said(what: str) -> dict[str, str]:
    """Return what was left out as a chart's title; nothing if nothing was."""
    return {"title": what} if what else {}


def _middle(date: Interval) -> datetime:
    return date.start + (date.end - date.start) / 2


def _altair() -> Any:
    try:
        import altair
    except ImportError as error:
        raise MissingDependencyError("altair", "notebook") from error
    return altair
