"""Wire headers, datelines, credits, dates and notices of withdrawal."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.text.agencies import agency_key, find_name, known_key, name_before, name_table
from dedup.text.credits import (
    RELATIONS,
    Credit,
    Dateline,
    WireHeader,
    article_credits,
    is_withdrawn,
    line_credit,
    split_dateline,
    split_ending,
    split_header,
)
from dedup.text.normalize import normalize
from dedup.text.written_dates import bracketed_dates, is_timestamp, line_dates
from text_cases import GOOD, cases


def of_kind(kind: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases("credits", *GOOD, "known-failures", kind=kind))


def negative(kind: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases("credits", "negative", kind=kind))


@of_kind("header")
def test_headers(case: dict[str, Any]) -> None:
    header, rest = split_header(normalize(case["text"]))
    assert rest == case["rest"]
    if case["header"] is None:
        assert header is None
    else:
        assert header == WireHeader(kind=case["header"][0], number=case["header"][1])


@negative("header")
def test_titles_without_header(case: dict[str, Any]) -> None:
    assert split_header(case["text"]) == (None, case["text"])


@of_kind("dateline")
def test_datelines(case: dict[str, Any]) -> None:
    dateline, rest = split_dateline(normalize(case["text"]))
    assert rest == normalize(case["rest"])
    assert dateline == Dateline(place=case["place"], agency=case["agency"])


@negative("dateline")
def test_paragraphs_without_dateline(case: dict[str, Any]) -> None:
    text = normalize(case["text"])
    assert split_dateline(text) == (None, text)


@of_kind("credit")
def test_credits(case: dict[str, Any]) -> None:
    found = article_credits(normalize(case["text"]))
    assert (case["relation"], case["agency"]) in {(each.relation, each.agency) for each in found}


@negative("credit")
def test_sentences_without_credit(case: dict[str, Any]) -> None:
    assert article_credits(normalize(case["text"])) == ()


@of_kind("line")
def test_credit_lines(case: dict[str, Any]) -> None:
    found = line_credit(normalize(case["text"]))
    assert found is not None
    assert (found.relation, found.agency) == (case["relation"], case["agency"])


@of_kind("date")
def test_dates(case: dict[str, Any]) -> None:
    text = normalize(case["text"])
    found = line_dates(text, case["language"])
    assert len(found) == 1
    assert found[0].start == datetime.fromisoformat(case["start"])
    assert found[0].end == datetime.fromisoformat(case["end"])


@negative("date")
def test_no_date_is_guessed(case: dict[str, Any]) -> None:
    assert line_dates(case["text"]) == ()


@pytest.mark.parametrize("case", cases("credits", "in-the-wild", kind="date"))
def test_a_date_alone_is_a_time_stamp(case: dict[str, Any]) -> None:
    assert is_timestamp(normalize(case["text"]))


@negative("timestamp")
def test_no_time_stamp(case: dict[str, Any]) -> None:
    assert not is_timestamp(case["text"])


def test_bracketed_dates() -> None:
    found = bracketed_dates(
        "kata dia, Kamis (5/10/2023), lalu (12/13/2023) dan (2023-10-06).", "id"
    )
    assert [each.end.date().isoformat() for each in found] == [
        "2023-10-06",
        "2023-12-14",
        "2023-10-07",
    ]
    assert bracketed_dates("no (date) here (5/10)") == ()


@of_kind("withdrawn")
def test_notices_of_withdrawal(case: dict[str, Any]) -> None:
    text = normalize(case["text"])
    assert is_withdrawn(None, [text])
    assert is_withdrawn(None, ["A first line.", "A second one.", "A third one.", "A fourth.", text])


@negative("withdrawn")
def test_news_about_withdrawals_is_no_notice(case: dict[str, Any]) -> None:
    assert not is_withdrawn(None, [case["text"]])


def test_a_killing_header_withdraws() -> None:
    assert is_withdrawn(WireHeader(kind="kill"), [])
    assert not is_withdrawn(WireHeader(kind="update", number=2), [])


@of_kind("ending")
def test_endings(case: dict[str, Any]) -> None:
    assert split_ending(normalize(case["text"])) == (case["rest"], case["ending"])


@negative("ending")
def test_paragraphs_without_ending(case: dict[str, Any]) -> None:
    assert split_ending(case["text"]) == (case["text"], "")


def test_own_agency_comes_first_and_each_pair_once() -> None:
    found = article_credits(
        "according to Reuters and, again, according to Reuters\nBloomberg first reported it",
        removed=["Source: Reuters"],
        dateline=Dateline(place="LONDON", agency="AFP"),
        credit="Associated Press",
    )
    assert [(each.relation, each.agency) for each in found] == [
        ("agency", "ap"),
        ("agency", "afp"),
        ("republished_from", "reuters"),
        ("quotes", "reuters"),
        ("first_reported_by", "bloomberg"),
    ]


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    line = normalize(text).replace("\n", " ")
    header, rest = split_header(line)
    assert line.startswith(rest) or line.endswith(rest) or rest in line
    assert (header is None) == (rest == line)
    dateline, body = split_dateline(line)
    assert line.endswith(body)
    assert dateline is not None or body == line
    kept, ending = split_ending(line)
    assert line.startswith(kept)
    assert ending in line
    for credit in article_credits(f"{line}\n{rest}", [line], dateline):
        assert credit.relation in RELATIONS
        assert credit.agency
    line_dates(line)
    is_timestamp(line)
    is_withdrawn(header, [line])


def test_records_are_checked() -> None:
    with pytest.raises(ValueError, match="kind"):
        WireHeader(kind="fun")
    with pytest.raises(ValueError, match="number"):
        WireHeader(kind="update", number=-1)
    with pytest.raises(ValueError, match="dateline"):
        Dateline()
    with pytest.raises(ValueError, match="relation"):
        Credit(relation="copies", name="Reuters", agency="reuters")
    with pytest.raises(ValueError, match="agency"):
        Credit(relation="quotes", name="", agency="")


def test_every_name_of_the_table_has_a_key_and_is_found() -> None:
    for name, key in name_table().exact.items():
        assert known_key(name) == key
        assert agency_key(name) == key
        found = find_name(f"x {name}, y", 2, strict=True)
        assert found is not None, name
        assert known_key(found[0]) is not None


def test_names_of_several_words_win_over_their_parts() -> None:
    assert find_name("BBC News said", 0, strict=True) == ("BBC News", 8)
    assert name_before("the New York Times", 18) == ("the New York Times", 0)
    assert name_before("It closed. Times", 16) is not None
