"""Reading the case files of the text rules: one JSON object a line, failures marked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parent / "data"
GOOD = ("in-the-wild", "synthetic")


def rows(name: str, file: str) -> list[dict[str, Any]]:
    path = FOLDER / name / f"{file}.jsonl"
    with path.open(encoding="utf-8") as lines:
        found: list[dict[str, Any]] = [json.loads(line) for line in lines if line.strip()]
    assert found, f"{path} holds no case"
    return found


def cases(name: str, *files: str, kind: str | None = None) -> list[Any]:
    """Return parameters for pytest; those of known failures must fail."""
    found = []
    for file in files:
        marks = [pytest.mark.xfail(strict=True)] if file == "known-failures" else []
        for number, row in enumerate(rows(name, file)):
            if kind is None or row["kind"] == kind:
                found.append(pytest.param(row, id=f"{file}-{number}", marks=marks))
    return found
