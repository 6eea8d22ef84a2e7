"""``dedup index …`` and the example, as a user runs them."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from conftest import FIXTURES, ROOT
from dedup.cli import main

BELGIUM = FIXTURES / "belgium.jsonl"


@pytest.fixture
def store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    path = str(tmp_path / "stories.db")
    assert main(["index", "add", path, str(BELGIUM)]) == 0
    capsys.readouterr()
    return path


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_add_prints_a_line_for_each_article(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "stories.db")
    assert main(["index", "add", path, str(BELGIUM)]) == 0
    first = lines(capsys)
    names = [json.loads(line)["id"] for line in BELGIUM.read_text("utf-8").splitlines()]
    assert [row["id"] for row in first] == names
    assert set(first[0]) == {"id", "cluster", "group", "role", "new", "reasons"}
    assert main(["index", "add", path, str(BELGIUM)]) == 0
    assert lines(capsys) == first


def test_query_show_changes_stats_and_check(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["index", "query", store, str(BELGIUM)]) == 0
    asked = {row["id"]: row for row in lines(capsys)}
    story = asked["id-vsse-mt"]["cluster"]
    assert main(["index", "show", store, "id-vsse-mt", str(story)]) == 0
    one, two = capsys.readouterr().out.strip().split("\n\n")
    assert one == two
    assert f"story {story}" in one
    assert main(["index", "changes", store, "--since", "3"]) == 0
    assert lines(capsys)[0]["number"] == 4
    assert main(["index", "stats", store]) == 0
    assert f"{len(asked)} articles" in capsys.readouterr().out
    assert main(["index", "check", store]) == 0
    assert capsys.readouterr().out == "All is well.\n"


def test_consolidate_and_expire(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["index", "consolidate", store]) == 0
    capsys.readouterr()
    assert main(["index", "expire", store, "--before", "2030-01-01"]) == 0
    assert "expired" in capsys.readouterr().out
    assert main(["index", "stats", store]) == 0
    assert " 0 of them live" in capsys.readouterr().out


def test_errors_say_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = str(tmp_path / "none.db")
    for command in (["stats", missing], ["show", missing, "1"], ["check", missing]):
        assert main(["index", *command]) == 1
        assert "dedup index add" in capsys.readouterr().err
    assert not Path(missing).exists()
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"id": "a", "text": "Rain in Angus on Friday."}\n{"id": ', "utf-8")
    assert main(["index", "add", missing, str(bad)]) == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out)["id"] == "a"  # what came before the broken line is there
    assert "line 2" in printed.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("expire", "--before", "nonsense"),
        ("show", "99999999999999999999"),
        ("show", "\udcff"),
        ("show", "nobody"),
    ],
    ids=str,
)
def test_what_cannot_be_is_one_line_and_no_traceback(
    arguments: tuple[str, ...], store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command, *rest = arguments
    assert main(["index", command, store, *rest]) == 1
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith("dedup: ")
    assert err.count("\n") == 1


def test_changes_after_any_number(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["index", "changes", store, "--since", "99999999999999999999"]) == 0
    assert not capsys.readouterr().out


def test_query_skips_rows_that_cannot_be_read_if_asked(
    store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "some.jsonl"
    path.write_text('{"id": "x", "text": 5}\n{"id": "y", "text": "Rain in Lima."}\n', "utf-8")
    assert main(["index", "query", store, str(path)]) == 1
    capsys.readouterr()
    assert main(["index", "query", store, str(path), "--skip-errors"]) == 0
    out, err = capsys.readouterr()
    assert [json.loads(line)["id"] for line in out.splitlines()] == ["y"]
    assert "a row was skipped" in err


def test_a_fault_makes_check_fail(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    import sqlite3

    with sqlite3.connect(store) as connection:
        connection.execute("UPDATE articles SET cluster = 999 WHERE row = 1")
    connection.close()
    assert main(["index", "check", store]) == 1
    assert "cluster" in capsys.readouterr().out


def test_a_pipe_that_stays_open_is_answered_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dedup.cli", "index", "add", str(tmp_path / "s.db"), "-"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        watchdog = threading.Timer(60, process.kill)
        watchdog.start()
        for line in BELGIUM.read_text("utf-8").splitlines()[:3]:
            process.stdin.write(line + "\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == json.loads(line)["id"]
        process.stdin.close()
        assert process.wait() == 0
        watchdog.cancel()


def test_the_feed_example_runs_twice(tmp_path: Path) -> None:
    pytest.importorskip("feedparser")
    command = [sys.executable, str(ROOT / "examples" / "watch_feed.py")]
    command += [str(ROOT / "examples" / "feed.xml"), str(tmp_path / "s.db")]
    first, second = (
        subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        for _ in range(2)
    )
    assert first[0] == "new story 1: hw-1"
    assert "new story 2: fp-4472" in first
    assert len(first) == 6
    assert len(second) == 1
