"""A damaged file is refused when it is loaded, not when it is used."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dedup import Clustering, Config, EventConfig, FormatError, find_clusters
from made_up import SENTENCES

Damage = Callable[[dict[str, Any]], None]


def set_all(part: str, name: str, value: int) -> Damage:
    def damage(data: dict[str, Any]) -> None:
        data[part][name] = [value] * len(data[part][name])

    return damage


def set_link(data: dict[str, Any]) -> None:
    data["config"]["event"]["must_link"] = [["nobody", "somebody"]]


def shorten(data: dict[str, Any]) -> None:
    data["scores"]["probability"].pop()


def turn_round(data: dict[str, Any]) -> None:
    for name in ("first", "second", "probability"):
        data["scores"][name].reverse()


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "result.json"
    config = Config(event=EventConfig(min_cosine=0.0001, floor=0.0001))
    find_clusters([*SENTENCES, *SENTENCES], progress=False, config=config).save(path)
    data = json.loads(path.read_text(encoding="utf-8"))
    assert len(data["scores"]["first"]) > 1
    return path


@pytest.mark.parametrize(
    "damage",
    [
        set_all("scores", "probability", 2**62),
        set_all("scores", "probability", -5),
        set_all("scores", "second", 0),
        set_all("scores", "second", 99_999),
        set_all("scores", "first", -1),
        set_all("copies", "representative", 0),
        set_all("copies", "representative", -7),
        set_all("copies", "representative", 2**40),
        set_link,
        shorten,
        turn_round,
    ],
)
def test_damage_is_refused(damage: Damage, saved: Path, tmp_path: Path) -> None:
    data = json.loads(saved.read_text(encoding="utf-8"))
    damage(data)
    path = tmp_path / "damaged.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(FormatError, match="a damaged clustering"):
        Clustering.load(path)


def test_what_is_whole_is_loaded(saved: Path) -> None:
    assert len(Clustering.load(saved)) > 1
