"""Site furniture: cases line by line, whole texts, recurring lines, and the laws."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dedup.article import Article
from dedup.text.boilerplate import _WALLS, RecurringLines, Stripped, count_lines, strip_lines
from dedup.text.line_forms import is_prose
from dedup.text.normalize import normalize
from dedup.text.patterns import build_rules, furniture_rules, read_sections
from dedup.text.recurring import source_key
from text_cases import cases, rows

EMPTY = RecurringLines.empty()
WORD_SECTIONS = {
    "before_name",
    "contact_word",
    "bio_role",
    "appeal",
    "reader_word",
    "credit_word",
    "share_word",
}
BODY = [
    "The council said on Friday that the bridge would stay shut until engineers saw both towers.",
    "Drivers have been sent over the old ferry since Tuesday, and the queue was two miles long.",
    "Nobody could say who would pay for the repairs, which may cost more than the bridge did.",
]


def strip(lines: list[str], title: str = "", source: str | None = None) -> Stripped:
    return strip_lines([*map(normalize, lines)], title=title, source=source, recurring=EMPTY)


@pytest.mark.parametrize("case", cases("boilerplate", "in-the-wild"))
def test_furniture_goes_from_the_end_of_an_article(case: dict[str, Any]) -> None:
    stripped = strip([*BODY, case["line"]])
    assert [line.number for line in stripped.removed] == [len(BODY)]
    assert stripped.removed[0].rule == case["rule"]


@pytest.mark.parametrize("case", cases("boilerplate", "negative"))
@pytest.mark.parametrize("place", [0, 1, len(BODY)])
def test_body_stays_wherever_it_stands(case: dict[str, Any], place: int) -> None:
    stripped = strip([*BODY[:place], case["line"], *BODY[place:]])
    assert stripped.removed == ()


@pytest.mark.parametrize("case", cases("boilerplate", "synthetic", "known-failures"))
def test_whole_texts(case: dict[str, Any]) -> None:
    stripped = strip(case["lines"], case["title"])
    assert [line.number for line in stripped.removed] == case["removed"]
    assert bool(stripped.rescued) == case["rescued"]


LINES = st.lists(
    st.one_of(
        st.sampled_from([row["line"] for row in rows("boilerplate", "in-the-wild")]),
        st.sampled_from([row["line"] for row in rows("boilerplate", "negative")]),
        st.sampled_from([*BODY, "", "", "By Ana Bo", "Details", "A caption", "A caption"]),
        st.text(max_size=40),
    ),
    max_size=25,
)


@given(LINES, st.sampled_from(["", "A caption", BODY[0]]))
def test_each_line_is_kept_or_removed_once(lines: list[str], title: str) -> None:
    given_lines = [normalize(line).replace("\n", " ") for line in lines]
    stripped = strip_lines(given_lines, title=title, source=None, recurring=EMPTY)
    seen = [*stripped.kept, *((line.number, line.line) for line in stripped.removed)]
    assert sorted(seen) == [(number, line) for number, line in enumerate(given_lines) if line]
    assert all(line.rule and line.whole for line in stripped.removed)
    if any(given_lines):
        assert stripped.kept  # nothing is lost
    repeated_or_title = [line for line in stripped.removed if line.rule in {"title", "repeated"}]
    prose = [line for line in stripped.removed if is_prose(line.line) and line.line in BODY]
    assert all(line in repeated_or_title for line in prose)


@given(LINES)
@example(["無断転載を禁じます", "Zaloguj się lub zarejestruj się, aby czytać dalej", "0"])
def test_stripping_again_finds_no_fixed_pattern(lines: list[str]) -> None:
    first = strip([line.replace("\n", " ") for line in lines])
    strong = {"share", "subscribe", "copyright", "advertising", "app", "cookies"}
    again = strip([line for _, line in first.kept])
    # Of a wall in place of an article the first line stays, whatever it says.
    stays = {0} if {line.rule for line in first.removed} & _WALLS else set()
    if not first.rescued and not again.rescued:
        assert not strong & {line.rule for line in again.removed if line.number not in stays}


def test_every_pattern_fits_itself() -> None:
    for rule, pattern in furniture_pairs():
        if "*" not in pattern and rule not in WORD_SECTIONS:
            line = pattern.replace("#", "12")
            assert rule in furniture_rules().match(line), (rule, pattern)


def furniture_pairs() -> list[tuple[str, str]]:
    from importlib import resources

    folder = resources.files("dedup.text") / "data" / "furniture"
    files = [file for file in folder.iterdir() if file.name.endswith(".txt")]
    assert len(files) > 25
    found: list[tuple[str, str]] = []
    for file in files:
        if file.name != "README.txt":
            found += read_sections(file.read_text(encoding="utf-8"))
    return found


def test_pattern_files_are_checked() -> None:
    with pytest.raises(ValueError, match="before the first section"):
        read_sections("share this")
    with pytest.raises(ValueError, match="unknown section"):
        build_rules([("shares", "share this")])
    with pytest.raises(ValueError, match="too open"):
        build_rules([("share", "*a*")])


def test_the_order_of_patterns_does_not_matter() -> None:
    pairs = [("share", "share *"), ("follow", "share *"), ("app", "share it"), ("weak", "share it")]
    lines = ["Share the road", "Share it"]
    one, two = build_rules(pairs), build_rules(pairs[::-1])
    assert [one.match(line) for line in lines] == [two.match(line) for line in lines]


# Recurring lines

WORDS = ["river", "tower", "market", "singer", "harvest", "winter", "engine", "letter", "island"]


def story(number: int, footer: list[str], source: str = "kite.example") -> Article:
    chosen = random.Random(number)
    body = [f"Number {number}: {' '.join(chosen.choices(WORDS, k=14))} ends." for _ in range(4)]
    return Article(id=f"{source}-{number}", text="\n".join([*body, *footer]), source=source)


def test_a_line_at_the_foot_of_unrelated_articles_recurs() -> None:
    footer = ["Kite House, 4 Harbour Road", "Printed daily but Sunday"]
    pages = [story(number, footer) for number in range(5)]
    table = count_lines(pages)
    stripped = strip_lines(
        pages[0].text.split("\n"), title="", source=source_key(pages[0]), recurring=table
    )
    assert [(line.line, line.rule) for line in stripped.removed] == [
        (line, "recurring") for line in footer
    ]
    other = strip_lines(
        pages[0].text.split("\n"), title="", source="other.example", recurring=table
    )
    assert other.removed == ()


def test_one_story_printed_often_keeps_its_body() -> None:
    base = story(1, ["A last thought on the matter"]).text.split("\n")
    versions = [
        Article(
            id=str(n), text="\n".join([f"Version {n}, as told {n} hours later", *base]), source="k"
        )
        for n in range(6)
    ]
    assert count_lines(versions).of("k") == frozenset()
    copies = [Article(id=str(n), text="\n".join(base), source="k") for n in range(6)]
    assert count_lines(copies).of("k") == frozenset()


def test_a_background_sentence_needs_more_than_a_few_articles() -> None:
    background = "The war has driven two million people from their homes."
    plain = [story(number, []) for number in range(20)]
    told = [story(number, [background]) for number in range(20, 25)]
    assert count_lines([*plain, *told]).of("kite.example") == frozenset()


def test_two_articles_are_too_few() -> None:
    assert not count_lines([story(1, ["Kite House"]), story(2, ["Kite House"])]).table


def test_recurrence_takes_at_most_half_of_the_words() -> None:
    footer = [f"{word} on the harbour wall and other {word} lines" for word in WORDS]
    pages = [story(number, ["Kite House"]) for number in range(4)]
    short = Article(id="short", text="\n".join(["A short note", *footer]), source="kite.example")
    table = RecurringLines(table={"kite.example": frozenset(line.casefold() for line in footer)})
    lines = short.text.split("\n")
    stripped = strip_lines(lines, title="", source="kite.example", recurring=table)
    assert len(stripped.kept) == len(lines)
    assert count_lines(pages).of("kite.example") == {"kite house"}


@given(st.permutations(range(7)), st.lists(st.integers(0, 6), max_size=5))
def test_neither_order_nor_copies_change_the_table(order: list[int], copies: list[int]) -> None:
    pages = [
        story(number, ["Kite House", "Since 1901"] if number % 2 else []) for number in range(7)
    ]
    shuffled = [pages[number] for number in (*order, *copies)]
    assert count_lines(shuffled) == count_lines(pages)
    assert count_lines(shuffled).digest() == count_lines(pages).digest()


def test_source_key_is_the_name_or_the_host() -> None:
    assert source_key(Article(id="1", text="x", source="Kite.Example")) == "kite.example"
    assert source_key(Article(id="1", text="x", url="https://www.kite.example/a")) == "kite.example"
    assert source_key(Article(id="1", text="x")) == ""
