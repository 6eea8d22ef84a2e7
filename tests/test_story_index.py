"""The story index through its public face: what a pipeline relies on."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from conftest import DATA, FIXTURES, read_lines
from dedup import (
    Article,
    ArticleError,
    Change,
    ChangeKind,
    Clustering,
    Config,
    ConfigError,
    EventConfig,
    Role,
    StoryIndex,
    find_clusters,
)
from dedup.errors import UnknownIdError
from dedup.evaluate import b_cubed_f1_score

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
    evidence = index.explain("a", "b")
    assert any("the text of a is gone" in note for note in evidence.notes)
    assert "babet" in evidence.shared_names
    assert evidence.probability > 0.5


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


def replayed(changes: Iterable[Change]) -> dict[str, int]:
    """Return where each article stands for one who follows the log and nothing else."""
    where: dict[str, int] = {}
    for change in changes:
        name, other = change.article_id, change.other_id
        if change.kind is ChangeKind.JOINED and name is not None:
            where[name] = change.cluster_id
        if change.kind is ChangeKind.LEFT and name is not None:
            del where[name]
        if change.kind is ChangeKind.MERGED and other is not None:
            moved = (each for each, cluster in where.items() if cluster == change.cluster_id)
            where.update(dict.fromkeys(list(moved), other))
    return where


def shown_by_log(changes: Iterable[Change]) -> dict[int, str]:
    kind = ChangeKind.CANONICAL_CHANGED
    return {c.cluster_id: c.article_id for c in changes if c.kind is kind and c.article_id}


def test_the_log_tells_where_everything_stands(index: StoryIndex) -> None:
    rows = every_fixture()
    for start in range(0, len(rows), 10):
        index.add(rows[start : start + 10])
    rng = random.Random(1)
    held = [row["id"] for row in rows]
    for step in range(60):
        name = rng.choice(held)
        what = step % 6
        if what == 0:
            index.update({**rng.choice(rows), "id": name})
        elif what == 1:
            index.remove(name)
            held.remove(name)
        elif what == 2:
            index.pin(name)
        elif what == 3:
            with suppress(ConfigError):
                index.link(name, rng.choice(held))
        elif what == 4:
            with suppress(ConfigError):
                index.unlink(name, rng.choice(held))
        elif step % 12 == 5:
            index.consolidate()
    changes = list(index.changes())
    stands = {name: index.assignment(name).cluster_id for name in held}
    assert replayed(changes) == stands
    for cluster, shown in shown_by_log(changes).items():
        if cluster in stands.values():
            assert index.cluster(cluster).canonical.article_id == shown
    numbers = [change.number for change in changes]
    assert numbers == sorted(set(numbers))
    half = numbers[len(numbers) // 2]
    assert [c.number for c in index.changes(since=half)] == [n for n in numbers if n > half]


@pytest.mark.parametrize("other", [SPIES, WATCHED, "Something else altogether happened in Lima."])
def test_a_copy_that_is_rewritten_leaves_its_story(index: StoryIndex, other: str) -> None:
    index.add([written(name, FLOOD) for name in "abz"] + [written(name, SPIES) for name in "pq"])
    flood, spies = (index.assignment(name).cluster_id for name in "ap")
    index.update(written("b", other))
    assert [index.assignment(name).cluster_id for name in "azpq"] == [flood, flood, spies, spies]
    assert (index.assignment("b").cluster_id == spies) == (other in (SPIES, WATCHED))
    assert index.assignment("b").cluster_id != flood
    assert not any(change.kind is ChangeKind.MERGED for change in index.changes())


def test_a_small_correction_moves_nothing(index: StoryIndex) -> None:
    index.add([written("a", FLOOD), written("b", FLOOD), written("p", SPIES)])
    before = [index.assignment(name).cluster_id for name in "abp"]
    for name, text in (("a", FLOOD), ("p", SPIES)):
        found = index.update(written(name, text.replace("300", "310") + " More follows."))
        assert found.is_new == (name in "ap")
    assert [index.assignment(name).cluster_id for name in "abp"] == before


def test_a_sole_article_that_is_rewritten_joins_the_story_that_it_tells(index: StoryIndex) -> None:
    index.add([written("x", FLOOD)])
    index.add([written("p", SPIES)])
    was, spies = (index.assignment(name).cluster_id or 0 for name in "xp")
    found = index.update(written("x", WATCHED))
    assert (found.cluster_id, found.is_new) == (spies, False)
    assert index.cluster(was).id == spies


def test_what_has_expired_stays_behind_when_an_article_is_rewritten(index: StoryIndex) -> None:
    index.add([written("old", FLOOD, 1), written("x", FLOOD, 9), written("p", SPIES, 9)])
    flood, spies = (index.assignment(name).cluster_id for name in "xp")
    index.expire(before="2023-10-05")
    assert index.update(written("x", WATCHED, 9)).cluster_id == spies
    assert index.assignment("old").cluster_id == flood
    assert index.cluster(flood or 0).canonical.article_id == "old"


def test_an_expired_article_that_is_rewritten_leaves_the_live_ones(index: StoryIndex) -> None:
    index.add([written("x", FLOOD, 1), written("p", FLOOD + " It rained.", 9)])
    flood = index.assignment("p").cluster_id
    index.expire(before="2023-10-05")
    assert index.update(written("x", SPIES, 9)).cluster_id != flood
    assert index.assignment("p").cluster_id == flood
    assert index.update(written("x", FLOOD, 9)).cluster_id == flood


def test_what_has_expired_is_explained_by_its_heaviest_words(index: StoryIndex) -> None:
    index.add([written("a", SPIES, 1), written("b", SPIES, 1), written("c", FLOOD, 1)])
    live = index.explain("a", "b")
    index.expire(before="2023-10-05")
    copies = index.explain("a", "b")
    assert (live.relation, copies.relation) == ("copies", "copies")
    assert any("at a Jaccard similarity of 1.00 or more" in note for note in copies.notes)
    assert not index.explain("a", "c").shared_names
    index.update(written("a", WATCHED, 9))
    assert "cainiao" in index.explain("a", "b").shared_names
    assert index._store.all("SELECT count(*) FROM remains") == [(2,)]


def test_expired_copies_follow_the_text_that_they_copy(tmp_path: Path) -> None:
    with StoryIndex(tmp_path / "kept.db", keep_texts=True, progress=False) as index:
        index.add([written("a", FLOOD, 1), written("b", FLOOD, 1), written("p", SPIES, 1)])
        index.expire(before="2023-10-05")
        index.update(written("a", SPIES, 9))
        assert index.assignment("b").group_id == "b"
        assert index.explain("a", "b").relation == "apart"
        index.remove("a")
        assert index.explain("b", "p").relation == "apart"
        assert index.check() == []


def test_what_is_shown_does_not_change_in_silence(index: StoryIndex) -> None:
    index.add([written("a", FLOOD, 1), written("b", FLOOD + " It rained.", 2)])
    own = index.assignment("a").cluster_id or 0
    assert index.cluster(own).canonical.article_id == "a"
    index.remove("a")
    assert shown_by_log(index.changes()) == {own: "b"}
    index.add([written("c", FLOOD + " It rained hard.", 9)])
    index.expire(before="2023-10-05")
    index.consolidate()
    assert index.cluster(own).canonical.article_id == "b"  # it has expired, and is shown still
    assert shown_by_log(index.changes()) == {own: "b"}
    index.pin("c")
    assert index.cluster(own).canonical.article_id == "c"
    index.unpin("c")
    index.pin("b")
    assert index.cluster(own).canonical.article_id == "b"


def test_what_was_shown_and_parts_with_its_story_is_told_of(index: StoryIndex) -> None:
    index.add([written("a", FLOOD), written("b", FLOOD), written("c", "Rain in Lima.")])
    index.link("a", "c")
    index.pin("b")
    own = index.assignment("a").cluster_id or 0
    assert index.cluster(own).canonical.article_id == "b"
    index.update(written("a", SPIES))  # its copy b stays behind, and c goes with it
    assert index.assignment("b").cluster_id != index.assignment("c").cluster_id
    for cluster, shown in shown_by_log(index.changes()).items():
        assert index.cluster(cluster).canonical.article_id == shown


def test_a_pin_changes_what_is_shown_and_nothing_else(tmp_path: Path) -> None:
    with (
        StoryIndex(tmp_path / "p.db", progress=False) as writer,
        StoryIndex(tmp_path / "p.db", progress=False) as follower,
    ):
        one, bridge, other = (FLOOD, 9), (SPIES, 1), ("A volcano erupted on La Palma island.", 9)
        rows = [written(n, *each) for n, each in zip("amb", (one, bridge, other), strict=True)]
        writer.add(rows)
        writer.link("a", "m")
        writer.link("m", "b")
        writer.expire(before="2023-10-05")
        asked = written("q", other[0], 9)
        before = follower.query(asked).cluster_id
        for change in (writer.pin, writer.unpin):
            change("a")
            assert writer.query(asked).cluster_id == follower.query(asked).cluster_id == before
            assert writer.assignment("b").cluster_id == writer.assignment("a").cluster_id


def test_what_was_parted_and_then_copied_does_not_stop_anything(index: StoryIndex) -> None:
    index.add([written("a", FLOOD), written("b", SPIES), written("c", "Rain in Lima.")])
    index.unlink("a", "b")
    index.update(written("b", FLOOD))
    index.consolidate()
    index.link("a", "c")
    assert index.assignment("a").cluster_id == index.assignment("c").cluster_id


def test_what_joined_languages_gives_way_to_the_user(index: StoryIndex) -> None:
    index.add([written("a", FLOOD), written("b", SPIES), written("c", "Rain in Lima.")])
    with index._writing():  # as consolidate() writes it, with an embedder
        for pair in (("a", "b"), ("b", "c")):
            index._store.run("INSERT INTO links VALUES (?, ?, 'languages')", *pair)
    index.unlink("b", "c")
    index.update(written("a", FLOOD + " Much is lost."))
    clusters = {name: index.assignment(name).cluster_id for name in "abc"}
    assert clusters["a"] == clusters["b"] != clusters["c"]


def test_a_required_pair_gives_way_to_copies_that_contradict_it(index: StoryIndex) -> None:
    index.add([written("a", FLOOD), written("b", SPIES), written("c", "Rain in Lima.")])
    index.unlink("a", "b")
    index.link("a", "c")
    index.update(written("c", SPIES))
    index.consolidate()
    assert index.assignment("a").cluster_id != index.assignment("b").cluster_id


@pytest.mark.parametrize("days", [range(1, 2), range(1, 300, 12)])
def test_after_a_pause_articles_stay_as_long_as_others(index: StoryIndex, days: range) -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    index.add([written("before", FLOOD)])
    dates = [start + timedelta(day) for day in days]
    texts = [f"{SPIES} Number {at} of them said so." for at in range(len(dates))]
    index.add(
        [
            {"id": f"n{at}", "text": text, "published": date}
            for at, (text, date) in enumerate(zip(texts, dates, strict=True))
        ]
    )
    late = start + timedelta(150)
    assert index.expire(before=late) == 1 + sum(date < late for date in dates)


def test_undated_articles_alone_count_as_of_today(index: StoryIndex) -> None:
    index.add([{"id": "a", "text": FLOOD}])
    assert index.expire(before=datetime.now(UTC) - timedelta(1)) == 0
    assert index.expire(before=datetime.now(UTC) + timedelta(1)) == 1


def test_what_cannot_be_is_said_in_the_library_s_own_words(index: StoryIndex) -> None:
    index.add([written("a", FLOOD), written("b", SPIES, 9)])
    for date in ("nonsense", None):
        with pytest.raises(ConfigError, match=r"expire\(\) needs a date"):
            index.expire(before=date)
    wrong: list[Any] = [1 << 70, -1, [], None, "1"]
    for number in wrong:
        with pytest.raises(UnknownIdError):
            index.cluster(number)
    assert list(index.changes(since=1 << 70)) == []
    for name in ("\ud800", 7, None):
        assert name not in index
        with pytest.raises(UnknownIdError):
            index.assignment(name)  # type: ignore[arg-type]
    index.expire(before="2023-10-07")
    for say in (index.link, index.unlink):
        with pytest.raises(ConfigError, match="'a' has expired"):
            say("a", "b")


def test_an_id_is_found_however_it_was_broken(index: StoryIndex) -> None:
    index.add([written("x\ud800", FLOOD)])
    assert "x\ud800" in index
    assert index.assignment("x\ud800").article_id == "x\ufffd"


def test_a_wrong_id_costs_no_new_window(index: StoryIndex) -> None:
    index.add([written("a", FLOOD)])
    window = index._window
    for write in (index.pin, index.remove):
        with pytest.raises(UnknownIdError):
            write("nobody")
    with pytest.raises(ConfigError):
        index.link("a", "a")
    assert index._window is window is not None


def test_a_question_says_what_adding_does(index: StoryIndex) -> None:
    rows = every_fixture()
    random.Random(2).shuffle(rows)
    index.add(rows[:60])
    for row in rows[60:]:
        asked, (added,) = index.query(row), index.add([row])
        assert (asked.role, asked.is_new) == (added.role, added.is_new)
        assert asked.cluster_id in (None, added.cluster_id)
        assert asked.group_id == added.group_id
        assert set(asked.reasons) == set(added.reasons)


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
