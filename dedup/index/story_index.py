"""StoryIndex: what ``find_clusters`` gives a batch, for a stream that never ends.

Laws
----
* Every call that writes is one transaction: what it returned is there, whatever happens next, and
  of what it did not return nothing is.
* After :meth:`StoryIndex.consolidate` the live articles are in the groups and clusters that
  :func:`dedup.find_clusters` gives them, with the user's pairs as its ``must_link`` and
  ``cannot_link``.
* The window in memory is thrown away when a call fails, and caught up when another process wrote.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from os import PathLike
from types import TracebackType
from typing import Any, Literal

from dedup.article import Article, as_articles, content_id
from dedup.config import Config
from dedup.dates import parse_date
from dedup.errors import ConfigError, UnknownIdError
from dedup.events.features import microseconds
from dedup.events.links import settled as settled_by
from dedup.events.links import units
from dedup.explain import Evidence
from dedup.fields import checked_string
from dedup.index import answers
from dedup.index.consolidating import consolidate
from dedup.index.editing import Editor
from dedup.index.held import renumber
from dedup.index.loading import Reader, refresh
from dedup.index.log import changes, note
from dedup.index.records import (
    Assignment,
    Assignments,
    Change,
    ChangeKind,
    IndexedCluster,
    IndexStats,
)
from dedup.index.settling import Loss
from dedup.index.store import ArticleRow, Store
from dedup.index.window import Window
from dedup.progress import Progress, reporting, silent
from dedup.records import as_id
from dedup.text.recurring import RecurringLines

__all__ = ["StoryIndex"]


class StoryIndex:
    """Stories of a stream, in one file.

    Parameters
    ----------
    path : path
        An SQLite database, created if there is none.
    config : Config, optional
        What the file was made with, if absent; the default for a new one.
    keep_texts : bool
        Keep the text of an article that expires.  While it is live its text is kept, compressed:
        it is cleaned anew at each :meth:`consolidate`.  True costs about 1.5 kB an article.
    timeout : float
        Seconds to wait for another process that writes.
    progress : callable, bool or None
        See :func:`dedup.find_clusters`; told of opening and consolidating.

    Raises
    ------
    FormatError
        If the file is no index, or a damaged one; it is not touched.
    MismatchError
        If it was made with another configuration, or by another version of the format.
    StoreError
        If it cannot be opened or created.

    Examples
    --------
    >>> with StoryIndex(":memory:") as index:
    ...     first, = index.add([{"id": "a", "text": "Storm Babet floods Brechin in Angus."}])
    ...     second, = index.add([{"id": "b", "text": "Storm Babet floods Brechin in Angus!"}])
    >>> first.is_new, second.is_new, first.cluster_id == second.cluster_id
    (True, False, True)
    """

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        config: Config | None = None,
        keep_texts: bool = False,
        timeout: float = 5.0,
        progress: Progress | bool | None = None,
    ) -> None:
        if config is not None:
            _require_no_pairs(config)
        self._store = Store(path, config, timeout)
        self._config = self._store.config
        self._keep_texts = keep_texts
        self._progress = progress
        self._reader = Reader(self._store)
        self._window: Window | None = None
        self._seen = (-1, -1)  # the file's generation, and its last row, that the window knows
        self._recurring = RecurringLines.empty()

    @property
    def config(self) -> Config:
        """The configuration that the file was made with."""
        return self._config

    def close(self) -> None:
        """Close the file; closing it twice does nothing."""
        self._store.close()

    def __enter__(self) -> StoryIndex:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # ------------------------------------------------------------ writing

    def add(
        self,
        articles: Iterable[Any],
        *,
        columns: Mapping[str, str | None] | None = None,
        on_error: Literal["raise", "skip"] = "raise",
    ) -> Assignments:
        """Put articles in, and say where each went.

        Parameters
        ----------
        articles : iterable
            Whatever :func:`dedup.find_clusters` takes.  An article that is there already, with the
            same content, stays as it is; with other content it is an update.
        columns, on_error
            See :func:`dedup.find_clusters`.

        Returns
        -------
        Assignments
            A tuple with one for each article, in their order; ``.skipped`` lists the rows that
            could not be read.

        Raises
        ------
        ArticleError
            If a row cannot be read, or two have one id; nothing is stored then.
        StoreError
            If the file cannot be written; nothing is stored then.

        Notes
        -----
        One transaction.  One to two milliseconds an article in batches of a thousand, whatever the
        index holds; a single one costs some fifteen.
        """
        read, skipped = as_articles(articles, columns=columns, on_error=on_error)
        found = Assignments(self._add(read) if read else ())
        found.skipped = tuple(skipped)
        return found

    def _add(self, read: Sequence[Article]) -> list[Assignment]:
        with self._writing() as editor:
            known = self._store.by_id(article.id for article in read)
            changed = [
                known[article.id]
                for article in read
                if article.id in known and known[article.id].content != content_id(article)
            ]
            loss = editor.leave(changed)
            same = known.keys() - {row.id for row in changed}
            row = self._store.next_row()
            fresh, rows = [], []
            for article in read:
                if article.id in same:
                    continue
                fresh.append(article)
                if article.id in known:
                    rows.append(known[article.id].row)
                else:
                    rows.append(row)
                    row += 1
            self._store.put("next_row", str(row))
            editor.settle(editor.newcomers(fresh, rows), loss)
            if changed:
                self._bump()
            return answers.assignments(self._store, [article.id for article in read])

    def update(self, article: Any) -> Assignment:
        """Put another version of an article in its place.

        Raises
        ------
        UnknownIdError
            If there is none with its id; :meth:`add` takes both.
        """
        read, _ = as_articles([article])
        with self._store.reading():
            self._require(read[0].id)
        return self.add(read)[0]

    def remove(self, article_id: str) -> None:
        """Take an article out as if it had never come.

        Raises
        ------
        UnknownIdError
            If there is none.
        """
        with self._writing() as editor:
            row = self._require(article_id)
            loss = editor.leave([row])
            self._store.run("DELETE FROM articles WHERE row = ?", row.row)
            self._store.run("DELETE FROM texts WHERE row = ?", row.row)
            self._store.run("DELETE FROM links WHERE a = ? OR b = ?", row.id, row.id)
            self._store.run("DELETE FROM pins WHERE id = ?", row.id)
            note(self._store, ChangeKind.LEFT, row.cluster, article=row.id)
            editor.settle([], loss)
            self._bump()

    def expire(self, before: Any) -> int:
        """Let go of articles that are older than a date; they are told of, but compared no more.

        Parameters
        ----------
        before : Interval, datetime, date, str or number
            What was published before it expires; undated articles count as old as those they came
            with.

        Returns
        -------
        int
            How many.
        """
        try:
            limit = parse_date(before)
        except ValueError as error:
            raise ConfigError(f"expire() needs a date, such as '2026-10-01': {error}") from error
        bound = microseconds(limit)[0]
        with self._writing() as editor:
            found = self._store.all("SELECT row FROM articles WHERE live AND seen < ?", bound)
            rows = list(self._store.articles(row for (row,) in found).values())
            if not self._keep_texts:
                editor.keep_words(rows)
            loss = editor.take_out(rows)
            expired = [(row.row,) for row in rows]
            self._store.run_many("UPDATE articles SET live = 0 WHERE row = ?", expired)
            if not self._keep_texts:
                self._store.run_many("DELETE FROM texts WHERE row = ?", expired)
            loss.clusters.clear()  # what is left of a story stays together as it was
            editor.settle([], loss)
            if rows:
                self._bump()
            if self._window is not None and self._window.is_wordy:
                renumber(self._store, self._window)
                self._window = None
        self._store.vacuum()
        return len(rows)

    def pin(self, article_id: str) -> None:
        """Show this article wherever it stands, unless it was withdrawn."""
        with self._writing() as editor:
            row = self._require(article_id)
            self._store.run("INSERT OR IGNORE INTO pins VALUES (?)", row.id)
            editor.choose_again(row)

    def unpin(self, article_id: str) -> None:
        """Take a pin back."""
        with self._writing() as editor:
            row = self._require(article_id)
            self._store.run("DELETE FROM pins WHERE id = ?", row.id)
            editor.choose_again(row)

    def link(self, a: str, b: str) -> None:
        """Let two articles be reports of one event, whatever their scores say.

        Raises
        ------
        UnknownIdError
            If one of them is not there.
        ConfigError
            If what :meth:`unlink` said is against it, or one of them has expired.
        """
        self._say(a, b, "together")

    def unlink(self, a: str, b: str) -> None:
        """Let two articles never be in one cluster.

        Raises
        ------
        UnknownIdError
            If one of them is not there.
        ConfigError
            If what :meth:`link` said is against it, they are copies of one text, or one of them
            has expired.
        """
        self._say(a, b, "apart")

    def consolidate(self) -> None:
        """Cluster the live articles as one batch would; ids live on.

        Lines that recur are counted anew, and so is how rare each word is.  Costs what
        :func:`dedup.find_clusters` costs; nobody else can write meanwhile.
        """
        with reporting(self._progress) as report, self._writing() as editor:
            editor.touched = True
            consolidate(self._store, self._config, report)
            self._bump()
            self._window = None

    # ------------------------------------------------------------ reading

    def query(self, article: Any, *, columns: Mapping[str, str | None] | None = None) -> Assignment:
        """Say where an article would go; nothing is written.

        Raises
        ------
        ArticleError
            If it cannot be read.
        """
        read, _ = as_articles([article], columns=columns)
        with self._asking() as window:
            editor = Editor(self._store, window, self._reader, self._recurring)
            return answers.query(self._store, window, editor, self._reader, read[0])

    def assignment(self, article_id: str) -> Assignment:
        """Say where an article stands.

        Raises
        ------
        UnknownIdError
            If there is none.
        """
        with self._store.reading():
            return answers.assignments(self._store, [self._require(article_id).id])[0]

    def cluster(self, cluster_id: int) -> IndexedCluster:
        """Return a cluster; the one that took it up, if it was merged.

        Raises
        ------
        UnknownIdError
            If there never was one with this id, or all of its articles were removed.
        """
        with self._store.reading():
            return answers.cluster(self._store, cluster_id)

    def explain(self, a: str, b: str) -> Evidence:
        """Return the evidence for two articles being together, or apart.

        Raises
        ------
        UnknownIdError
            If one of them is not there.

        Notes
        -----
        An article whose text was dropped when it expired is compared by its headline and its
        heaviest words; a note says so.
        """
        with self._store.reading():
            rows = [self._require(each) for each in (a, b)]
            return answers.explain(self._store, self._current(), *rows)

    def changes(self, since: int = 0) -> Iterator[Change]:
        """Yield what happened after a change, by its number."""
        while True:
            with self._store.reading():
                found = changes(self._store, since)
            if not found:
                return
            yield from found
            since = found[-1].number

    def stats(self) -> IndexStats:
        """Return what the index holds."""
        with self._store.reading():
            return answers.stats(self._store)

    def check(self) -> list[str]:
        """Return what is wrong with the file; nothing, if all is well."""
        with self._store.reading():
            return answers.check(self._store)

    def __contains__(self, article_id: object) -> bool:
        with self._store.reading():
            return bool(self._store.by_id([_as_stored(article_id)]))

    def __len__(self) -> int:
        return self.stats().articles

    def __repr__(self) -> str:
        return f"<StoryIndex {self._store.path}>"

    # ------------------------------------------------------------ inside

    @contextmanager
    def _writing(self) -> Iterator[Editor]:
        editor = None
        try:
            with self._store.writing():
                editor = Editor(self._store, self._current(), self._reader, self._recurring)
                yield editor
                if self._window is not None:
                    self._seen = (self._generation(), self._store.next_row() - 1)
        except BaseException:
            if editor is not None and editor.touched:
                self._forget()
            raise

    @contextmanager
    def _asking(self) -> Iterator[Window]:
        """Let a question be asked of the window as the file is now."""
        try:
            with self._store.reading():
                yield self._current()
        except BaseException:  # newcomers that stood beside the window may be left there
            self._forget()
            raise

    def _forget(self) -> None:
        self._window = None
        self._reader = Reader(self._store)

    def _current(self) -> Window:
        """Return the window as the file is now."""
        generation, last = self._generation(), self._store.next_row() - 1
        # Until it has caught up there is none: what is interrupted half way is made anew.
        window, self._window = self._window, None
        if window is None or self._seen[0] != generation or _worn(window):
            window = Window(self._config)
            self._reader = Reader(self._store)
            stored = json.loads(self._store.get("recurring") or "{}")
            self._recurring = RecurringLines(
                table={source: frozenset(lines) for source, lines in stored.items()}
            )
            with reporting(self._progress) as report:
                refresh(self._store, window, 0, report)
        elif self._seen[1] != last:
            refresh(self._store, window, self._seen[1], silent)
        self._window, self._seen = window, (generation, last)
        return window

    def _generation(self) -> int:
        return int(self._store.get("generation") or 0)

    def _bump(self) -> None:
        """Let other processes know that what they have in memory is no longer so."""
        self._store.put("generation", str(self._generation() + 1))

    def _require(self, article_id: str) -> ArticleRow:
        name = _as_stored(article_id)
        found = self._store.by_id([name])
        if name not in found:
            raise UnknownIdError(f"no article with id {name!r} in {self._store.path}")
        return found[name]

    def _say(self, a: str, b: str, kind: str) -> None:
        with self._writing() as editor:
            one, two = sorted((self._require(a), self._require(b)), key=lambda row: row.id)
            for row in (one, two):
                if not row.live:
                    raise ConfigError(f"{row.id!r} has expired, and is compared no more")
            if one.row == two.row:
                raise ConfigError(f"{one.id!r} is paired with itself; name two articles")
            if kind == "apart" and one.centre == two.centre:
                raise ConfigError(
                    f"{one.id!r} and {two.id!r} are copies of one text, and copies are always in "
                    "one cluster"
                )
            self._store.run("INSERT OR REPLACE INTO links VALUES (?, ?, ?)", one.id, two.id, kind)
            self._require_consistent(one, two)
            editor.settle([], Loss(clusters={one.cluster, two.cluster}))
            self._bump()

    def _require_consistent(self, one: ArticleRow, two: ArticleRow) -> None:
        centre = dict(
            self._store.all(
                "SELECT id, centre FROM articles "
                "WHERE id IN (SELECT a FROM links UNION SELECT b FROM links)"
            )
        )
        links = self._store.all("SELECT a, b, kind FROM links")
        unit = units([(centre[a], centre[b]) for a, b, kind in links if kind == "together"])
        for a, b, kind in links:
            # What has come to be copies of one text is together, whoever parted it.
            parted = kind == "apart" and centre[a] != centre[b]
            if parted and settled_by(centre[a], centre[b], unit, ()):
                raise ConfigError(
                    f"{one.id!r} and {two.id!r}: {a!r} and {b!r} were parted by unlink(), and "
                    "other pairs join them; take one of these back"
                )


def _as_stored(article_id: object) -> str:
    """Return an id as the file has it."""
    return checked_string("id", str(as_id(article_id)))


def _worn(window: Window) -> bool:
    """Whether so many rows are gone that a new window is better.

    Making one takes as long as adding some three thousand articles to sixty thousand.
    """
    return 5 * len(window) > 7 * window.n_alive + (1 << 14)


def _require_no_pairs(config: Config) -> None:
    event, canonical = config.event, config.canonical
    for name, values, method in (
        ("event.must_link", event.must_link, "link()"),
        ("event.cannot_link", event.cannot_link, "unlink()"),
        ("canonical.pins", canonical.pins, "pin()"),
    ):
        if values:
            raise ConfigError(f"{name} names articles; in an index, use its {method}")
