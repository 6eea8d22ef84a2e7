"""What the user requires and forbids: settings, errors, and the stories that come out."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dedup import Clustering, Config, ConfigError, EventConfig, find_clusters
from dedup.events.links import Links, checked_links
from made_up import SENTENCES

Rows = list[dict[str, Any]]

WIRE, COAST, REWRITE = "en-vsse-wire", "en-vsse-reprint-coast", "en-vsse-rewrite"
FRENCH, SPANISH = "fr-vsse-meuse", "es-quake-andina"


def linked(rows: Any, must: Any = (), cannot: Any = (), **other: Any) -> Clustering:
    config = Config(event=EventConfig(must_link=must, cannot_link=cannot))
    return find_clusters(rows, config=config, progress=False, **other)


def ids(result: Clustering, article_id: str) -> set[str]:
    return {member.article.id for member in result.cluster_of(article_id).members}


# ---------------------------------------------------------------- settings


def test_lists_are_frozen_and_survive_json() -> None:
    event = EventConfig(must_link=[["a", "b"], ("b", "c")], cannot_link=[["a", "d"]])  # type: ignore[arg-type]
    assert event.must_link == (("a", "b"), ("b", "c"))
    assert event.cannot_link == (("a", "d"),)
    config = Config(event=event)
    assert len({event, EventConfig(must_link=event.must_link, cannot_link=(("a", "d"),))}) == 1
    data = config.to_dict()
    assert data["event"]["must_link"] == [["a", "b"], ["b", "c"]]
    assert Config.from_dict(json.loads(json.dumps(data))) == config


@pytest.mark.parametrize(
    ("must", "cannot", "message"),
    [
        ("ab", (), "must_link must be a tuple of pairs of ids"),
        ({"a": "b"}, (), "must_link must be a tuple of pairs of ids"),
        ((), ("ab",), "cannot_link holds 'ab'; each entry must be a pair"),
        ((("a", "b", "c"),), (), "each entry must be a pair"),
        (((1.5, 2),), (), "each entry must be a pair"),
        (((True, "b"),), (), "each entry must be a pair"),
        ((("a", "a"),), (), "pairs 'a' with itself"),
        ((("a", "b"),), (("b", "a"),), r"forbids 'b' and 'a'.*through \('a', 'b'\);"),
        (
            (("a", "b"), ("c", "d"), ("c", "b")),
            (("a", "d"),),
            r"forbids 'a' and 'd'.*through \('a', 'b'\) and \('c', 'b'\) and \('c', 'd'\);",
        ),
    ],
)
def test_wrong_pairs_are_refused_when_the_setting_is_made(
    must: Any, cannot: Any, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        EventConfig(must_link=must, cannot_link=cannot)


PAIRS = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")).filter(lambda p: p[0] != p[1]),
    max_size=5,
)


def reaches(pairs: list[tuple[str, str]], a: str) -> set[str]:
    found = {a}
    for _ in pairs:
        found |= {x for pair in pairs if found & set(pair) for x in pair}
    return found


@given(PAIRS, PAIRS)
def test_contradictions_are_found_and_no_others(
    must: list[tuple[str, str]], cannot: list[tuple[str, str]]
) -> None:
    if any(b in reaches(must, a) for a, b in cannot):
        with pytest.raises(ConfigError, match="take one of these pairs out"):
            checked_links(must, cannot)
    else:
        assert checked_links(must, cannot) == (tuple(must), tuple(cannot))


# ---------------------------------------------------------------- against the input


def test_an_unknown_id_is_named_with_what_is_like_it(belgium: Rows) -> None:
    with pytest.raises(ConfigError, match=r"must_link names 'en-vsse-wir'.*'en-vsse-wire'"):
        linked(belgium, must=[("en-vsse-wir", COAST)])
    with pytest.raises(ConfigError, match=r"cannot_link names 'zzzz', but no article"):
        linked(belgium, cannot=[(WIRE, "zzzz")])
    with pytest.raises(ConfigError, match="names 'b'"):
        linked([{"id": "a", "text": "The only one of all."}], must=[("a", "b")])


def test_copies_cannot_be_forbidden(belgium: Rows) -> None:
    with pytest.raises(ConfigError, match=r"copies of one text.*duplicate\.threshold"):
        linked(belgium, cannot=[(WIRE, COAST)])


def test_a_chain_may_lead_through_copies(belgium: Rows) -> None:
    with pytest.raises(ConfigError, match=rf"'{COAST}', '{FRENCH}'.*copies of one text count as"):
        linked(belgium, must=[(COAST, FRENCH)], cannot=[(FRENCH, WIRE)])


# ---------------------------------------------------------------- stories


def test_required_pairs_join_whole_groups_whatever_the_language(belgium: Rows) -> None:
    before = linked(belgium)
    after = linked(belgium, must=[(COAST, FRENCH), (FRENCH, SPANISH)])
    assert ids(before, WIRE).isdisjoint(ids(before, FRENCH))
    assert {WIRE, COAST, FRENCH, SPANISH} <= ids(after, WIRE)
    for pair in ((COAST, FRENCH), (WIRE, SPANISH)):
        evidence = after.explain(*pair)
        assert evidence.relation == "one event"
        assert "must_link" in evidence.notes[-1]
    assert not any("must_link" in note for note in after.explain(WIRE, REWRITE).notes)


def test_forbidden_pairs_are_apart_with_all_their_copies(belgium: Rows) -> None:
    assert ids(linked(belgium), WIRE) >= {COAST, REWRITE}
    after = linked(belgium, cannot=[(COAST, REWRITE)])
    assert COAST in ids(after, WIRE)
    assert REWRITE not in ids(after, WIRE)
    for a in (COAST, WIRE):
        assert "cannot_link forbids" in after.explain(a, REWRITE).notes[-1]


def test_the_clusters_of_a_forbidden_pair_are_named() -> None:
    text = "The VSSE is watching the Cainiao hub at Liège airport, Alibaba denies any spying{}."
    rows = [
        {"id": "a", "text": text.format("")},
        {"id": "b", "text": text.format(", said spokesman Peeters on Thursday in Brussels")},
        {"id": "c", "text": text.format(" and Peeters of the VSSE said so in Brussels today")},
    ]
    assert len(linked(rows).clusters) == 1
    after = linked(rows, cannot=[("a", "c")])
    apart = next(x for x in "ac" if "b" not in ids(after, x))
    together = "c" if apart == "a" else "a"
    note = after.explain("b", apart).notes[-1]
    assert (
        note == f"their clusters hold {together} and {apart}, which event.cannot_link keeps apart"
    )


@pytest.mark.parametrize("seed", range(2))
def test_order_does_not_matter(belgium: Rows, seed: int) -> None:
    must, cannot = [(COAST, FRENCH), (SPANISH, "ja-vsse-toto")], [(COAST, REWRITE)]
    straight = linked(belgium, must, cannot)
    chance = random.Random(seed)
    order = list(range(len(belgium)))
    chance.shuffle(order)
    other = linked([belgium[i] for i in order], [p[::-1] for p in reversed(must)], cannot)
    assert other.labels.tolist() == straight.labels[order].tolist()
    assert other.to_dicts()[0]["reasons"] == straight.to_dicts()[0]["reasons"]


def test_copies_alone_do_not_ask(belgium: Rows) -> None:
    plain = linked(belgium, level="duplicate")
    asked = linked(belgium, [(COAST, FRENCH)], [(WIRE, COAST)], level="duplicate")
    assert asked.labels.tolist() == plain.labels.tolist()
    assert not any("_link" in note for note in asked.explain(COAST, FRENCH).notes)


def test_a_saved_result_keeps_the_users_pairs(belgium: Rows, tmp_path: Path) -> None:
    result = linked(belgium, [(COAST, FRENCH)], [(COAST, REWRITE)])
    result.save(tmp_path / "run.json")
    loaded = Clustering.load(tmp_path / "run.json")
    assert loaded.config == result.config
    assert loaded.explain(WIRE, FRENCH) == result.explain(WIRE, FRENCH)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.lists(st.sampled_from(SENTENCES), max_size=4).map(" ".join), min_size=6, max_size=6
    ),
    PAIRS,
    PAIRS,
)
def test_the_users_word_holds_or_is_refused(
    texts: list[str], must: list[tuple[str, str]], cannot: list[tuple[str, str]]
) -> None:
    rows = [{"id": name, "text": text} for name, text in zip("abcdef", texts, strict=True)]
    plain = find_clusters(rows)
    copies = [
        (group.members[0].article.id, member.article.id)
        for group in plain.groups
        for member in group.members[1:]
    ]
    if any(b in reaches(must + copies, a) for a, b in cannot):
        with pytest.raises(ConfigError):
            linked(rows, must, cannot)
        return
    result = linked(rows, must, cannot)
    assert all(result.cluster_of(a) is result.cluster_of(b) for a, b in must)
    assert all(result.cluster_of(a) is not result.cluster_of(b) for a, b in cannot)
    assert result.group_labels.tolist() == plain.group_labels.tolist()


def test_links_without_pairs_say_nothing() -> None:
    assert Links.of((), (), {}) == Links()


def test_whole_numbers_are_ids() -> None:
    rows = [{"id": n, "text": text} for n, text in enumerate(SENTENCES)]
    event = EventConfig(must_link=[(0, np.int64(2))], cannot_link=[(0, "3")])  # type: ignore[arg-type]
    assert event.must_link == (("0", "2"),)
    result = find_clusters(rows, progress=False, config=Config(event=event))
    assert result.cluster_of(0) is result.cluster_of("2")  # type: ignore[arg-type]
    assert result.explain(0, np.int64(2)).relation == "one event"  # type: ignore[arg-type]
    assert len(result.borderline(np.int64(3))) <= 3  # type: ignore[arg-type]
