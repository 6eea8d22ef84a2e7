"""``dedup index …``: an index from the command line; JSON Lines in, JSON Lines out."""

from __future__ import annotations

import argparse
import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from typing import TYPE_CHECKING, Any, Final

from dedup.errors import ArticleError, DedupError, StoreError

if TYPE_CHECKING:
    from dedup.index.records import Assignment
    from dedup.index.story_index import StoryIndex

#: Articles that are added in one go, where so many are waiting.
_BATCH: Final = 1000

Columns = Mapping[str, str] | None


def add_parser(
    commands: Any,
    add_input: Callable[[argparse.ArgumentParser], None],
    columns_of: Callable[[Any], Columns],
) -> None:
    """Add ``index`` and its commands.

    Parameters
    ----------
    commands : what add_subparsers() returned
    add_input : callable
        Gives a parser the options about input.
    columns_of : callable
        Reads the option about columns.
    """
    index = commands.add_parser("index", help="stories of a stream, in one file")
    inner = index.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, about: str, run: Callable[[Any], int]) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = inner.add_parser(name, help=about, description=about)
        parser.add_argument("store", metavar="INDEX", help="the file of the index")
        parser.set_defaults(run=run, columns_of=columns_of)
        return parser

    add = command("add", "add articles; print where each went, one JSON line each", _add)
    add_input(add)
    add.add_argument(
        "--keep-texts", action="store_true", help="keep the texts of articles that expire"
    )
    add_input(command("query", "say where articles would go; nothing is written", _query))
    show = command("show", "print the stories of articles, or stories by their numbers", _show)
    show.add_argument("names", nargs="+", metavar="ID", help="an article's id, or a story's number")
    expire = command("expire", "let go of articles that are older than a date", _expire)
    expire.add_argument("--before", required=True, metavar="DATE", help="such as 2026-10-01")
    changes = command("changes", "print what happened, one JSON line each", _changes)
    changes.add_argument(
        "--since", type=int, default=0, metavar="N", help="after this change (default: all)"
    )
    command("consolidate", "cluster the live articles as one batch would", _consolidate)
    command("check", "say what is wrong with the file; exit with 1 if anything is", _check)
    command("stats", "say what the index holds", _stats)


@contextmanager
def _opened(options: Any, *, create: bool = False, **settings: Any) -> Iterator[StoryIndex]:
    from dedup.index.story_index import StoryIndex

    if not create and not Path(options.store).exists():
        raise StoreError(f"{options.store}: there is no such file; `dedup index add` makes one")
    with StoryIndex(options.store, **settings) as index:
        yield index


def _batches(options: Any) -> Iterator[list[Any]]:
    """Yield rows as they come: all that wait, up to a batch; so an endless pipe is no trouble."""
    from dedup.readers import read_articles

    waiting: Queue[Any] = Queue(maxsize=2 * _BATCH)
    end = object()

    def read() -> None:
        try:
            columns = options.columns_of(options.column)
            for row in read_articles(options.input, encoding=options.encoding, columns=columns):
                waiting.put(row)
            waiting.put(end)
        except (DedupError, OSError) as error:
            waiting.put(error)

    threading.Thread(target=read, daemon=True).start()
    last: Any = None
    while last is not end:
        batch = []
        last = waiting.get()
        while last is not end and not isinstance(last, Exception):
            batch.append(last)
            if len(batch) == _BATCH:
                break
            try:
                last = waiting.get(timeout=0.05)
            except Empty:
                break
        if batch:
            yield batch
        if isinstance(last, Exception):
            raise last  # after what came before it


def _add(options: Any) -> int:
    with _opened(options, create=True, keep_texts=options.keep_texts) as index:
        for batch in _batches(options):
            found = index.add(
                batch,
                columns=options.columns_of(options.column),
                on_error="skip" if options.skip_errors else "raise",
            )
            for assignment in found:
                _print(_as_dict(assignment))
            for row in found.skipped:
                print(f"dedup: a row was skipped: {row.reason}", file=sys.stderr)
    return 0


def _query(options: Any) -> int:
    with _opened(options) as index:
        for batch in _batches(options):
            for row in batch:
                try:
                    found = index.query(row, columns=options.columns_of(options.column))
                except ArticleError as error:
                    if not options.skip_errors:
                        raise
                    print(f"dedup: a row was skipped: {error}", file=sys.stderr)
                else:
                    _print(_as_dict(found))
    return 0


def _show(options: Any) -> int:
    with _opened(options) as index:
        shown = []
        for name in options.names:
            is_number = name.isascii() and name.isdigit() and name not in index
            number = int(name) if is_number else index.assignment(name).cluster_id
            shown.append(str(index.cluster(number or 0)))
    print("\n\n".join(shown))
    return 0


def _expire(options: Any) -> int:
    with _opened(options) as index:
        count = index.expire(before=options.before)
    print(f"{count:,} {'article' if count == 1 else 'articles'} expired.")
    return 0


def _changes(options: Any) -> int:
    with _opened(options) as index:
        for change in index.changes(since=options.since):
            _print(
                {
                    "number": change.number,
                    "kind": change.kind.value,
                    "cluster": change.cluster_id,
                    "article": change.article_id,
                    "other": change.other_id,
                    "reason": change.reason,
                }
            )
    return 0


def _consolidate(options: Any) -> int:
    with _opened(options) as index:
        index.consolidate()
        print(index.stats())
    return 0


def _check(options: Any) -> int:
    with _opened(options) as index:
        found = index.check()
    for line in found:
        print(line)
    if not found:
        print("All is well.")
    return 1 if found else 0


def _stats(options: Any) -> int:
    with _opened(options) as index:
        print(index.stats())
    return 0


def _as_dict(assignment: Assignment) -> dict[str, Any]:
    return {
        "id": assignment.article_id,
        "cluster": assignment.cluster_id,
        "group": assignment.group_id,
        "role": assignment.role.value,
        "new": assignment.is_new,
        "reasons": list(assignment.reasons),
    }


def _print(row: dict[str, Any]) -> None:
    print(json.dumps(row, ensure_ascii=False), flush=True)
