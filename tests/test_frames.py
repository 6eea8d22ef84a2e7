"""Data frames of every library give the same articles as the rows that made them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import datasets
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from dedup.article import as_articles
from dedup.dates import parse_date
from dedup.errors import ArticleError
from dedup.frames import is_frame, rows

ROWS: list[dict[str, Any]] = [
    {"headline": "A", "body": "x", "views": 3, "seen": datetime(2023, 10, 5, 11, 20)},
    {"headline": None, "body": "y", "views": None, "seen": None},
    {"headline": "C", "body": "z", "views": 5, "seen": datetime(2023, 10, 6)},
]

MAKERS: dict[str, Callable[[list[dict[str, Any]]], Any]] = {
    "pandas": pd.DataFrame,
    "pandas with an index": lambda made: pd.DataFrame(made, index=range(7, 7 + len(made))),
    "polars": pl.DataFrame,
    "polars, lazy": pl.LazyFrame,
    "pyarrow": pa.Table.from_pylist,
    "record batch": pa.RecordBatch.from_pylist,
    "DuckDB": lambda made: duckdb.from_arrow(pa.Table.from_pylist(made)),
    "datasets": datasets.Dataset.from_list,
    "datasets as pandas": lambda made: datasets.Dataset.from_list(made).with_format("pandas"),
}


@pytest.mark.parametrize("library", MAKERS)
def test_a_frame_equals_its_rows(library: str) -> None:
    frame = MAKERS[library](ROWS)
    assert is_frame(frame)
    columns = {"published": "seen"}
    articles, skipped = as_articles(frame, columns=columns)
    assert not skipped
    expected, _ = as_articles(ROWS, columns=columns)
    for article, other in zip(articles, expected, strict=True):
        for name in ("title", "text", "published"):
            assert getattr(article, name) == getattr(other, name)
    assert [article.extra.get("views") for article in articles] == [3, None, 5]
    assert articles[2].published == parse_date("2023-10-06")


@pytest.mark.parametrize("library", MAKERS)
def test_ids_do_not_depend_on_the_index_or_the_library(library: str) -> None:
    plain = [{"title": row["headline"] or "", "text": row["body"]} for row in ROWS]
    articles, _ = as_articles(MAKERS[library](plain))
    assert [article.id for article in articles] == [a.id for a in as_articles(plain)[0]]


@pytest.mark.parametrize("library", MAKERS)
def test_a_missing_column_is_named_beforehand(library: str) -> None:
    frame = MAKERS[library](ROWS)
    with pytest.raises(ArticleError, match=r"'inhoud'.*'headline', 'body'"):
        as_articles(frame, columns={"text": "inhoud"})
    articles, _ = as_articles(frame, columns={"text": "body", "title": None})
    assert [article.title for article in articles] == ["", "", ""]


@pytest.mark.parametrize("library", MAKERS)
def test_errors_name_the_row(library: str) -> None:
    frame = MAKERS[library]([{"text": "x", "date": "2023"}, {"text": "y", "date": "soon"}])
    with pytest.raises(ArticleError) as caught:
        as_articles(frame)
    assert (caught.value.index, caught.value.field) == (1, "published")
    assert [skip.index for skip in as_articles(frame, on_error="skip")[1]] == [1]


def test_columns_of_lists_and_categories() -> None:
    made = {"text": ["x", "y"], "authors": [["Ann", "Bo"], []], "lang": ["en", "id"]}
    pandas = pd.DataFrame(made).astype({"lang": "category"})
    for frame in (pandas, pl.DataFrame(made), pa.table(made)):
        articles, _ = as_articles(frame)
        assert [article.authors for article in articles] == [("Ann", "Bo"), ()]
        assert [article.language for article in articles] == ["en", "id"]


def test_an_empty_frame_has_no_articles() -> None:
    assert as_articles(pd.DataFrame({"text": []})) == ([], [])
    assert as_articles(pl.DataFrame({"text": []})) == ([], [])


def test_two_columns_of_one_name() -> None:
    frame = pd.DataFrame([["x", "y"]], columns=["text", "text"])
    with pytest.raises(ArticleError, match="one name"):
        as_articles(frame)


@pytest.mark.parametrize(
    "other", [[], "x", {"text": "x"}, None, 5, pd.Series(["x"]), pl.Series(["x"]), pd.DataFrame]
)
def test_what_is_no_frame(other: object) -> None:
    assert not is_frame(other)


def test_a_dataset_is_read_as_it_is_shown() -> None:
    plain = datasets.Dataset.from_list([{"text": "x", "n": 1}, {"text": "y", "n": 2}])
    assert is_frame(plain)
    some = plain.with_format("numpy", columns=["text"])
    assert list(rows(some, {})) == [{"text": "x"}, {"text": "y"}]
    others = plain.with_format("numpy", columns=["text"], output_all_columns=True)
    assert list(rows(others, {}))[1] == {"text": "y", "n": 2}
    assert next(rows(plain.select([1, 0]), {})) == {"text": "y", "n": 2}
    loud = plain.with_transform(lambda batch: {"text": [t.upper() for t in batch["text"]]})
    assert list(rows(loud, {})) == [{"text": "X"}, {"text": "Y"}]
    assert list(rows(plain.select([]), {})) == []


def test_a_stream_is_read_as_rows_in_any_format() -> None:
    pytest.importorskip("datasets", minversion="3.3")  # streams had no such formats before
    plain = datasets.Dataset.from_list([{"text": "x", "n": 1}, {"text": "y", "n": 2}])
    stream = plain.to_iterable_dataset().with_format("pandas")
    assert list(rows(stream, {})) == list(rows(plain, {}))


@pytest.mark.parametrize("number", [Decimal(7), Decimal("7.00"), 7.0, 7])
def test_whole_numbers_of_any_kind_are_ids(number: Any) -> None:
    (article,), _ = as_articles([{"id": number, "text": "x"}])
    assert article.id == "7"


@pytest.mark.parametrize("number", [Decimal("7.5"), Decimal("Infinity"), float("inf")])
def test_other_numbers_are_no_ids(number: Any) -> None:
    with pytest.raises(ArticleError, match="a string or a whole number"):
        as_articles([{"id": number, "text": "x"}])


def test_rows_are_delivered_one_by_one() -> None:
    first = next(rows(pl.DataFrame({"text": ["x", "y"]}), {}))
    assert first == {"text": "x"}


def test_no_frame_library_is_loaded_for_lists() -> None:
    code = (
        "import sys; from dedup.article import as_articles; as_articles(['x'] * 3);"
        "print(*{'pandas', 'polars', 'pyarrow', 'narwhals', 'duckdb', 'datasets'}"
        " & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
