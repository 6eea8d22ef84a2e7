"""Progress: callbacks, silence, and bars."""

from __future__ import annotations

import io
import sys

import pytest

from dedup.progress import reporting


def test_false_and_a_pipe_draw_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    for progress in (False, None):
        with reporting(progress) as report:
            report("clean", 1, 1)
    assert capsys.readouterr() == ("", "")


def test_bars_are_drawn_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tqdm")
    monkeypatch.setattr("dedup.progress._DELAY", 0.0)
    drawn = io.StringIO()
    monkeypatch.setattr(sys, "stderr", drawn)
    with reporting(True) as report:
        for stage in ("clean", "cluster"):
            for done in range(1, 4):
                report(stage, done, 3)
    assert "clean" in drawn.getvalue()
    assert "cluster" in drawn.getvalue()


def test_without_tqdm_it_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with reporting(True) as report:
        report("clean", 1, 1)


def test_a_callback_that_fails_ends_the_work() -> None:
    def fail(stage: str, done: int, total: int) -> None:
        raise RuntimeError(stage)

    from dedup import find_clusters

    with pytest.raises(RuntimeError, match="clean"):
        find_clusters(["Oil fell."], progress=fail)
