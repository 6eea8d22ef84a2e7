"""Taking a result up again: other thresholds, weak bridges, borderline pairs."""

from __future__ import annotations

import itertools
import json
import random
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dedup import (
    Bridge,
    Clustering,
    Config,
    ConfigError,
    EventConfig,
    FormatError,
    find_clusters,
)
from dedup.events.clustering import PROBABILITY_UNIT
from dedup.events.links import Links
from made_up import SENTENCES
from test_event_clustering import slow

Rows = list[dict[str, Any]]

MUST = (("en-vsse-reprint-coast", "fr-vsse-meuse"), ("es-quake-andina", "ja-vsse-toto"))
CANNOT = (("en-vsse-reprint-coast", "en-vsse-rewrite"),)


def run(rows: Any, threshold: float = 0.425, **event: Any) -> Clustering:
    config = Config(event=EventConfig(threshold=threshold, **event))
    return find_clusters(rows, config=config, progress=False, on_error="skip")


@pytest.fixture(scope="module")
def result(belgium: Rows) -> Clustering:
    return run(belgium)


@pytest.fixture(scope="module")
def linked(belgium: Rows) -> Clustering:
    return run(belgium, must_link=MUST, cannot_link=CANNOT)


def everything(result: Clustering) -> list[Any]:
    return [
        result.to_dicts(),
        [cluster.members for cluster in result.clusters],
        result.labels.tolist(),
        result.group_labels.tolist(),
        result.skipped,
        result.level,
        result.config,
        result.version,
        result.statistics,
        result.verified_pairs.tolist(),
        scores(result),
    ]


def scores(result: Clustering) -> dict[tuple[int, int], int]:
    assert result.scores is not None
    return {
        (i, j): value
        for (i, j), value in zip(
            result.scores.pairs.tolist(), result.scores.probability.tolist(), strict=True
        )
    }


# ---------------------------------------------------------------- rethreshold


@pytest.mark.parametrize("threshold", [0.02, 0.2, 0.425, 0.6, 0.95, 1])
def test_rethreshold_is_a_run_at_that_threshold(
    belgium: Rows, result: Clustering, tmp_path: Path, threshold: float
) -> None:
    fresh = run(belgium, threshold)
    assert everything(result.rethreshold(threshold)) == everything(fresh)
    result.save(tmp_path / "run.json.gz")
    loaded = Clustering.load(tmp_path / "run.json.gz")
    again = loaded.rethreshold(threshold)
    assert everything(again) == everything(fresh)
    again.save(tmp_path / "again.json")
    fresh.save(tmp_path / "fresh.json")
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "fresh.json").read_bytes()


def test_rethreshold_keeps_the_users_pairs(belgium: Rows, linked: Clustering) -> None:
    fresh = run(belgium, 0.7, must_link=MUST, cannot_link=CANNOT)
    assert everything(linked.rethreshold(0.7)) == everything(fresh)
    assert everything(linked.rethreshold(0.7).rethreshold(0.425)) == everything(linked)
    ids = ("en-vsse-wire", "fr-vsse-meuse")
    assert linked.rethreshold(0.7).explain(*ids) == fresh.explain(*ids)


def test_rethreshold_knows_of_skipped_rows_and_any_order(belgium: Rows) -> None:
    mixed: list[Any] = [*belgium, {"text": 7}, {"id": "empty", "text": ""}, {"text": "Oil fell."}]
    random.Random(3).shuffle(mixed)
    assert everything(run(mixed).rethreshold(0.7)) == everything(run(mixed, 0.7))


TEXTS = st.lists(st.lists(st.sampled_from(SENTENCES), max_size=5).map(" ".join), max_size=8)


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS, st.sampled_from([0.02, 0.3, 0.5, 0.8, 1.0]))
def test_rethreshold_on_made_up_input(texts: list[str], threshold: float) -> None:
    assert everything(run(texts).rethreshold(threshold)) == everything(run(texts, threshold))


def test_rethreshold_refuses_what_it_cannot_know(belgium: Rows, result: Clustering) -> None:
    with pytest.raises(ConfigError, match=r"below event\.floor, got 0\.01 < 0\.02.*lower event"):
        result.rethreshold(0.01)
    for wrong in (0, 1.5, -1, True, "0.5", float("nan")):
        with pytest.raises(ConfigError, match="threshold must lie in"):
            result.rethreshold(wrong)  # type: ignore[arg-type]


def test_copies_alone_have_no_scores(belgium: Rows, tmp_path: Path) -> None:
    copies = find_clusters(belgium[:6], level="duplicate")
    copies.save(tmp_path / "run.json")
    for each in (copies, Clustering.load(tmp_path / "run.json")):
        for ask in (lambda: each.rethreshold(0.5), each.weak_bridges, each.borderline):  # noqa: B023
            with pytest.raises(ConfigError, match="level='event'"):
                ask()


def test_scores_that_do_not_fit_are_damage(result: Clustering, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    for name, value in (("first", 10_000), ("second", -1)):
        result.save(path)
        data = json.loads(path.read_text(encoding="utf-8"))
        data["scores"][name][0] = value
        path.write_text(json.dumps(data), encoding="utf-8")
        with pytest.raises(FormatError, match="scores do not fit"):
            Clustering.load(path)


# ---------------------------------------------------------------- weak bridges


def rows_of(result: Clustering, pairs: Any) -> tuple[tuple[int, int], ...]:
    groups = sorted(result.groups, key=lambda group: group.centre)
    row = {m.article.id: at for at, group in enumerate(groups) for m in group.members}
    return tuple((row[a], row[b]) for a, b in pairs)


def slow_bridges(result: Clustering) -> set[tuple[frozenset[frozenset[str]], Fraction]]:
    """The last merge of each cluster that merging the best pair of all makes, again and again."""
    event = result.config.event
    groups = sorted(result.groups, key=lambda group: group.centre)
    links = Links(must=rows_of(result, event.must_link), cannot=rows_of(result, event.cannot_link))
    threshold = round(event.threshold * PROBABILITY_UNIT)
    assert result.scores is not None
    links = links.joined_by(result.scores.versions_from(threshold))
    clusters, merges = slow(len(groups), scores(result), links, threshold)

    def ids(rows: tuple[int, ...]) -> frozenset[str]:
        return frozenset(m.article.id for row in rows for m in groups[row].members)

    found = set()
    for cluster in clusters:
        inside = [merge for merge in merges if set(merge[0]) <= set(cluster)]
        if inside:
            left, right, height = inside[-1]
            found.add((frozenset((ids(left), ids(right))), height / PROBABILITY_UNIT))
    return found


def check_bridges(result: Clustering) -> tuple[Bridge, ...]:
    bridges = result.weak_bridges(n=10_000)
    expected = {(sides, float(mean)) for sides, mean in slow_bridges(result)}
    assert {
        (frozenset(map(frozenset, (b.left, b.right))), b.probability) for b in bridges
    } == expected
    assert len(bridges) == len(expected)
    assert [b.probability for b in bridges] == sorted(b.probability for b in bridges)
    values = scores(result)
    for bridge in bridges:
        cluster = result.clusters[bridge.cluster]
        assert {m.article.id for m in cluster.members} == {*bridge.left, *bridge.right}
        assert (-len(bridge.left), bridge.left) < (-len(bridge.right), bridge.right)
        assert bridge.link[0] in bridge.left
        assert bridge.link[1] in bridge.right
        centres = [
            [g.centre for g in cluster.groups if g.centre in s] for s in (bridge.left, bridge.right)
        ]
        across = {
            pair: values.get(tuple(sorted(rows_of(result, [pair])[0])), 0)  # type: ignore[arg-type]
            for pair in itertools.product(*centres)
        }
        assert across[bridge.link] == max(across.values())
        assert bridge.titles == tuple(result.article(each).title for each in bridge.link)
    return bridges


def test_weak_bridges_are_the_last_merges(result: Clustering) -> None:
    bridges = check_bridges(result)
    assert len(bridges) == sum(len(cluster.groups) > 1 for cluster in result.clusters)
    assert result.weak_bridges(3) == bridges[:3]


def test_required_joints_are_no_bridges(belgium: Rows, linked: Clustering) -> None:
    check_bridges(linked)
    only = belgium[:1] + [row for row in belgium if row["id"] == "ja-vsse-toto"]
    pair = (only[0]["id"], only[1]["id"])
    joined = run(only, must_link=[pair])
    assert len(joined.clusters) == 1
    assert joined.weak_bridges() == ()
    assert str(joined.weak_bridges()) == "(none)"


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS)
def test_weak_bridges_of_made_up_input(texts: list[str]) -> None:
    rows = [{"id": str(at), "title": str(at), "text": text} for at, text in enumerate(texts)]
    check_bridges(run(rows))


def test_forbidding_a_bridge_takes_it_apart(belgium: Rows, result: Clustering) -> None:
    for bridge in result.weak_bridges(3):
        after = run(belgium, cannot_link=(bridge.link,))
        a, b = bridge.link
        assert after.cluster_of(a) is not after.cluster_of(b)


# ---------------------------------------------------------------- borderline


def slow_borderline(result: Clustering, n: int) -> list[tuple[str, str]]:
    event = result.config.event
    groups = sorted(result.groups, key=lambda group: group.centre)
    links = Links(must=rows_of(result, event.must_link), cannot=rows_of(result, event.cannot_link))
    settled = set()
    for i, j in itertools.combinations(range(len(groups)), 2):
        for verdict in ("must", "cannot"):
            try:  # a pair is settled if its contrary contradicts what the user said
                other = "must" if verdict == "cannot" else "cannot"
                check(replace(links, **{other: (*getattr(links, other), (i, j))}))
            except ValueError:
                settled.add((i, j))
    centre = round(event.threshold * PROBABILITY_UNIT)
    touched: Counter[str] = Counter()
    found: list[tuple[str, str]] = []
    pairs_seen = set()
    for (i, j), _ in sorted(scores(result).items(), key=lambda e: (abs(e[1] - centre), e[0])):
        stories = frozenset(result.cluster_of(groups[row].centre).id for row in (i, j))
        free = stories not in pairs_seen and all(touched[story] < 3 for story in stories)
        if free and (i, j) not in settled and len(found) < n:
            pairs_seen.add(stories)
            touched.update(stories)
            found.append((groups[i].centre, groups[j].centre))
    return found


def check(links: Links) -> None:
    """Raise ValueError if some rows are both required and forbidden."""
    text = [tuple((str(a), str(b)) for a, b in pairs) for pairs in (links.must, links.cannot)]
    EventConfig(must_link=text[0], cannot_link=text[1])


@pytest.mark.parametrize("n", [1, 7, 20, 500])
def test_borderline_pairs_are_the_nearest(result: Clustering, linked: Clustering, n: int) -> None:
    for each in (result, linked):
        assert [(p.a, p.b) for p in each.borderline(n)] == slow_borderline(each, n)


def test_borderline_pairs_say_what_explaining_says(result: Clustering) -> None:
    for pair in result.borderline(8):
        evidence = result.explain(pair.a, pair.b)
        assert evidence.probability == pair.probability
        assert evidence.same_event == pair.together
        assert evidence.titles == pair.titles


def test_answers_are_not_asked_again(belgium: Rows, result: Clustering) -> None:
    asked = result.borderline(6)
    must = [(p.a, p.b) for p in asked if p.together]
    cannot = [(p.a, p.b) for p in asked if not p.together]
    after = run(belgium, must_link=must, cannot_link=cannot)
    for pair in asked:
        assert (after.cluster_of(pair.a) is after.cluster_of(pair.b)) == pair.together
    assert not {(p.a, p.b) for p in asked} & {(p.a, p.b) for p in after.borderline(100)}


def test_review_does_not_depend_on_order(belgium: Rows, result: Clustering) -> None:
    shuffled = belgium[:]
    random.Random(5).shuffle(shuffled)
    other = run(shuffled)
    assert other.borderline() == result.borderline()
    assert other.weak_bridges() == result.weak_bridges()


def test_review_of_a_loaded_result(linked: Clustering, tmp_path: Path) -> None:
    linked.save(tmp_path / "run.json")
    loaded = Clustering.load(tmp_path / "run.json")
    assert loaded.borderline() == linked.borderline()
    assert loaded.weak_bridges() == linked.weak_bridges()


def test_review_prints_well(belgium: Rows, result: Clustering) -> None:
    for listing in (result.borderline(), result.weak_bridges()):
        text = str(listing)
        assert repr(listing) == text
        assert all(len(line) < 120 for line in text.splitlines())
        assert len(text.splitlines()) == 3 * len(listing)
    nasty = replace(
        result.borderline(1)[0],
        a="a\x1b",
        b="b",
        titles=("\x1b[31m", ""),
        probability=0.4,
        together=False,
    )
    assert str(nasty) == "0.400  apart\n    a\\x1b · \\x1b[31m\n    b · (no text)"


def test_the_count_is_checked(result: Clustering) -> None:
    for ask in (result.borderline, result.weak_bridges):
        for wrong in (0, -1, True, 2.0):
            with pytest.raises(ConfigError, match="n must be a whole number from 1 up"):
                ask(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("texts", [[], ["The only one of all the texts."]])
def test_nothing_to_review(texts: list[str]) -> None:
    result = run(texts)
    assert result.borderline() == ()
    assert result.weak_bridges() == ()
    assert everything(result.rethreshold(0.9)) == everything(run(texts, 0.9))
