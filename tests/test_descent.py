"""Who copied whom: arrows with a reason, none where it is left open."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import FIXTURES, read_lines
from dedup import Descent, find_clusters
from dedup.article import Article
from dedup.cluster import Cluster, DuplicateGroup, Member
from dedup.dates import Interval
from dedup.descent import Relation, _without_circles, cleaned_members, descents
from dedup.provenance import certainly_later, outlet, trusted_dates
from dedup.roles import Role

WIRE = (
    "The VSSE is watching the Cainiao hub at Liege airport over fears of spying, Belgium said on "
    "Monday. The hub has been run by Alibaba since 2021 and employs 900 people in three halls."
)
OWN = (
    "Spying fears: Belgium's VSSE has been watching what Alibaba's Cainiao does at its hub at the "
    "airport of Liege."
)
#: Of the same event and the same outlet, in other words.
SIDEBAR = (
    "Alibaba built the Liege hub in 2021 in the hope of a gate into Europe. The VSSE has warned of "
    "spying by China for years, and the airport owes Cainiao half of its freight and 900 jobs."
)


def row(name: str, text: str, hour: int | None, source: str, **fields: Any) -> dict[str, Any]:
    date = {} if hour is None else {"published": f"2023-10-05T{hour:02}:00Z"}
    return {"id": name, "title": "", "text": text, "source": source, **date, **fields}


def arrows(*rows: dict[str, Any]) -> dict[tuple[str, str], Descent]:
    clusters = find_clusters(list(rows), progress=False).clusters
    assert len(clusters) == 1
    return {(each.article, each.origin): each for each in clusters[0].provenance}


def test_a_copy_that_says_so_comes_from_whom_it_credits() -> None:
    found = arrows(
        row("wire", WIRE, 9, "Reuters"),
        row("copy", "(Reuters) - " + WIRE, 11, "Kite News"),
    )
    arrow = found["copy", "wire"]
    assert (arrow.relation, arrow.certainty) == ("republished from", 0.95)
    assert arrow.reason == "credits Reuters, and has its text"


def test_a_later_copy_that_says_nothing_comes_from_the_earliest() -> None:
    found = arrows(
        row("b", WIRE, 11, "Kite News"),
        row("a", WIRE, 9, "Coast Courier"),
        row("c", WIRE, 13, "Prairie Post"),
    )
    assert found.keys() == {("b", "a"), ("c", "a")}
    assert {arrow.certainty for arrow in found.values()} == {0.7}


def test_where_the_dates_leave_it_open_there_is_no_arrow() -> None:
    assert not arrows(row("a", WIRE, None, "Kite News"), row("b", WIRE, None, "Coast Courier"))
    assert not arrows(row("a", WIRE, 9, "Kite News"), row("b", WIRE, 9, "Coast Courier"))


def test_a_credit_to_an_outlet_that_is_not_here_is_believed() -> None:
    assert not arrows(
        row("a", "(AFP) - " + WIRE, 9, "Kite News"),
        row("b", "(AFP) - " + WIRE, 11, "Coast Courier"),
    )


def test_a_quotation_is_no_copy() -> None:
    found = arrows(
        row("scoop", WIRE, 9, "Reuters"),
        row("report", OWN + " Reuters reported that the hub employs 900 people.", 12, "Kite News"),
    )
    arrow = found["report", "scoop"]
    assert arrow.relation in ("quotes", "first reported by")
    assert arrow.certainty == 0.8


def test_who_credits_each_other_says_nothing() -> None:
    assert not arrows(
        row("a", WIRE + " First reported by Reuters.", None, "Bloomberg"),
        row("b", OWN + " First reported by Bloomberg.", None, "Reuters"),
    )


def test_a_later_version_is_an_update_of_the_one_before() -> None:
    found = arrows(
        row("one", WIRE, 9, "Reuters"),
        row("two", WIRE + " The company denied it.", 11, "Reuters"),
        row("three", WIRE + " The company denied it. Shares fell.", 13, "Reuters"),
    )
    assert found.keys() == {("two", "one"), ("three", "two")}
    assert {arrow.relation for arrow in found.values()} == {"update of"}


def test_an_update_is_of_the_text_that_it_updates_and_of_no_sidebar() -> None:
    found = arrows(
        row("one", WIRE, 9, "Reuters"),
        row("side", SIDEBAR, 10, "Reuters"),
        row("two", WIRE + " The company denied it.", 11, "Reuters"),
    )
    assert found.keys() == {("two", "one")}
    alone = arrows(
        row("side", SIDEBAR, 10, "Reuters"),
        row("one", WIRE, 11, "Reuters", title="UPDATE 1-Belgium watches the hub"),
    )
    assert not alone


def test_a_version_that_others_copied_is_an_update_too() -> None:
    more = (
        " Alibaba said on Tuesday that it denies all of it and that its staff of 900 had been told "
        "nothing. The airport called the hub a success and asked the ministry for its reasons."
    )
    found = arrows(
        row("one", WIRE, 9, "Reuters"),
        row("two", WIRE + more, 11, "Reuters"),
        row("copy", WIRE + more, 12, "Kite News"),
    )
    assert {pair: arrow.relation for pair, arrow in found.items()} == {
        ("two", "one"): "update of",
        ("copy", "two"): "republished from",
    }


def versions(**dates: Any) -> list[dict[str, Any]]:
    added = ["", " The company denied it.", " Shares fell on Monday."]
    return [
        row(
            f"v{at}",
            WIRE + "".join(added[: at + 1]),
            None,
            "Reuters",
            title=(f"UPDATE {at}-" if at else "") + "Belgium watches the hub",
            **dates,
        )
        for at in range(3)
    ]


@pytest.mark.parametrize("dates", [{}, {"published": "2023-10-05"}])
def test_headers_that_number_the_versions_tell_their_order(dates: dict[str, str]) -> None:
    found = arrows(*versions(**dates))
    assert found.keys() == {("v1", "v0"), ("v2", "v1")}
    assert {(arrow.relation, arrow.certainty) for arrow in found.values()} == {("update of", 0.8)}
    assert "headline" in found["v2", "v1"].reason


def test_a_header_without_a_number_follows_none_but_what_has_no_header() -> None:
    first, second, third = versions()
    second["title"] = "UPDATED: Belgium watches the hub"
    assert arrows(first, second).keys() == {("v1", "v0")}
    assert not arrows(second, third)
    assert not arrows(second, third | {"title": "CORRECTED-Belgium watches the hub"})
    assert not arrows(first | {"title": "WRAPUP 3-Belgium watches the hub"}, second)


def test_numbers_that_go_against_the_dates_leave_it_open() -> None:
    _, first, second = versions()
    first["published"], second["published"] = "2023-10-05T12:00Z", "2023-10-05T09:00Z"
    assert not arrows(first, second)


def test_two_crawls_of_one_page_are_told_apart_by_their_last_change() -> None:
    page = {"url": "https://kite.example/a", "published": "2023-10-05T08:00Z"}
    found = arrows(
        row("b", WIRE, None, "Kite News", modified="2023-10-05T09:00Z", **page),
        row("a", WIRE + " It denied it.", None, "Kite News", modified="2023-10-05T11:00Z", **page),
    )
    assert found.keys() == {("a", "b")}
    assert (found["a", "b"].relation, found["a", "b"].certainty) == ("update of", 0.8)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("(Reuters) - ", ""),
        ("", "\nSource: Reuters"),
        ("", " Reuters reported this."),
        ("", " First reported by Reuters."),
    ],
)
def test_who_names_a_source_is_not_said_to_have_another(before: str, after: str) -> None:
    early = row("early", WIRE, 9, "Coast Courier")
    copy = row("copy", before + WIRE + after, 11, "Kite News")
    assert not arrows(early, copy, row("wire", WIRE, 13, "Reuters"))
    assert not arrows(early, copy)
    on_one_day = row("wire", WIRE, None, "Reuters", published="2023-10-05")
    assert arrows(early, copy, on_one_day).keys() == {("copy", "wire")}


def test_a_source_that_the_copied_text_names_is_no_word_of_the_copy() -> None:
    text = WIRE + " Reuters reported that 900 people work there."
    found = arrows(row("a", text, 9, "Coast Courier"), row("b", text, 11, "Kite News"))
    assert found["b", "a"].relation == "republished from"


def test_nothing_comes_from_an_article_that_says_itself_that_it_is_a_copy() -> None:
    found = arrows(
        row("a", "(AFP) - " + WIRE, 9, "Kite News"),
        row("b", WIRE, 11, "Coast Courier"),
    )
    assert not found  # it may come from AFP as well


def test_an_excerpt_that_names_a_source_quotes_no_other() -> None:
    whole = WIRE + " " + SIDEBAR
    part = " ".join(WIRE.split()[:24])
    early = row("whole", whole, 9, "Coast Courier")
    assert arrows(early, row("part", part, 11, "Kite News")).keys() == {("part", "whole")}
    assert not arrows(early, row("part", part + ", Reuters reported.", 11, "Kite News"))


def test_of_an_outlets_articles_the_one_is_meant_whose_text_is_there() -> None:
    found = arrows(
        row("side", SIDEBAR, 8, "Reuters"),
        row("wire", WIRE, 9, "Reuters"),
        row("long", "(Reuters) - " + WIRE + " " + OWN + " It said no more.", 11, "Kite News"),
    )
    assert {pair: arrow.certainty for pair, arrow in found.items()} == {("long", "wire"): 0.95}


def test_two_agencies_in_one_text_are_both_named_and_nobody_else() -> None:
    found = arrows(
        row("early", WIRE, 8, "Coast Courier"),
        row("reuters", WIRE, None, "Reuters"),
        row("afp", WIRE, None, "AFP"),
        row("copy", "(Reuters) - " + WIRE + "\nSource: AFP", 11, "Kite News"),
    )
    assert found.keys() == {("copy", "reuters"), ("copy", "afp")}


@pytest.mark.parametrize(
    ("source", "again"),
    [
        ("www.reuters.com", "m.reuters.com"),
        ("Reuters", "https://www.reuters.com/"),
        ("AP", "apnews.com"),
        ("Reuters", "Reuters UK"),
    ],
)
def test_who_credits_itself_republishes_nothing(source: str, again: str) -> None:
    credit = "(AP) - " if source == "AP" else "(Reuters) - "
    found = arrows(row("a", WIRE, 9, source), row("b", credit + WIRE, None, again))
    assert not found
    assert not any(
        arrow.relation == "republished from"
        for arrow in arrows(row("a", WIRE, 9, source), row("b", credit + WIRE, 11, again)).values()
    )


@pytest.mark.parametrize("lie", ["1970-01-01T00:00Z", "2099-01-01T00:00Z"])
def test_a_date_that_lies_makes_nobody_the_first(lie: str) -> None:
    found = arrows(
        row("a", WIRE, 9, "Coast Courier"),
        row("b", WIRE, 11, "Kite News"),
        row("lie", WIRE, None, "Prairie Post", published=lie),
    )
    assert not any(origin == "lie" for _, origin in found)
    assert ("b", "a") in found


def test_in_a_circle_the_least_certain_arrow_goes() -> None:
    certain = {("a", "b"): 0.95, ("b", "c"): 0.95, ("c", "a"): 0.7, ("d", "a"): 0.7}
    kept = without_circles(certain)
    assert kept == {("a", "b"), ("b", "c"), ("d", "a")}
    assert without_circles(dict(reversed(certain.items()))) == kept
    # Of equals none is known to be the one that is wrong.
    assert without_circles({("a", "b"): 0.8, ("b", "a"): 0.8, ("c", "a"): 0.8}) == {("c", "a")}
    # Of two circles that share an arrow, it alone goes if it is the least certain of both.
    shared = {("a", "b"): 0.7, ("b", "a"): 0.8, ("b", "c"): 0.95, ("c", "a"): 0.8}
    assert without_circles(shared) == shared.keys() - {("a", "b")}


def without_circles(certain: dict[tuple[str, str], float]) -> set[tuple[str, str]]:
    found = [
        Descent(
            article=article,
            origin=origin,
            relation=Relation.QUOTES,
            certainty=certainty,
            reason="it says so",
        )
        for (article, origin), certainty in certain.items()
    ]
    return {(arrow.article, arrow.origin) for arrow in _without_circles(found)}


def test_a_circle_of_three_says_nothing() -> None:
    names = ["Reuters", "Bloomberg", "AFP"]
    assert not arrows(
        *(
            row(str(at), WIRE + f"\nSource: {names[at - 1]}", None, name)
            for at, name in enumerate(names)
        )
    )


def test_texts_of_a_few_words_and_outlets_without_a_name_raise_nothing() -> None:
    short = [
        told_as(name, text, 0, Role.UPDATE) for name, text in [("a", ""), ("b", "One."), ("c", "")]
    ]
    story = Cluster(
        label=0,
        id="story",
        groups=tuple(
            DuplicateGroup(
                label=at,
                members=(replace(told, article=replace(told.article, source=source)),),
                centre=told.article.id,
            )
            for at, (told, source) in enumerate(zip(short, ["Kite", "Kite", "…"], strict=True))
        ),
        canonical=short[0].article,
        reasons=(),
    )
    assert story.provenance == ()


def test_who_is_credited_before_its_own_date_is_not_said_to_have_copied() -> None:
    found = arrows(
        row("early", WIRE, 9, "Coast Courier"),
        row("copy", "(Reuters) - " + WIRE, 11, "Kite News"),
        row("wire", WIRE, 13, "Reuters"),
    )
    assert not found  # its text was out under its name two hours before


@pytest.mark.parametrize("mark", ["\x1b[31m", "\n", "\u202e", "\u2028", "\x9b", "\ud83d", "\r"])
def test_an_arrow_prints_harmlessly_on_one_line(mark: str) -> None:
    arrow = Descent(
        article=f"a{mark}b",
        origin=f"{mark}c",
        relation=Relation.QUOTES,
        certainty=0.8,
        reason=f"credits {mark}",
    )
    for written in (str(arrow), repr(arrow), str((arrow,)), f"{arrow}"):
        assert written.isprintable()
    assert str(arrow).startswith("a\\")


def test_outlets_that_are_not_known_are_not_the_same() -> None:
    found = arrows(
        row("one", WIRE, 9, ""),
        row("two", "UPDATE 1-" + WIRE + " The company denied it.", 11, ""),
    )
    assert not any(arrow.relation == "update of" for arrow in found.values())


def test_the_fixtures_tell_who_copied_whom() -> None:
    result = find_clusters(read_lines(FIXTURES / "belgium.jsonl"), progress=False)
    found = {
        (arrow.article, arrow.origin): str(arrow.relation)
        for cluster in result.clusters
        for arrow in cluster.provenance
    }
    wire = "en-vsse-wire"
    assert found["en-vsse-reprint-coast", wire] == "republished from"
    assert found["en-vsse-update", wire] == "update of"
    assert found["en-cainiao-corrected", "en-cainiao-wire"] == "update of"
    assert not any("rewrite" in article for article, _ in found)


def test_a_story_of_thousands_is_read_in_seconds() -> None:
    rows = [
        row(f"id{at:04}", WIRE, at % 24, f"Paper {at}", title=f"Copy {at}") for at in range(3000)
    ]
    (cluster,) = find_clusters(rows, progress=False).clusters
    started = time.process_time()
    found = cluster.provenance
    assert time.process_time() - started < 5
    assert len(found) == 3000 - len([at for at in range(3000) if at % 24 == 0])
    assert {arrow.origin for arrow in found} == {"id0000"}


def test_a_story_of_excerpts_is_read_in_a_second() -> None:
    vocabulary = [f"w{chr(97 + at % 26)}{at}" for at in range(4000)]
    draw = random.Random(1)
    texts = [" ".join(draw.choices(vocabulary, k=300)) for _ in range(1000)]
    told = [told_as(f"a{at:04}", text, at, Role.REPORT) for at, text in enumerate(texts)]
    told += [
        told_as(f"b{at:04}", " ".join(text.split()[100:200]), 2000 + at, Role.EXCERPT)
        for at, text in enumerate(texts)
    ]
    story = Cluster(
        label=0,
        id="story",
        groups=tuple(
            DuplicateGroup(label=at, members=(member,), centre=member.article.id)
            for at, member in enumerate(told)
        ),
        canonical=told[0].article,
        reasons=(),
    )
    cleaned = cleaned_members(story)
    started = time.process_time()
    found = descents(story, cleaned)
    assert time.process_time() - started < 5  # it took 23 seconds to lay each beside each
    assert [(each.article, each.origin) for each in found] == [
        (f"b{at:04}", f"a{at:04}") for at in range(1000)
    ]


def told_as(name: str, text: str, minute: int, role: Role) -> Member:
    moment = datetime(2023, 10, 5, tzinfo=UTC) + timedelta(minutes=minute)
    article = Article(id=name, text=text, source=f"Paper {name}", published=Interval.exact(moment))
    return Member(article=article, row=0, role=role, similarity=1.0)


@pytest.mark.parametrize(
    ("credit", "source", "title"),
    [
        ("(Reuters) - ", "Reuters", ""),
        ("(Reuters) - ", "Paper {half}", ""),
        ("", "Kite News", "UPDATE {small}-Belgium watches the hub"),
        ("{at} Times reported. ", "{half} Times", ""),
    ],
)
def test_no_outlet_makes_a_story_of_thousands_slow(credit: str, source: str, title: str) -> None:
    rows = []
    for at in range(2000):
        values = {"at": f"Kite{at}", "half": f"Kite{at // 2}", "small": at % 90 + 1}
        name = "Reuters" if at % 2 else source.format(**values)
        rows.append(
            row(
                f"id{at:04}",
                credit.format(**values) + WIRE,
                at % 24,
                name,
                title=title.format(**values),
            )
        )
    (cluster,) = find_clusters(rows, progress=False).clusters
    cleaned = cleaned_members(cluster)
    started = time.process_time()
    descents(cluster, cleaned)
    assert time.process_time() - started < 3


HEADS = ["UPDATE 1", "UPDATE 2", "UPDATED", "CORRECTED"]

members = st.lists(
    st.fixed_dictionaries(
        {
            "text": st.sampled_from([WIRE, OWN, SIDEBAR, WIRE + " Shares fell.", WIRE[:90]]),
            "published": st.one_of(
                st.sampled_from([None, "2023-10-05", "2023-10-06", "1970-01-01", "2099-01-01"]),
                st.integers(0, 23).map(lambda hour: f"2023-10-05T{hour:02}:00Z"),
            ),
            "modified": st.sampled_from([None, "2023-10-06T09:00Z", "2023-10-06T11:00Z"]),
            "source": st.sampled_from(
                [None, "Reuters", "Kite News", "AFP", "Bloomberg", "m.reuters.com", "www.afp.com"]
            ),
            "url": st.sampled_from([None, "https://kite.example/1", "https://m.reuters.com/2"]),
            "before": st.sampled_from(
                ["", "(Reuters) - ", "Source: AFP\n", "First reported by Bloomberg.\n"]
            ),
            "after": st.sampled_from(["", "\nSource: Reuters", " Kite News reported this."]),
            "title": st.sampled_from(["", *(f"{head}-Belgium watches the hub" for head in HEADS)]),
        }
    ),
    min_size=2,
    max_size=7,
)


def trusted(cluster: Cluster) -> list[tuple[str, Interval | None]]:
    articles = [member.article for member in cluster.members]
    groups = [at for at, group in enumerate(cluster.groups) for _ in group.members]
    dates = trusted_dates(articles, cleaned_members(cluster), groups)
    return [(article.id, date) for article, date in zip(articles, dates, strict=True)]


@given(members, st.randoms(use_true_random=False))
def test_no_arrow_goes_to_a_later_article_and_no_chain_comes_back(
    drawn: list[dict[str, Any]], random: random.Random
) -> None:
    names = [f"id{at}" for at in range(len(drawn))]
    random.shuffle(names)
    rows = [
        fields | {"id": name, "text": fields["before"] + fields["text"] + fields["after"]}
        for name, fields in zip(names, drawn, strict=True)
    ]
    of = dict(zip(names, drawn, strict=True))
    clusters = find_clusters(rows, progress=False).clusters
    found = [arrow for cluster in clusters for arrow in cluster.provenance]
    dates = {name: date for cluster in clusters for name, date in trusted(cluster)}
    random.shuffle(rows)
    again = find_clusters(rows, progress=False).clusters
    assert [arrow for cluster in again for arrow in cluster.provenance] == found
    assert len({(arrow.article, arrow.origin) for arrow in found}) == len(found)
    origins: dict[str, set[str]] = {}
    for arrow in found:
        mine, theirs = of[arrow.article], of[arrow.origin]
        assert not certainly_later(dates[arrow.origin], dates[arrow.article])
        if arrow.relation == "republished from" and "credits" not in arrow.reason:
            assert "Reuters" not in mine["before"] + mine["after"]
            assert "AFP" not in mine["before"]
        if arrow.relation == "update of":
            articles = [
                Article(id="x", text="x", source=each["source"], url=each["url"])
                for each in (mine, theirs)
            ]
            assert outlet(articles[0]) == outlet(articles[1]) != ""
        origins.setdefault(arrow.article, set()).add(arrow.origin)
    for start in origins:
        reached, waiting = set(), set(origins[start])
        while waiting:
            reached |= waiting
            waiting = {o for each in waiting for o in origins.get(each, ())} - reached
        assert start not in reached
