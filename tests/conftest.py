"""Where tests find fixtures and, if they are there, development data."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# Time is measured in benchmarks; a busy machine must not fail a property.
settings.register_profile("steady", deadline=None)
settings.load_profile("steady")

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "fixtures"
DATA = Path(os.environ.get("DEDUP_DATA", ROOT.parent / "shared" / "data"))


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Read JSON Lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="session")
def belgium() -> list[dict[str, Any]]:
    """The articles of ``fixtures/belgium.jsonl``."""
    return read_lines(FIXTURES / "belgium.jsonl")


@pytest.fixture(scope="session")
def gold() -> dict[str, Any]:
    """The gold of ``fixtures/belgium.jsonl``."""
    data: dict[str, Any] = json.loads((FIXTURES / "gold.json").read_text(encoding="utf-8"))
    return data


@pytest.fixture(scope="session")
def seeds() -> list[dict[str, Any]]:
    """The two founding articles: the machine translation first, the newsroom piece second."""
    paths = sorted((DATA.parent / "seeds").glob("*.txt"))
    if len(paths) != 2:
        pytest.skip(f"no founding articles beside {DATA}")
    rows = []
    for name, path in zip(("translation", "newsroom"), paths, strict=True):
        title, _, text = path.read_text(encoding="utf-8").partition("\n")
        rows.append({"id": name, "title": title, "text": text})
    return rows


@pytest.fixture(scope="session")
def indonesian() -> list[dict[str, Any]]:
    """The 1,406 Indonesian articles among which the founding case must be found."""
    import gzip

    path = DATA / "indonesian.jsonl.gz"
    if not path.exists():
        pytest.skip(f"no development sets at {DATA}")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
