"""The story index through its public face: what a pipeline relies on."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from conftest import DATA, FIXTURES, read_lines
from dedup import (
    Article,
    ArticleError,
    ChangeKind,
    Clustering,
    Config,
    ConfigError,
    EventConfig,
    Role,
    StoryIndex,
    find_clusters,
)
from dedup.evaluate import b_cubed_f1_score
from dedup.result import UnknownIdError

Rows = list[dict[str, Any]]

FLOOD = (
    "Storm Babet floods Brechin in Angus as the South Esk bursts its banks, and 300 homes are "
    "cleared."
)
SPIES = "The VSSE is watching the Cainiao hub at Liege airport over fears of spying, Belgium said."
WATCHED = "Belgium's VSSE has been watching Cainiao's hub at the Liege airport: spying fears."


def written(name: str, text: str, day: int = 5, **fields: Any) -> dict[str, Any]:
    return {"id": name, "text": text, "published": f"2023-10-{day:02}T09:00Z", **fields}


@pytest.fixture
def index(tmp_path: Path) -> Iterable[StoryIndex]:
    with StoryIndex(tmp_path / "stories.db", progress=False) as opened:
        yield opened
        assert opened.check() == []


def partition(labels: dict[str, Any]) -> set[frozenset[str]]:
    parts: dict[Any, set[str]] = {}
    for name, label in labels.items():
        parts.setdefault(label, set()).add(name)
    return set(map(frozenset, parts.values()))


def stood(index: StoryIndex, rows: Rows) -> tuple[set[frozenset[str]], set[frozenset[str]]]:
    found = [index.assignment(row["id"]) for row in rows]
    return (
        partition({each.article_id: each.cluster_id for each in found}),
        partition({each.article_id: each.group_id for each in found}),
    )


def in_batch(result: Clustering) -> tuple[set[frozenset[str]], set[frozenset[str]]]:
    return (
        {frozenset(m.article.id for m in cluster.members) for cluster in result},
        {frozenset(m.article.id for m in group.members) for group in result.groups},
    )


def every_fixture() -> Rows:
    files = [FIXTURES / "belgium.jsonl", *sorted(FIXTURES.glob("negative/*.jsonl"))]
    rows = [row for path in files for row in read_lines(path)]
    return [{**row, "id": f"{place}-{row.get('id', '')}"} for place, row in enumerate(rows)]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_consolidated_it_gives_what_a_batch_gives(index: StoryIndex, size: int) -> None:
    rows = every_fixture()
    random.Random(size).shuffle(rows)
    for start in range(0, len(rows), size):
        index.add(rows[start : start + size])
    index.consolidate()
    assert stood(index, rows) == in_batch(find_clusters(rows))


def test_consolidating_after_removals_gives_what_a_batch_of_the_rest_gives(
    index: StoryIndex,
) -> None:
    rows = every_fixture()
    index.add(rows)
    gone = random.Random(1).sample(rows, len(rows) // 3)
    for row in gone:
        index.remove(row["id"])
    rest = [row for row in rows if row not in gone]
    assert index.check() == []
    index.consolidate()
    assert stood(index, rest) == in_batch(find_clusters(rest))
    assert len(index) == len(rest)


def development_set(name: str) -> Rows:
    path = DATA / f"{name}.jsonl.gz"
    if not path.exists():
        pytest.skip(f"no development sets at {DATA}")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    rows = [{**row, "id": str(place)} for place, row in enumerate(rows)]
    return sorted(rows, key=lambda row: (str(row.get("published") or ""), row["id"]))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "size"), [("gva", 50), ("vietnamese", 7)])
def test_a_stream_is_clustered_as_well_as_a_batch(index: StoryIndex, name: str, size: int) -> None:
    rows = development_set(name)
    for start in range(0, len(rows), size):
        index.add(rows[start : start + size])
    gold = [row["event"] for row in rows]
    streamed = b_cubed_f1_score(gold, [index.assignment(row["id"]).cluster_id for row in rows])
    batch = find_clusters(rows)
    assert streamed > b_cubed_f1_score(gold, batch.labels.tolist()) - 0.01
    index.consolidate()
    assert stood(index, rows) == in_batch(batch)


def test_the_order_inside_a_batch_does_not_matter(tmp_path: Path) -> None:
    rows = every_fixture()
    found = []
    for seed in range(2):
        random.Random(seed).shuffle(rows)
        with StoryIndex(tmp_path / f"{seed}.db") as index:
            index.add(rows)
            found.append(stood(index, rows))
    assert found[0] == found[1]


def test_copies_and_reports_join_and_strangers_do_not(index: StoryIndex) -> None:
    (first,) = index.add([written("a", FLOOD)])
    copy, spies = index.add([written("b", FLOOD + " "), written("c", SPIES)])
    (report,) = index.add([written("d", WATCHED)])
    assert (first.is_new, copy.is_new, spies.is_new, report.is_new) == (True, False, True, False)
    assert copy.cluster_id == first.cluster_id != spies.cluster_id == report.cluster_id
    assert (copy.group_id, copy.role) == ("a", Role.REPRINT)
    assert "copy of a" in copy.reasons[0]
    assert "one event with c" in report.reasons[0]
    assert "nothing in the window" in spies.reasons[0]


def test_a_query_writes_nothing_and_says_what_adding_does(index: StoryIndex) -> None:
    index.add([written("a", FLOOD), written("c", SPIES)])
    before = index.stats(), list(index.changes())
    asked = [index.query(written("d", text)) for text in (WATCHED, FLOOD, "Quite another matter.")]
    assert (index.stats(), list(index.changes())) == before
    assert [each.is_new for each in asked] == [False, False, True]
    assert asked[2].cluster_id is None
    (added,) = index.add([written("d", WATCHED)])
    assert added == asked[0]
    assert index.query(written("d", WATCHED)) == added
    assert index.query(written("d", FLOOD)).cluster_id == index.assignment("a").cluster_id


def test_the_same_again_changes_nothing(index: StoryIndex) -> None:
    rows = [written("a", FLOOD), written("c", SPIES)]
    first = index.add(rows)
    number = index.stats().changes
    assert index.add(rows) == first
    assert index.stats().changes == number
    assert index.add(["A text without an id."])[0] == index.add(["A text without an id."])[0]
    assert len(index) == 3


def test_other_content_is_an_update(index: StoryIndex) -> None:
    index.add([written("a", FLOOD), written("c", SPIES)])
    (moved,) = index.add([written("a", WATCHED)])
    assert moved.cluster_id == index.assignment("c").cluster_id
    assert len(index) == 2
    assert index.update(written("a", FLOOD)).cluster_id != index.assignment("c").cluster_id
    with pytest.raises(UnknownIdError, match="'nix'"):
        index.update(written("nix", FLOOD))


def test_an_update_keeps_the_id_of_its_story(index: StoryIndex) -> None:
    (first,) = index.add([written("a", FLOOD)])
    (second,) = index.add([written("a", "Nothing of it was true, it turned out in the evening.")])
    assert second.cluster_id == first.cluster_id


def test_a_group_that_loses_its_centre_finds_another(index: StoryIndex) -> None:
    index.add([written("a", FLOOD)])
    index.add([written("b", FLOOD), written("c", FLOOD + " "), written("d", SPIES)])
    cluster = index.assignment("b").cluster_id
    index.remove("a")
    assert "a" not in index
    assert {index.assignment(name).cluster_id for name in "bc"} == {cluster}
    assert index.assignment("b").group_id == index.assignment("c").group_id in "bc"
    assert index.cluster(cluster or 0).canonical.article_id in "bc"
    with pytest.raises(UnknownIdError):
        index.assignment("a")
    assert [c.article_id for c in index.changes() if c.kind is ChangeKind.LEFT] == ["a"]


def test_what_expires_is_told_of_and_no_longer_compared(index: StoryIndex) -> None:
    index.add([written("a", FLOOD, 1), written("c", SPIES, 20)])
    story = index.assignment("a").cluster_id
    assert index.expire(before="2023-10-10T00:00Z") == 1
    assert index.expire(before="2023-10-10T00:00Z") == 0
    assert [m.live for m in index.cluster(story or 0).members] == [False]
    (later,) = index.add([written("b", FLOOD, 21)])
    assert later.is_new
    with pytest.raises(ArticleError, match="keep_texts"):
        index.explain("a", "b")
    with pytest.raises(ValueError, match="date"):
        index.expire(before="soon")


def test_a_story_outlives_its_first_reports(index: StoryIndex) -> None:
    index.add([written("a", SPIES, 1)])
    index.add([written("b", WATCHED, 12)])
    index.expire(before="2023-10-10T00:00Z")
    (third,) = index.add([written("c", WATCHED + " The VSSE would not comment.", 13)])
    story = index.cluster(third.cluster_id or 0)
    assert [m.article_id for m in story.members if not m.live] == ["a"]
    assert len(story) == 3
    assert story.canonical.article_id == "a"
    assert not [c for c in index.changes() if c.kind is ChangeKind.CANONICAL_CHANGED]


def test_copies_of_an_expired_centre_stay_together(index: StoryIndex) -> None:
    index.add([written("a", FLOOD, 1)])
    index.add([written("b", FLOOD, 12), written("c", FLOOD, 13)])
    story = index.assignment("a").cluster_id
    index.expire(before="2023-10-10T00:00Z")
    assert {index.assignment(name).cluster_id for name in "abc"} == {story}
    assert index.assignment("b").group_id in "bc"


def test_texts_are_kept_on_request(tmp_path: Path) -> None:
    with StoryIndex(tmp_path / "kept.db", keep_texts=True) as index:
        index.add([written("a", SPIES, 1), written("b", WATCHED, 2)])
        index.expire(before="2024-01-01")
        assert index.explain("a", "b").shared_names


@pytest.mark.parametrize("published", [None, "2099-01-01", "1970-01-01"])
def test_wrong_dates_are_placed_and_expire(index: StoryIndex, published: str | None) -> None:
    index.add([written("a", FLOOD, 1), written("b", SPIES, 1)])
    (odd,) = index.add([{"id": "odd", "text": FLOOD + " ", "published": published}])
    assert odd.cluster_id == index.assignment("a").cluster_id
    assert index.expire(before="2023-12-01") == 3
    assert index.stats().live == 0


def test_a_merge_leaves_a_redirect(index: StoryIndex) -> None:
    one, two = index.add([written("a", FLOOD), written("c", SPIES)])
    index.link("a", "c")
    kept = index.assignment("c").cluster_id
    assert kept == index.assignment("a").cluster_id == min(one.cluster_id or 0, two.cluster_id or 0)
    lost = max(one.cluster_id or 0, two.cluster_id or 0)
    assert index.cluster(lost).id == kept
    assert [(c.cluster_id, c.other_id) for c in index.changes() if c.kind is ChangeKind.MERGED] == [
        (lost, kept)
    ]
    index.unlink("a", "c")  # the last word counts
    assert index.assignment("a").cluster_id != index.assignment("c").cluster_id
    assert any(c.kind is ChangeKind.SPLIT and c.cluster_id == kept for c in index.changes())


def test_an_editors_word_survives_consolidation(index: StoryIndex) -> None:
    index.add([written("a", FLOOD), written("c", SPIES), written("d", WATCHED)])
    index.add([written("e", FLOOD + " More rain is due.", source="late.example")])
    index.link("a", "c")
    index.unlink("c", "d")
    index.pin("e")
    for _ in range(2):
        assert index.assignment("a").cluster_id == index.assignment("c").cluster_id
        assert index.assignment("c").cluster_id != index.assignment("d").cluster_id
        shown = index.cluster(index.assignment("e").cluster_id or 0)
        assert shown.canonical.article_id == "e"
        assert any("pin" in reason for reason in shown.reasons)
        index.consolidate()
    index.unpin("e")
    again = index.cluster(index.assignment("e").cluster_id or 0)
    assert not any("pin" in reason for reason in again.reasons)


def test_contradicting_words_are_refused(index: StoryIndex) -> None:
    index.add(
        [written("a", FLOOD), written("b", FLOOD), written("c", SPIES), written("d", WATCHED)]
    )
    with pytest.raises(ConfigError, match="copies"):
        index.unlink("a", "b")
    index.unlink("a", "c")
    index.link("c", "d")
    before = list(index.changes())
    with pytest.raises(ConfigError, match="parted"):
        index.link("a", "d")
    assert list(index.changes()) == before
    with pytest.raises(ConfigError, match="itself"):
        index.link("a", "a")
    with pytest.raises(UnknownIdError):
        index.link("a", "nix")


def test_what_is_shown_stays_unless_something_is_clearly_better(index: StoryIndex) -> None:
    index.add([written("a", SPIES, 5)])
    (earlier,) = index.add([written("b", WATCHED, 4)])
    story = earlier.cluster_id or 0
    assert index.cluster(story).canonical.article_id == "a"
    assert any("shown before" in reason for reason in index.cluster(story).reasons)
    index.add([written("c", WATCHED + " " + FLOOD * 0, 6, canonical_url="https://a.example/x")])
    long = " ".join(
        [WATCHED, SPIES, "It would not say for how long.", "Cainiao denied it all."] * 4
    )
    index.add([written("d", long, 6), written("e", long.replace("denied", "rejected"), 6)])
    assert index.cluster(story).canonical.article_id in "de"
    (change,) = [c for c in index.changes() if c.kind is ChangeKind.CANONICAL_CHANGED]
    assert change.article_id in ("d", "e")
    assert change.reason


def test_every_article_is_told_of_in_the_log(index: StoryIndex) -> None:
    rows = every_fixture()
    for start in range(0, len(rows), 10):
        index.add(rows[start : start + 10])
    joined: dict[str | None, int] = {}
    moved: dict[int, int] = {}
    for change in index.changes():
        if change.kind is ChangeKind.JOINED:
            joined[change.article_id] = change.cluster_id
        if change.kind is ChangeKind.MERGED and change.other_id is not None:
            moved[change.cluster_id] = change.other_id
    assert joined.keys() == {row["id"] for row in rows}
    numbers = [change.number for change in index.changes()]
    assert numbers == sorted(set(numbers))
    half = numbers[len(numbers) // 2]
    assert [c.number for c in index.changes(since=half)] == [n for n in numbers if n > half]


def test_it_explains_as_a_result_does(index: StoryIndex, belgium: Rows) -> None:
    index.add(belgium)
    index.consolidate()
    result = find_clusters(belgium)
    a, b = "id-vsse-newsroom", "id-vsse-mt"
    mine, theirs = index.explain(a, b), result.explain(a, b)
    assert mine.relation == theirs.relation == "one event"
    assert mine.log_odds == theirs.log_odds
    assert mine.shared_names == theirs.shared_names


def test_rows_that_cannot_be_read_leave_nothing_behind(index: StoryIndex) -> None:
    bad = [written("a", FLOOD), {"id": "b", "text": SPIES, "published": "some day"}]
    with pytest.raises(ArticleError, match="published"):
        index.add(bad)
    assert len(index) == 0
    found = index.add(bad, on_error="skip")
    assert [each.article_id for each in found] == ["a"]
    assert "published" in (found.skipped[0].field or "")
    with pytest.raises(ArticleError, match="same id"):
        index.add([written("x", FLOOD), written("x", SPIES)])
    assert index.add([]) == ()


def test_odd_articles_stand_alone_with_a_reason(index: StoryIndex) -> None:
    rows = [{"id": name, "text": text} for name, text in (("short", "Rain."), ("blank", " \n "))]
    rows.insert(0, {"id": "empty", "text": ""})
    found = index.add([*rows, Article(id="rain", text="Rain.")])
    assert len({each.cluster_id for each in found}) == 4
    assert any("stands alone" in reason for reason in found[1].reasons)


def test_pairs_in_the_configuration_are_refused(tmp_path: Path) -> None:
    config = Config(event=EventConfig(must_link=(("a", "b"),)))
    with pytest.raises(ConfigError, match=r"link\(\)"):
        StoryIndex(tmp_path / "x.db", config=config)


def test_it_reads_well(index: StoryIndex, belgium: Rows) -> None:
    index.add(belgium)
    story = index.cluster(index.assignment("id-vsse-mt").cluster_id or 0)
    shown = str(story)
    assert "shown because" in shown
    assert shown.count("\n") == len(story) + len(story.reasons)
    assert sum(map(len, story.groups)) == len(story)
    assert "articles" in str(index.stats())
    assert "stories.db" in repr(index)
    assert "→ story" in str(index.assignment("id-vsse-mt"))
