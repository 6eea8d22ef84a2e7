"""Versions of one report stay together, also when the last shares nothing with the first."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup import Clustering, Config, EventConfig, find_clusters
from dedup.events.links import Links, units
from test_round_ups import STORIES, round_up

FIRST = (
    "A freight train left the rails near Ottignies on Tuesday morning. Nobody was hurt, the "
    "Belgian operator Infrabel said. Four wagons of potash lie across both tracks."
)
SECOND = (
    "Passengers between Ottignies and Gembloux take buses of the TEC. The mayor, Julie Chantry, "
    "opened the sports hall to the stranded. Crews from Namur brought floodlights and a crane."
)
THIRD = (
    "An axle that broke at Limelette is being looked at, investigator Johan Verbeke told us. The "
    "wagon had been overhauled by Railtraxx in March. Its recorder went to a laboratory in Mons."
)
FOURTH = (
    "Railtraxx withdrew twelve wagons of that series from Antwerp. Its chairman spoke of hairline "
    "cracks. The minister, Georges Gilkinet, called for tests of every axle before the winter."
)
PARTS = (FIRST, SECOND, THIRD, FOURTH)


def chain(source: str = "The Rail Post") -> list[dict[str, Any]]:
    """Return versions that add a paragraph and drop the oldest."""
    bodies = (FIRST, f"{SECOND}\n{FIRST}", f"{THIRD}\n{SECOND}", f"{FOURTH}\n{THIRD}", FOURTH)
    return [
        {
            "id": f"v{number}",
            "text": body,
            "source": source,
            "published": f"2023-10-17T{8 + 3 * number:02}:00:00Z",
        }
        for number, body in enumerate(bodies)
    ]


def run(rows: list[dict[str, Any]], **event: Any) -> Clustering:
    return find_clusters(rows, progress=False, config=Config(event=EventConfig(**event)))


def test_versions_of_one_source_stay_together() -> None:
    result = run(chain())
    assert len(result) == 1
    assert "from one source" in " ".join(result.explain("v0", "v1").notes)
    assert "joined through" in " ".join(result.explain("v0", "v4").notes)


def test_the_note_on_versions_heeds_the_threshold() -> None:
    result = run(chain())
    strict = replace(result, config=Config(event=EventConfig(threshold=1.0)))
    assert "from one source" in " ".join(result.explain("v0", "v1").notes)
    assert "joined through" in " ".join(strict.explain("v0", "v1").notes)


@pytest.mark.parametrize("lacking", ["source", "published"])
def test_without_source_or_date_there_are_no_versions(lacking: str) -> None:
    rows = [{key: value for key, value in row.items() if key != lacking} for row in chain()]
    assert len(run(rows)) > 1


def test_several_sources_or_days_make_no_versions() -> None:
    apart = [{**row, "source": f"Paper {n}"} for n, row in enumerate(chain())]
    late = [{**row, "published": f"2023-10-{10 + 5 * n}"} for n, row in enumerate(chain())]
    for rows in (apart, late):
        result = run(rows)
        assert result.scores is not None
        assert not result.scores.versions.any()


def test_a_host_is_a_source() -> None:
    rows = chain()
    for n, row in enumerate(rows):
        del row["source"]
        row["url"] = f"https://www.railpost.example/{n}"
    assert len(run(rows)) == 1


def test_the_users_word_comes_first() -> None:
    result = run(chain(), cannot_link=(("v0", "v4"),))
    assert result.cluster_of("v0") is not result.cluster_of("v4")
    assert len(result) == 2


def test_a_higher_threshold_lets_versions_go(tmp_path: Path) -> None:
    rows = chain()
    usual = run(rows)
    assert usual.scores is not None
    for threshold in (0.5, 0.9, 0.99, 1.0):
        fresh = run(rows, threshold=threshold)
        assert usual.rethreshold(threshold).labels.tolist() == fresh.labels.tolist()
    assert len(run(rows, threshold=1.0)) > 1
    usual.save(tmp_path / "run.json")
    loaded = Clustering.load(tmp_path / "run.json")
    assert loaded.rethreshold(0.6).labels.tolist() == run(rows, threshold=0.6).labels.tolist()
    assert loaded.scores is not None
    assert loaded.scores.versions.tolist() == usual.scores.versions.tolist()


def test_versions_are_no_weak_bridges() -> None:
    assert not run(chain()).weak_bridges(5)


@pytest.mark.parametrize("names", [("spies", "storm"), ("spies", "storm", "rugby"), tuple(STORIES)])
def test_the_digest_of_a_source_does_not_tie_its_stories(names: tuple[str, ...]) -> None:
    rows = [
        {"id": f"{name}{n}", "text": text}
        for name, texts in STORIES.items()
        for n, text in enumerate(texts)
    ]
    rows = [
        {**row, "published": "2023-10-18", "source": "The Rail Post"}
        for row in [*rows, round_up(0, *names)]
    ]
    result = run(rows)
    for a, b in combinations(STORIES, 2):
        assert result.cluster_of(f"{a}0") is not result.cluster_of(f"{b}0")


PAIRS = st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda pair: pair[0] != pair[1])


@given(st.lists(PAIRS, max_size=4), st.lists(PAIRS, max_size=4), st.lists(PAIRS, max_size=12))
def test_wishes_are_granted_where_nothing_forbids_it(
    must: list[tuple[int, int]], cannot: list[tuple[int, int]], wished: list[tuple[int, int]]
) -> None:
    unit = units(must)
    cannot = [(a, b) for a, b in cannot if unit.get(a, a) != unit.get(b, b)]
    expected = list(must)
    for pair in wished:
        unit = units([*expected, pair])
        if all(unit.get(a, a) != unit.get(b, b) for a, b in cannot):
            expected.append(pair)
    found = Links(must=tuple(must), cannot=tuple(cannot)).joined_by(wished)
    assert found == Links(must=tuple(expected), cannot=tuple(cannot))
