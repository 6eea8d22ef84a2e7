"""What a cluster shows, and what each member is: chosen again where a cluster changed.

Laws
----
* What has expired is shown still, unless a pin speaks for another.
* No cluster comes to show another article without saying so in the log.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from dedup.cluster import Cluster
from dedup.index.loading import Reader
from dedup.index.log import follow_centres, note
from dedup.index.placing import Plan
from dedup.index.records import ChangeKind
from dedup.index.settling import Settled, assembled, placed
from dedup.index.store import ArticleRow, Store
from dedup.index.window import Window

__all__ = ["Chooser", "show"]


class Chooser:
    """Chooses, and writes it down.

    Parameters
    ----------
    store : Store
        Inside a transaction.
    window : Window
    reader : Reader
    """

    def __init__(self, store: Store, window: Window, reader: Reader) -> None:
        self._store, self._window, self._reader = store, window, reader

    def choose(
        self, plan: Plan, what: Settled, ids: Sequence[int], lost: Mapping[int, str]
    ) -> None:
        """Choose roles and what to show in the clusters that changed.

        Parameters
        ----------
        plan : Plan
        what : Settled
        ids : sequence of int
            The id of each of its stories.
        lost : mapping of int to str
            Clusters that lost the article that they showed, and its id.
        """
        if not what.changed:
            return
        stories = {at: what.stories[at] for at in what.changed}
        members = [row for story in stories.values() for row in story.members]
        told = self._store.articles(members)
        read = self._reader.read(members)
        places = placed(told, read)
        label_of = {
            self._window.groups[row].centre: at
            for at, story in stories.items()
            for row in story.rows
        }
        shown = self.shown(ids[at] for at in what.changed)
        pins = tuple(name for (name,) in self._store.all("SELECT id FROM pins ORDER BY id"))
        config = self._window.config
        chosen = assembled(
            replace(config, canonical=replace(config.canonical, pins=pins)),
            places,
            label_of,
            self._pairs_among(plan, label_of),
            frozenset(name for name, _ in shown.values()),
        )
        order = sorted(places, key=lambda place: place.article.id)
        for at, cluster in chosen.items():
            own = ids[at]
            was, row_shown = shown.get(own, (lost.get(own), 0))
            stays = bool(row_shown) and row_shown not in told and cluster.canonical.id not in pins
            self._write_members(own, cluster, [order[m.row].row for m in cluster.members], told)
            for row in what.stories[at].rows:
                self._window.cluster.values[row] = own
            if not stays:
                row = next(p.row for p in places if p.article.id == cluster.canonical.id)
                show(self._store, own, row, cluster.canonical.id, cluster.reasons, was)
        follow_centres(self._store, list(label_of))

    def show_expired(self, row: ArticleRow) -> None:
        """Show an article that has expired, since it is pinned."""
        was, _ = self.shown([row.cluster]).get(row.cluster, (None, 0))
        show(self._store, row.cluster, row.row, row.id, ["pinned by you"], was)

    def choose_among_expired(self, lost: Mapping[int, str]) -> None:
        """Show the oldest article where what was shown is gone and nothing live is left."""
        for cluster, was in lost.items():
            found = self._store.one(
                "SELECT row, id FROM articles WHERE cluster = ? ORDER BY row", cluster
            )
            if found is not None and cluster not in self.shown([cluster]):
                reason = "the oldest of those that have expired"
                show(self._store, cluster, found[0], found[1], [reason], was)

    def _pairs_among(self, plan: Plan, label_of: Mapping[int, int]) -> list[tuple[int, int, int]]:
        """Return the scored pairs inside these clusters, by the rows of their centres."""
        groups = self._window.groups
        home = self._window.home
        kept = np.isin(plan.every, [home[centre] for centre in label_of]).all(axis=1)
        return [
            (groups[a].centre, groups[b].centre, chance)
            for (a, b), chance in zip(
                plan.every[kept].tolist(), plan.held[kept].tolist(), strict=True
            )
            if label_of[groups[a].centre] == label_of[groups[b].centre]
        ]

    def shown(self, clusters: Iterable[int]) -> dict[int, tuple[str, int]]:
        """Return the id and the row of the article that each cluster shows so far."""
        found = {}
        for cluster in clusters:
            row = self._store.one(
                "SELECT articles.id, articles.row FROM clusters "
                "JOIN articles ON articles.row = canonical "
                "WHERE clusters.id = ? AND articles.cluster = clusters.id",
                cluster,
            )
            if row is not None:
                found[cluster] = (str(row[0]), int(row[1]))
        return found

    def _write_members(
        self,
        cluster_id: int,
        cluster: Cluster,
        rows: Sequence[int],
        told: Mapping[int, ArticleRow],
    ) -> None:
        """Write down what each member is."""
        changed = []
        for row, member in zip(rows, cluster.members, strict=True):
            now = told[row]
            then = (cluster_id, member.role.value, member.note)
            if then != (now.cluster, now.role, now.note):
                changed.append((*then, row))
        self._store.run_many(
            "UPDATE articles SET cluster = ?, role = ?, note = ? WHERE row = ?", changed
        )


def show(
    store: Store, cluster: int, row: int, name: str, reasons: Sequence[str], was: str | None
) -> None:
    """Let a cluster show an article, and note it if it showed another."""
    store.run(
        "UPDATE clusters SET canonical = ?, reasons = ? WHERE id = ?",
        row,
        json.dumps(list(reasons), ensure_ascii=False),
        cluster,
    )
    if was is not None and was != name:
        reason = "; ".join(reasons)
        note(store, ChangeKind.CANONICAL_CHANGED, cluster, article=name, reason=reason)
