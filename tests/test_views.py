"""What a notebook and a page show: nothing of an article is ever anything but text."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from wcwidth import wcswidth, wcwidth

from conftest import FIXTURES, read_lines
from dedup import CanonicalConfig, Clustering, Config, ConfigError, compare, find_clusters
from dedup.cli import main
from dedup.cluster import printable
from dedup.explain_across import AcrossEvidence
from dedup.review import Listing
from dedup.views.elements import address, element, quoted, said, written
from dedup.views.overview import fitted, overview, table
from dedup.views.passages import Words
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


def written_out(title: str) -> str:
    """Return a title as it stands on a page: what steers is written out."""
    return "".join(
        c if c.isprintable() or c == "\u200d" else ascii(c)[1:-1] for c in " ".join(title.split())
    )


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
    assert "<bdi>مرحبا بالعالم</bdi>" in html
    isolated = [attributes for tag, attributes in Seen(html).tags if tag == "bdi"]
    assert len(isolated) > len(result)
    assert not any(isolated)  # the direction of each is that of what it holds


def test_a_page_holds_every_article(result: Clustering) -> None:
    text = Seen(page(result)).said
    for cluster in result.clusters:
        for member in cluster.members:
            assert written_out(member.article.title) in text, member.article.id
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


def test_evidence_adds_up_on_the_page(result: Clustering) -> None:
    evidence = result.explain("en-vsse-wire", "en-vsse-rewrite")
    assert len(evidence.contributions) > 12
    seen = Seen(evidence._repr_html_())
    table = seen.said[seen.said.index("log-odds") :]
    assert f"before the evidence{evidence.baseline:+.2f}" in table
    assert f"{len(evidence.contributions) - 12} smaller ones" in table
    assert f"in all{evidence.log_odds:+.2f}" in table
    numbers = [
        float(text)
        for text in seen.text
        if text[:1] in "+-" and text[1:].replace(".", "").isdigit()
    ]
    assert len(numbers) == 15
    assert sum(numbers[:-1]) == pytest.approx(numbers[-1], abs=0.08)  # each is rounded


def test_evidence_says_how_clusters_compared_across_languages(result: Clustering) -> None:
    pair = result.explain("en-vsse-wire", "en-vsse-rewrite")
    across = AcrossEvidence(
        joined=True,
        cosine=0.71,
        log_odds=1.5,
        threshold=0.25,
        baseline=-2.0,
        contributions=(("of one meaning", 3.5),),
    )
    text = Seen(replace(pair, across=across)._repr_html_()).said
    assert "Across languages: joined as clusters, cosine of their means 0.71" in text
    assert "of one meaning+3.50" in text
    assert "in all+1.50" in text


def test_paragraphs_stay_apart_side_by_side() -> None:
    story = "The mayor opened the harbour of Brechin.\nIt had been closed for 3 years."
    seen = Seen(compare(story, story + "\nRain fell.")._repr_html_())
    assert "harbour of Brechin.\nIt had been closed" in seen.said


def test_of_many_names_some_are_shown_and_the_rest_counted(result: Clustering) -> None:
    evidence = result.explain("en-vsse-wire", "en-vsse-rewrite")
    names = tuple(f"name{number}" for number in range(33))
    text = Seen(replace(evidence, only_a=names)._repr_html_()).said
    assert "name19 and 13 more" in text
    assert "name20" not in text


def test_of_a_long_text_the_part_that_was_read_is_named() -> None:
    words = " ".join(f"word{number}" for number in range(4_000))
    rows = [
        {"id": "a", "text": words, "source": "a.example"},
        {"id": "b", "text": words + " And quite another ending, with other words.", "source": "b"},
    ]
    text = Seen(find_clusters(rows, progress=False).clusters[0]._repr_html_()).said
    assert "of its first 20,000 characters 100% the same" in text


def test_what_is_cut_is_said(monkeypatch: pytest.MonkeyPatch, result: Clustering) -> None:
    monkeypatch.setattr("dedup.views.report.ROOM_FOR_STORIES", 8_000)
    monkeypatch.setattr("dedup.views.report.ROOM_FOR_LINES", 600)
    monkeypatch.setattr("dedup.views.story.MOST_MEMBERS", 2)
    seen = Seen(page(result))
    several = sum(len(cluster) > 1 for cluster in result.clusters)
    opened = sum(attributes.get("class") == "story" for _, attributes in seen.tags)
    lines = sum(attributes.get("class") == "single" for _, attributes in seen.tags)
    assert 0 < opened < several and 0 < lines < len(result) - opened
    said = f"Of {several} stories with several articles, the largest {opened} can be opened"
    assert said in seen.said
    assert f"{len(result) - opened - lines} more stories are not on this page." in seen.said
    assert "4 more articles are not shown." in seen.said


def test_skipped_rows_are_told_of() -> None:
    skipping = find_clusters(["A text.", {"text": 5}], on_error="skip", progress=False)
    assert "Rows that could not be read: 1" in page(skipping)


def test_of_many_skipped_rows_some_are_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dedup.views.report.ROOM_FOR_SKIPPED", 500)
    skipping = find_clusters([{"text": 5}] * 30, on_error="skip", progress=False)
    text = Seen(page(skipping)).said
    shown = text.count("row ")
    assert 0 < shown < 30
    assert f"and {30 - shown} more" in text


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


def test_a_heading_must_be_a_string(tmp_path: Path, result: Clustering) -> None:
    with pytest.raises(ConfigError, match="title must be a string, got 5"):
        result.report(tmp_path / "r.html", title=5)  # type: ignore[arg-type]


def test_what_programs_read_is_utf_8_whatever_the_terminal_speaks(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"title": "Liège café \\udc00 😀"}\n', encoding="utf-8")
    for option in ("--output", "--html"):
        ran = subprocess.run(
            [sys.executable, "-m", "dedup.cli", "cluster", str(path), option, "-"],
            env={**os.environ, "PYTHONIOENCODING": "ascii"},
            capture_output=True,
            check=True,
        )
        assert "Liège café" in ran.stdout.decode("utf-8")
        if option == "--output":
            assert json.loads(ran.stdout)


def test_two_things_are_not_printed_on_one_stream(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(FIXTURES / "belgium.jsonl")
    assert main(["cluster", path, "--html", "-", "-o", "-"]) == 1
    assert "write one to a file" in capsys.readouterr().err


def test_a_page_tells_how_far_it_is(tmp_path: Path, result: Clustering) -> None:
    told: list[tuple[str, int, int]] = []
    result.report(tmp_path / "r.html", progress=lambda *each: told.append(each))
    several = sum(len(cluster) > 1 for cluster in result.clusters)
    assert told[:-1] == [("write stories", done, several) for done in range(1, several + 1)]
    assert told[-1] == ("write stories", several, several)


def test_the_command_line_prints_a_page(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["cluster", str(FIXTURES / "belgium.jsonl"), "--html", "-"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("<!DOCTYPE html>")
    assert printed.endswith("</html>\n")
    assert list(tmp_path.iterdir()) == []


def test_a_clustering_prints_in_few_lines() -> None:
    rows = [
        {"id": f"{story}-{at}", "text": f"Port{story} counts {story + 11} ships in its harbour."}
        for story in range(40)
        for at in range(30)
    ]
    found = find_clusters(rows, level="duplicate", progress=False)
    lines = str(found).splitlines()
    assert len(lines) < 200
    assert lines[-1] == "… and 30 more stories with several articles"
    assert lines.count("    … and 20 more articles") == 10


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
    for line in lines[2:]:
        if not line.startswith("…"):
            before = next(n for n in range(len(line)) if wcswidth(line[:n]) == at)
            assert line[before - 2 : before] == "  "
            assert line[before : before + 10].strip().count("-") in (0, 2)


#: Letters of all scripts with their marks; but for the parts that Hangul letters are made of.
letters = st.characters(
    categories=["L", "M", "Nd", "P", "Z"],
    exclude_characters=[
        *map(chr, range(0x1160, 0x1200)),
        *map(chr, range(0xD7B0, 0xD800)),
        "\u3164",
        "\uffa0",
    ],
)


@given(st.text(letters, max_size=40), st.integers(2, 30), st.booleans())
@example("ภาษาไทยที่นี่มีน้ำท่วม", 12, False)
@example("हिन्दी में समाचार", 9, False)
@example("比利时情报机构正在监视阿里巴巴", 11, True)
def test_a_cell_is_as_wide_as_was_asked(text: str, width: int, right: bool) -> None:
    shown = fitted(text, width, right=right)
    assert sum(map(wcwidth, shown)) == width
    assert shown.isprintable()


def test_letters_that_are_joined_stay_joined() -> None:
    for text, width in (("می\u200cخواهد", 7), ("👨\u200d👩\u200d👧", 6)):
        assert fitted(text, width) == text
        assert printable(text) == text


@pytest.mark.parametrize("columns", [40, 80, 100, 130, 200])
def test_a_table_fits_the_terminal(
    columns: int, result: Clustering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = repr(result).splitlines()
    least = 20 + 6 + 8 + 10 + 10 + 12 + 5 * 2  # a title is wanted in the narrowest one, too
    assert max(map(wcswidth, lines[1:-1])) <= max(columns, least)
    assert ("sources" in lines[1]) == (columns >= 100)


def test_nothing_prints_whole_articles() -> None:
    big = "Harbour " * 100_000
    text = "Storm Babet floods Brechin in Angus as the South Esk bursts its banks. " * 3
    rows = [{"id": "a", "title": big, "text": text}, {"id": "b\x1b[31m", "text": text + big}]
    found = find_clusters(rows, progress=False)
    evidence = found.explain("a", "b\x1b[31m")
    story = found.cluster_of("a")
    shown = [evidence, replace(evidence, notes=("\x1b[31m",)), story, *story.groups, found]
    shown += [story.groups[0].members, story.canonical]
    for each in shown:
        for told in (str(each), repr(each)):
            assert len(told) < 4_000
            assert "\x1b" not in told


def test_some_of_a_listing_print_like_all() -> None:
    told = Listing(["one", "two", "three"])
    assert (str(told[:2]), told[2], str(told[3:])) == ("one\ntwo", "three", "(none)")


@given(st.text(st.one_of(st.characters(), st.sampled_from("\u202e\u2066\x00\x1b\x85\ud83d<>&\"'"))))
def test_any_text_comes_back_as_text(text: str) -> None:
    for html in (
        written(said(text)),
        written(quoted(text, [(0, len(text) // 2, "passage")])),
        written(element("p", text, element("b"), text, title=text)),
        written(address(text, text)),
    ):
        assert {tag for tag, _ in Seen(html).tags} <= {"bdi", "mark", "p", "a", "b", "span"}
        assert not set(html) & {*"\u202e\u2066\x00\x1b\x85\ud83d"}
        html.encode("utf-8")


words = st.lists(st.sampled_from("abcd比利时"), max_size=14)


def weight(run: list[str]) -> int:
    return sum(2 if word.isascii() else 1 for word in run)


def longest_runs(
    mine: list[str], theirs: list[str], least: int, low: int, high: int
) -> list[tuple[int, int]]:
    """Return the longest run that both hold, the first of equals, and those on either side."""
    held = {
        tuple(theirs[start:end])
        for start in range(len(theirs))
        for end in range(start + 1, len(theirs) + 1)
    }
    common = [
        (start, end)
        for start in range(low, high)
        for end in range(start + 1, high + 1)
        if weight(mine[start:end]) >= 2 * least and tuple(mine[start:end]) in held
    ]
    if not common:
        return []

    def windows(run: tuple[int, int]) -> int:
        start, end = run
        return sum(weight(mine[at:end]) >= 2 * least for at in range(start, end))

    start, end = max(common, key=lambda run: (windows(run), -run[0], -run[1]))
    return [
        *longest_runs(mine, theirs, least, low, start),
        (start, end),
        *longest_runs(mine, theirs, least, end, high),
    ]


@given(words, words, st.integers(1, 4))
def test_common_passages_are_the_longest_runs_that_both_hold(
    a: list[str], b: list[str], least: int
) -> None:
    for mine, theirs in ((a, b), (b, a)):
        here, there = Words(" ".join(mine), least), Words(" ".join(theirs), least)
        runs = here.runs_in(there)
        if mine == theirs:
            assert runs == ([(0, len(mine))] if mine else [])
        else:
            assert runs == longest_runs(mine, theirs, least, 0, len(mine))
        own = here.first_beside(runs)
        gaps = [0, *(place for run in runs for place in run), len(mine)]
        beside = [mine[start:end] for start, end in zip(gaps[::2], gaps[1::2], strict=True)]
        long = [" ".join(gap) for gap in beside if weight(gap) >= 2 * least]
        some = [" ".join(gap) for gap in beside if gap]
        assert own == [*long, *some, ""][0]


def test_a_passage_stands_in_the_other_text_as_a_whole() -> None:
    one = Words("one two three four five six seven")
    other = Words("two three four five six seven xx one two three four five yy three four five")
    assert [one.text[a:b] for a, b in one.passages_in(other)] == ["two three four five six seven"]


def test_texts_of_one_word_told_thousands_of_times_are_laid_side_by_side_soon() -> None:
    one, other = Words("na " * 6_000), Words("na " * 6_001)
    began = time.process_time()
    one.runs_in(other)
    assert time.process_time() - began < 5


def test_the_one_word_that_differs_is_told() -> None:
    text = (
        "Storm Babet flooded Brechin in Angus on Friday, officials said. Rescue teams took {} "
        "people from River Street in boats, and 300 homes were cleared in the night."
    )
    rows = [{"id": "a", "text": text.format("three")}, {"id": "b", "text": text.format("thirteen")}]
    told = Seen(find_clusters(rows, progress=False).clusters[0]._repr_html_()).said
    assert "the same; its own: “thirteen”" in told or "the same; its own: “three”" in told


def test_short_texts_that_are_copies_are_the_same() -> None:
    rows = [
        {"id": "a", "text": "Fire in Ghent harbour"},
        {"id": "b", "text": "FIRE in Ghent harbour!"},
    ]
    (story,) = find_clusters(rows, progress=False).clusters
    assert "100% the same" in story._repr_html_()
    assert '<mark class="passage">' in compare(rows[0], rows[1])._repr_html_()


def test_what_is_found_stands_in_the_text() -> None:
    one = Words("The hub at Liège had 1,500 jobs, they said.", 3)
    other = Words("THE HUB AT LIÈGE (1500 jobs)", 3)
    assert [one.text[a:b] for a, b in one.passages_in(other)] == ["The hub at Liège"]
    assert [other.text[a:b] for a, b in other.passages_in(one)] == ["THE HUB AT LIÈGE"]


def test_a_few_characters_without_spaces_are_no_passage() -> None:
    one, other = Words("他们在星期一说没有任何消息"), Words("她在星期一说下雨")
    assert one.passages_in(other) == []
    long = Words("比利时国家安全局正在监视阿里巴巴在列日的物流中心")
    short = Words("据报道比利时国家安全局正在监视一家公司")
    assert [long.text[a:b] for a, b in long.passages_in(short)] == ["比利时国家安全局正在监视"]


def test_paragraphs_that_changed_places_are_found() -> None:
    one = "The hub at Liege is watched closely. Officers said nothing of it on Monday."
    other = "Officers said nothing of it on Monday! Now the hub at Liege is watched closely."
    here, there = Words(one), Words(other)
    assert [one[a:b] for a, b in here.passages_in(there)] == [
        "The hub at Liege is watched closely",
        "Officers said nothing of it on Monday",
    ]
    assert len(there.passages_in(here)) == 2


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


def many(n: int, copies: int = 0) -> Rows:
    """Return articles of n stories, all told so often, or each third twice, word for word."""
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
        for copy in range(copies or (2 if story % 3 == 0 else 1))
    ]


@pytest.mark.slow
def test_ten_thousand_stories_stay_under_twenty_megabytes() -> None:
    result = find_clusters(many(10_000), level="duplicate", progress=False)
    assert len(result) == 10_000
    assert len(page(result).encode()) < 20_000_000
