"""Normalisation: cases, and the laws on arbitrary text."""

from __future__ import annotations

import time
import unicodedata
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dedup.text.normalize import LAST_RESORT, STEPS, applied, normalize
from text_cases import GOOD, cases

# Characters that the steps are about, often, among all others, lone surrogates too.
TRICKY = st.text(
    st.one_of(
        st.sampled_from(
            "&#;xX0123456789abpmotqun \t\r\n\x0b\x85\u2028\u00a0\u00ad\u200b\u200c\u200d"
        ),
        st.sampled_from(
            "'\"`\u2018\u201d\u00ab-\u2010\u2013\u2014\u0301\u037e\ufeff\u0645\u0915\u094d"
        ),
        st.characters(),
        st.characters(categories=["Cs"]),
    ),
    max_size=60,
)
ENTITIES = st.lists(
    st.sampled_from(
        ["&", "amp;", "#38;", "&#59;", "&shy;", "&zwnj;", "nbsp;", "\u00ad", "lt;", "e", " "]
    )
).map("".join)


@pytest.mark.parametrize("case", cases("normalize", *GOOD, "known-failures"))
def test_cases(case: dict[str, Any]) -> None:
    assert normalize(case["text"]) == case["expect"]


@pytest.mark.parametrize("case", cases("normalize", "negative"))
def test_left_alone(case: dict[str, Any]) -> None:
    assert normalize(case["text"]) == case["text"]
    assert applied(case["text"]) == ()


@given(st.one_of(TRICKY, ENTITIES))
@example("&amp" + "&#59" * 50 + ";")
@example("\u2013--\u2013'''")
@example("\ud800\u0000&am\u00adp;")
def test_idempotent(text: str) -> None:
    once = normalize(text)
    assert normalize(once) == once
    assert applied(once) == ()


@given(st.one_of(TRICKY, ENTITIES))
@example("&amp" + "&#59" * 50 + ";")
def test_replaying_the_steps_gives_the_same(text: str) -> None:
    functions = dict((*STEPS, LAST_RESORT))
    replayed = text
    for name in applied(text):
        replayed = functions[name](replayed)
    assert replayed == normalize(text)


@given(TRICKY)
def test_what_comes_out(text: str) -> None:
    result = normalize(text)
    result.encode("utf-8")  # no surrogate is left
    assert unicodedata.is_normalized("NFC", result)
    assert not set(result) & set(
        "\x00\r\x0b\x85\u2028\u2029\u00ad\u200b\ufeff\u201c\u2019\u2014\t\u00a0"
    )
    assert all(line == line.strip(" ") and "  " not in line for line in result.split("\n"))


@given(st.text(st.characters(exclude_characters="\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")))
def test_lines_keep_their_numbers(text: str) -> None:
    assert normalize(text).count("\n") == text.count("\n")


def test_names_are_unique_and_told_in_order() -> None:
    names = [name for name, _ in STEPS]
    assert len(set(names)) == len(names)
    assert applied("a\u0000\u2019  b") == ("controls", "quotes", "spaces")


def test_five_megabytes_are_no_matter() -> None:
    text = "\u201cLie\u0300ge\u201d &amp; the\u00a0port \u2014 he said\r\n" * 160_000
    begin = time.process_time()
    result = normalize(text)
    assert time.process_time() - begin < 10  # about one second on the slowest machine tried
    assert result.startswith('"Li\u00e8ge" & the port \u2013 he said\n')
