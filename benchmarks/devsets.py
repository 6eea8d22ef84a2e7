"""The labelled development sets, as the benchmarks read them.

They are third-party text and stay outside the project: the folder is named by the environment
variable ``DEDUP_DATA``, by default ``../shared/data`` beside the repository.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("DEDUP_DATA", ROOT.parent / "shared" / "data"))
SEEDS = DATA.parent / "seeds"

_KEPT = ("id", "title", "text", "url", "source", "published")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledSet:
    """Articles with the event that each reports.

    Parameters
    ----------
    name : str
    family : str
        Sets of one origin; leaving one set out leaves out its family.
    articles : list of dict
    events : list of str
    """

    name: str
    family: str
    articles: list[dict[str, Any]]
    events: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairSet:
    """Pairs of articles, each judged by hand."""

    name: str
    family: str
    pairs: list[tuple[dict[str, Any], dict[str, Any]]]
    same: list[bool]


def available() -> bool:
    """Say whether the development sets are there."""
    return (DATA / "gva.jsonl.gz").exists()


def read(name: str) -> list[dict[str, Any]]:
    """Read one file of the development sets."""
    with gzip.open(DATA / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def digest(name: str) -> str:
    """Return the first 16 hex digits of a file's SHA-256."""
    return hashlib.sha256((DATA / f"{name}.jsonl.gz").read_bytes()).hexdigest()[:16]


def article(row: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that a pipeline would carry, without the gold."""
    return {key: row[key] for key in _KEPT if row.get(key)} | (
        {} if row.get("text") else {"text": ""}
    )


def labelled_sets() -> Iterator[LabelledSet]:
    """Yield every set with event labels; those in several languages one language at a time."""
    for name in ("gva", "ecbplus", "vietnamese"):
        yield _labelled(name, name, read(name))
    for name, family in (("wmt_mt", "wmt_mt"), ("olympics_titles", "olympics_titles")):
        rows = read(name)
        for language in sorted({row["lang"] for row in rows}):
            chosen = [row for row in rows if row["lang"] == language]
            yield _labelled(f"{name}.{language}", family, chosen)


def _labelled(name: str, family: str, rows: list[dict[str, Any]]) -> LabelledSet:
    return LabelledSet(
        name=name,
        family=family,
        articles=[article(row) for row in rows],
        events=[row["event"] for row in rows],
    )


def pair_sets() -> Iterator[PairSet]:
    """Yield the sets of judged pairs in one language."""
    for name in ("semeval2022", "tgcontest"):
        rows = [r for r in read(f"{name}.pairs") if r.get("lang_a") == r.get("lang_b")]
        yield PairSet(
            name=name,
            family=name,
            pairs=[(article(row["a"]), article(row["b"])) for row in rows],
            same=[row["label"] == 1 for row in rows],
        )
