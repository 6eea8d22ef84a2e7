"""Whatever a pipeline carries becomes articles: none lost, each with an id of its own."""

from __future__ import annotations

import copy
import json
import pickle
import random
import sqlite3
import time
import uuid
from collections import namedtuple
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dedup.article import Article, Skipped, as_articles, content_id
from dedup.dates import Interval, parse_date
from dedup.errors import ArticleError, ConfigError

# Lone surrogates included.
anything = st.characters(exclude_categories=())

SAMPLES = sorted((Path(__file__).parent / "data" / "articles").glob("*.json"))


def one(item: Any, **options: Any) -> Article:
    (article,), skipped = as_articles([item], **options)
    assert not skipped
    return article


def refused(item: Any, **options: Any) -> ArticleError:
    with pytest.raises(ArticleError) as caught:
        as_articles([item], **options)
    return caught.value


# ---------------------------------------------------------------- the record


def test_a_record_normalises_what_it_is_given() -> None:
    article = Article(
        title="T",
        text="x",
        url=" https://example.org/a ",
        source="",
        published="2023-10-05T18:20+07:00",
        modified=datetime(2023, 10, 5, 12, tzinfo=UTC),
        language="en-US",
        authors="Ann Writer; Bo Editor;",
        extra={"seen": date(2023, 10, 6), "n": np.int64(3), "bad": float("nan"), "set": {"b", "a"}},
    )
    assert article.url == "https://example.org/a"
    assert article.source is None
    assert article.published == Interval.exact(datetime(2023, 10, 5, 11, 20, tzinfo=UTC))
    assert article.language == "en"
    assert article.authors == ("Ann Writer", "Bo Editor")
    assert article.extra == {"seen": "2023-10-06", "n": 3, "bad": None, "set": ["a", "b"]}
    assert json.loads(json.dumps(article.extra, allow_nan=False)) == article.extra


def test_a_record_is_a_value() -> None:
    article = Article(title="T", published="2023-10-05", extra={"a": [1]})
    assert pickle.loads(pickle.dumps(article)) == copy.deepcopy(article) == article
    assert hash(replace(article)) == hash(article)
    assert replace(article, title="U", id="").id != article.id
    assert asdict(article)["title"] == "T"
    with pytest.raises(AttributeError):
        article.title = "U"  # type: ignore[misc]


def test_extra_is_a_copy_and_plain_data_however_deep() -> None:
    inner: dict[str, Any] = {"a": 1}
    cycle: dict[str, Any] = {}
    cycle["self"] = cycle
    extra = {"in": inner, "cycle": cycle, "object": object(), "when": time.gmtime(0), 3: Decimal(2)}
    article = Article(text="x", extra=extra)  # type: ignore[arg-type]
    inner["a"] = 2
    assert article.extra["in"] == {"a": 1}
    assert article.extra["object"] == "<builtins.object>"
    assert article.extra["3"] == "2"
    assert list(article.extra) == sorted(article.extra)
    json.dumps(article.extra, allow_nan=False)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": 5}, "title"),
        ({"text": ["a"]}, "text"),
        ({"text": b"a"}, "text"),
        ({"text": None}, "text"),
        ({"id": 7}, "id"),
        ({"url": 7}, "url"),
        ({"published": "soon"}, "published"),
        ({"modified": [2023]}, "modified"),
        ({"language": "in English, mostly"}, "language"),
        ({"authors": [1]}, "authors"),
        ({"authors": 1}, "authors"),
        ({"authors": {"name": "Ann"}}, "authors"),
        ({"extra": [1]}, "extra"),
    ],
)
def test_a_record_names_the_field_that_is_wrong(values: dict[str, Any], field: str) -> None:
    with pytest.raises(ArticleError) as caught:
        Article(**values)
    assert caught.value.field == field
    assert field in str(caught.value)


def test_lone_surrogates_are_replaced_and_pairs_joined() -> None:
    article = Article(title="a\ud800b", text="\ud83d\ude00 \udc80", url="x\udfff", authors="\udc00")
    assert article.title == "a\ufffdb"
    assert article.text == "😀 \ufffd"
    assert "\ufffd" in (article.url or "") and article.authors == ("\ufffd",)
    assert Article(text="a\0b").text == "a\0b"


@given(st.text(anything), st.text(anything))
def test_every_string_can_be_written(title: str, text: str) -> None:
    article = Article(title=title, text=text, extra={"a": text})
    assert (article.title + article.text).encode("utf-8") is not None
    assert article.id == content_id(article)
    assert len(article.id) == 16


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        *(("en", "en"), ("EN-us", "en"), ("pt_BR", "pt"), ("zh-Hans-CN", "zh"), ("ind", "id")),
        *(("English", "en"), ("français", "fr"), ("None", None), ("und", None), (" ", None)),
        *(("haw", "haw"), ("iw", "he"), (None, None)),
    ],
)
def test_languages(given_: str | None, expected: str | None) -> None:
    assert Article(text="x", language=given_).language == expected


# ---------------------------------------------------------------- shapes of pipelines


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("how", ["mapping", "reversed"])
def test_samples(path: Path, how: str) -> None:
    sample = json.loads(path.read_text("utf-8"))
    record = {
        name: time.struct_time(value) if name.endswith("_parsed") else value
        for name, value in sample["record"].items()
    }
    if how == "reversed":
        record = dict(reversed(record.items()))
    article = one(record)
    for name, value in sample["expected"].items():
        if name in ("published", "modified"):
            value = value and parse_date(value)
        elif name == "authors":
            value = tuple(value)
        assert getattr(article, name) == value, name
    assert sorted(article.extra) == sample["extra"]


def test_there_are_samples() -> None:
    assert len(SAMPLES) >= 6


class Extracted:
    """Attributes as newspaper4k has them, with what gets in the way."""

    url = "https://example.org/news/bridge"
    title = "Bridge"
    text = "It carries two lanes."
    source_url = "https://www.example.org"
    publish_date = datetime(2023, 10, 5, 18, 20)
    authors = ("Ann Writer",)
    meta_lang = "en"
    canonical_link = ""
    body = object()  # a parse tree
    config = object()

    def summary(self) -> str:
        raise AssertionError("methods are not called")

    @property
    def html(self) -> str:
        raise AssertionError("unknown names are not read")


def test_objects_with_attributes() -> None:
    article = one(Extracted())
    assert article.title == "Bridge"
    assert article.source == "example.org"
    assert article.published == parse_date("2023-10-05T18:20")
    assert article.canonical_url is None
    assert article.authors == ("Ann Writer",)


def test_an_attribute_that_fails_is_named() -> None:
    class Unparsed:
        title = "x"

        @property
        def text(self) -> str:
            raise RuntimeError("call parse() first")

    error = refused(Unparsed())
    assert error.field == "text" and error.index == 0 and "parse()" in str(error)


def test_other_carriers_of_named_values() -> None:
    @dataclass
    class Row:
        headline: str
        section: str

    pair = namedtuple("pair", ["headline", "section"])
    database = sqlite3.connect(":memory:")
    database.row_factory = sqlite3.Row
    try:
        row = database.execute("select 'T' as headline, 's' as section").fetchone()
    finally:
        database.close()
    series = pd.Series({"headline": "T", "section": "s"})
    for item in (Row("T", "s"), pair("T", "s"), row, series, {"headline": "T", "section": "s"}):
        article = one(item)
        assert (article.title, article.extra) == ("T", {"section": "s"})
    assert one(SimpleNamespace(headline="T")).title == "T"
    assert one("T: a text\nsecond line").text == "T: a text\nsecond line"
    assert one(np.str_("x")).text == "x"
    assert [a.text for a in as_articles(pd.Series(["a", "b"]))[0]] == ["a", "b"]
    assert [a.text for a in as_articles(text for text in "ab")[0]] == ["a", "b"]


@pytest.mark.parametrize(
    "absent", [None, float("nan"), pd.NaT, pd.NA, np.float32("nan"), "", " ", "None", "null", "nan"]
)
def test_absent_values(absent: object) -> None:
    row = dict.fromkeys(("id", "title", "url", "date", "lang", "author", "note"), absent)
    article = one({"text": "x", **row})
    assert article == Article(text="x")


def test_an_absent_value_gives_way_to_the_next_name() -> None:
    assert one({"text": "", "body": None, "summary": "s"}).text == "s"
    assert one({"title": float("nan"), "headline": "T"}).title == "T"


def test_the_exact_spelling_wins_over_its_variants() -> None:
    for row in ({"Text": "a", "text": "b"}, {"text": "b", "Text": "a"}):
        article = one(row)
        assert (article.text, article.extra) == ("b", {"Text": "a"})
    for row in ({"LANG": "en", "Lang": "id"}, {"Lang": "id", "LANG": "en"}):
        assert one({"text": "x", **row}).language == "en"


def test_empty_articles_are_kept() -> None:
    articles, skipped = as_articles([{"text": ""}, {"title": None}, "", " \n", Article()])
    assert len(articles) == 5 and not skipped
    assert len({article.id for article in articles}) == 5


def test_html_is_stripped_from_rows_but_not_from_plain_texts() -> None:
    assert one({"text": "<p>One.</p><p>Two.</p>"}).text == "One.\n\nTwo."
    assert one({"title": "A <b>new</b><br/>bridge"}).title == "A new bridge"
    for text in ("STANDARD OIL <SRD>", "2 < 3 and 4 > 3", "AT&T", "<P> & <S>", "a<b"):
        assert one({"text": text}).text == text
    assert one("<p>One.</p>").text == "<p>One.</p>"
    assert Article(text="<p>One.</p>").text == "<p>One.</p>"


def test_source_is_a_page_a_site_or_a_name() -> None:
    page, site = "https://example.org/a", "https://www.example.org/"
    assert one({"text": "x", "source": page}).url == page
    assert one({"text": "x", "source": page}).source == "example.org"
    assert one({"text": "x", "source": page, "hostname": "h"}).source == "h"
    assert one({"text": "x", "source": site}).source == "example.org"
    assert one({"text": "x", "source": site}).url is None
    assert one({"text": "x", "source": "Reuters"}).source == "Reuters"
    both = one({"text": "x", "url": page, "source": "https://other.org/b"})
    assert (both.url, both.source) == (page, "example.org")
    assert both.extra == {"source": "https://other.org/b"}
    assert one({"text": "x", "url": page, "mainEntityOfPage": True}).url == page


def test_the_kind_of_id_does_not_matter() -> None:
    number = uuid.uuid5(uuid.NAMESPACE_URL, "x")
    for value, expected in [(7, "7"), (7.0, "7"), (np.int64(7), "7"), (number, str(number))]:
        assert one({"text": "x", "id": value}).id == expected
    assert one({"text": "x", "_id": {"$oid": "65"}}).id == "65"
    assert one({"text": "x", "identifier": {"value": "9"}}).id == "9"
    for bad in (True, 1.5, [[1]]):
        assert refused({"text": "x", "id": bad}).field == "id"


# ---------------------------------------------------------------- the caller's own names


def test_columns_win_over_aliases() -> None:
    row = {"text": "teaser", "inhoud": "body", "title": "T", "kop": "K", "date": "broken"}
    article = one(row, columns={"text": "inhoud", "title": "kop", "published": None})
    assert (article.text, article.title, article.published) == ("body", "K", None)
    assert article.extra == {"text": "teaser", "title": "T", "date": "broken"}
    # A name that is claimed serves no other field.
    assert one({"title": "a body"}, columns={"text": "title"}).title == ""


def test_columns_that_do_not_exist() -> None:
    with pytest.raises(ArticleError, match="'txt' is no field"):
        as_articles([{"text": "x"}], columns={"txt": "text"})
    with pytest.raises(ArticleError, match="names of columns"):
        as_articles([{"text": "x"}], columns={"text": 3})  # type: ignore[dict-item]
    with pytest.raises(ArticleError, match=r"'boddy'.*'body'"):
        as_articles([{"title": "T", "body": "x"}], columns={"text": "boddy"})
    with pytest.raises(ArticleError, match="no names at all"):
        as_articles(["x"], columns={"text": "body"})
    # A column may be missing from some rows, or from no rows.
    assert len(as_articles([{"b": "x"}, {"title": "T"}], columns={"text": "b"})[0]) == 2
    assert as_articles([], columns={"text": "b"}) == ([], [])


# ---------------------------------------------------------------- bad input


def test_a_row_without_text_and_title_lists_its_names() -> None:
    error = refused({"inhoud": "x", "kop": "y"})
    assert "'inhoud', 'kop'" in str(error) and 'columns={"text": "body"}' in str(error)
    assert error.index == 0


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"text": 5}, "text"),
        ({"text": 5.5}, "text"),
        ({"text": ["a", "b"]}, "text"),
        ({"text": b"abc"}, "text"),
        ({"text": "x", "date": "soon"}, "published"),
        ({"text": "x", "date": 12}, "published"),
        ({"text": "x", "language": "the language of birds"}, "language"),
        ({"text": "x", "author": [3]}, "authors"),
        ({"text": "x", "url": 3}, "url"),
    ],
)
def test_a_field_that_cannot_be_read(row: dict[str, Any], field: str) -> None:
    with pytest.raises(ArticleError) as caught:
        as_articles(["fine", row])
    error = caught.value
    assert (error.index, error.field) == (1, field)
    assert "article 1" in str(error) and field in str(error)
    assert error.value is not None
    articles, skipped = as_articles(["fine", row, "fine too"], on_error="skip")
    assert [article.text for article in articles] == ["fine", "fine too"]
    assert [(skip.index, skip.field) for skip in skipped] == [(1, field)]
    assert skipped[0].reason


def test_one_readable_date_will_do() -> None:
    parsed = time.strptime("2023-10-05 11:20", "%Y-%m-%d %H:%M")
    assert one({"text": "x", "published": "Donnerstag", "published_parsed": parsed}).published == (
        parse_date("2023-10-05T11:20Z")
    )


@pytest.mark.parametrize("item", [None, 5, 5.0, True, b"x", Path("a.txt"), ["a"], ("a",), {"a"}])
def test_items_that_are_no_articles(item: object) -> None:
    error = refused(item)
    assert error.index == 0
    assert as_articles([item], on_error="skip")[1][0].index == 0


@pytest.mark.parametrize(
    ("items", "remedy"),
    [
        ("one text", r"\[text\]"),
        ({"text": "x"}, r"\[row\]"),
        ({"feed": {}, "entries": []}, "entries"),
        (Article(text="x"), r"\[article\]"),
        (b"x", "read_articles"),
        (Path("x.jsonl"), "read_articles"),
        (None, "list"),
        (5, "list"),
    ],
)
def test_one_article_where_many_are_meant(items: Any, remedy: str) -> None:
    with pytest.raises(ArticleError, match=remedy):
        as_articles(items)


def test_an_open_file_is_no_list_of_articles(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("{}\n", "utf-8")
    with path.open(encoding="utf-8") as file, pytest.raises(ArticleError, match="read_articles"):
        as_articles(file)


def test_on_error_is_checked() -> None:
    with pytest.raises(ConfigError, match="on_error"):
        as_articles([], on_error="ignore")  # type: ignore[arg-type]


def test_errors_of_the_callers_own_iterator_pass_through() -> None:
    def broken() -> Iterator[str]:
        yield "x"
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        as_articles(broken(), on_error="skip")


# ---------------------------------------------------------------- ids


def test_two_rows_with_one_id_are_both_named() -> None:
    rows = [{"id": "a", "text": "1"}, {"id": "b", "text": "2"}, {"id": "a", "text": "3"}]
    with pytest.raises(ArticleError, match="rows 0 and 2") as caught:
        as_articles(rows)
    assert (caught.value.field, caught.value.value) == ("id", "a")


def test_of_rows_with_one_id_the_same_stays_in_any_order() -> None:
    rows = [{"id": "a", "text": str(number)} for number in range(5)]
    kept = set()
    for seed in range(20):
        random.Random(seed).shuffle(rows)
        articles, skipped = as_articles(rows, on_error="skip")
        assert (len(articles), len(skipped)) == (1, 4)
        assert skipped == sorted(skipped, key=lambda skip: skip.index)
        kept.add(articles[0].text)
    assert len(kept) == 1


def test_identical_rows_without_ids_stay_apart() -> None:
    articles, _ = as_articles(["x", "y", "x", {"text": "x"}, Article(text="x")])
    made = Article(text="x").id
    assert [article.id for article in articles if article.text == "x"] == [
        made,
        *(f"{made}-{number}" for number in (2, 3, 4)),
    ]


def test_an_explicit_id_never_clashes_with_a_made_one() -> None:
    made = Article(text="x").id
    rows = ["x", {"id": made, "text": "other"}, {"id": f"{made}-2", "text": "third"}]
    articles, _ = as_articles(rows)
    assert [article.id for article in articles] == [f"{made}-3", made, f"{made}-2"]


def test_every_field_counts_for_a_made_id() -> None:
    variants: list[dict[str, Any]] = [
        {},
        *({name: "en"} for name in ("title", "text", "url", "canonical_url", "source")),
        *({name: "en"} for name in ("language", "credit", "authors")),
        *({name: "2023"} for name in ("published", "modified")),
        *({"extra": {"a": value}} for value in (1, "1", [1], None, {"b": 1})),
    ]
    assert len({Article(**values).id for values in variants}) == len(variants)
    # An id is for good: changing how it is made renames every article of every user.
    assert Article(title="Oil rises", text="Oil rose.", published="2023-10-05").id == (
        "9cd183ece03e0c5a"
    )


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats()
    | st.text(anything, max_size=8)
    | st.binary(max_size=3)
    | st.dates()
    | st.datetimes()
    | st.sampled_from(["None", "2023-10-05", "https://example.org/a", "en", "<p>x</p>", "a"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["name", "value", "@id", "title", "x"]), inner, max_size=2
        )
    ),
    max_leaves=4,
)
names = st.sampled_from(
    [
        *("id", "title", "headline", "text", "body", "content", "url", "link", "source"),
        *("published", "date", "updated", "lang", "authors", "agency", "@id", "x", "Text", "guid"),
    ]
) | st.text(max_size=3)
rows = st.dictionaries(names | st.integers(0, 3), values, max_size=6)
items = rows | values | st.builds(lambda text: Article(text=text), st.text(max_size=2))


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(items, max_size=8))
def test_no_row_is_lost_and_ids_are_unique(given_rows: list[Any]) -> None:
    articles, skipped = as_articles(given_rows, on_error="skip")
    assert len(articles) + len(skipped) == len(given_rows)
    assert len({article.id for article in articles}) == len(articles)
    indexes = [skip.index for skip in skipped]
    assert indexes == sorted(set(indexes))
    for article in articles:
        json.dumps(asdict(article.published) if article.published else None, default=str)
        json.dumps(article.extra, allow_nan=False)
        f"{article.id}{article.title}{article.text}".encode()


@given(st.lists(rows, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_rows_and_keys_does_not_matter(
    given_rows: list[dict[Any, Any]], shuffler: random.Random
) -> None:
    def outcome(some_rows: list[dict[Any, Any]]) -> tuple[list[Article], list[tuple[Any, str]]]:
        articles, skipped = as_articles(some_rows, on_error="skip")
        reasons = [(skip.field or "", skip.reason) for skip in skipped if skip.field != "id"]
        return sorted(articles, key=lambda article: article.id), sorted(reasons)

    shuffled = []
    for row in shuffler.sample(given_rows, len(given_rows)):
        keys = shuffler.sample(list(row), len(row))
        shuffled.append({key: row[key] for key in keys})
    assert outcome(shuffled) == outcome(given_rows)


def test_skipped_is_a_record() -> None:
    assert Skipped(index=1, field=None, reason="x") == Skipped(index=1, field=None, reason="x")


@pytest.mark.parametrize("parts", [[2024, 3, 1, 10, 0, 0, 4, 61, 0], (2024, 3, 1, 10, 0, 0)])
def test_a_time_that_went_through_json_is_a_moment(parts: list[int]) -> None:
    articles, _ = as_articles([{"title": "x y z", "published_parsed": parts}])
    assert str(articles[0].published) == "2024-03-01 10:00 UTC"


def test_a_date_in_an_unknown_record_is_refused() -> None:
    with pytest.raises(ArticleError, match="published"):
        as_articles([{"title": "x y z", "published": {"foo": "2024-01-01"}}])
