"""What a notebook and a page show: nothing of an article is ever anything but text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from unicodedata import combining, east_asian_width

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import FIXTURES, read_lines
from dedup import CanonicalConfig, Clustering, Config, compare, find_clusters
from dedup.cli import main
from dedup.views.elements import address, element, quoted, said, written
from dedup.views.overview import fitted, overview, table
from dedup.views.passages import common_passages, words_in
from dedup.views.report import page
from dedup.views.story import timeline

Rows = list[dict[str, Any]]

HOSTILE: Rows = [
    {
        "id": f"evil-{at}",
        "title": title,
        "text": "Storm Babet floods Brechin in Angus as the South Esk bursts its banks. " + title,
        "source": title,
        "url": url,
    }
    for at, (title, url) in enumerate(
        [
            ("<script>alert(1)</script>", "javascript:alert(1)"),
            ("</style></title><img src=x onerror=alert(2)>", "https://kite.example/a?b=1&c=<x>"),
            ("\u202eright to left\u202c and \x00\x07\x1b[31m", "data:text/html,<script>"),
            (
                "broken \ud83d emoji \U0001f469\u200d\U0001f52c &amp; <!--",
                "https://kite.example/'\"",
            ),
            ("مرحبا بالعالم", "https://kite.example/ar"),
        ]
    )
]


class Seen(HTMLParser):
    """The elements and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    @property
    def said(self) -> str:
        return "".join(self.text)


@pytest.fixture(scope="module")
def result() -> Clustering:
    return find_clusters([*read_lines(FIXTURES / "belgium.jsonl"), *HOSTILE], progress=False)


def every_view(result: Clustering) -> dict[str, str]:
    a, b = "en-vsse-wire", "en-vsse-update"
    return {
        "clustering": result._repr_html_(),
        "hostile": result.cluster_of("evil-0")._repr_html_(),
        "story": result.cluster_of(a)._repr_html_(),
        "evidence": result.explain(a, b)._repr_html_(),
        "hostile evidence": result.explain("evil-0", "evil-1")._repr_html_(),
        "page": page(result, "<b>All</b> stories"),
    }


def test_articles_bring_no_element_and_no_address_but_of_the_web(result: Clustering) -> None:
    for name, html in every_view(result).items():
        seen = Seen(html)
        tags = [tag for tag, _ in seen.tags]
        assert tags.count("script") == (name == "page")
        assert not {"img", "b", "iframe", "object"} & set(tags)
        for _, attributes in seen.tags:
            assert not any(attribute.startswith("on") for attribute in attributes)
            for attribute in ("href", "src"):
                assert (attributes.get(attribute) or "https://").startswith("https://")
        for character in "\u202e\u202c\x00\x07\x1b\ud83d":
            assert character not in html
        html.encode("utf-8")


@pytest.mark.parametrize(
    "title", ["می\u200cخواهم", "👨\u200d👩\u200d👧", "co\u00adop", "Le\u00a0Monde"]
)
def test_characters_that_join_or_part_letters_stay(title: str) -> None:
    assert title in written(said(title))
    shown = find_clusters([{"title": title, "text": "A text about a harbour."}], progress=False)
    assert f"<title>{title}</title>" in page(shown, title)


@pytest.mark.parametrize("url", ["https://e.org/\x00", "https://e.org/\u202ex", "https://e.org/\n"])
def test_an_address_that_steers_is_no_link(url: str) -> None:
    assert written(address(url, "x")) == "<span>x</span>"


def test_a_long_story_is_drawn_from_its_first_to_its_last() -> None:
    start = datetime(2023, 10, 5, tzinfo=UTC)
    drawn = timeline([start + timedelta(days=at) for at in range(500)])
    assert drawn is not None
    places = [int(dot.get("cx", "0")) for dot in drawn.findall("circle")]
    assert (len(places), places[0], places[-1]) == (50, 4, 116)


def test_what_an_article_says_is_isolated(result: Clustering) -> None:
    html = page(result)
    assert "مرحبا بالعالم" in html
    for _, attributes in (each for each in Seen(html).tags if each[0] == "bdi"):
        assert attributes == {"dir": "auto"}


def test_a_page_holds_every_article(result: Clustering) -> None:
    text = " ".join(Seen(page(result)).said.split())
    for cluster in result.clusters:
        for member in cluster.members:
            start = " ".join(member.article.title[:20].split())
            assert start.isprintable() is False or start in text, member.article.id
    assert "<b>All</b> stories" not in page(result, "<b>All</b> stories")


def test_a_story_says_why_who_and_what_differs(result: Clustering) -> None:
    text = Seen(result.cluster_of("en-vsse-wire")._repr_html_()).said
    assert "names it as the canonical address" in text
    assert "republished from" in text
    assert "% the same; its own: “" in text
    assert "the one shown" in text


def test_evidence_marks_what_both_say(result: Clustering) -> None:
    html = result.explain("en-vsse-wire", "en-vsse-update")._repr_html_()
    assert html.count('<mark class="passage">') >= 4
    assert html.count('<mark class="name">') >= 4
    assert 'class="bar for"' in html and 'class="bar against"' in html
    assert compare("One text.", "Another.")._repr_html_()


def test_names_are_marked_beside_passages(result: Clustering) -> None:
    seen = Seen(result.explain("en-vsse-wire", "en-vsse-rewrite")._repr_html_())
    kinds = [attributes.get("class") for tag, attributes in seen.tags if tag == "mark"]
    assert set(kinds) == {"name"}  # they share no passage
    assert len(kinds) > 10


def test_what_is_cut_is_said(monkeypatch: pytest.MonkeyPatch, result: Clustering) -> None:
    monkeypatch.setattr("dedup.views.report.MOST_STORIES", 2)
    monkeypatch.setattr("dedup.views.report.MOST_LINES", 3)
    monkeypatch.setattr("dedup.views.story.MOST_MEMBERS", 2)
    text = Seen(page(result)).said
    several = sum(len(cluster) > 1 for cluster in result.clusters)
    assert f"Of {several} stories with several articles, the largest 2 can be opened" in text
    assert f"{len(result) - 5} more stories are not on this page." in text
    assert "4 more articles are not shown." in text


def test_skipped_rows_are_told_of() -> None:
    skipping = find_clusters(["A text.", {"text": 5}], on_error="skip", progress=False)
    assert "Rows that could not be read: 1" in page(skipping)


def test_nothing_to_show_is_no_error() -> None:
    nothing = find_clusters([], progress=False)
    for html in (nothing._repr_html_(), page(nothing)):
        assert "0 articles" in html
    assert table(nothing) == ""
    assert repr(nothing).count("\n") == 0


def test_the_command_line_writes_a_page(tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    assert main(["cluster", str(FIXTURES / "belgium.jsonl"), "--html", str(out)]) == 0
    assert out.read_text("utf-8").startswith("<!DOCTYPE html>")


def test_a_day_is_the_day_that_was_written() -> None:
    rows = [
        {"id": f"{day}-{at}", "text": text, "published": f"2023-10-{day}"}
        for day, text in (("01", "One short text about a harbour."), ("30", "Another about rain."))
        for at in range(2)
    ]
    lines = table(find_clusters(rows, progress=False)).splitlines()
    early, late = sorted(lines[1:], key=lambda line: "2023-10-30" in line)
    assert "2023-10-01  2023-10-01  █" in early
    assert "2023-10-30  2023-10-30             █" in late


def test_a_story_of_thousands_prints_in_a_few_lines() -> None:
    rows = [{"id": str(at), "text": "One short text about a harbour."} for at in range(3000)]
    story = find_clusters(rows, progress=False).clusters[0]
    lines = str(story).splitlines()
    assert len(lines) < 60
    assert lines[-1] == "    … and 2,950 more articles"
    assert sum(line.startswith("  * ") for line in lines) == 1


def test_the_version_shown_is_told_of_wherever_it_stands() -> None:
    rows = [{"id": f"{at:03}", "text": "One short text about a harbour."} for at in range(120)]
    config = Config(canonical=CanonicalConfig(pins=("110",)))
    html = find_clusters(rows, config=config, progress=False).clusters[0]._repr_html_()
    assert html.count('class="shown"') == 1
    assert "69 more articles are not shown." in html


def test_a_table_is_short_and_aligned(result: Clustering) -> None:
    lines = repr(result).splitlines()
    assert len(lines) <= 13
    assert lines[0].startswith("<Clustering: ")
    at = lines[1].index("first")
    assert all(line[at - 2 : at] == "  " or "…" in line[:3] for line in lines[2:] if line.isascii())


@given(st.text(max_size=40), st.integers(2, 30), st.booleans())
def test_a_cell_is_as_wide_as_was_asked(text: str, width: int, right: bool) -> None:
    shown = fitted(text, width, right=right)
    columns = sum(
        0 if combining(c) else 2 if east_asian_width(c) in ("W", "F") else 1 for c in shown
    )
    assert columns == width
    assert shown.isprintable()


@given(st.text())
def test_any_text_comes_back_as_text(text: str) -> None:
    if any("\ud800" <= character <= "\udfff" for character in text):
        return
    for html in (
        written(said(text)),
        written(quoted(text, [(0, len(text) // 2, "passage")])),
        written(element("p", text, title=text)),
        written(address(text, text)),
    ):
        assert {tag for tag, _ in Seen(html).tags} <= {"bdi", "mark", "p", "a", "span"}


words = st.lists(st.sampled_from("abcdefg"), max_size=14)


@given(words, words, st.integers(1, 4))
def test_common_passages_are_all_runs_that_both_hold(
    a: list[str], b: list[str], least: int
) -> None:
    texts = " ".join(a), " ".join(b)
    for mine, theirs, text, marks in zip(
        (a, b), (b, a), texts, common_passages(*texts, least), strict=True
    ):
        windows = {tuple(theirs[at : at + least]) for at in range(len(theirs) - least + 1)}
        covered = set()
        for at in range(len(mine) - least + 1):
            if tuple(mine[at : at + least]) in windows:
                covered |= set(range(at, at + least))
        spans = words_in(text)
        found = {
            at
            for at, (start, end) in enumerate(spans)
            if any(low <= start and end <= high for low, high in marks)
        }
        assert found == covered
        assert all(x[1] <= y[0] for x, y in pairwise(marks))


def test_paragraphs_that_changed_places_are_found() -> None:
    one = "The hub at Liege is watched closely. Officers said nothing of it on Monday."
    other = "Officers said nothing of it on Monday! Now the hub at Liege is watched closely."
    here, there = common_passages(one, other)
    assert [one[a:b] for a, b in here] == [
        "The hub at Liege is watched closely",
        "Officers said nothing of it on Monday",
    ]
    assert len(there) == 2


def test_an_overview_counts(result: Clustering) -> None:
    cluster = result.cluster_of("en-vsse-wire")
    told = overview(cluster)
    assert (told.n_articles, told.n_texts, told.n_copies) == (6, 4, 2)
    assert told.sources[0] == "Meridian News Agency"
    assert list(told.times) == sorted(told.times)


def test_a_timeline_tells_what_it_draws() -> None:
    start = datetime(2023, 10, 5, tzinfo=UTC)
    drawn = timeline([start, start + timedelta(days=2)])
    assert drawn is not None
    assert drawn.get("aria-label") == "seen 2023-10-05 to 2023-10-07"
    assert timeline([]) is None


def many(n: int) -> Rows:
    """Return articles of n stories, of which each third is told twice, word for word."""
    return [
        {
            "id": f"{story}-{copy}",
            "title": f"Port{story} counts {story} ships in its harbour, says the mayor",
            "text": f"Port{story} counts {story} ships in its harbour and {7 * story} on the sea, "
            f"the mayor of Port{story} told reporters on day {story} of the count. " * 3,
            "source": f"paper-{copy}",
            "url": f"https://paper-{copy}.example/{story}",
            "published": f"2023-10-{1 + story % 28:02}",
        }
        for story in range(n)
        for copy in range(2 if story % 3 == 0 else 1)
    ]


@pytest.mark.slow
def test_ten_thousand_stories_stay_under_twenty_megabytes() -> None:
    result = find_clusters(many(10_000), level="duplicate", progress=False)
    assert len(result) == 10_000
    assert len(page(result).encode()) < 20_000_000
