"""What a writer does inside one transaction: put in, take out, settle.

The window is changed along with the file, inside the transaction.  Whoever opened that throws the
window away if it fails, since the file is the truth.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median_low
from typing import Any, Final

import numpy as np

from dedup.article import Article, content_id
from dedup.cluster import Cluster
from dedup.comparison import clean_articles, group_text
from dedup.config import Config
from dedup.dates import Interval
from dedup.events.candidates import MICROSECONDS_A_DAY
from dedup.events.features import microseconds
from dedup.index.held import put_groups
from dedup.index.loading import Reader, said
from dedup.index.packing import pack_article, pack_text
from dedup.index.placing import Newcomer, Plan, place
from dedup.index.records import ChangeKind
from dedup.index.settling import Placed, Settled, assembled, reasons_of, settled
from dedup.index.store import ArticleRow, Store
from dedup.index.window import LiveGroup, Window
from dedup.provenance import publication
from dedup.text.recurring import RecurringLines

__all__ = ["Editor", "Loss"]

#: Dated articles that tell when an undated one came, or one with a date that lies.
_FELLOWS: Final = 99


@dataclass(slots=True, kw_only=True)
class Loss:
    """What taking articles out leaves to be done.

    Parameters
    ----------
    orphans : list of Newcomer
        Members of groups that lost their centre.
    before : dict of int to int
        The cluster of each orphan, and of each article that comes back.
    clusters : set of int
        Clusters that lost a live group.
    """

    orphans: list[Newcomer] = field(default_factory=list)
    before: dict[int, int] = field(default_factory=dict)
    clusters: set[int] = field(default_factory=set)


class Editor:
    """Changes a file and its window.

    Parameters
    ----------
    store : Store
        Inside a transaction.
    window : Window
    reader : Reader
    recurring : RecurringLines
        As they were counted last.
    """

    def __init__(
        self, store: Store, window: Window, reader: Reader, recurring: RecurringLines
    ) -> None:
        self._store, self._window, self._reader = store, window, reader
        self._recurring = recurring
        self._config: Config = window.config

    # ------------------------------------------------------------ putting in

    def newcomers(self, articles: Sequence[Article], rows: Sequence[int]) -> list[Newcomer]:
        """Clean articles that are to have these rows."""
        cleaned = clean_articles(articles, self._recurring, self._config)
        return [
            Newcomer(row=row, article=article, clean=clean)
            for row, article, clean in zip(rows, articles, cleaned, strict=True)
        ]

    def settle(
        self, newcomers: Sequence[Newcomer], loss: Loss, chosen_anew: Iterable[int] = ()
    ) -> None:
        """Place newcomers and orphans, and write down what becomes of the clusters.

        Parameters
        ----------
        newcomers : sequence of Newcomer
        loss : Loss
        chosen_anew : iterable of int
            Clusters whose roles and canonical version are chosen again in any case.
        """
        anew = set(chosen_anew)
        newcomers = sorted([*newcomers, *loss.orphans], key=lambda each: each.article.id)
        window = self._window
        losing = list(loss.clusters | anew)
        hit = np.isin(window.cluster.values, losing) & window.alive.values
        also = np.flatnonzero(hit).tolist() if losing else []
        if not newcomers and not also:
            return
        plan = place(window, newcomers, self._reader.cleaned, self.links(), also)
        what = settled(window, newcomers, plan, loss.before, anew | loss.clusters)
        ids = self._new_ids(what)
        self._put_in(newcomers, plan, what, ids)
        self._note_moves(newcomers, what, ids, loss.before)
        self._choose(plan, what, ids)

    def _new_ids(self, what: Settled) -> list[int]:
        """Return the id of each story, new ones made."""
        return [self.new_cluster() if kept is None else kept for kept in what.identities.ids]

    def new_cluster(self) -> int:
        """Return the id of a cluster that has never been."""
        self._store.run("INSERT INTO clusters (reasons) VALUES ('[]')")
        found = self._store.one("SELECT last_insert_rowid()")
        return int(found[0]) if found else 0

    def _put_in(
        self, newcomers: Sequence[Newcomer], plan: Plan, what: Settled, ids: Sequence[int]
    ) -> None:
        """Write newcomers and scored pairs into the file and the window."""
        window, store, n = self._window, self._store, len(self._window)
        story_of = {row: at for at, story in enumerate(what.stories) for row in story.rows}
        reasons = reasons_of(window, newcomers, plan, story_of)
        rows: list[ArticleRow] = []
        seen = self._seen([publication(each.article, each.clean) for each in newcomers])

        def write(at: int, centre: int, cluster: int) -> None:
            rows.append(
                _row(
                    newcomers[at],
                    seen=seen[at],
                    centre=centre,
                    cluster=cluster,
                    similarity=plan.similarity[at],
                    reasons=reasons[at],
                )
            )

        for at, row in plan.joined.items():
            write(at, window.groups[row].centre, ids[story_of[row]])
        for place_, group in enumerate(plan.groups):
            centre = newcomers[group.centre].row
            for at in group.members:
                write(at, centre, ids[story_of[n + place_]])
        store.put_articles(rows)
        store.put_texts((each.row, pack_text(each.article, each.clean)) for each in newcomers)
        for newcomer in newcomers:
            self._reader.keep(newcomer.row, newcomer.article, newcomer.clean)
        for at, row in plan.joined.items():
            each = newcomers[at]
            window.join(row, each.row, group_text([each.article], [each.clean], 0))
        window.extend(
            [
                LiveGroup(
                    centre=newcomers[group.centre].row,
                    id=newcomers[group.centre].article.id,
                    members=[newcomers[at].row for at in group.members],
                    sources=text.sources,
                )
                for group, text in zip(plan.groups, plan.texts, strict=True)
            ],
            [ids[story_of[n + place_]] for place_ in range(len(plan.groups))],
            plan.fresh,
        )
        centres = [newcomers[group.centre].row for group in plan.groups]
        put_groups(store, window.table, centres, plan.fresh)
        window.add_pairs(plan.pairs, plan.probability, plan.version)
        centre_of = [group.centre for group in window.groups]
        store.run_many(
            "INSERT OR REPLACE INTO pairs VALUES (?, ?, ?, ?)",
            (
                (*sorted((centre_of[a], centre_of[b])), chance, int(version))
                for (a, b), chance, version in zip(
                    plan.pairs.tolist(),
                    plan.probability.tolist(),
                    plan.version.tolist(),
                    strict=True,
                )
            ),
        )

    def _seen(self, dates: Sequence[Interval | None]) -> list[int]:
        """Return when each newcomer counts as seen: by this it expires.

        An undated one came with its fellows; one that is dated long after them is not believed.
        """
        known = [
            row[0]
            for row in self._store.all(
                "SELECT late FROM articles WHERE live AND late IS NOT NULL "
                "ORDER BY row DESC LIMIT ?",
                _FELLOWS,
            )
        ]
        own = [None if date is None else microseconds(date)[1] for date in dates]
        fellows = known or [late for late in own if late is not None]
        if not fellows:
            return [0] * len(own)
        middle = median_low(fellows)
        latest = middle + int(self._config.event.window_days * MICROSECONDS_A_DAY)
        return [middle if late is None else min(late, latest) for late in own]

    def _note_moves(
        self,
        newcomers: Sequence[Newcomer],
        what: Settled,
        ids: Sequence[int],
        before: Mapping[int, int],
    ) -> None:
        """Note who came where, and which clusters merged and split."""
        id_of = {each.row: each.article.id for each in newcomers}
        parted = {at for _, at in what.identities.split}
        for at in what.changed:
            story, own = what.stories[at], ids[at]
            if what.identities.ids[at] is None and at not in parted:
                self.note(ChangeKind.CREATED, own)
            for row in story.members:
                if row in id_of and before.get(row) != own:
                    self.note(ChangeKind.JOINED, own, article=id_of[row])
        for old, at in what.identities.split:
            self.note(ChangeKind.SPLIT, old, other=ids[at])
        for old, at in what.identities.merged:
            self.note(ChangeKind.MERGED, old, other=ids[at])
            self._store.run("UPDATE clusters SET merged_into = ? WHERE id = ?", ids[at], old)
            # What has expired goes with it, and what hangs together with nothing any more.
            self._store.run("UPDATE articles SET cluster = ? WHERE cluster = ?", ids[at], old)
            cluster = self._window.cluster.values
            cluster[cluster == old] = ids[at]

    def _choose(self, plan: Plan, what: Settled, ids: Sequence[int]) -> None:
        """Choose roles and what to show in the clusters that changed, and write them down."""
        if not what.changed:
            return
        stories = {at: what.stories[at] for at in what.changed}
        members = [row for story in stories.values() for row in story.members]
        told = self._store.articles(members)
        read = self._reader.read(members)
        places = [
            Placed(
                row=row,
                article=read[row][0],
                clean=read[row][1],
                centre=told[row].centre,
                similarity=told[row].similarity,
            )
            for row in members
        ]
        label_of = {
            self._window.groups[row].centre: at
            for at, story in stories.items()
            for row in story.rows
        }
        shown = self._shown(ids[at] for at in what.changed)
        pins = self._pins()
        chosen = assembled(
            replace(self._config, canonical=replace(self._config.canonical, pins=pins)),
            places,
            label_of,
            self._pairs_among(plan, label_of),
            frozenset(name for name, _ in shown.values()),
        )
        order = sorted(places, key=lambda place: place.article.id)
        for at, cluster in chosen.items():
            was, row_shown = shown.get(ids[at], (None, 0))
            # What has expired is shown still, unless a pin speaks for another.
            stays = was is not None and row_shown not in told and cluster.canonical.id not in pins
            self._write_members(ids[at], cluster, [order[m.row].row for m in cluster.members], told)
            for row in what.stories[at].rows:
                self._window.cluster.values[row] = ids[at]
            if stays:
                continue
            self._store.run(
                "UPDATE clusters SET canonical = ?, reasons = ? WHERE id = ?",
                next(place.row for place in places if place.article.id == cluster.canonical.id),
                json.dumps(cluster.reasons, ensure_ascii=False),
                ids[at],
            )
            if was is not None and was != cluster.canonical.id:
                self.note(
                    ChangeKind.CANONICAL_CHANGED,
                    ids[at],
                    article=cluster.canonical.id,
                    reason="; ".join(cluster.reasons),
                )

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

    def _shown(self, clusters: Iterable[int]) -> dict[int, tuple[str, int]]:
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

    # ------------------------------------------------------------ taking out

    def take_out(self, rows: Sequence[ArticleRow]) -> Loss:
        """Take live articles out of the window; their rows in the file are left to the caller."""
        loss = Loss()
        gone = {row.row for row in rows}
        homes: dict[int, list[ArticleRow]] = {}
        for row in rows:
            homes.setdefault(self._window.home[row.row], []).append(row)
        for home, leaving in homes.items():
            group = self._window.groups[home]
            cluster = int(self._window.cluster.values[home])
            if group.centre not in gone:
                self._window.leave(home, [row.row for row in leaving])
                told = self._store.articles(group.members)
                rest = [told[member] for member in group.members]
                self._window.retell(home, said(told[group.centre], members=rest))
                continue
            self._window.drop(home)
            self._store.run("DELETE FROM pairs WHERE a = ? OR b = ?", group.centre, group.centre)
            self._store.run("DELETE FROM groups WHERE centre = ?", group.centre)
            left = [member for member in group.members if member not in gone]
            for member, (article, clean) in self._reader.read(left).items():
                loss.orphans.append(Newcomer(row=member, article=article, clean=clean))
                loss.before[member] = cluster
            loss.clusters.add(cluster)
        self._reader.forget(gone)
        return loss

    # ------------------------------------------------------------ the user's word

    def links(self) -> list[tuple[int, int, bool]]:
        """Return the pairs that were joined or parted, as rows of the file."""
        found = self._store.all(
            "SELECT one.row, two.row, links.kind FROM links "
            "JOIN articles AS one ON one.id = links.a JOIN articles AS two ON two.id = links.b "
            "WHERE one.live AND two.live"
        )
        return [(a, b, kind != "apart") for a, b, kind in found]

    def _pins(self) -> tuple[str, ...]:
        return tuple(row[0] for row in self._store.all("SELECT id FROM pins ORDER BY id"))

    def note(
        self,
        kind: ChangeKind,
        cluster: int,
        *,
        article: str | None = None,
        other: int | None = None,
        reason: str = "",
    ) -> None:
        """Write a change down."""
        self._store.run(
            "INSERT INTO changes (kind, cluster, article, other, reason) VALUES (?, ?, ?, ?, ?)",
            kind.value,
            cluster,
            article,
            other,
            reason,
        )


def _row(newcomer: Newcomer, **values: Any) -> ArticleRow:
    article, clean = newcomer.article, newcomer.clean
    text = group_text([article], [clean], 0)
    bounds = (None, None) if text.published is None else microseconds(text.published)
    return ArticleRow(
        row=newcomer.row,
        id=article.id,
        content=content_id(article),
        seen=values["seen"],
        early=bounds[0],
        late=bounds[1],
        urls=json.dumps(sorted(text.urls), ensure_ascii=False),
        source=next(iter(text.sources), ""),
        told=pack_article(article),
        live=1,
        centre=values["centre"],
        cluster=values["cluster"],
        role="report",
        similarity=values["similarity"],
        note=None,
        reasons=json.dumps(values["reasons"], ensure_ascii=False),
    )
