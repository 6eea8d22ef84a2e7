"""find_clusters() from end to end: what the README promises."""

from __future__ import annotations

import copy
import itertools
import json
import pickle
import random
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dedup
from dedup import (
    Article,
    ArticleError,
    Clustering,
    Config,
    ConfigError,
    DuplicateConfig,
    EventConfig,
    FormatError,
    MismatchError,
    Role,
    TextConfig,
    compare,
    find_clusters,
)
from dedup.errors import UnknownIdError
from made_up import SENTENCES

Rows = list[dict[str, Any]]

DEFAULT = DuplicateConfig()


@pytest.fixture(scope="module")
def result(belgium: Rows) -> Clustering:
    return find_clusters(belgium, progress=False)


def view(result: Clustering) -> list[Any]:
    """What must not depend on the order of the input."""
    return [
        (
            cluster.id,
            cluster.canonical.id,
            cluster.reasons,
            [
                (
                    group.label,
                    group.centre,
                    [(m.article.id, m.role, m.similarity) for m in group.members],
                )
                for group in cluster.groups
            ],
        )
        for cluster in result.clusters
    ]


def test_every_row_is_in_one_cluster_and_one_group(belgium: Rows, result: Clustering) -> None:
    ids = [m.article.id for cluster in result.clusters for m in cluster.members]
    assert sorted(ids) == sorted(row["id"] for row in belgium)
    assert result.labels.dtype == result.group_labels.dtype == np.int64
    for position, row in enumerate(belgium):
        assert result.clusters[result.labels[position]] is result.cluster_of(row["id"])
        assert result.group_of(row["id"]).label == result.group_labels[position]
    for label in set(result.group_labels.tolist()):
        assert len(set(result.labels[result.group_labels == label].tolist())) == 1


def test_clusters_and_groups_are_ranked_by_size(result: Clustering) -> None:
    sizes = [len(cluster) for cluster in result.clusters]
    assert sizes == sorted(sizes, reverse=True)
    assert [cluster.label for cluster in result.clusters] == list(range(len(sizes)))
    counts = np.bincount(result.group_labels).tolist()
    assert counts == sorted(counts, reverse=True)
    assert [group.label for group in result.groups] == list(range(len(counts)))


@pytest.mark.parametrize("seed", range(4))
def test_order_of_the_input_does_not_matter(belgium: Rows, result: Clustering, seed: int) -> None:
    order = list(range(len(belgium)))
    random.Random(seed).shuffle(order)
    shuffled = find_clusters([belgium[i] for i in order])
    assert view(shuffled) == view(result)
    assert shuffled.labels.tolist() == result.labels[order].tolist()
    assert shuffled.group_labels.tolist() == result.group_labels[order].tolist()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.lists(st.sampled_from(SENTENCES), max_size=6).map(" ".join), max_size=8),
    st.randoms(use_true_random=False),
)
def test_order_does_not_matter_for_made_up_input(texts: list[str], random) -> None:  # type: ignore[no-untyped-def]
    rows = [{"id": str(i), "text": text} for i, text in enumerate(texts)]
    straight = find_clusters(rows)
    random.shuffle(rows)
    assert view(find_clusters(rows)) == view(straight)


def test_generators_tuples_and_articles_are_taken(belgium: Rows, result: Clustering) -> None:
    assert view(find_clusters(row for row in belgium)) == view(result)
    articles, _ = dedup.article.as_articles(belgium)
    assert view(find_clusters(tuple(articles))) == view(result)


def test_rows_of_a_generator_are_let_go_of_as_they_are_read(belgium: Rows) -> None:
    class Row(dict[str, Any]):
        """A dict that a weak reference can watch."""

    alive: list[weakref.ref[Row]] = []
    most = 0

    def crawled() -> Iterator[Row]:
        nonlocal most
        for row in belgium:
            watched = Row(row)
            alive.append(weakref.ref(watched))
            most = max(most, sum(reference() is not None for reference in alive))
            yield watched

    find_clusters(crawled())
    assert most <= 2 < len(belgium)


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow"])
def test_frames_are_taken(belgium: Rows, result: Clustering, kind: str) -> None:
    keys = sorted({key for row in belgium for key in row})
    table = {key: [row.get(key) for row in belgium] for key in keys}
    for key in ("authors",):
        table[key] = ["; ".join(v) if isinstance(v, list) else v for v in table.get(key, [])]
    table = {key: values for key, values in table.items() if any(v is not None for v in values)}
    table["body"] = table.pop("text")
    module = pytest.importorskip(kind)
    frame = module.table(table) if kind == "pyarrow" else module.DataFrame(table)
    found = find_clusters(frame, columns={"text": "body"})
    assert found.labels.tolist() == result.labels.tolist()


def test_duplicate_level_stops_after_the_groups(belgium: Rows, result: Clustering) -> None:
    copies = find_clusters(belgium, level="duplicate")
    assert copies.labels.tolist() == copies.group_labels.tolist() == result.group_labels.tolist()
    assert all(len(cluster.groups) == 1 for cluster in copies.clusters)
    assert type(copies) is type(result)


def test_verified_pairs_hold_and_are_complete(belgium: Rows) -> None:
    from dedup.duplicates.shingling import shingle
    from dedup.duplicates.verify import jaccard
    from dedup.text.clean import clean
    from dedup.text.recurring import count_lines
    from dedup.text.tokenize import compared_tokens

    found = find_clusters(belgium, level="duplicate").verified_pairs
    articles, _ = dedup.article.as_articles(belgium)
    recurring = count_lines(articles)
    cleaned = [clean(a, recurring) for a in articles]
    rows = shingle([compared_tokens(c.title, c.body) for c in cleaned], DEFAULT.shingle_size)
    true = [
        [i, j]
        for i in range(len(rows))
        for j in range(i + 1, len(rows))
        if jaccard(rows.row(i), rows.row(j)) >= DEFAULT.threshold
    ]
    assert found.tolist() == true
    assert len(true) >= 4


def test_every_copy_was_verified_against_its_centre(result: Clustering) -> None:
    for group in result.groups:
        for member in group.members:
            assert member.similarity >= (
                1.0 if member.article.id == group.centre else DEFAULT.threshold
            )


def test_explain_adds_up_to_the_score(result: Clustering, belgium: Rows) -> None:
    ids = [row["id"] for row in belgium]
    for a, b in itertools.pairwise(ids):
        evidence = result.explain(a, b)
        total = evidence.baseline + sum(c.log_odds for c in evidence.contributions)
        assert total == pytest.approx(evidence.log_odds, abs=1e-9)
        assert sum(c.share for c in evidence.contributions) == pytest.approx(1.0)
        mirrored = result.explain(b, a)
        assert mirrored.log_odds == evidence.log_odds
        assert mirrored.containment == evidence.containment[::-1]
        assert (evidence.relation == "apart") == (result.cluster_of(a) is not result.cluster_of(b))
        assert a in str(evidence)


def test_explain_scores_as_the_run_did(belgium: Rows, result: Clustering) -> None:
    """The score that explaining shows is the one that clustered: thresholds at it flip the pair."""
    pair = [row for row in belgium if row["id"] in ("id-vsse-newsroom", "id-vsse-mt")]
    alone = find_clusters(pair)
    probability = alone.explain(pair[0]["id"], pair[1]["id"]).probability
    for shift, together in ((-1e-5, 1), (1e-5, 2)):
        config = Config(event=EventConfig(threshold=probability + shift))
        assert len(find_clusters(pair, config=config).clusters) == together


def test_explain_names_an_unknown_id(result: Clustering) -> None:
    with pytest.raises(UnknownIdError, match="did you mean 'en-vsse-wire'"):
        result.explain("en-vsse-wir", "en-vsse-update")
    with pytest.raises(KeyError):
        result.article("nothing like it")


def test_compare_says_together_and_apart(belgium: Rows) -> None:
    rows = {row["id"]: row for row in belgium}
    same = compare(rows["en-vsse-wire"], rows["en-vsse-rewrite"])
    assert same.relation == "one event"
    assert same.same_event
    copy = compare(rows["en-vsse-wire"], rows["en-vsse-reprint-coast"])
    assert copy.relation == "copies"
    apart = compare(rows["en-vsse-wire"], rows["en-football-dispatch"])
    assert apart.relation == "apart"
    assert apart.probability < 0.1


def test_saved_and_loaded_it_answers_the_same(result: Clustering, tmp_path: Path) -> None:
    for name in ("run.json", "run.json.gz"):
        result.save(tmp_path / name)
        loaded = Clustering.load(tmp_path / name)
        assert view(loaded) == view(result)
        assert loaded.labels.tolist() == result.labels.tolist()
        assert loaded.group_labels.tolist() == result.group_labels.tolist()
        assert loaded.config == result.config
        assert loaded.version == dedup.__version__
        assert loaded.statistics == result.statistics
        assert loaded.verified_pairs.tolist() == result.verified_pairs.tolist()
        assert loaded.article("en-vsse-wire") == result.article("en-vsse-wire")
        assert loaded.to_dicts() == result.to_dicts()
    pair = ("id-vsse-newsroom", "id-vsse-mt")
    assert str(loaded.explain(*pair)) == str(result.explain(*pair))


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("", FormatError),
        ("not json", FormatError),
        ("[]", FormatError),
        ('{"format": "dedup.Clustering", "format_version": 4}', FormatError),
        ('{"format": "dedup.Clustering", "format_version": 99}', MismatchError),
    ],
)
def test_a_foreign_file_is_refused(tmp_path: Path, content: str, error: type[Exception]) -> None:
    path = tmp_path / "run.json"
    path.write_text(content)
    with pytest.raises(error, match=r"run\.json"):
        Clustering.load(path)


def test_results_can_be_pickled_and_copied_but_not_changed(result: Clustering) -> None:
    for again in (pickle.loads(pickle.dumps(result)), copy.deepcopy(result)):
        assert view(again) == view(result)
    with pytest.raises(ValueError, match="read-only"):
        result.labels[0] = 99


def test_a_result_says_where_its_time_went(result: Clustering, tmp_path: Path) -> None:
    stats = result.stats
    assert stats is not None
    names = [stage.name for stage in stats.stages]
    assert names[:2] == ["read", "clean"]
    assert names[-1] == "choose canonical"
    assert len(set(names)) == len(names)
    counts = {stage.name: stage.count for stage in stats.stages}
    assert counts["read"] == result.n_articles
    assert counts["score"] == result.statistics.event_candidates
    assert sum(stage.seconds for stage in stats.stages) <= stats.seconds
    assert stats.outside < 0.1
    for name in names:
        assert name in str(stats)
    result.save(tmp_path / "run.json")
    assert Clustering.load(tmp_path / "run.json").stats is None
    assert result.rethreshold(0.5).stats is None


def test_a_loaded_result_counts_its_texts_once(result: Clustering, tmp_path: Path) -> None:
    result.save(tmp_path / "run.json")
    loaded = Clustering.load(tmp_path / "run.json")
    assert loaded.counted is loaded.counted
    assert loaded.counted.observed == result.counted.observed


def test_to_dicts_is_plain_data(result: Clustering) -> None:
    rows = json.loads(json.dumps(result.to_dicts()))
    assert [row["canonical"] for row in rows] == [c.canonical.id for c in result.clusters]


def test_progress_is_reported_and_ends_at_its_total() -> None:
    calls: dict[str, list[tuple[int, int]]] = {}
    find_clusters(
        SENTENCES,
        progress=lambda stage, done, total: calls.setdefault(stage, []).append((done, total)),
    )
    assert {"clean", "fingerprint", "read words", "choose canonical"} <= set(calls)
    assert all(steps[-1][0] == steps[-1][1] for steps in calls.values())


def test_settings_are_checked() -> None:
    with pytest.raises(ConfigError, match="level must be"):
        find_clusters([], level="cluster")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"0\.8 means 80 %"):
        DuplicateConfig(threshold=80)
    with pytest.raises(ConfigError, match="bands \\* rows"):
        DuplicateConfig(bands=50, rows=5)
    with pytest.raises(ConfigError, match="floor must not exceed"):
        EventConfig(threshold=0.1, floor=0.2)
    with pytest.raises(ConfigError, match="unknown settings"):
        Config.from_dict({"text": {}, "speed": {}})
    with pytest.raises(ConfigError, match="must be a EventConfig"):
        Config(event=0.5)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="from 8 up"):
        DuplicateConfig(bucket_cap=2)
    with pytest.raises(ConfigError, match="window_days"):
        EventConfig(window_days="5")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="prior_weight"):
        EventConfig(prior_weight=10**30)
    with pytest.raises(ConfigError, match="config must be a Config"):
        find_clusters([], config={"event": {}})  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="config must be a Config"):
        compare("a", "b", config=3)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="canonical must be a mapping"):
        Config.from_dict({"canonical": None})
    with pytest.raises(ConfigError, match="True or False"):
        TextConfig(strip_furniture=1)  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_story_that_fills_the_input_does_not_fall_apart() -> None:
    """A thousand reports of one event, and nothing else: its own words are in every text."""
    chance = random.Random(1)
    text = (
        "The harbour authority of Ostend said on Monday that the ferry Marlin, bound for Ramsgate "
        "with 214 passengers, ran aground off the eastern pier after its rudder jammed in heavy "
        "swell. Tugs took everybody ashore before noon. Divers found a tear of four metres in the "
        "hull, harbour master Annelies Dekker told reporters, and the Marlin will be towed to a "
        "dock in Zeebrugge once the wind drops."
    )
    other = [f"word{i}" for i in range(500)]
    rows = [
        " ".join(chance.choice(other) if chance.random() < 0.12 else word for word in text.split())
        for _ in range(1000)
    ]
    # One that lost a third of its words, and names among them, may be lost to the rest.
    assert len(find_clusters(rows).clusters[0]) >= 990


def test_one_url_crawled_twice_is_one_story_with_an_update() -> None:
    body = (
        "The harbour authority of Ostend said on Monday that the ferry Marlin ran aground off the "
        "eastern pier. All 214 passengers were taken ashore by tugs before noon, it said. "
    )
    later = body + (
        "Divers found a tear of four metres in the hull and the Marlin will be towed to a dock in "
        "Zeebrugge. An inquiry led by Annelies Dekker will hear the captain on Wednesday. "
    )
    rows = [
        {
            "id": "a",
            "text": body,
            "url": "https://www.kust.example/marlin?utm_source=x",
            "source": "Kust",
            "published": "2023-10-02T10:00Z",
        },
        {
            "id": "b",
            "text": later,
            "url": "http://kust.example/marlin/amp",
            "source": "Kust",
            "published": "2023-10-02T16:00Z",
        },
    ]
    result = find_clusters(rows)
    assert len(result.clusters) == 1
    assert result.role_of("b") == Role.UPDATE


def test_the_result_reads_well(result: Clustering) -> None:
    text = str(result)
    assert "46 articles" in text
    assert "shown because:" in text
    assert repr(result).startswith("<Clustering: 46 articles")
    assert all(len(line) < 220 for line in text.splitlines())


def test_an_article_object_without_id_is_taken() -> None:
    result = find_clusters([Article(text="Oil fell again."), Article(text="Oil fell again.")])
    assert len(result.clusters) == 1
    assert len({m.article.id for m in result.clusters[0].members}) == 2


def test_skipped_rows_are_listed_and_labelled_minus_one() -> None:
    rows = [{"text": "Oil fell on Monday."}, {"text": 7}, {"text": "Oil fell on Monday."}]
    with pytest.raises(ArticleError, match="article 1, field 'text'"):
        find_clusters(rows)
    result = find_clusters(rows, on_error="skip")
    assert [row.index for row in result.skipped] == [1]
    assert result.labels.tolist() == [0, -1, 0]
    assert "1 row skipped" in result.summary


@pytest.mark.parametrize("wrong", [float("inf"), float("nan"), -1, 10**400, True, "30"])
def test_a_window_that_is_none_is_refused(wrong: Any) -> None:
    with pytest.raises(ConfigError, match="window_days must be a number from 0 to 36,525"):
        EventConfig(window_days=wrong)
