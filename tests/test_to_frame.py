"""The round trip: the caller's rows, order, index and types, and the new columns beside them."""

from __future__ import annotations

import sys
from typing import Any

import datasets
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from dedup import Clustering, ConfigError, MissingDependencyError, find_clusters

NEW = ["cluster", "group", "role", "canonical", "score"]
ROWS: list[dict[str, Any]] = [
    {
        "id": name,
        "text": text,
        "day": pd.Timestamp("2023-10-05") + pd.Timedelta(days=at),
        "weight": at / 2,
        "kind": "wire" if at % 2 else "desk",
        "tags": ["a", "b"][: at % 3],
    }
    for at, (name, text) in enumerate(
        [
            ("flood", "Storm Babet floods Brechin in Angus as the South Esk bursts its banks."),
            ("spies", "The VSSE is watching the Cainiao hub at Liege airport over spying fears."),
            ("copy", "Storm Babet floods Brechin in Angus as the South Esk bursts its banks!"),
            ("watch", "Belgium's VSSE has been watching Cainiao's hub at the Liege airport."),
            ("empty", ""),
        ]
    )
]


def frames() -> dict[str, Any]:
    pandas = pd.DataFrame(ROWS).astype({"kind": "category", "weight": "float32"})
    pandas.index = pd.Index([f"row-{at}" for at in (5, 3, 9, 1, 7)], name="place")
    arrow = pa.Table.from_pylist(ROWS).replace_schema_metadata({"made by": "test"})
    return {
        "pandas": pandas,
        "polars": pl.DataFrame(ROWS).with_columns(pl.col("weight").cast(pl.Float32)),
        "polars lazy": pl.DataFrame(ROWS).lazy(),
        "Arrow": arrow,
        "DuckDB": duckdb.from_arrow(arrow),
        "datasets": datasets.Dataset.from_list(ROWS),
    }


def dicts(frame: Any) -> list[dict[str, Any]]:
    """Return a frame's rows as plain data."""
    if isinstance(frame, pd.DataFrame):
        found: list[dict[str, Any]] = (
            frame.astype(object).where(frame.notna(), None).to_dict("records")
        )
        return found
    if isinstance(frame, pl.LazyFrame):
        frame = frame.collect()
    if isinstance(frame, pl.DataFrame):
        return frame.to_dicts()
    if isinstance(frame, duckdb.DuckDBPyRelation):
        frame = frame.to_arrow_table()
    if isinstance(frame, pa.Table):
        rows: list[dict[str, Any]] = frame.to_pylist()
        return rows
    return list(frame)


def types(frame: Any) -> dict[str, Any]:
    if isinstance(frame, pd.DataFrame):
        return dict(frame.dtypes)
    if isinstance(frame, pl.LazyFrame):
        return dict(frame.collect_schema())
    if isinstance(frame, pl.DataFrame):
        return dict(frame.schema)
    if isinstance(frame, duckdb.DuckDBPyRelation):
        return dict(zip(frame.columns, map(str, frame.types), strict=True))
    if isinstance(frame, pa.Table):
        return {field.name: field.type for field in frame.schema}
    return dict(frame.features)


@pytest.mark.parametrize("name", list(frames()))
def test_a_frame_comes_back_with_the_columns_beside_it(name: str) -> None:
    frame = frames()[name]
    result = find_clusters(frame, progress=False)
    found = result.to_frame(like=frame)
    assert type(found) is type(frame)
    before, after = dicts(frames()[name]), dicts(found)
    assert [list(row) for row in after] == [[*row, *NEW] for row in before]
    assert [{k: v for k, v in row.items() if k not in NEW} for row in after] == before
    known = types(found)
    assert {column: known[column] for column in types(frame)} == types(frame)
    assert [row["cluster"] for row in after] == result.labels.tolist()
    assert [row["group"] for row in after] == result.group_labels.tolist()
    by_id = {row["id"]: row for row in after}
    assert {by_id["flood"]["role"], by_id["copy"]["role"]} == {"original", "reprint"}
    assert [row["role"] for row in after] == [result.role_of(row["id"]) for row in ROWS]
    assert [row["id"] for row in after if row["canonical"]] == [
        row["id"] for row in ROWS if result.cluster_of(row["id"]).canonical.id == row["id"]
    ]
    assert by_id["copy"]["score"] == by_id["flood"]["score"] == 1.0
    assert by_id["spies"]["score"] == by_id["watch"]["score"] > 0.425
    assert by_id["empty"]["score"] is None


def test_a_pandas_index_stays() -> None:
    frame = frames()["pandas"]
    found = find_clusters(frame, progress=False).to_frame(like=frame)
    assert found.index.equals(frame.index) and found.index.name == "place"
    assert list(frame.columns) == list(ROWS[0])  # the caller's own is not written into


def test_the_metadata_of_an_arrow_table_stays() -> None:
    frame = frames()["Arrow"]
    found = find_clusters(frame, progress=False).to_frame(like=frame)
    assert found.schema.metadata == {b"made by": b"test"}


@pytest.mark.parametrize("name", list(frames()))
def test_skipped_rows_have_nulls(name: str) -> None:
    rows = [dict(row, published=str(at)) for at, row in enumerate(ROWS)]
    rows[1]["published"] = "no date"
    rows = [{key: row[key] for key in ("id", "text", "published")} for row in rows]
    for row in rows[::2] + rows[3:4]:
        row["published"] = "2023-10-05"
    make = {
        "pandas": pd.DataFrame,
        "polars": pl.DataFrame,
        "polars lazy": pl.LazyFrame,
        "Arrow": pa.Table.from_pylist,
        "DuckDB": lambda rows: duckdb.from_arrow(pa.Table.from_pylist(rows)),
        "datasets": datasets.Dataset.from_list,
    }[name]
    frame = make(rows)
    result = find_clusters(frame, on_error="skip", progress=False)
    assert len(result.skipped) == 1
    after = dicts(result.to_frame(like=frame))
    assert [after[1][column] for column in NEW] == [None] * 5
    assert all(row["cluster"] is not None for row in after[2:])


@pytest.mark.parametrize("name", list(frames()))
def test_what_does_not_fit_is_said(name: str) -> None:
    frame = frames()[name]
    result = find_clusters(ROWS[:3], progress=False)
    with pytest.raises(ConfigError, match="has 5 rows, and 3 were clustered"):
        result.to_frame(like=frame)
    result = find_clusters(frame, progress=False)
    once = result.to_frame(like=frame)
    with pytest.raises(ConfigError, match=r"'cluster'.*prefix="):
        result.to_frame(like=once)
    twice = dicts(result.to_frame(like=once, prefix="story_"))
    assert all(row["story_cluster"] == row["cluster"] for row in twice)


def test_the_types_of_duckdb_stay() -> None:
    relation: Any = duckdb.sql(
        "SELECT 'a text about a harbour' AS text, uuid() AS u, 5::HUGEINT AS h, "
        "'a'::ENUM('a', 'b') AS e, '10:00:00+02'::TIMETZ AS t, '101'::BIT AS b"
    )
    found = find_clusters(relation, columns={"text": "text"}, progress=False).to_frame(relation)
    assert found.types[:6] == relation.types
    assert found.columns == [*relation.columns, *NEW]


def test_the_types_of_a_dataset_are_said() -> None:
    dataset = datasets.Dataset.from_dict({"text": ["Snow in Oslo stopped trams.", "Fire in Lima."]})
    found = find_clusters(dataset, progress=False).to_frame(like=dataset)
    assert [found.features[name].dtype for name in NEW] == [
        "int64",
        "int64",
        "string",
        "bool",
        "float64",
    ]
    stream = dataset.to_iterable_dataset()
    with pytest.raises(ConfigError, match="IterableDataset, whose rows cannot be counted"):
        find_clusters(stream, progress=False).to_frame(like=stream)


def test_what_is_no_frame_is_said() -> None:
    with pytest.raises(ConfigError, match="like= must be a data frame, got list"):
        find_clusters(ROWS, progress=False).to_frame(like=ROWS)


def test_no_row_is_scored_against_itself() -> None:
    body = [f"word{at}" for at in range(40)]
    texts = [" ".join(body), " ".join([*body, "more"]), " ".join([*body, "much", "more", "still"])]
    result = find_clusters(texts, progress=False)
    (group,) = result.groups
    rows = {member.row: member.similarity for member in group.members}
    centre = next(m.row for m in group.members if m.article.id == group.centre)
    copies = [value for row, value in rows.items() if row != centre]
    scores = result.to_frame(like=pl.DataFrame({"text": texts}))["score"].to_list()
    assert rows[centre] == 1.0 and scores[centre] == max(copies) < 1.0
    assert [value for row, value in enumerate(scores) if row != centre] == copies


@pytest.fixture
def result() -> Clustering:
    return find_clusters(ROWS, progress=False)


@pytest.mark.parametrize("name", ["pandas", "polars", "pyarrow"])
def test_without_a_frame_one_is_made(
    name: str, result: Clustering, monkeypatch: pytest.MonkeyPatch
) -> None:
    for other in ("pandas", "polars", "pyarrow"):
        if other != name:
            monkeypatch.setattr("dedup.to_frame._LIBRARIES", (name,))
    made = result.to_frame()
    assert type(made).__module__.split(".")[0] == name
    rows = dicts(made)
    assert [row["id"] for row in rows] == [row["id"] for row in ROWS]
    assert list(rows[0]) == ["id", "title", *NEW]


@pytest.mark.parametrize("name", ["pandas", "polars", "pyarrow"])
def test_without_a_frame_skipped_rows_are_there(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dedup.to_frame._LIBRARIES", (name,))
    result = find_clusters([ROWS[0], 5, *ROWS[1:3]], on_error="skip", progress=False)
    made = result.to_frame()
    rows = dicts(made)
    assert [row["id"] for row in rows] == ["flood", None, "spies", "copy"]
    assert [rows[1][column] for column in NEW] == [None] * 5
    assert rows[0]["cluster"] == 0
    if isinstance(made, pd.DataFrame):
        assert str(made["cluster"].dtype) == "Int64"


def test_without_any_library_one_line_says_what_to_install(
    result: Clustering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dedup.to_frame._LIBRARIES", ("no_such_library",))
    with pytest.raises(MissingDependencyError, match=r"story-dedup\[notebook\]"):
        result.to_frame()
    assert "no_such_library" not in sys.modules


def test_an_empty_frame_comes_back() -> None:
    frame = pd.DataFrame({"text": pd.Series([], dtype="str")})
    found = find_clusters(frame, progress=False).to_frame(like=frame)
    assert list(found.columns) == ["text", *NEW] and len(found) == 0


def test_copies_alone_have_no_probability() -> None:
    result = find_clusters(ROWS, level="duplicate", progress=False)
    rows = {row["id"]: row for row in dicts(result.to_frame(like=pl.DataFrame(ROWS)))}
    assert rows["copy"]["score"] == 1.0
    assert rows["spies"]["score"] is None
