"""Hostile input: a clear error or a place of its own, nothing lost, nothing merged by accident."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dedup import ArticleError, Clustering, compare, find_clusters


def alone(result: Clustering) -> bool:
    return all(len(cluster) == 1 for cluster in result.clusters)


def test_no_articles_at_all() -> None:
    result = find_clusters([])
    assert len(result.clusters) == 0
    assert result.labels.tolist() == []
    assert result.verified_pairs.shape == (0, 2)
    assert "0 articles" in str(result)


def test_one_article() -> None:
    result = find_clusters(["Oil fell on Monday."])
    assert result.labels.tolist() == [0]
    assert result.clusters[0].reasons


@pytest.mark.parametrize("level", ["event", "duplicate"])
@pytest.mark.parametrize("text", ["", "   \n\t  ", "…!?", "\u200b\u200b", "\x00\x00"])
def test_texts_without_words_stand_alone_with_a_reason(text: str, level: Any) -> None:
    result = find_clusters([{"text": text}] * 3 + [{"text": "Oil fell on Monday."}], level=level)
    assert alone(result)
    notes = {m.note for c in result.clusters for m in c.members if m.row < 3}
    assert len(notes) == 1
    assert "alone" in str(notes.pop())


@pytest.mark.parametrize("level", ["event", "duplicate"])
def test_one_word_stands_alone_with_a_reason(level: Any) -> None:
    rows = [{"title": "Weather"}, {"title": "Weather"}, {"text": "Flash"}, {"text": "Flash"}]
    result = find_clusters(rows, level=level)
    assert alone(result)
    assert {m.note for c in result.clusters for m in c.members} == {
        "too short to compare, stands alone"
    }


def test_texts_shorter_than_a_shingle_are_compared_exactly() -> None:
    rows = ["Oil fell Monday.", "Oil fell Monday.", "Oil fell Tuesday."]
    result = find_clusters(rows, level="duplicate")
    assert result.labels.tolist() in ([0, 0, 1],)
    evidence = compare(rows[0], rows[1])
    assert (evidence.relation, evidence.jaccard) == ("copies", 1.0)


def test_a_consent_wall_under_three_headlines_makes_no_copies() -> None:
    wall = (
        "Please enable JavaScript and accept cookies to continue reading this page. Your browser "
        "does not support the features that are needed."
    )
    titles = ["Cainiao lists in Hong Kong", "Storm floods Brechin", "Norway votes on salmon tax"]
    result = find_clusters([{"title": title, "text": wall} for title in titles])
    assert all(len(group) == 1 for group in result.groups)


def test_combining_marks_by_the_thousand_cost_no_more_than_letters() -> None:
    started = time.process_time()
    find_clusters(["\u0301" * 20_000, "\u0651\u064e" * 8_000, "x" + "\u0301" * 20_000])
    assert time.process_time() - started < 10


def test_control_characters_do_not_reach_the_terminal() -> None:
    rows = [
        {"id": "b\nc", "title": "esc \x1b[31mred", "source": "a\x07", "text": "Oil fell on it."}
    ]
    shown = str(find_clusters(rows).clusters[0])
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert len(shown.splitlines()) == 3


def test_surrogates_in_extra_fields_can_be_saved(tmp_path: Path) -> None:
    result = find_clusters([{"text": "Oil fell on it.", "x\udc00": {"y": "\udc00"}}])
    result.save(tmp_path / "run.json")
    (tmp_path / "run.json").read_text(encoding="utf-8")
    assert Clustering.load(tmp_path / "run.json").to_dicts() == result.to_dicts()


def test_five_megabytes() -> None:
    text = "".join(
        f"Paragraph {i} tells of ship {i * 7} in harbour {i % 13}.\n" for i in range(120_000)
    )
    assert len(text) > 5_000_000
    started = time.process_time()
    result = find_clusters([text, text[:-60], "Storm Babet flooded Brechin."])
    assert result.labels.tolist() == [0, 0, 1]
    assert time.process_time() - started < 120


def test_a_text_without_spaces_of_a_megabyte() -> None:
    result = find_clusters(["x" * 1_000_000, "y" * 1_000_000])
    assert alone(result)


@pytest.mark.parametrize(
    "text",
    [
        "Oil \ud800 fell on \udfff Monday.",
        "Oil\x00 fell on\x00 Monday.",
        "\u202eOil fell\u202c on \u2067Monday\u2069.",
        "Oil fell on Monday. \U0001f6e2\ufe0f\u200d",
    ],
)
def test_broken_text_is_kept_and_compared_by_its_words(text: str) -> None:
    result = find_clusters([text, "Storm Babet flooded Brechin in Angus."])
    assert alone(result)
    assert result.n_articles == 2
    str(result).encode("utf-8")


@pytest.mark.parametrize("text", [7, 1.5, ["a", "list"], {"a": "dict"}, b"bytes", True])
def test_text_that_is_not_a_string(text: object) -> None:
    with pytest.raises(ArticleError) as caught:
        find_clusters([{"text": "fine"}, {"text": text}])
    assert caught.value.index == 1
    assert caught.value.field == "text"


def test_two_rows_with_one_id_are_named() -> None:
    rows = [
        {"id": "a", "text": "Oil fell."},
        {"id": "b", "text": "x"},
        {"id": "a", "text": "Rain."},
    ]
    with pytest.raises(ArticleError, match=r"'a'") as caught:
        find_clusters(rows)
    message = str(caught.value)
    assert "0" in message
    assert "2" in message


def test_a_thousand_identical_articles() -> None:
    text = "The harbour authority of Ostend said the ferry Marlin ran aground off the eastern pier."
    result = find_clusters([{"text": text, "title": "Marlin aground"}] * 1000)
    assert len(result.clusters) == 1
    assert len(result.clusters[0]) == 1000
    assert len(result.clusters[0].groups) == 1
    assert sum(m.role == "original" for m in result.clusters[0].members) == 1


def test_one_sentence_templates_stay_apart() -> None:
    rows = [
        f"{name} Corp declared a quarterly dividend of {10 + i} cents a share, payable {1 + i} "
        f"March to holders of record on {3 + i} February, the company said in {town}."
        for i, (name, town) in enumerate(
            [
                ("Halvorsen", "Oslo"),
                ("Brightwater", "Perth"),
                ("Quintero", "Lima"),
                ("Ozaki", "Kobe"),
            ]
        )
    ]
    assert alone(find_clusters(rows))


def test_front_page_urls_tie_nothing() -> None:
    rows = [
        {"text": "Storm Babet flooded Brechin.", "url": "https://site.example/"},
        {"text": "Oil fell on Monday in London.", "url": "https://site.example/"},
    ]
    assert alone(find_clusters(rows))


@pytest.mark.parametrize("date", ["1970-01-01", "2199-01-01", "1601-01-01"])
def test_lying_dates_do_not_lose_an_article(date: str) -> None:
    result = find_clusters(
        [{"text": "Storm Babet flooded Brechin in Angus.", "published": date}, "Oil fell."]
    )
    assert result.n_articles == 2


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.text(max_size=60) | st.text(alphabet="ab \n", max_size=30), max_size=6))
def test_any_texts_are_all_there_in_the_end(texts: list[str]) -> None:
    result = find_clusters(texts)
    assert sorted(m.row for c in result.clusters for m in c.members) == list(range(len(texts)))
    assert (result.labels >= 0).all()
