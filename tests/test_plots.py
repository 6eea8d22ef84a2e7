"""Charts: small, of what was found, and clear about what they need."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from conftest import FIXTURES, read_lines
from dedup import Clustering, ConfigError, MissingDependencyError, find_clusters
from test_views import HOSTILE, many


@pytest.fixture(scope="module")
def result() -> Clustering:
    return find_clusters([*read_lines(FIXTURES / "belgium.jsonl"), *HOSTILE], progress=False)


def drawn(chart: Any) -> dict[str, Any]:
    """Return a chart as altair writes it, which holds it against the grammar's schema."""
    written: dict[str, Any] = chart.to_dict()
    return written


def values(chart: dict[str, Any]) -> list[dict[str, Any]]:
    if "values" in chart.get("data", {}):
        found: list[dict[str, Any]] = chart["data"]["values"]
        return found
    return [value for layer in chart["layer"] for value in values(layer)]


def test_the_timeline_has_a_line_for_each_story(result: Clustering) -> None:
    chart = drawn(result.plot.timeline(5))
    told = values(chart)
    assert {value["story"].split("  ")[0] for value in told} <= {"0", "1", "2", "3", "4"}
    first = [value for value in told if value["story"].startswith("0  ")]
    dated = [m for m in result.clusters[0].members if m.article.published is not None]
    assert len(first) == len(dated)


@pytest.mark.parametrize("stories", [0, -1, 101, 2.5, "5", None])
def test_the_timeline_takes_a_number_that_can_be_drawn(result: Clustering, stories: Any) -> None:
    with pytest.raises(ConfigError, match="a whole number from 1 to 100"):
        result.plot.timeline(stories)


def test_of_a_large_story_the_first_and_the_last_are_drawn() -> None:
    rows = [
        {
            "text": "One short text about a harbour.",
            "id": str(at),
            "published": 1_600_000_000 + 9 * at,
        }
        for at in range(300)
    ]
    chart = drawn(find_clusters(rows, progress=False).plot.timeline(100))
    assert chart["title"] == "at most 20 articles of a story"
    told = values(chart)
    assert len(told) == 20
    assert told[0]["when"] == "2020-09-13T12:26:40+00:00"
    assert told[-1]["when"] == "2020-09-13T13:11:31+00:00"


def test_sizes_count_all_stories(result: Clustering) -> None:
    told = values(drawn(result.plot.sizes()))
    assert sum(value["stories"] for value in told) == len(result)
    assert sum(value["stories"] * value["articles"] for value in told) == result.n_articles


def test_scores_count_all_pairs_beside_the_threshold(result: Clustering) -> None:
    chart = drawn(result.plot.scores())
    bars, line = (values(layer) for layer in chart["layer"])
    assert result.scores is not None
    assert sum(value["pairs"] for value in bars) == len(result.scores.pairs)
    assert line == [{"threshold": result.config.event.threshold}]


def test_the_graph_has_an_arrow_for_each_who_copied(result: Clustering) -> None:
    cluster = result.cluster_of("en-vsse-wire")
    chart = drawn(result.plot.graph(cluster))
    lines, _, points = (values(layer) for layer in chart["layer"])
    assert len(points) == len(cluster)
    assert len(lines) == len(cluster.provenance)
    assert all(value["end"] < value["start"] for value in lines)
    assert {value["head"] for value in lines} == {"triangle-left"}
    assert drawn(result.plot.graph(result.clusters[-1]))
    assert "title" not in chart and "title" not in drawn(result.plot.timeline())
    with pytest.raises(ConfigError, match=r"such as plot.graph\(clustering.clusters\[0\]\), got 0"):
        result.plot.graph(0)  # type: ignore[arg-type]


def test_an_arrow_points_to_where_it_ends() -> None:
    text = (
        "GHENT, Oct 5 (Reuters) - Storm Babet floods Brechin in Angus as the South Esk bursts its "
        "banks on Friday, officials said of the flood. The mayor spoke of 300 homes."
    )
    rows = [
        {"id": "wire", "text": text, "source": "Reuters"},
        {"id": "daily", "text": text, "source": "Kite Daily", "published": "2023-10-05T12:00Z"},
    ]
    story = find_clusters(rows, progress=False)
    (line,) = values(drawn(story.plot.graph(story.clusters[0]))["layer"][0])
    assert line["end"] > line["start"]  # what has no date stands last
    assert line["head"] == "triangle-right"


def test_of_a_large_graph_the_articles_with_arrows_are_drawn(
    monkeypatch: pytest.MonkeyPatch, result: Clustering
) -> None:
    cluster = result.cluster_of("en-vsse-wire")
    linked = {name for arrow in cluster.provenance for name in (arrow.article, arrow.origin)}
    assert len(linked) < len(cluster)
    monkeypatch.setattr("dedup.plots._NODES", len(linked))
    chart = drawn(result.plot.graph(cluster))
    lines, _, points = (values(layer) for layer in chart["layer"])
    assert chart["title"] == f"{len(linked)} of {len(cluster)} articles"
    assert (len(points), len(lines)) == (len(linked), len(cluster.provenance))


def test_charts_stay_small() -> None:
    large = find_clusters(many(3000), level="duplicate", progress=False)
    for chart in (large.plot.timeline(), large.plot.sizes(), large.plot.graph(large.clusters[0])):
        assert len(json.dumps(drawn(chart))) < 300_000


def test_nothing_is_drawn_of_nothing() -> None:
    plot = find_clusters([], progress=False).plot
    assert values(drawn(plot.timeline())) == values(drawn(plot.sizes())) == []
    assert sum(value.get("pairs", 0) for value in values(drawn(plot.scores()))) == 0


def test_a_run_without_scores_says_so() -> None:
    copies = find_clusters(["One text.", "One text."], level="duplicate", progress=False)
    with pytest.raises(ConfigError, match="level='duplicate' scores no pairs"):
        copies.plot.scores()


@pytest.mark.parametrize("name", ["timeline", "sizes", "scores"])
def test_without_altair_one_line_says_how_to_get_it(
    name: str, result: Clustering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "altair", None)
    with pytest.raises(MissingDependencyError, match=r"story-dedup\[notebook\]") as caught:
        getattr(result.plot, name)()
    assert "\n" not in str(caught.value)
