"""Whatever ends a process, fills a disk or writes beside it: what was acknowledged is there."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from conftest import FIXTURES, read_lines
from dedup import (
    Assignment,
    Change,
    ChangeKind,
    Config,
    DedupError,
    EventConfig,
    FormatError,
    IndexedCluster,
    MismatchError,
    StoreError,
    StoryIndex,
    find_clusters,
)
from dedup.article import as_articles, content_id
from dedup.errors import UnknownIdError
from dedup.index import answers
from dedup.index.choosing import Chooser
from dedup.index.consolidating import consolidate
from dedup.index.editing import Editor
from dedup.index.packing import unpack_text
from dedup.index.store import SCHEMA_VERSION, ArticleRow, Store
from dedup.index.window import Window

Row = dict[str, Any]
Op = dict[str, Any]
Message = dict[str, Any]

FLOOD = (
    "Storm Babet floods Brechin in Angus as the South Esk bursts its banks, and 300 homes are "
    "cleared."
)
SPIES = "The VSSE is watching the Cainiao hub at Liege airport over fears of spying, Belgium said."
WATCHED = "Belgium's VSSE has been watching Cainiao's hub at the Liege airport: spying fears."

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork() on this system")


def written(name: str, text: str, day: int = 5) -> Row:
    return {"id": name, "text": text, "published": f"2023-10-{day:02}T09:00Z"}


def every_fixture() -> list[Row]:
    files = [FIXTURES / "belgium.jsonl", *sorted(FIXTURES.glob("negative/*.jsonl"))]
    rows = [row for path in files for row in read_lines(path)]
    return [{**row, "id": f"{place}-{row.get('id', '')}"} for place, row in enumerate(rows)]


# ---------------------------------------------------------------- what the file should hold


class Held(NamedTuple):
    """One article as the file should hold it."""

    row: Row
    content: str
    live: bool


#: By id.
State = dict[str, Held]


def content(row: Row) -> str:
    return content_id(as_articles([row])[0][0])


def after(state: State, op: Op) -> State:
    """Return what an index holds after an operation, by the documentation alone."""
    now = dict(state)
    for row in op.get("rows", ()):
        known = now.get(row["id"])
        if known is None or known.content != content(row):
            now[row["id"]] = Held(row, content(row), live=True)
    if op["do"] == "remove":
        del now[op["id"]]
    if op["do"] == "expire":
        for name, held in state.items():
            if held.row["published"] < op["before"]:
                now[name] = held._replace(live=False)
    return now


def told(state: State) -> dict[str, tuple[str, bool]]:
    return {name: (held.content, held.live) for name, held in state.items()}


def held(index: StoryIndex) -> dict[str, tuple[str, bool]]:
    """Read from the file what it holds: contents of live articles from the texts themselves."""
    found = {}
    for name, noted, live, article, packed in index._store.all(
        "SELECT id, content, live, told, packed FROM articles LEFT JOIN texts USING (row)"
    ):
        read = content_id(unpack_text(name, article, packed)[0]) if live else noted
        assert read == noted
        found[name] = (read, bool(live))
    return found


class Stream:
    """Operations on an index, made up from a seed: stories, copies, reports, updates, and so on."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._number = 0

    def op(self, state: State) -> Op:
        """Return what might be done next to what is there."""
        live = [name for name, held in state.items() if held.live]
        chance = self._rng.random()
        if live and chance < 0.07:
            return {"do": "remove", "id": self._rng.choice(live)}
        if len(live) > 60 and chance < 0.3:
            dates = sorted(state[name].row["published"] for name in live)
            return {"do": "expire", "before": dates[len(live) // 3][:14] + "00Z"}
        if chance < 0.1:
            return {"do": "consolidate"}
        rows: dict[str, Row] = {}
        for _ in range(self._rng.randint(1, 5)):
            row = self._row(state)
            rows[row["id"]] = row
        return {"do": "add", "rows": list(rows.values())}

    def ops(self, state: State, n: int) -> list[Op]:
        found = []
        for _ in range(n):
            found.append(self.op(state))
            state = after(state, found[-1])
        return found

    def row(self, text: str) -> Row:
        self._number += 1
        return {
            "id": f"a{self._number}",
            "text": text,
            "published": self._time(self._number),
            "source": self._rng.choice(["gazette.example", "courier.example", "post.example"]),
        }

    def _row(self, state: State) -> Row:
        kind = self._rng.random()
        old = state[self._rng.choice(sorted(state))].row if state else None
        if old is None or kind < 0.4:
            return self.row(" ".join(self.story()))
        if kind < 0.6:
            return self.row(old["text"])
        reused = self._rng.sample(old["text"].split(". "), 3)
        text = ". ".join([*reused, self.story()[0]])
        return self.row(text) if kind < 0.8 else {**old, "text": text}

    def story(self) -> list[str]:
        """Return the sentences of a story that never was."""
        rng = self._rng
        place, person, firm, ship = (
            "".join(rng.choice(["va", "ro", "kel", "min", "du", "shar", "ost"]) for _ in range(4))
            for _ in range(4)
        )
        place, person, firm, ship = map(str.title, (place, person, firm, ship))
        return [
            f"The {firm} company will close its harbour at {place} in {rng.randint(2, 40)} weeks.",
            f"Some {rng.randint(100, 999)} dockers of {place} learned it from mayor {person}.",
            f"The ferry {ship} is to sail from {place} until {firm} has sold its quays.",
            f"Mayor {person} said that {firm} had promised {rng.randint(2, 90)} new jobs.",
            f"A spokesman of {firm} would not comment on what {person} had said in {place}.",
        ]

    @staticmethod
    def _time(number: int) -> str:
        at = datetime(2023, 10, 5, tzinfo=UTC) + timedelta(minutes=20 * number)
        return f"{at:%Y-%m-%dT%H:%MZ}"


# ---------------------------------------------------------------- other processes


def emit(**message: Any) -> None:
    """Write a message at once; it is shorter than what a pipe takes as a whole."""
    os.write(1, json.dumps(message).encode() + b"\n")


def short(assignment: Assignment) -> list[Any]:
    return [assignment.article_id, assignment.cluster_id, assignment.group_id, assignment.role]


def do(index: StoryIndex, op: Op) -> list[list[Any]]:
    """Carry an operation out; return where added articles stand."""
    match op["do"]:
        case "add":
            return list(map(short, index.add(op["rows"])))
        case "remove":
            index.remove(op["id"])
        case "expire":
            index.expire(before=op["before"])
        case "consolidate":
            index.consolidate()
        case "hold":
            with index._store.writing():
                emit(who=op["who"], holding=True)
                time.sleep(op["seconds"])
    return []


def work(who: int, task: dict[str, Any]) -> None:
    """Do what a task says, and tell of each step."""

    where, moments = "outside", Counter[str]()

    def trace(statement: str) -> None:
        nonlocal where
        if statement in ("BEGIN IMMEDIATE", "COMMIT"):
            emit(who=who, statement=statement)
            where = "inside" if statement == "BEGIN IMMEDIATE" else "commit"
        elif where in ("commit", "after"):
            where = "after" if where == "commit" else "outside"
        moments[where] += 1
        if [where, moments[where]] == task["death"]:
            os.kill(os.getpid(), signal.SIGKILL)

    with StoryIndex(task["path"], timeout=task["timeout"], progress=False) as index:
        if task["traced"]:
            ask = index._store._connection
            ask.set_trace_callback(trace)
            if task["spill"]:  # write to the file before the end of a transaction, and merge often
                ask.execute("PRAGMA cache_size = 4")
                ask.execute("PRAGMA wal_autocheckpoint = 8")
        for number, op in enumerate(task["ops"]):
            emit(who=who, doing=number)
            found = do(index, op)
            emit(who=who, done=number, changes=index.stats().changes, assignments=found)


def serve() -> None:
    """Fork a process for each task of a line, and wait for them: imports are paid once."""
    with StoryIndex(":memory:", progress=False) as index:
        index.add([written("a", FLOOD), written("b", FLOOD + " "), written("c", SPIES)])
        index.query(written("d", WATCHED))
        index.consolidate()
    for line in sys.stdin:
        children = []
        for who, task in enumerate(json.loads(line)):
            child = os.fork()
            if not child:
                signal.alarm(120)
                try:
                    emit(who=who, pid=os.getpid())
                    work(who, task)
                except BaseException as error:
                    emit(who=who, failed=repr(error)[:1000])
                if task["until_killed"]:
                    emit(who=who, idle=True)
                    time.sleep(100)
                os._exit(0)
            children.append(child)
        status = [os.waitpid(child, 0)[1] for child in children]
        emit(ended=[os.waitstatus_to_exitcode(each) for each in status])


class Nursery:
    """A process that others are forked from."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def begin(
        self,
        path: Path,
        *works: Sequence[Op],
        timeout: float = 30,
        traced: bool = False,
        spill: bool = False,
        until_killed: bool = False,
        death: tuple[str, int] | None = None,
    ) -> None:
        tasks = [
            {
                "path": str(path),
                "ops": list(ops),
                "timeout": timeout,
                "traced": traced,
                "spill": spill,
                "until_killed": until_killed,
                "death": death,
            }
            for ops in works
        ]
        assert self._process.stdin
        self._process.stdin.write(json.dumps(tasks) + "\n")
        self._process.stdin.flush()

    def messages(self) -> Iterator[Message]:
        """Yield what the processes tell, until all have ended."""
        assert self._process.stdout
        for line in self._process.stdout:
            message: Message = json.loads(line)
            assert "failed" not in message, message
            yield message
            if "ended" in message:
                return
        raise AssertionError("the helper died")

    def run(self, path: Path, *works: Sequence[Op], timeout: float = 30) -> list[Message]:
        self.begin(path, *works, timeout=timeout)
        return list(self.messages())


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    if not hasattr(os, "fork"):
        pytest.skip("no fork() on this system")
    single = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # threads do not survive a fork
    with subprocess.Popen(
        [sys.executable, __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **single},
    ) as process:
        yield Nursery(process)


# ---------------------------------------------------------------- what an index says


class Said(NamedTuple):
    """All that an index says about what it holds."""

    assignments: list[Assignment]
    clusters: list[IndexedCluster]
    changes: list[Change]


def said(index: StoryIndex) -> Said:
    rows = index._store.all("SELECT id, cluster FROM articles ORDER BY row")
    return Said(
        [index.assignment(name) for name, _ in rows],
        [index.cluster(number) for number in sorted({number for _, number in rows})],
        list(index.changes()),
    )


def dump(path: Path) -> list[str]:
    """Return the whole file as statements."""
    connection = sqlite3.connect(path)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


#: The row of an article.
ROW_OF = "SELECT row FROM articles WHERE id = '{}'"


def change(path: Path, *statements: str) -> None:
    """Change a closed file behind the library's back."""
    connection = sqlite3.connect(path)
    try:
        for statement in statements:
            assert connection.execute(statement).rowcount, f"{statement} changed nothing"
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


def refused(path: Path, error: type[Exception], match: str, **settings: Any) -> None:
    """See a file refused, and left as it was."""
    before = path.read_bytes()
    with pytest.raises(error, match=match):
        StoryIndex(path, progress=False, **settings)
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.glob(f"{path.name}*")] == [path.name]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "stories.db"


@pytest.fixture
def filled(path: Path) -> Path:
    """A closed file: b copies a, d reports what c does."""
    with StoryIndex(path, progress=False) as index:
        index.add([written("a", FLOOD), written("b", FLOOD + " "), written("c", SPIES)])
        index.add([written("d", WATCHED)])
        assert index.check() == []
        assert index.stats().pairs == 1
    return path


# ---------------------------------------------------------------- kill -9


class Ending(NamedTuple):
    """What was done when a process was killed."""

    acknowledged: list[Message]
    begun: int
    inside: bool
    committed: bool


def kill_it(nursery: Nursery, wait: tuple[str, int] = ("", 0), delay: float = 0) -> Ending:
    """Kill the process some time after its nth message of a kind; say what it had done.

    Without a kind it is left to kill itself.
    """
    kind, count = wait
    pid = 0
    messages: list[Message] = []
    for message in nursery.messages():
        messages.append(message)
        pid = message.get("pid", pid)
        if message.get("statement") == "COMMIT" if kind == "commit" else kind in message:
            count -= 1
            if not count:
                time.sleep(delay)
                os.kill(pid, signal.SIGKILL)
    assert messages[-1] == {"ended": [-signal.SIGKILL]}
    steps = [message for message in messages if {"doing", "done", "statement"} & message.keys()]
    last = steps[-1] if steps else {}
    return Ending(
        [message for message in steps if "done" in message],
        sum("doing" in message for message in steps),
        last.get("statement") == "BEGIN IMMEDIATE",
        last.get("statement") == "COMMIT",
    )


@needs_fork
@pytest.mark.slow
def test_fifty_kills_lose_nothing_and_leave_no_halves(nursery: Nursery, path: Path) -> None:
    rng, stream = random.Random(9), Stream(9)
    state: State = {}
    endings = []
    beside: StoryIndex | None = None
    for number in range(50):
        if number == 25:  # from here on the file is open elsewhere, too
            beside = StoryIndex(path, progress=False)
        ops = stream.ops(state, 40)
        # By turns: at any instant, while a transaction may be written, and at a named moment,
        # so that each kind of ending comes about on a slow machine as on a fast one.
        death, wait, longest = None, ("doing", 2 + rng.randrange(4)), 0.06
        if number % 3 == 1:
            wait, longest = ("commit", 2 + rng.randrange(3)), 0.004
        if number % 3 == 2:
            where = ("inside", "commit", "after")[number // 3 % 3]
            death, wait = (where, 1 + rng.randrange(40 if where == "inside" else 4)), ("", 0)
        nursery.begin(path, ops, traced=True, spill=number % 2 == 1, until_killed=True, death=death)
        ending = kill_it(nursery, wait, rng.uniform(0, longest))
        endings.append(ending)
        if death:
            assert (ending.inside, ending.committed) == (where == "inside", where != "inside")
        for op in ops[: len(ending.acknowledged)]:
            state = after(state, op)
        with StoryIndex(path, progress=False) as index:
            assert index.check() == []
            found = held(index)
            pending = ops[len(ending.acknowledged) : ending.begun]
            if pending and found != told(state):
                state = after(state, pending[0])
            elif ending.acknowledged and {"do": "consolidate"} not in pending:
                last = ending.acknowledged[-1]
                assert index.stats().changes == last["changes"]
                for name, *where in last["assignments"]:
                    assert short(index.assignment(name)) == [name, *where]
            assert found == told(state)
            if beside is not None:
                assert held(beside) == found
                assert said(beside) == said(index)
    if beside is not None:
        beside.close()
    assert sum(len(ending.acknowledged) for ending in endings) >= 50
    with StoryIndex(path, progress=False) as index:
        index.consolidate()
        assert index.check() == []
        rows = [each.row for each in state.values() if each.live]
        groups: dict[str, set[str]] = {}
        for row in rows:
            assignment = index.assignment(row["id"])
            groups.setdefault(assignment.group_id, set()).add(row["id"])
    batch = [
        {member.article.id for member in group.members} for group in find_clusters(rows).groups
    ]
    assert len(rows) > 20
    assert sorted(map(sorted, groups.values())) == sorted(map(sorted, batch))


@needs_fork
def test_a_kill_while_the_file_is_made_leaves_a_file_to_go_on_with(
    nursery: Nursery, tmp_path: Path
) -> None:
    rng = random.Random(3)
    for number in range(15):
        path = tmp_path / f"{number}.db"
        nursery.begin(path, [{"do": "add", "rows": [written("a", FLOOD)]}], until_killed=True)
        kill_it(nursery, ("pid", 1), rng.uniform(0, 0.008))
        with StoryIndex(path, progress=False) as index:
            assert index.check() == []
            assert len(index) in (0, 1)
            index.add([written("a", FLOOD), written("b", FLOOD)])
            assert len(index) == 2


# ---------------------------------------------------------------- many readers, one writer


class Board:
    """What a writer has acknowledged, for readers to see."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.clusters: dict[str, int] = {}
        self.gone: set[str] = set()
        self.changes = 0
        self.is_over = False


def read_on(path: Path, board: Board, seed: int) -> list[str]:
    """Ask an index of one's own until the writer is done; return what was asked."""
    rng = random.Random(seed)
    asked = []
    with StoryIndex(path, progress=False) as index:
        seen = 0
        while not board.is_over:
            names, gone, noted = list(board.clusters), list(board.gone), board.changes
            kind = rng.choice(["query", "cluster", "assignment", "changes", "gone"])
            if not names or (kind == "gone" and not gone):
                continue
            asked.append(kind)
            name = rng.choice(names)
            match kind:
                case "query":
                    found = index.query({"id": "asked", "text": board.texts[name]})
                    assert not found.is_new
                    assert found.cluster_id is not None
                case "cluster":
                    with index._store.reading():  # two questions, one moment
                        where = index.assignment(name).cluster_id or 0
                        story = index.cluster(where)
                        assert index.check() == []
                    assert name in {member.article_id for member in story.members}
                    assert index.cluster(board.clusters[name])
                case "assignment":
                    assert index.assignment(name).article_id == name
                case "changes":
                    numbers = [change.number for change in index.changes(since=seen)]
                    assert numbers == list(range(seen + 1, seen + 1 + len(numbers)))
                    seen += len(numbers)
                    assert seen >= noted
                case "gone":
                    assert rng.choice(gone) not in index
    return asked


@needs_fork
@pytest.mark.slow
def test_readers_beside_a_writer_see_what_was_acknowledged(nursery: Nursery, path: Path) -> None:
    stream = Stream(2)
    ops: list[Op] = []
    for number in range(60):
        rows = [stream.row(" ".join(stream.story())) for _ in range(3)]
        rows.append({**stream.row(rows[0]["text"]), "id": f"copy-{number}"})
        rows.append({**stream.row(" ".join(stream.story())), "id": f"gone-{number}"})
        ops.append({"do": "add", "rows": rows})
        if number % 5 == 4:
            ops.append({"do": "remove", "id": f"gone-{number}"})
        if number % 20 == 19:
            ops.append({"do": "consolidate"})
    board = Board()
    StoryIndex(path, progress=False).close()
    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read_on, path, board, seed) for seed in range(4)]
        try:
            nursery.begin(path, ops)
            for message in nursery.messages():
                if "done" not in message:
                    continue
                op = ops[message["done"]]
                for row in op.get("rows", ()):
                    board.texts[row["id"]] = row["text"]
                board.changes = message["changes"]
                board.clusters.update(
                    (name, cluster)
                    for name, cluster, _, _ in message["assignments"]
                    if not name.startswith("gone")
                )
                if op["do"] == "remove":
                    board.gone.add(op["id"])
        finally:
            board.is_over = True
        asked = [kind for reader in readers for kind in reader.result()]
    assert set(asked) == {"query", "cluster", "assignment", "changes", "gone"}
    assert len(board.clusters) == 60 * 4


@pytest.mark.parametrize(
    "ask",
    [
        lambda index: index.cluster(1),
        lambda index: index.query(written("q", FLOOD)),
        lambda index: index.assignment("b"),
    ],
    ids=["cluster", "query", "assignment"],
)
def test_an_answer_is_of_one_moment(
    ask: Callable[[StoryIndex], object], filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        StoryIndex(filled, progress=False) as reader,
        StoryIndex(filled, progress=False) as writer,
    ):
        assert reader.assignment("a").cluster_id == 1
        before = ask(reader)
        articles = reader._store.articles

        def overtaken(rows: Iterable[int]) -> dict[int, ArticleRow]:
            monkeypatch.undo()
            writer.remove("a")
            return articles(rows)

        monkeypatch.setattr(reader._store, "articles", overtaken)
        assert ask(reader) == before
        assert "a" not in reader
        assert ask(reader) != before


@needs_fork
def test_an_open_reader_sees_what_another_process_does(nursery: Nursery, path: Path) -> None:
    def elsewhere(**op: Any) -> None:
        nursery.run(path, [op])

    def where(text: str) -> Assignment:
        return reader.query({"id": "asked", "text": text, "published": "2023-10-06"})

    with StoryIndex(path, progress=False) as reader:
        assert where(FLOOD).is_new
        elsewhere(do="add", rows=[written("a", FLOOD)])
        assert where(FLOOD).cluster_id == reader.assignment("a").cluster_id
        elsewhere(do="add", rows=[written("b", FLOOD + " "), written("c", SPIES)])
        assert where(WATCHED).cluster_id == reader.assignment("c").cluster_id
        assert len(reader.cluster(reader.assignment("a").cluster_id or 0)) == 2
        elsewhere(do="add", rows=[written("c", "Quite another matter, as it turned out at noon.")])
        assert where(WATCHED).is_new
        elsewhere(do="remove", id="a")
        assert where(FLOOD).group_id == "b"
        with pytest.raises(UnknownIdError):
            reader.assignment("a")
        elsewhere(do="remove", id="b")
        assert where(FLOOD).is_new
        elsewhere(do="add", rows=[written("e", FLOOD, 1)])
        assert not where(FLOOD).is_new
        elsewhere(do="expire", before="2023-10-02")
        assert where(FLOOD).is_new
        story = reader.cluster(reader.assignment("e").cluster_id or 0)
        assert [member.live for member in story.members] == [False]
        assert [c.article_id for c in reader.changes() if c.kind is ChangeKind.LEFT] == ["a", "b"]


def in_the_middle() -> list[Row]:
    """Return two texts that are no copies, and one between them that is a copy of both."""
    said = [sentence for seed in range(6) for sentence in Stream(seed).story()]
    head, body, tail, other = said[:3], said[3:18], said[18:21], said[21:27]
    texts = {
        "a": [*other[:3], *body, *tail],
        "m": [*head, *body, *tail],
        "z": [*head, *body, *other[3:]],
    }
    return [written(name, " ".join(text)) for name, text in texts.items()]


@needs_fork
def test_an_open_reader_sees_a_consolidation(nursery: Nursery, path: Path) -> None:
    a, m, z = in_the_middle()
    with StoryIndex(path, progress=False) as reader:
        nursery.run(path, [{"do": "add", "rows": [row]} for row in (a, z, m)])
        assert {reader.assignment(name).group_id for name in "az"} == {"a", "z"}
        assert reader.query({**z, "id": "asked"}).group_id == "z"
        nursery.run(path, [{"do": "consolidate"}])
        assert {reader.assignment(name).group_id for name in "az"} == {"m"}
        assert reader.query({**z, "id": "asked"}).group_id == "m"


# ---------------------------------------------------------------- two writers


@needs_fork
def test_a_second_writer_waits_and_then_says_what_to_do(nursery: Nursery, path: Path) -> None:
    with StoryIndex(path, timeout=0.2, progress=False) as index:
        index.add([written("a", FLOOD)])
        nursery.begin(path, [{"do": "hold", "who": 0, "seconds": 2}])
        for message in nursery.messages():
            if "holding" not in message:
                continue
            assert not index.query(written("q", FLOOD)).is_new  # readers do not wait
            began = time.monotonic()
            with pytest.raises(StoreError, match=r"another process is writing.*raise timeout="):
                index.add([written("b", FLOOD)])
            assert time.monotonic() - began > 0.15
            assert "b" not in index
            with StoryIndex(path, timeout=30, progress=False) as patient:
                patient.add([written("c", FLOOD)])
            assert time.monotonic() - began > 0.5
        index.add([written("b", FLOOD)])
        assert len(index) == 3
        assert index.check() == []


@needs_fork
@pytest.mark.slow
def test_writers_take_turns(nursery: Nursery, path: Path) -> None:
    stream = Stream(4)
    works: list[list[Op]] = [
        [
            {"do": "add", "rows": [stream.row(" ".join(stream.story())) for _ in range(2)]}
            for _ in range(15)
        ]
        for _ in range(3)
    ]
    StoryIndex(path, progress=False).close()
    done = [message for message in nursery.run(path, *works, timeout=60) if "done" in message]
    assert len(done) == 45
    assert len({message["who"] for message in done[:30]}) > 1
    with StoryIndex(path, progress=False) as index:
        assert index.check() == []
        rows = [row for ops in works for op in ops for row in op["rows"]]
        assert held(index) == {row["id"]: (content(row), True) for row in rows}


def test_two_can_make_the_file_at_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(sqlite3.Connection):
        """A connection that another process overtakes after its first question."""

        def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
            found = super().execute(statement, *values)
            if statement != "PRAGMA application_id":
                return found
            (answer,) = found.fetchall()
            monkeypatch.undo()
            with suppress(StoreError):  # it may have to wait
                StoryIndex(path, timeout=0.1, progress=False).close()
            return super().execute("SELECT ?", answer)

    def connect(*args: Any, **options: Any) -> sqlite3.Connection:
        return real(*args, factory=Slow, **options)

    real = sqlite3.connect
    monkeypatch.setattr("dedup.index.store.sqlite3.connect", connect)
    StoryIndex(path, progress=False).close()


# ---------------------------------------------------------------- no room, no permission


def test_a_full_disk_stores_nothing_and_is_named(filled: Path) -> None:
    stream = Stream(5)
    more = [stream.row(" ".join(stream.story())) for _ in range(40)]
    with StoryIndex(filled, progress=False) as index:
        before, texts = said(index), held(index)
        ask = index._store._connection.execute
        pages = ask("PRAGMA page_count").fetchone()[0]
        ask(f"PRAGMA max_page_count = {pages + 1}")
        with pytest.raises(StoreError, match=r"stories\.db: the disk is full; nothing.*stored"):
            index.add(more)
        assert (said(index), held(index), index.check()) == (before, texts, [])
        assert index.query(written("q", FLOOD)).group_id == "a"
        ask("PRAGMA max_page_count = 1073741823")
        found = index.add(more)
        assert [each.article_id for each in found] == [row["id"] for row in more]
        assert len(index) == 44
        assert index.check() == []


@pytest.mark.parametrize(
    "write",
    [
        lambda index: index.add([written("e", FLOOD)]),
        lambda index: index.remove("a"),
        lambda index: index.expire("2099-01-01"),
        lambda index: index.pin("a"),
        lambda index: index.link("a", "c"),
        lambda index: index.consolidate(),
    ],
    ids=["add", "remove", "expire", "pin", "link", "consolidate"],
)
def test_a_file_that_cannot_be_written_is_still_read(
    write: Callable[[StoryIndex], object], filled: Path
) -> None:
    with StoryIndex(filled, progress=False) as index:
        before = said(index)
        index._store._connection.execute("PRAGMA query_only = ON")
        with pytest.raises(StoreError, match=r"stories\.db: the file cannot be written; make it"):
            write(index)
        assert said(index) == before
        assert index.query(written("q", FLOOD)).group_id == "a"
        index._store._connection.execute("PRAGMA query_only = OFF")
        write(index)
        assert index.check() == []


def test_expire_succeeds_or_stores_nothing(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        StoryIndex(filled, timeout=0.05, progress=False) as index,
        StoryIndex(filled, progress=False) as other,
    ):
        vacuum = index._store.vacuum

        def overtaken() -> None:
            with other._store.writing():
                vacuum()

        monkeypatch.setattr(index._store, "vacuum", overtaken)
        try:
            assert index.expire("2099-01-01") == 4
        except StoreError:
            assert index.stats().live == 4


# ---------------------------------------------------------------- files that are no index


@pytest.mark.parametrize("part", [0.01, 0.1, 0.3, 0.5, 0.7, 0.9])
@pytest.mark.parametrize("rest", [0, 100, 1000])
def test_a_file_that_was_cut_is_refused(part: float, rest: int, filled: Path) -> None:
    whole = filled.read_bytes()
    filled.write_bytes(whole[: int(len(whole) * part) // 4096 * 4096 + rest] or whole[:60])
    refused(filled, FormatError, r"stories\.db: not an index, or a damaged one.*from a copy")


def test_a_lost_last_byte_is_found_or_costs_nothing(path: Path) -> None:
    stream = Stream(6)
    for _ in range(6):
        with StoryIndex(path, progress=False) as index:
            index.add([stream.row(" ".join(stream.story())) for _ in range(3)])
            before = said(index), held(index)
        whole = path.read_bytes()
        path.write_bytes(whole[:-1])
        with suppress(FormatError), StoryIndex(path, progress=False) as index:
            assert index.check() or (said(index), held(index)) == before
        path.write_bytes(whole)


def test_a_merge_of_the_log_that_stopped_half_way_is_finished(path: Path) -> None:
    stream, log = Stream(1), Path(f"{path}-wal")
    with StoryIndex(path, progress=False) as index:
        index.add([stream.row(" ".join(stream.story())) for _ in range(20)])
        before = said(index), held(index)
        index._store._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        whole, logged = path.read_bytes(), log.read_bytes()
    path.write_bytes(whole[:-1000])  # as when the disk was full
    log.write_bytes(logged)
    with StoryIndex(path, progress=False) as index:
        assert (said(index), held(index)) == before
        assert index.check() == []


def test_a_page_that_was_lost_is_found(filled: Path) -> None:
    whole = filled.read_bytes()
    for start in range(0, len(whole), 4096):
        filled.write_bytes(whole[:start] + bytes(4096) + whole[start + 4096 :])
        try:
            with StoryIndex(filled, progress=False) as index:
                found = index.check()
        except FormatError as error:
            found = [str(error)]
        assert "damaged" in " ".join(found)


@pytest.mark.parametrize("text", ["No.", "Storm Babet floods Brechin.\n" * 4, "a,b\n" * 5000])
def test_a_text_is_no_index(text: str, path: Path) -> None:
    path.write_text(text, encoding="utf-8")
    refused(path, FormatError, r"stories\.db: not an index")


def test_an_empty_file_becomes_an_index(path: Path) -> None:
    path.touch()
    with StoryIndex(path, progress=False) as index:
        index.add([written("a", FLOOD)])
    with StoryIndex(path, progress=False) as index:
        assert "a" in index
        assert index.check() == []


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_a_database_of_another_program_is_not_touched(mode: str, path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA journal_mode = {mode}")
    connection.executescript("CREATE TABLE articles (row, id); INSERT INTO articles VALUES (1, 2)")
    connection.close()
    refused(path, FormatError, "a database of another program; name another file")


@pytest.mark.parametrize("where", [".", "nowhere/stories.db"])
def test_a_path_that_cannot_be_opened_is_named(where: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="the file cannot be opened; check the path") as told:
        StoryIndex(tmp_path / where, progress=False)
    assert str(tmp_path / where) in str(told.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("version", [0, SCHEMA_VERSION - 1, SCHEMA_VERSION + 1, 99])
def test_another_version_is_refused(version: int, filled: Path) -> None:
    change(filled, f"PRAGMA user_version = {version}")
    match = f"an index of version {version}, this library reads {SCHEMA_VERSION}"
    refused(filled, MismatchError, match)


def test_another_configuration_is_refused_and_named(path: Path) -> None:
    config = Config(event=EventConfig(threshold=0.5))
    with StoryIndex(path, config=config, progress=False) as index:
        index.add([written("a", FLOOD)])
    refused(
        path,
        MismatchError,
        r"event\.threshold is 0\.5 there and 0\.425 here; leave config= out",
        config=Config(),
    )
    for given in (None, config):
        with StoryIndex(path, config=given, progress=False) as index:
            assert index.config == config
            assert "a" in index


@pytest.mark.parametrize("value", ["{", '{"event": {"threshold": 7}}'])
def test_a_damaged_configuration_is_refused(value: str, filled: Path) -> None:
    change(filled, f"UPDATE meta SET value = '{value}' WHERE name = 'config'")
    refused(filled, FormatError, r"stories\.db")


@pytest.mark.parametrize(
    "damage",
    [
        "told = '{'",
        "role = 'rumour'",
        "urls = '['",
    ],
)
def test_a_damaged_article_is_refused_in_the_library_s_own_words(damage: str, filled: Path) -> None:
    change(filled, f"UPDATE articles SET {damage} WHERE id = 'c'")
    with StoryIndex(filled, progress=False) as index, pytest.raises(DedupError):
        index.query(written("q", WATCHED))
        index.assignment("c")


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE articles SET early = 1 << 62, late = 1 << 62 WHERE id = 'c'",
        "INSERT INTO pairs VALUES (1, 999, 5, 0)",
        "UPDATE changes SET kind = 'gone' WHERE number = 1",
        "UPDATE texts SET packed = substr(packed, 1, length(packed) - 9)",
        "UPDATE texts SET packed = x'00'",
        "DELETE FROM texts",
        "UPDATE groups SET words = substr(words, 1, length(words) - 9)",
        "UPDATE groups SET words = x'00'",
        "UPDATE groups SET spoken = '['",
        "DELETE FROM groups WHERE centre = 1",
        "DELETE FROM words WHERE kind = 'terms' AND number = 3",
        "DELETE FROM words",
        "UPDATE words SET number = number + 1000000 WHERE kind = 'names'",
        "UPDATE words SET common = 'x'",
    ],
)
def test_other_damage_is_refused_in_the_library_s_own_words(damage: str, filled: Path) -> None:
    change(filled, damage)
    with StoryIndex(filled, progress=False) as index, pytest.raises(DedupError):
        index.query(written("q", WATCHED))
        list(index.changes())


def test_check_finds_a_text_that_cannot_be_read(filled: Path) -> None:
    change(filled, f"UPDATE texts SET packed = x'00' WHERE row = ({ROW_OF.format('c')})")
    with StoryIndex(filled, progress=False) as index:
        assert any("'c'" in line for line in index.check())


@pytest.mark.parametrize(
    "damage",
    [
        f"UPDATE groups SET words = x'00' WHERE centre = ({ROW_OF.format('c')})",
        f"UPDATE groups SET spoken = '5' WHERE centre = ({ROW_OF.format('c')})",
        "DELETE FROM words WHERE number > 3",
    ],
)
def test_check_finds_a_group_that_cannot_be_read(damage: str, filled: Path) -> None:
    change(filled, damage)
    with StoryIndex(filled, progress=False) as index:
        assert any("the group of article 'c'" in line for line in index.check())


# ---------------------------------------------------------------- errors in the middle


@pytest.fixture
def twins(tmp_path: Path) -> Iterator[tuple[StoryIndex, StoryIndex]]:
    """Two indexes that were given the same."""
    with (
        StoryIndex(tmp_path / "one.db", progress=False) as one,
        StoryIndex(tmp_path / "two.db", progress=False) as two,
    ):
        yield one, two


def raising(error: type[BaseException], after: Callable[..., Any] | None = None) -> Any:
    """Return what raises instead of something, or after it."""

    def fail(*args: Any, **options: Any) -> None:
        if after is not None:
            after(*args, **options)
        raise error("in the middle")

    return fail


MIDDLES: list[tuple[type, str]] = [
    (Editor, "newcomers"),
    (Editor, "take_out"),
    (Editor, "leave"),
    (Store, "new_cluster"),
    (Editor, "_put_in"),
    (Editor, "_note_moves"),
    (Chooser, "choose"),
    (Chooser, "choose_among_expired"),
    (Window, "extend"),
    (Window, "join"),
    (Window, "add_pairs"),
]


@pytest.mark.parametrize("late", [False, True], ids=["before", "behind"])
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize(("owner", "name"), MIDDLES, ids=[name for _, name in MIDDLES])
def test_an_error_in_the_middle_of_add_leaves_all_as_it_was(
    owner: type,
    name: str,
    error: type[BaseException],
    late: bool,
    twins: tuple[StoryIndex, StoryIndex],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failing, never = twins
    first = every_fixture()[:12]
    updated = {**first[3], "text": SPIES}
    second = [*every_fixture()[12:20], {**first[0], "id": "copy"}, updated]
    asked = [*every_fixture()[20:40], *({**row, "id": "asked"} for row in second)]
    for index in twins:
        index.add(first)
    before = said(failing), dump(Path(failing._store.path)), list(map(failing.query, asked))
    instead = raising(error, getattr(owner, name) if late else None)
    with monkeypatch.context() as patched:
        patched.setattr(owner, name, instead)
        with pytest.raises(error, match="in the middle"):
            failing.add(second)
    now = said(failing), dump(Path(failing._store.path)), list(map(failing.query, asked))
    assert now == before
    assert failing.add(second) == never.add(second)
    assert dump(Path(failing._store.path)) == dump(Path(never._store.path))
    assert failing.check() == []


@pytest.mark.parametrize(
    "write",
    [
        lambda index: index.remove("a"),
        lambda index: index.expire("2099-01-01"),
        lambda index: index.link("a", "c"),
        lambda index: index.pin("b"),
        lambda index: index.consolidate(),
    ],
    ids=["remove", "expire", "link", "pin", "consolidate"],
)
def test_an_error_at_the_end_of_any_call_leaves_all_as_it_was(
    write: Callable[[StoryIndex], object], filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with StoryIndex(filled, progress=False) as index:
        asked = [written("q", text) for text in (FLOOD, WATCHED, "Quite another matter.")]
        before = said(index), dump(filled), list(map(index.query, asked))
        with monkeypatch.context() as patched:
            for end in (Editor.settle, Editor.choose_again):
                patched.setattr(Editor, end.__name__, raising(RuntimeError, end))
            patched.setattr(
                "dedup.index.story_index.consolidate", raising(RuntimeError, consolidate)
            )
            with pytest.raises(RuntimeError, match="in the middle"):
                write(index)
        assert (said(index), dump(filled), list(map(index.query, asked))) == before
        write(index)
        assert index.check() == []
        assert dump(filled) != before[1]


def test_a_failure_does_not_change_later_scores(
    twins: tuple[StoryIndex, StoryIndex], monkeypatch: pytest.MonkeyPatch
) -> None:
    failing, never = twins
    rows = every_fixture()
    for start in range(0, 15, 5):
        for index in twins:
            index.add(rows[start : start + 5])
    with monkeypatch.context() as patched:
        patched.setattr(Chooser, "choose", raising(RuntimeError))
        with pytest.raises(RuntimeError):
            failing.add(rows[15:27])
    for index in twins:
        index.add(rows[15:27])
    assert dump(Path(failing._store.path)) == dump(Path(never._store.path))


def test_a_question_that_is_interrupted_leaves_the_window_whole(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = every_fixture()
    with (
        StoryIndex(path, progress=False) as writer,
        StoryIndex(path, progress=False) as reader,
    ):
        writer.add(rows[:10])
        reader.query(rows[20])
        writer.add(rows[10:20])
        with monkeypatch.context() as patched:
            patched.setattr(Window, "add_pairs", raising(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                reader.query(rows[20])
        reader.query(rows[20])
        reader.add(rows[20:30])
        assert reader.check() == []


# ---------------------------------------------------------------- check()


#: What check() says → ways to make it true, and the articles that it names then.
PLANTS = [
    (
        "is live, but its text is gone",
        "DELETE FROM texts WHERE row IN (SELECT row FROM articles WHERE id IN ('b', 'c'))",
        "bc",
    ),
    (
        "stands at the centre of a group, but what is compared about it is gone",
        "DELETE FROM groups",
        "acd",
    ),
    (
        "stands in a group without a centre",
        "UPDATE articles SET centre = 999 WHERE id = 'b'",
        "b",
    ),
    (
        "stands in a group without a centre",
        "UPDATE articles SET live = 0 WHERE id = 'a'",
        "b",
    ),
    (
        "stands in a group without a centre",
        "UPDATE articles SET centre = (SELECT row FROM articles WHERE id = 'b') WHERE id = 'a'",
        "ab",
    ),
    (
        "is in another cluster than its group",
        "UPDATE articles SET cluster = (SELECT cluster FROM articles WHERE id = 'c') "
        "WHERE id = 'b'",
        "b",
    ),
    (
        "is in a cluster that is not there, or was merged",
        "DELETE FROM clusters WHERE id = (SELECT cluster FROM articles WHERE id = 'c')",
        "cd",
    ),
    (
        "is in a cluster that is not there, or was merged",
        "UPDATE clusters SET merged_into = 1 "
        "WHERE id = (SELECT cluster FROM articles WHERE id = 'c')",
        "cd",
    ),
    (
        "is shown by a cluster that it is not in",
        "UPDATE clusters SET canonical = (SELECT row FROM articles WHERE id = 'c') "
        "WHERE id = (SELECT cluster FROM articles WHERE id = 'a')",
        "c",
    ),
    (
        "has a row that is handed out once more",
        "UPDATE meta SET value = (SELECT max(row) FROM articles) WHERE name = 'next_row'",
        "d",
    ),
    (
        "has a row that is handed out once more",
        "UPDATE meta SET value = '1' WHERE name = 'next_row'",
        "abcd",
    ),
]


def test_every_fault_that_check_looks_for_is_planted() -> None:
    assert {what for what, _, _ in PLANTS} == answers._BROKEN.keys()


@pytest.mark.parametrize(("what", "plant", "names"), PLANTS)
def test_check_names_what_is_broken(what: str, plant: str, names: str, filled: Path) -> None:
    change(filled, plant)
    with StoryIndex(filled, progress=False) as index:
        found = index.check()
    assert sorted(line for line in found if line.endswith(what)) == [
        f"article {name!r} {what}" for name in names
    ]


def test_check_finds_that_rows_are_handed_out_from_the_first(filled: Path) -> None:
    change(filled, "DELETE FROM meta WHERE name = 'next_row'")
    with StoryIndex(filled, progress=False) as index:
        assert index.check()


def test_check_names_no_more_than_what_is_broken(filled: Path) -> None:
    change(filled, f"DELETE FROM texts WHERE row = ({ROW_OF.format('c')})")
    with StoryIndex(filled, progress=False) as index:
        assert index.check() == ["article 'c' is live, but its text is gone"]


@pytest.mark.parametrize(
    "plant",
    [
        "INSERT INTO pairs VALUES (1, 999, 5, 0)",
        "INSERT INTO pairs VALUES (-1, 1, 5, 0)",
        "INSERT INTO pairs SELECT a.row, b.row, 5, 0 FROM articles AS a, articles AS b "
        "WHERE a.id = 'a' AND b.id = 'b'",
        "UPDATE articles SET live = 0 WHERE id = 'c'",
        "UPDATE articles SET live = 0 WHERE id = 'd'",
        "DELETE FROM articles WHERE id = 'd'",
    ],
)
def test_check_names_pairs_of_what_is_no_group(plant: str, filled: Path) -> None:
    change(filled, plant)
    with StoryIndex(filled, progress=False) as index:
        (line,) = [line for line in index.check() if "scored pair" in line]
    assert line.endswith("is not of two live groups")


# ---------------------------------------------------------------- closing and opening


def test_all_is_the_same_after_closing_and_opening(path: Path) -> None:
    stream = Stream(11)
    state: State = {}
    with StoryIndex(path, progress=False) as index:
        for op in stream.ops(state, 60):
            do(index, op)
            state = after(state, op)
        before, counts = said(index), index.stats()
        assert held(index) == told(state)
        copies = [{**each.row, "id": "asked"} for each in state.values() if each.live]
        asked = [index.query(row) for row in copies]
    assert len(before.assignments) > 60
    assert any(len(cluster) > 1 for cluster in before.clusters)
    with StoryIndex(path, progress=False) as index:
        assert said(index) == before
        assert held(index) == told(state)
        assert [index.query(row) for row in copies] == asked
        now = index.stats()
        assert (now.articles, now.live, now.pairs) == (counts.articles, counts.live, counts.pairs)
        assert index.check() == []


def compared(window: Window) -> dict[int, Any]:
    """Return all that a window compares about its live groups, by their centres, and its counts."""
    whole = window.table.whole()
    words = {kind: view.words for kind, view in whole.views.items()}
    found: dict[int, Any] = {}
    for row in np.flatnonzero(window.alive.values).tolist():
        group = window.groups[row]
        terms = window.table.terms(np.array([row], dtype=np.int64))
        found[group.centre] = (
            group.id,
            sorted(group.members),
            group.sources,
            int(window.cluster.values[row]),
            {
                kind: (
                    [words[kind][column] for column in view.matrix[[row]].indices.tolist()],
                    view.matrix[[row]].data.tolist(),
                    float(view.norm[row]),
                    int(view.total[row]),
                )
                for kind, view in whole.views.items()
            },
            whole.common[terms.columns].tolist(),
            terms.named.tolist(),
            window._signatures.values.reshape(len(window), -1)[row].tolist(),
            window._exact_of.get(row),
            window.table.dates(row),
            whole.languages[row],
            sorted((window.groups[other].centre, p) for other, p in window.neighbours(row)),
        )
    counts = window.counts
    counted = [
        {word: n for word, n in zip(names, table.values.tolist(), strict=False) if n}
        for table, names in (
            (counts._seen["terms"], words["terms"]),
            (counts._seen["numbers"], words["numbers"]),
            (counts._holding, words["names"]),
            (counts._naming, words["names"]),
        )
    ]
    pages = {
        url: sorted(window.groups[row].centre for row in rows)
        for url, rows in window._pages.items()
        if rows
    }
    return found | {-1: (counts._n_texts, counted, pages)}


@pytest.mark.parametrize("seed", [3, 4])
def test_a_window_is_what_the_file_holds(path: Path, seed: int) -> None:
    stream = Stream(seed)
    state: State = {}
    with (
        StoryIndex(path, progress=False) as index,
        StoryIndex(path, progress=False) as follower,
    ):
        for number, op in enumerate(stream.ops(state, 60)):
            do(index, op)
            state = after(state, op)
            if number % 7 == 0:
                lived = compared(index._current())
                assert compared(follower._current()) == lived
                with StoryIndex(path, progress=False) as opened:
                    assert compared(opened._current()) == lived
        assert index.stats().live > 20


def test_words_of_nobody_are_forgotten(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{**row, "published": "2023-10-20"} for row in every_fixture()]
    words_of = [" ".join(f"zqx{at}y{n}" for n in range(60)) for at in range(200)]
    many = [written(f"w{at}", text, 1) for at, text in enumerate(words_of)]
    with StoryIndex(path, progress=False) as index:
        index.add(many)
        index.add(rows)
        monkeypatch.setattr("dedup.index.window._WORDS", 10)
        before = index.stats()
        asked = [index.query({**row, "id": "asked", "text": row["text"] + " ."}) for row in rows]
        lived = compared(index._current())
        assert index.expire(before=datetime(2023, 10, 2, 12, tzinfo=UTC)) == len(many)
        words = index._store.all("SELECT word FROM words WHERE kind = 'terms'")
        assert len(words) > 100
        assert not any(word.startswith("zqx") for (word,) in words)
        now = compared(index._current())
        for centre, told in lived.items():
            if centre in now and centre >= 0:
                assert now[centre] == told
        assert index.check() == []
        assert index.stats().live == before.live - len(many)
        again = [index.query({**row, "id": "asked", "text": row["text"] + " ."}) for row in rows]
        copied = [(each.group_id, each.role) for each in asked]
        assert [(each.group_id, each.role) for each in again] == copied


@pytest.mark.parametrize("large", [False, True])
def test_a_large_window_loads_the_compiled_loops(
    large: bool, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DEDUP_KERNELS", raising=False)
    monkeypatch.setattr("dedup.engine._is_loaded", lambda: False)
    monkeypatch.setattr("dedup.index.loading._CHARACTERS", 1 << (20 if large else 10))
    loaded: list[bool] = []
    monkeypatch.setattr("dedup.engine.warm_up", lambda: loaded.append(True))
    with StoryIndex(filled, progress=False) as index:
        index.query(written("q", WATCHED))
    assert bool(loaded) == large


def test_unseen_articles_go_where_they_went_before_opening_anew(path: Path) -> None:
    rows = every_fixture()
    with StoryIndex(path, progress=False) as index:
        index.add(rows[::2])
        before = [index.query(row) for row in rows[1::2]]
    assert 0 < sum(each.is_new for each in before) < len(before)
    with StoryIndex(path, progress=False) as index:
        assert [index.query(row) for row in rows[1::2]] == before


def test_unseen_articles_go_where_they_went_after_many_batches(path: Path) -> None:
    rows = every_fixture()
    random.Random(5).shuffle(rows)
    with StoryIndex(path, progress=False) as index:
        for start in range(0, 60, 3):
            index.add(rows[start : start + 3])
        before = [index.query(row) for row in rows[60:]]
    with StoryIndex(path, progress=False) as index:
        assert [index.query(row) for row in rows[60:]] == before


if __name__ == "__main__":
    serve()


def test_a_few_bytes_and_anothers_empty_database_are_refused(path: Path) -> None:
    path.write_text("x", "utf-8")
    with pytest.raises(FormatError, match="not an index"):
        StoryIndex(path)
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA application_id = 7")
    connection.close()
    with pytest.raises(FormatError, match="another program"):
        StoryIndex(path)
