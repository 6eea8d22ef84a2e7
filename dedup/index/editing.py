"""What a writer does inside one transaction: put in, take out, settle.

The window is changed along with the file, inside the transaction.  Whoever opened that throws the
window away if it fails, since the file is the truth.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from statistics import median_low
from typing import Any, Final

import numpy as np

from dedup.article import Article, content_id
from dedup.comparison import clean_articles, compare, group_text
from dedup.config import Config
from dedup.dates import Interval
from dedup.events.features import microseconds
from dedup.index.choosing import Chooser
from dedup.index.held import put_groups
from dedup.index.loading import Reader, said
from dedup.index.log import note, note_moves
from dedup.index.packing import pack_article, pack_text
from dedup.index.placing import Newcomer, Plan, place
from dedup.index.records import ChangeKind
from dedup.index.settling import Loss, Settled, reasons_of, settled
from dedup.index.store import ArticleRow, Store
from dedup.index.window import LiveGroup, Window
from dedup.provenance import publication
from dedup.text.recurring import RecurringLines

__all__ = ["Editor"]

#: Articles that tell how old an undated one is.
_FELLOWS: Final = 99

#: Words that are kept of an article whose text is dropped.
_WORDS: Final = 40


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
        self._chooser = Chooser(store, window, reader)
        self.touched = False  # whether the window may have been changed
        self._config: Config = window.config

    # ------------------------------------------------------------ putting in

    def newcomers(self, articles: Sequence[Article], rows: Sequence[int]) -> list[Newcomer]:
        """Clean articles that are to have these rows."""
        cleaned = clean_articles(articles, self._recurring, self._config)
        return [
            Newcomer(row=row, article=article, clean=clean)
            for row, article, clean in zip(rows, articles, cleaned, strict=True)
        ]

    def settle(self, newcomers: Sequence[Newcomer], loss: Loss) -> None:
        """Place newcomers and orphans, and write down what becomes of the clusters.

        Parameters
        ----------
        newcomers : sequence of Newcomer
        loss : Loss
        """
        self.touched = True
        self._disown(newcomers, loss)
        newcomers = sorted([*newcomers, *loss.orphans], key=lambda each: each.article.id)
        also = self._live_rows(loss.clusters)
        if newcomers or also:
            plan = place(self._window, newcomers, self._reader.cleaned, self.links(), also)
            what = settled(self._window, newcomers, plan, loss, loss.clusters)
            ids = self._new_ids(what)
            self._put_in(newcomers, plan, what, ids)
            self._note_moves(what, ids)
            self._chooser.choose(plan, what, ids, loss.shown)
        self._chooser.choose_among_expired(loss.shown)

    def choose_again(self, row: ArticleRow) -> None:
        """Choose what to show in an article's cluster, which stays what it is, after a pin."""
        self.touched = True
        rows = np.array(self._live_rows([row.cluster]), dtype=np.int64)
        if len(rows):
            plan = place(self._window, [], self._reader.cleaned, self.links(), rows.tolist())
            plan = replace(plan, rows=rows, labels=np.zeros_like(rows))
            what = settled(self._window, [], plan, Loss(), [row.cluster])
            self._chooser.choose(plan, what, [row.cluster], {})
        pinned = self._store.one("SELECT 1 FROM pins WHERE id = ?", row.id)
        if not row.live and pinned is not None:
            self._chooser.show_expired(row)

    def _live_rows(self, clusters: Iterable[int]) -> list[int]:
        """Return the window's rows of some clusters."""
        wanted = list(clusters)
        if not wanted:
            return []
        hit = np.isin(self._window.cluster.values, wanted) & self._window.alive.values
        found: list[int] = np.flatnonzero(hit).tolist()
        return found

    def _new_ids(self, what: Settled) -> list[int]:
        """Return the id of each story, new ones made."""
        return [self._store.new_cluster() if kept is None else kept for kept in what.identities.ids]

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

        What has no date, or one in the future, counts as old as its fellows.
        """
        moment = datetime.now(UTC)
        today = microseconds(Interval(moment, moment))[1]
        bounds = [None if date is None else microseconds(date) for date in dates]
        own = [None if each is None or each[0] > today else each[1] for each in bounds]
        fellows = [late for late in own if late is not None] or [
            seen
            for (seen,) in self._store.all(
                "SELECT seen FROM articles WHERE live ORDER BY row DESC LIMIT ?", _FELLOWS
            )
        ]
        usual = median_low(fellows) if fellows else today
        return [usual if late is None else late for late in own]

    def _note_moves(self, what: Settled, ids: Sequence[int]) -> None:
        """Note what became of the clusters, in the file and in the window."""
        members = [story.members for story in what.stories]
        note_moves(self._store, what.identities, ids, members, what.before)
        cluster = self._window.cluster.values
        for old, at in what.identities.merged:
            # What hangs together with nothing any more goes with it, too.
            cluster[cluster == old] = ids[at]

    # ------------------------------------------------------------ taking out

    def take_out(self, rows: Sequence[ArticleRow]) -> Loss:
        """Take live articles out of the window; their rows in the file are left to the caller."""
        self.touched = True
        loss = Loss()
        gone = {row.row for row in rows}
        homes: dict[int, list[ArticleRow]] = {}
        for row in rows:
            homes.setdefault(self._window.home[row.row], []).append(row)
        for home, leaving in homes.items():
            group = self._window.groups[home]
            cluster = int(self._window.cluster.values[home])
            shown = self._chooser.shown([cluster])
            loss.shown.update((each, name) for each, (name, _) in shown.items())
            if group.centre not in gone:
                self._window.leave(home, [row.row for row in leaving])
                told = self._store.articles(group.members)
                rest = [told[member] for member in group.members]
                self._window.retell(home, said(told[group.centre], members=rest))
                loss.clusters.add(cluster)
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

    def keep_words(self, rows: Sequence[ArticleRow]) -> None:
        """Write down the heaviest words of articles whose texts are to be dropped."""
        home, table = self._window.home, self._window.table
        words = {at: table.heaviest_words(at, _WORDS) for at in {home[row.row] for row in rows}}
        self._store.run_many(
            "INSERT OR REPLACE INTO remains VALUES (?, ?)",
            ((row.row, ", ".join(words[home[row.row]])) for row in rows),
        )

    def leave(self, rows: Sequence[ArticleRow]) -> Loss:
        """Take out articles that are removed, or come back with other content."""
        loss = self.take_out([row for row in rows if row.live])
        gone = {row.row for row in rows}
        for row in rows:
            loss.rewritten[row.row] = row.cluster
            told = self._store.one("SELECT canonical FROM clusters WHERE id = ?", row.cluster)
            if told is not None and told[0] == row.row:
                loss.shown[row.cluster] = row.id
            self._store.run("DELETE FROM remains WHERE row = ?", row.row)
            self._part_from_copies(row.row)
        for cluster in set(loss.rewritten.values()):
            expired = self._store.all(
                "SELECT row FROM articles WHERE cluster = ? AND NOT live", cluster
            )
            if any(each not in gone for (each,) in expired):
                loss.lingering.add(cluster)
        staying = [row.row for row in rows if row.cluster in loss.lingering]
        known = self._store.texts(staying)
        read = self._reader.read(row for row in staying if row in known)
        loss.versions.update((row, article) for row, (article, _) in read.items())
        self._reader.forget(gone)
        return loss

    def _disown(self, newcomers: Sequence[Newcomer], loss: Loss) -> None:
        """Part articles from what has expired, where they tell something else than before."""
        for newcomer in newcomers:
            old = loss.versions.get(newcomer.row)
            if old is None or not old.text:
                continue
            new = replace(newcomer.article, id=f"{old.id} (new version)")
            if compare(old, new, config=self._config).relation == "apart":
                cluster = loss.rewritten.pop(newcomer.row)
                note(self._store, ChangeKind.LEFT, cluster, article=old.id)

    def _part_from_copies(self, centre: int) -> None:
        """Let the oldest of an article's expired copies be the centre of the others."""
        behind = "FROM articles WHERE centre = ? AND NOT live AND centre != row"
        found = self._store.one(f"SELECT min(row) {behind}", centre)
        if found is not None and found[0] is not None:
            self._store.run(
                f"UPDATE articles SET centre = ? WHERE row IN (SELECT row {behind})",
                found[0],
                centre,
            )

    # ------------------------------------------------------------ the user's word

    def links(self) -> list[tuple[int, int, bool]]:
        """Return the pairs that were joined or parted, as rows of the file."""
        found = self._store.all(
            "SELECT one.row, two.row, links.kind FROM links "
            "JOIN articles AS one ON one.id = links.a JOIN articles AS two ON two.id = links.b "
            "WHERE one.live AND two.live"
        )
        return [(a, b, kind != "apart") for a, b, kind in found]


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
