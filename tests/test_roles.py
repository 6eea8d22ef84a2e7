"""What each member of a cluster is, and that the order of the members does not matter."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.article import Article
from dedup.dates import Interval, parse_date
from dedup.provenance import (
    certainly_later,
    credited_names,
    outlet,
    published_names,
    trusted_dates,
)
from dedup.roles import Placed, Role, assign_roles
from dedup.text.clean import CleanArticle
from dedup.text.credits import Credit, WireHeader


def clean(**fields: Any) -> CleanArticle:
    settings: dict[str, Any] = {
        "title": "Security service watches Alibaba hub",
        "text": "A paragraph of the report.",
        "header": None,
        "dateline": None,
        "credits": (),
        "dates": (),
        "removed": (),
        "withdrawn": False,
    }
    return CleanArticle(**(settings | fields))


def placed(
    name: str,
    *,
    group: int = 0,
    published: str | None = None,
    modified: str | None = None,
    centre: bool = False,
    n_words: int = 100,
    header: tuple[str, int] | None = None,
    clean_fields: dict[str, Any] | None = None,
    **fields: Any,
) -> Placed:
    wire = None if header is None else WireHeader(kind=header[0], number=header[1])
    return Placed(
        article=Article(
            id=name,
            text="A paragraph of the report.",
            published=None if published is None else parse_date(published),
            modified=None if modified is None else parse_date(modified),
            **fields,
        ),
        clean=clean(header=wire, **(clean_fields or {})),
        n_words=n_words,
        group=group,
        is_centre=centre,
    )


def roles(*members: Placed, **containment: float) -> dict[str, str]:
    """Return roles by id; containment is given as ``a_in_b=0.9``."""
    at = {member.article.id: position for position, member in enumerate(members)}
    pairs = {
        (at[key.split("_in_")[0]], at[key.split("_in_")[1]]): share
        for key, share in containment.items()
    }
    found = assign_roles(members, pairs)
    return {member.article.id: str(role) for member, role in zip(members, found, strict=True)}


def test_earliest_of_a_group_is_its_original_and_the_others_are_reprints() -> None:
    found = roles(
        placed("late", published="2023-10-05T12:00Z", source="B", centre=True),
        placed("early", published="2023-10-05T09:00Z", source="A"),
        placed("undated", source="C"),
    )
    assert found == {"late": "reprint", "early": "original", "undated": "reprint"}


def test_without_dates_the_centre_is_the_original() -> None:
    found = roles(placed("a", source="A"), placed("b", source="B", centre=True))
    assert found == {"a": "reprint", "b": "original"}


def test_dates_that_overlap_leave_the_original_to_the_centre() -> None:
    found = roles(
        placed("a", source="A", published="2023-10-05"),
        placed("b", source="B", published="2023-10-05T12:00Z", centre=True),
    )
    assert found["b"] == "original"


def test_a_copy_that_says_it_republishes_is_not_the_original() -> None:
    credit = Credit(relation="republished_from", name="Reuters", agency="reuters")
    found = roles(
        placed("copy", centre=True, clean_fields={"credits": (credit,)}),
        placed("first", source="A"),
    )
    assert found == {"copy": "reprint", "first": "original"}


def test_a_date_that_cannot_be_trusted_makes_no_original() -> None:
    found = roles(
        placed("epoch", source="A", published="1970-01-01T00:00Z"),
        placed("real", source="B", published="2023-10-05T09:00Z"),
    )
    assert found["real"] == "original"


@pytest.mark.parametrize("source", [{"source": "Reuters"}, {"url": "https://www.reuters.com/a"}])
def test_later_version_at_the_same_outlet_is_an_update(source: dict[str, Any]) -> None:
    first = placed("first", published="2023-10-05T09:00Z", source="Reuters")
    later = placed("later", published="2023-10-05T11:00Z", **source)
    assert roles(first, later) == {"first": "original", "later": "update"}


def test_later_version_at_another_or_an_unknown_outlet_is_a_reprint() -> None:
    first = placed("first", published="2023-10-05T09:00Z", source="Reuters")
    other = placed("other", published="2023-10-05T11:00Z", source="Bisnis")
    unknown = placed("unknown", published="2023-10-05T11:00Z")
    assert roles(first, other, unknown)["other"] == "reprint"
    assert roles(first, other, unknown)["unknown"] == "reprint"


def test_second_copy_at_the_same_outlet_that_is_not_later_is_a_reprint() -> None:
    first = placed("first", source="Reuters", centre=True)
    again = placed("again", source="Reuters")
    assert roles(first, again) == {"first": "original", "again": "reprint"}


def test_wire_header_tells_versions_apart_where_dates_do_not() -> None:
    first = placed("first", source="Reuters", published="2023-10-05")
    second = placed("second", source="Reuters", published="2023-10-05", header=("update", 1))
    third = placed(
        "third", source="Reuters", published="2023-10-05", header=("update", 2), centre=True
    )
    assert roles(first, second, third) == {
        "first": "original",
        "second": "update",
        "third": "update",
    }


def test_dates_count_before_headers() -> None:
    early = placed("early", source="Reuters", published="2023-10-05T09:00Z", header=("update", 2))
    late = placed("late", source="Reuters", published="2023-10-05T11:00Z", group=1)
    assert roles(early, late) == {"early": "report", "late": "report"}
    assert roles(early, late, early_in_late=0.6)["late"] == "update"


def test_header_makes_an_update_across_groups() -> None:
    first = placed("first", source="Reuters", group=0)
    update = placed("second", source="Reuters", group=1, header=("update", 1))
    elsewhere = placed("other", source="AFP", group=2, header=("update", 1))
    found = roles(first, update, elsewhere)
    assert found == {"first": "report", "second": "update", "other": "report"}


@pytest.mark.parametrize(("share", "role"), [(0.5, "update"), (0.4, "report")])
def test_update_near_a_group_holds_half_of_the_older_text(share: float, role: str) -> None:
    older = placed("older", source="A", group=0, published="2023-10-05T09:00Z")
    newer = placed("newer", source="A", group=1, published="2023-10-05T11:00Z")
    assert roles(older, newer, older_in_newer=share)["newer"] == role
    assert roles(older, newer, older_in_newer=share)["older"] == "report"


def test_two_crawls_of_one_address_are_told_apart_by_their_last_change() -> None:
    same: dict[str, Any] = {"published": "2023-10-05T09:00Z"}
    first = placed("first", url="https://a.example/x?utm_source=y", centre=True, **same)
    again = placed("again", url="http://www.a.example/x", modified="2023-10-05T12:00Z", **same)
    first_crawl = placed(
        "first", url="https://a.example/x", modified="2023-10-05T09:30Z", centre=True, **same
    )
    assert roles(first, again)["again"] == "reprint"
    assert roles(first_crawl, again)["again"] == "update"


@pytest.mark.parametrize(
    ("share", "n_words", "role"), [(0.9, 60, "excerpt"), (0.7, 60, "report"), (0.9, 90, "report")]
)
def test_excerpt_is_contained_and_clearly_shorter(share: float, n_words: int, role: str) -> None:
    part = placed("part", group=0, n_words=n_words)
    whole = placed("whole", group=1, n_words=100)
    assert roles(part, whole, part_in_whole=share, whole_in_part=0.4) == {
        "part": role,
        "whole": "report",
    }


def test_single_article_is_a_report() -> None:
    assert roles(placed("only")) == {"only": "report"}
    assert assign_roles([], {}) == []


MEMBERS = st.lists(
    st.fixed_dictionaries(
        {
            "group": st.integers(0, 3),
            "published": st.sampled_from(
                [None, "2023-10-05", "2023-10-05T09:00Z", "2023-10-06T09:00Z", "2023-10-09"]
            ),
            "modified": st.sampled_from([None, "2023-10-05T10:00Z", "2023-10-07T10:00Z"]),
            "source": st.sampled_from([None, "Reuters", "AFP"]),
            "url": st.sampled_from([None, "https://a.example/1", "https://b.example/2"]),
            "header": st.sampled_from([None, ("update", 1), ("update", 2), ("corrected", 0)]),
            "n_words": st.sampled_from([10, 100]),
            "centre": st.booleans(),
        }
    ),
    max_size=8,
)


@given(MEMBERS, st.randoms(use_true_random=False))
def test_laws(settings: list[dict[str, Any]], rng: random.Random) -> None:
    members = [placed(f"id{at}", **fields) for at, fields in enumerate(settings)]
    n = len(members)
    containment = {
        (i, j): rng.choice([0.3, 0.6, 0.9]) for i in range(n) for j in range(n) if i != j
    }
    found = assign_roles(members, containment)

    for group in {member.group for member in members}:
        inside = [at for at, member in enumerate(members) if member.group == group]
        originals = sum(found[at] is Role.ORIGINAL for at in inside)
        assert originals == (1 if len(inside) > 1 else 0)

    order = list(range(n))
    rng.shuffle(order)
    place = {old: new for new, old in enumerate(order)}
    moved = {(place[i], place[j]): share for (i, j), share in containment.items()}
    again = assign_roles([members[old] for old in order], moved)
    assert [again[place[at]] for at in range(n)] == found


def dates(*values: tuple[str | None, str | None], groups: list[int] | None = None) -> list[bool]:
    """Return which of some (published, modified) dates are trusted."""
    members = [
        placed(str(at), published=published, modified=modified)
        for at, (published, modified) in enumerate(values)
    ]
    found = trusted_dates(
        [member.article for member in members],
        [member.clean for member in members],
        groups or list(range(len(members))),
    )
    return [date is not None for date in found]


def test_distrusted_dates() -> None:
    assert dates(("1970-01-01", None), ("2023-10-05", None)) == [False, True]
    assert dates(("2023-10-05T09:00Z", "2023-10-04T09:00Z")) == [False]
    assert dates(("2023-10-05T09:00Z", "2023-10-06T09:00Z")) == [True]
    assert dates(("2023-10-05", "2023-10-05T09:00Z")) == [True]  # may well have been before
    assert dates((None, None)) == [False]


def test_date_far_before_the_others_is_distrusted_if_there_is_a_majority() -> None:
    old, new = ("2003-01-01", None), ("2023-10-05", None)
    assert dates(old, new) == [True, True]
    assert dates(old, new, new) == [False, True, True]
    assert dates(old, old, old, new, new, groups=[0, 0, 0, 1, 2]) == [False] * 3 + [True] * 2
    assert dates(new, new, ("2033-01-01", None)) == [True] * 3


def test_date_in_the_text_is_used_where_the_field_is_empty() -> None:
    written = (parse_date("2023-10-06T09:00Z"), parse_date("2023-10-05T09:00Z"))
    member = placed("a", clean_fields={"dates": written})
    assert trusted_dates([member.article], [member.clean], [0]) == [written[1]]


def test_certainly_later_needs_both_dates_and_no_overlap() -> None:
    day, noon = parse_date("2023-10-05"), parse_date("2023-10-05T12:00Z")
    assert not certainly_later(day, noon) and not certainly_later(noon, day)
    assert not certainly_later(None, day) and not certainly_later(day, None)
    assert certainly_later(Interval.exact(day.end), noon)


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"source": "The Guardian"}, "guardian"),
        ({"source": "www.theguardian.com"}, "guardian"),
        ({"source": "https://www.theguardian.com/"}, "guardian"),
        ({"url": "https://amp.theguardian.com/world/1"}, "guardian"),
        ({"url": "https://www.abc.net.au/news/1"}, "abc"),
        ({"source": "Tiền Phong", "url": "https://x.example/1"}, "tienphong"),
        ({}, ""),
    ],
)
def test_outlet(fields: dict[str, Any], key: str) -> None:
    assert outlet(Article(id="a", text="x", **fields)) == key


@pytest.mark.parametrize(
    ("fields", "own"),
    [
        ({"source": "Reuters"}, True),
        ({"source": "Reuters UK"}, True),
        ({"url": "https://www.reuters.com/world/1"}, True),
        ({"url": "https://id.reuters.com/1"}, True),
        ({"url": "https://reuters.example.com/1"}, False),
        ({"source": "Bisnis.com", "url": "https://bisnis.com/reuters"}, False),
        ({}, False),
    ],
)
def test_an_article_is_of_an_outlet_that_goes_by_a_name_of_it(
    fields: dict[str, Any], own: bool
) -> None:
    names = published_names(Article(id="a", text="x", **fields))
    assert names.isdisjoint(credited_names("reuters", "Reuters")) is not own


def test_agency_whose_host_adds_news() -> None:
    article = Article(id="a", text="x", url="https://apnews.com/article/1")
    assert not published_names(article).isdisjoint(credited_names("ap", "Associated Press"))
