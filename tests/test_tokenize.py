"""Tokens and words, in every script."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import dedup.text.tokenize as tokens_module
from dedup.text.background import is_common, prior_document_frequency
from dedup.text.tokenize import (
    compared_tokens,
    first_tokens,
    fold,
    read_words,
    strip_accents,
    tokenize,
    word_texts,
)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Alibaba's hub", ["alibaba", "s", "hub"]),
        ("L'AÉROPORT de Liège", ["l", "aéroport", "de", "liège"]),
        ("Strasse Straße", ["strasse", "strasse"]),
        ("ＡＬＩＢＡＢＡ ﬁre", ["alibaba", "fire"]),
        ("1,500.5 and 2023-10-05", ["1", "500", "5", "and", "2023", "10", "05"]),
        ("比利时的VSSE", ["比", "利", "时", "的", "vsse"]),
        ("アリババの拠点", ["アリババ", "の", "拠", "点"]),
        ("ข่าว", ["ข่", "า", "ว"]),
        ("벨기에가 감시", ["벨기에가", "감시"]),
        ("हिन्दी समाचार", ["हिन्दी", "समाचार"]),
        ("…!? \u200b\n", []),
    ],
)
def test_tokens(text: str, tokens: list[str]) -> None:
    assert tokenize(text) == [fold(token) for token in tokens]


@given(st.text())
def test_tokens_are_folded_and_hold_no_space(text: str) -> None:
    for token in tokenize(text):
        assert token
        assert not any(character.isspace() for character in token)
        assert token == fold(token) or fold(token) == fold(fold(token))


@given(st.text(), st.text())
def test_a_line_break_separates(a: str, b: str) -> None:
    assert tokenize(f"{a}\n{b}") == tokenize(a) + tokenize(b)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "Officers said that they first saw Marta Olsen when she came to the pier in Dover.",
            {"marta", "olsen", "dover"},
        ),
        ("They asked. Officers came. They left the yard at noon with him.", set()),
        ("die Behörde prüft, ob der Konzern Cainiao am Flughafen Daten sammelt", {"cainiao"}),
        ("ベルギーはアリババを監視している。", {"ベルギー", "アリババ"}),
        ("they said that the VSSE (VSSE) knew about it all along, it was told", {"vsse"}),
    ],
)
def test_names(text: str, names: set[str]) -> None:
    assert {w.text for w in read_words(text, is_common=is_common) if w.is_name} == names


def test_numbers_lose_their_thousands_separators() -> None:
    words = read_words("1,500 or 1.500 or 1.5 or 2023")
    assert [w.text for w in words if w.is_number] == ["1500", "1500", "1.5", "2023"]


def test_positions_count_all_words() -> None:
    words = read_words("Of 12 men, 3 fled.")
    assert [w.position for w in words] == list(range(len(words)))


@pytest.mark.parametrize(
    ("word", "bare"),
    [
        ("liège", "liege"),
        ("θεσσαλονίκη", "θεσσαλονικη"),
        ("самарой", "самарой"),
        ("アリババ", "アリババ"),
    ],
)
def test_accents_come_off_latin_and_greek_alone(word: str, bare: str) -> None:
    assert strip_accents(word) == bare


def test_a_short_body_counts_with_its_headline() -> None:
    assert compared_tokens("Acme pays", "Details to follow.")[:2] == ["acme", "pays"]
    long = " ".join(["word"] * 50)
    assert compared_tokens("Acme pays", long) == tokenize(long)
    assert compared_tokens("", "") == []


def test_prior_knows_common_words_of_many_languages() -> None:
    words = ["the", "dan", "và", "und", "не", "的", "は"]
    assert (prior_document_frequency(words) > 300_000).all()
    assert prior_document_frequency([]).tolist() == []


def test_prior_of_numbers_falls_with_their_digits() -> None:
    values = prior_document_frequency(["5", "25", "250", "25000"]).tolist()
    assert values == sorted(values, reverse=True)
    assert prior_document_frequency(["2023"])[0] > prior_document_frequency(["2793"])[0]


@given(st.lists(st.text(max_size=12), max_size=5))
def test_prior_of_any_word_is_a_share(words: list[str]) -> None:
    values = prior_document_frequency(words)
    assert ((values >= 1) & (values <= 1_000_000)).all()


@given(st.text(st.one_of(st.sampled_from("a1๒์比.,ーéß \u0301"), st.characters(codec=None))))
def test_the_first_tokens_are_those_of_the_whole(text: str) -> None:
    assert list(first_tokens(text)) == tokenize(text)


def test_numbers_are_read_in_parts() -> None:
    assert tokenize("1,500.25 and 3b") == ["1", "500", "25", "and", "3", "b"]
    assert tokenize("1.๒์") == ["1", "๒์"]


@given(
    st.one_of(
        st.text(),
        st.text(alphabet="ab01 .,é“…ßªº²½´µ™ˆ˜\u0301\x8f"),
        st.binary().map(lambda raw: raw.decode("cp1252", "replace")),
    )
)
def test_tokens_of_western_text_are_those_of_the_pattern(text: str) -> None:
    assert tokenize(text) == tokens_module._TOKEN.findall(fold(text))


@given(
    st.one_of(
        st.text(st.sampled_from("abZ019.,'- \n\x00_é²"), max_size=40),
        st.text(st.characters(max_codepoint=127), max_size=40),
        st.text(max_size=20),
    )
)
@example("1,500.25 3rd a1 7,5 .5 1,2,345")
def test_word_texts_are_those_of_the_words_read(text: str) -> None:
    assert word_texts(text) == {word.text for word in read_words(text)}
