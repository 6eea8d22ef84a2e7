"""The file of an index: one SQLite database in WAL mode, which is the truth.

Laws
----
* A transaction is there as a whole or not at all, whatever ends the process.
* What SQLite reports comes out as a :class:`~dedup.errors.StoreError` that names the file.
* A file that is no index, or one of another version or configuration, is not touched.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from os import PathLike, fsdecode
from pathlib import Path
from typing import Any, Final, NamedTuple

from dedup.config import Config
from dedup.errors import FormatError, MismatchError, StoreError

__all__ = ["SCHEMA_VERSION", "ArticleRow", "DamagedError", "Store", "undamaged"]

#: Raised when a file can no longer be read by the version before.
SCHEMA_VERSION: Final = 4

#: SQLite keeps it in the head of the file: "sdix".
_APPLICATION: Final = 0x73646978

_SCHEMA: Final = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE articles (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    content TEXT NOT NULL,
    seen INTEGER NOT NULL,
    early INTEGER,
    late INTEGER,
    urls TEXT NOT NULL,
    source TEXT NOT NULL,
    told TEXT NOT NULL,
    live INTEGER NOT NULL,
    centre INTEGER NOT NULL,
    cluster INTEGER NOT NULL,
    role TEXT NOT NULL,
    similarity REAL NOT NULL,
    note TEXT,
    reasons TEXT NOT NULL
);
CREATE INDEX articles_cluster ON articles (cluster);
CREATE INDEX articles_centre ON articles (centre, row, cluster) WHERE live;
CREATE INDEX articles_copies ON articles (centre) WHERE NOT live AND centre != row;
CREATE INDEX articles_seen ON articles (seen) WHERE live;
CREATE TABLE texts (row INTEGER PRIMARY KEY, packed BLOB NOT NULL);
CREATE TABLE remains (row INTEGER PRIMARY KEY, words TEXT NOT NULL);
CREATE TABLE groups (
    centre INTEGER PRIMARY KEY,
    words BLOB NOT NULL,
    exact BLOB NOT NULL,
    spoken TEXT NOT NULL
);
CREATE TABLE words (
    kind TEXT NOT NULL,
    number INTEGER NOT NULL,
    word TEXT NOT NULL,
    common INTEGER NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (kind, number)
) WITHOUT ROWID;
CREATE TABLE clusters (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    canonical INTEGER,
    reasons TEXT NOT NULL,
    merged_into INTEGER,
    founder INTEGER
);
CREATE TABLE pairs (
    a INTEGER NOT NULL,
    b INTEGER NOT NULL,
    probability INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (a, b)
) WITHOUT ROWID;
CREATE INDEX pairs_b ON pairs (b);
CREATE TABLE changes (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    cluster INTEGER NOT NULL,
    article TEXT,
    other INTEGER,
    reason TEXT NOT NULL
);
CREATE TABLE links (
    a TEXT NOT NULL,
    b TEXT NOT NULL,
    kind TEXT NOT NULL,
    PRIMARY KEY (a, b)
) WITHOUT ROWID;
CREATE TABLE pins (id TEXT PRIMARY KEY) WITHOUT ROWID;
"""

#: Bytes in the head of any SQLite database.
_HEAD: Final = 100

#: Values of one statement, at most.
_MOST: Final = 500


#: What reading something that is not what it was written as may raise.
_UNREADABLE: Final = (
    zlib.error,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    OverflowError,
)


class DamagedError(Exception):
    """Something in the file cannot be read; never leaves this package."""


@contextmanager
def undamaged(what: str) -> Iterator[None]:
    """Say that something is damaged, where what follows cannot read it."""
    try:
        yield
    except _UNREADABLE as error:
        raise DamagedError(f"{what} cannot be read: {error!r}") from error


class ArticleRow(NamedTuple):
    """One row of the articles, in the order of its columns."""

    row: int
    id: str
    content: str
    seen: int
    early: int | None
    late: int | None
    urls: str
    source: str
    told: str
    live: int
    centre: int
    cluster: int
    role: str
    similarity: float
    note: str | None
    reasons: str


_COLUMNS: Final = ", ".join(ArticleRow._fields)


class Store:
    """The file.

    Parameters
    ----------
    path : path
        Created if there is no such file.
    config : Config, optional
        Must be that of the file; what the file was made with if absent.
    timeout : float
        Seconds that a second writer waits for the first.
    """

    def __init__(self, path: str | PathLike[str], config: Config | None, timeout: float) -> None:
        self.path = fsdecode(path)
        self._timeout = timeout
        if 0 < self.size() < _HEAD:  # SQLite takes a few bytes for an empty database
            raise FormatError(
                f"{self.path}: not an index, or a damaged one (a few bytes only); restore it from "
                "a copy, or name another file"
            )
        with self._told():
            self._connection = sqlite3.connect(self.path, timeout=timeout, isolation_level=None)
        try:
            with self._told():
                self._open(config)
        except BaseException:
            self._connection.close()
            raise
        self.config = self._checked_config(config)

    def close(self) -> None:
        """Close the file; closing it twice does nothing."""
        self._connection.close()

    # ------------------------------------------------------------ opening

    def _open(self, config: Config | None) -> None:
        ask = self._connection.execute
        ask("BEGIN")  # one look at both: another process may be making the file
        application = ask("PRAGMA application_id").fetchone()[0]
        is_empty = not ask("SELECT count(*) FROM sqlite_master").fetchone()[0]
        ask("COMMIT")
        if application != _APPLICATION and (application or not is_empty):
            raise FormatError(
                f"{self.path}: a database of another program; name another file for the index"
            )
        ask("PRAGMA foreign_keys = OFF")
        if is_empty:
            self._create(config or Config())
        version = ask("PRAGMA user_version").fetchone()[0]
        if version != SCHEMA_VERSION:
            raise MismatchError(
                f"{self.path}: an index of version {version}, this library reads "
                f"{SCHEMA_VERSION}; add its articles to a new one"
            )
        # SQLite would fill up what is missing of the last page with zeros; a file that is left so
        # by a checkpoint that was cut short is made whole from what is beside it.
        beside = Path(f"{self.path}-wal")
        whole = beside.exists() and beside.stat().st_size
        if not whole and self.size() % ask("PRAGMA page_size").fetchone()[0]:
            raise FormatError(f"{self.path}: its end is missing; restore it from a copy")
        ask("PRAGMA synchronous = FULL")

    def _create(self, config: Config) -> None:
        run = self._connection.execute
        run("PRAGMA auto_vacuum = INCREMENTAL")
        run("PRAGMA journal_mode = WAL")
        run("BEGIN IMMEDIATE")
        try:
            # Another process may have been quicker.
            if not run("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                for statement in _SCHEMA.split(";"):
                    if statement.strip():
                        run(statement)
                self.put("config", json.dumps(config.to_dict(), sort_keys=True))
                run(f"PRAGMA application_id = {_APPLICATION}")
                run(f"PRAGMA user_version = {SCHEMA_VERSION}")
            run("COMMIT")
        except BaseException:
            run("ROLLBACK")
            raise

    def _checked_config(self, config: Config | None) -> Config:
        with self._told():
            try:
                stored = json.loads(self.get("config") or "{}")
                known = Config.from_dict(stored)
            except (ValueError, TypeError, AttributeError) as error:
                self.close()
                raise FormatError(
                    f"{self.path}: the configuration in it is damaged ({error}); restore it from "
                    "a copy"
                ) from error
        if config is None:
            return known
        # By way of JSON, as the stored one came.
        given = json.loads(json.dumps(config.to_dict()))
        if given != stored:
            self.close()
            raise MismatchError(
                f"{self.path}: made with another configuration: {_differences(stored, given)}; "
                "leave config= out, or add the articles to a new index"
            )
        return config

    # ------------------------------------------------------------ transactions

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say what SQLite reports in the library's own errors."""
        try:
            yield
        except sqlite3.ProgrammingError as error:
            raise StoreError(
                f"{self.path}: {error} (an index is closed, or used in another thread than its own)"
            ) from error
        except sqlite3.OperationalError as error:
            raise StoreError(f"{self.path}: {_remedy(str(error))}") from error
        except (sqlite3.DatabaseError, DamagedError) as error:
            raise FormatError(
                f"{self.path}: not an index, or a damaged one ({error}); restore it from a copy, "
                "or add its articles to a new one"
            ) from error

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Run what follows as one transaction; nobody else writes meanwhile."""
        with self._told():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Let what follows see the file as it is now, whoever writes meanwhile."""
        with self._told():
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    # ------------------------------------------------------------ small things

    def get(self, name: str) -> str | None:
        """Return what is noted under a name."""
        found = self.one("SELECT value FROM meta WHERE name = ?", name)
        return None if found is None else str(found[0])

    def put(self, name: str, value: str) -> None:
        """Note something under a name."""
        self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def one(self, statement: str, *values: Any) -> tuple[Any, ...] | None:
        """Return the first row of an answer, or None."""
        found: tuple[Any, ...] | None = self._connection.execute(statement, values).fetchone()
        return found

    def all(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return all rows of an answer."""
        return self._connection.execute(statement, values).fetchall()

    def each(self, statement: str, *values: Any) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of an answer."""
        yield from self._connection.execute(statement, values)

    def run(self, statement: str, *values: Any) -> int:
        """Run a statement; return how many rows it changed."""
        return self._connection.execute(statement, values).rowcount

    def run_many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each row of values."""
        self._connection.executemany(statement, rows)

    # ------------------------------------------------------------ articles

    def articles(self, rows: Iterable[int]) -> dict[int, ArticleRow]:
        """Return articles by their rows."""
        found = self._in("SELECT {} FROM articles WHERE row IN ({})", list(rows))
        return {each[0]: ArticleRow(*each) for each in found}

    def by_id(self, ids: Iterable[str]) -> dict[str, ArticleRow]:
        """Return articles by their ids; those that are not there are left out."""
        found = self._in("SELECT {} FROM articles WHERE id IN ({})", list(ids))
        return {each[1]: ArticleRow(*each) for each in found}

    def ids(self, rows: Iterable[int]) -> dict[int, str]:
        """Return the ids of articles by their rows."""
        return dict(self._in("SELECT row, id FROM articles WHERE row IN ({1})", list(rows)))

    def texts(self, rows: Iterable[int]) -> dict[int, bytes]:
        """Return the packed texts of articles by their rows; those that are gone are left out."""
        return dict(self._in("SELECT row, packed FROM texts WHERE row IN ({1})", list(rows)))

    def groups(self, centres: Iterable[int]) -> dict[int, tuple[Any, ...]]:
        """Return what is compared about groups, by the rows of their centres."""
        found = self._in("SELECT * FROM groups WHERE centre IN ({1})", list(centres))
        return {each[0]: each for each in found}

    def in_clusters(self, clusters: Iterable[int]) -> list[ArticleRow]:
        """Return the articles of some clusters."""
        found = self._in("SELECT {} FROM articles WHERE cluster IN ({})", list(clusters))
        return [ArticleRow(*each) for each in found]

    def of_centres(self, centres: Iterable[int]) -> list[ArticleRow]:
        """Return the live articles of some groups."""
        found = self._in("SELECT {} FROM articles WHERE live AND centre IN ({})", list(centres))
        return [ArticleRow(*each) for each in found]

    def live(self) -> Iterator[ArticleRow]:
        """Yield all live articles, by row."""
        for each in self.each(f"SELECT {_COLUMNS} FROM articles WHERE live ORDER BY row"):
            yield ArticleRow(*each)

    def _in(self, statement: str, values: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
        for start in range(0, len(values), _MOST):
            part = values[start : start + _MOST]
            marks = ", ".join("?" * len(part))
            yield from self._connection.execute(statement.format(_COLUMNS, marks), part)

    def put_articles(self, rows: Iterable[ArticleRow]) -> None:
        """Write articles, over what stood in their rows."""
        marks = ", ".join("?" * len(ArticleRow._fields))
        self.run_many(f"INSERT OR REPLACE INTO articles VALUES ({marks})", rows)

    def put_texts(self, packed: Iterable[tuple[int, bytes]]) -> None:
        """Write the packed texts of articles, by their rows."""
        self.run_many("INSERT OR REPLACE INTO texts VALUES (?, ?)", packed)

    def next_row(self) -> int:
        """Return a row that no article has had."""
        return int(self.get("next_row") or 1)

    def new_cluster(self) -> int:
        """Return the id of a cluster that has never been."""
        self.run("INSERT INTO clusters (reasons) VALUES ('[]')")
        found = self.one("SELECT last_insert_rowid()")
        return int(found[0]) if found else 0

    def resolve(self, cluster: int) -> int | None:
        """Follow the redirects of a cluster's id; None if there never was one."""
        found = self.one("SELECT merged_into FROM clusters WHERE id = ?", cluster)
        while found is not None and found[0] is not None:
            cluster = int(found[0])
            found = self.one("SELECT merged_into FROM clusters WHERE id = ?", cluster)
        return None if found is None else cluster

    def vacuum(self) -> None:
        """Give what is free in the file back to the system, if nobody is in the way."""
        with suppress(sqlite3.OperationalError):  # it can wait: what was asked for is stored
            self._connection.execute("PRAGMA incremental_vacuum").fetchall()

    def size(self) -> int:
        """Return the bytes of the file."""
        return Path(self.path).stat().st_size if Path(self.path).exists() else 0


def _remedy(message: str) -> str:
    """Say what to do about what SQLite reports."""
    remedies = (
        ("locked", "another process is writing; try again, or raise timeout="),
        ("readonly", "the file cannot be written; make it, and its folder, writable"),
        ("unable to open", "the file cannot be opened; check the path and its permissions"),
        ("full", "the disk is full; nothing of this call was stored"),
        ("disk I/O", "the disk failed; nothing of this call was stored"),
    )
    for part, remedy in remedies:
        if part in message:
            return f"{remedy} ({message})"
    return message


def _differences(stored: dict[str, Any], given: dict[str, Any]) -> str:
    """Name the settings that differ."""
    found = []
    for part in sorted(stored.keys() | given.keys()):
        one, two = stored.get(part) or {}, given.get(part) or {}
        found += [
            f"{part}.{name} is {one.get(name)!r} there and {two.get(name)!r} here"
            for name in sorted(one.keys() | two.keys())
            if one.get(name) != two.get(name)
        ]
    return "; ".join(found)
