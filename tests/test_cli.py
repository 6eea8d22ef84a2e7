"""The command line, as a process and in process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dedup import Clustering
from dedup.cli import main

BELGIUM = str(Path(__file__).parent.parent / "fixtures" / "belgium.jsonl")


def test_cluster_prints_titles_reasons_and_roles(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cluster", BELGIUM]) == 0
    out = capsys.readouterr().out
    assert "46 articles" in out
    assert "shown because:" in out
    assert "reprint" in out
    assert "update" in out


def test_cluster_writes_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "clusters.jsonl"
    saved = tmp_path / "run.json"
    assert main(["cluster", BELGIUM, "-o", str(target), "--save", str(saved)]) == 0
    rows = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert sum(row["size"] for row in rows) == 46
    assert Clustering.load(saved).to_dicts() == rows
    assert capsys.readouterr().out == ""


def test_a_threshold_below_the_floor_takes_the_floor_along(tmp_path: Path) -> None:
    saved = tmp_path / "result.json"
    assert main(["cluster", BELGIUM, "--threshold", "0.01", "--save", str(saved)]) == 0
    event = Clustering.load(saved).config.event
    assert (event.threshold, event.floor) == (0.01, 0.01)


def test_a_threshold_splits_stories(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = tmp_path / "run.json"
    assert main(["cluster", BELGIUM, "--threshold", "0.9", "--save", str(saved)]) == 0
    result = Clustering.load(saved)
    assert result.config.event.threshold == 0.9
    assert result.summary in capsys.readouterr().out
    assert len(result.rethreshold(0.425).clusters) < len(result.clusters)


def test_explain_prints_the_evidence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", BELGIUM, "id-vsse-newsroom", "id-vsse-mt"]) == 0
    out = capsys.readouterr().out
    assert "reports of one event" in out
    assert "shared name: cainiao" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["cluster", "no-such-file.jsonl"], "no-such-file.jsonl"),
        (["explain", BELGIUM, "id-vsse-newsroom", "nobody"], "nobody"),
        (["cluster", BELGIUM, "--column", "text"], "FIELD=NAME"),
        (["cluster", BELGIUM, "--threshold", "42"], "0.8 means 80 %"),
        (["cluster", BELGIUM, "--threshold", "0.5", "--level", "duplicate"], "leave one of them"),
        (["cluster", BELGIUM, "--column", "text=nowhere"], "nowhere"),
    ],
)
def test_errors_are_one_line_and_exit_1(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 1
    err = capsys.readouterr().err
    assert message in err
    assert len(err.splitlines()) == 1


def test_a_broken_line_is_named_with_its_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text('{"text": "fine"}\n{"text": \n', encoding="utf-8")
    assert main(["cluster", str(path)]) == 1
    err = capsys.readouterr().err
    assert "broken.jsonl" in err
    assert "line 2" in err


def test_another_encoding_is_named_with_the_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "latin.jsonl"
    path.write_bytes('{"text": "Liège"}\n'.encode("cp1252"))
    assert main(["cluster", str(path)]) == 1
    assert "--encoding" in capsys.readouterr().err
    assert main(["cluster", str(path), "--encoding", "cp1252", "--all"]) == 0
    assert "Liège" in capsys.readouterr().out


def test_a_column_of_another_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "de.csv"
    path.write_text("nr;inhalt\n1;The South Esk burst its banks\n", encoding="utf-8")
    assert main(["cluster", str(path), "--column", "text=inhalt", "--all"]) == 0
    assert "The South Esk" in capsys.readouterr().out


def test_a_terminal_of_another_encoding_is_no_error() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dedup.cli", "cluster", BELGIUM],
        env={**os.environ, "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
    )
    assert b"46 articles" in done.stdout


def test_standard_input_and_a_silent_pipe() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dedup.cli", "cluster", "-", "--all"],
        input='{"text": "Oil fell on Monday."}\n{"text": "Storm Babet flooded Brechin."}\n',
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert "2 articles" in done.stdout
    assert done.stderr == ""
