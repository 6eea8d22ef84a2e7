"""Which languages a text may be written in."""

from __future__ import annotations

import gzip
import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import DATA, FIXTURES, read_lines
from dedup.text.language import Languages, possible_languages
from dedup.text.tokenize import tokenize


def languages(text: str, declared: str | None = None) -> Languages:
    return possible_languages(text, tokenize(text), declared)


@pytest.mark.parametrize("code", ["es", "pt", "it", "pl", "sv", "fi", "de", "el", "he", "ar", "vi"])
def test_fixtures_may_be_of_their_own_language(code: str) -> None:
    for row in read_lines(FIXTURES / "languages" / f"{code}.jsonl"):
        possible = languages(row["text"]).possible
        assert not possible or code in possible


def test_belgian_stories_of_two_languages_cannot_be_one(belgium: list[dict[str, str]]) -> None:
    found = {row["id"]: languages(row["text"]) for row in belgium}
    for a in belgium:
        for b in belgium:
            assert found[a["id"]].may_equal(found[b["id"]]) == (a["language"] == b["language"])


@pytest.mark.slow
def test_translations_are_told_apart() -> None:
    path = DATA / "ntrex.jsonl.gz"
    if not path.exists():
        pytest.skip(f"no development sets at {DATA}")
    wrong: Counter[str] = Counter()
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            possible = languages(row["text"]).possible
            wrong[row["lang"]] += bool(possible) and row["lang"] not in possible
    assert not +wrong


def test_scripts_tell_without_words() -> None:
    assert not languages("Нефть").may_equal(languages("Oil"))
    assert languages("Oil").may_equal(languages("Minyak"))


def test_what_it_says_of_itself_counts_where_words_are_few() -> None:
    assert languages("Oil falls", "en").possible == {"en"}
    assert languages("Olje faller", "no").possible == {"nb"}
    assert languages("Oil falls").possible == frozenset()


@given(st.text(), st.text())
def test_symmetric_and_reflexive(a: str, b: str) -> None:
    x, y = languages(a), languages(b)
    assert x.may_equal(x)
    assert x.may_equal(y) == y.may_equal(x)
