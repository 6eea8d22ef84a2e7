"""The round trip: the caller's rows, order, index and types, and the new columns beside them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import datasets
import duckdb
import narwhals as nw
import narwhals.stable.v1 as stable
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from dedup import ArticleError, Clustering, ConfigError, MissingDependencyError, find_clusters

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


def made(name: str, rows: list[dict[str, Any]]) -> Any:
    """Return rows as a frame of one of the kinds above."""
    make: dict[str, Any] = {
        "pandas": pd.DataFrame,
        "polars": pl.DataFrame,
        "polars lazy": pl.LazyFrame,
        "Arrow": pa.Table.from_pylist,
        "DuckDB": lambda rows: duckdb.from_arrow(pa.Table.from_pylist(rows)),
        "datasets": datasets.Dataset.from_list,
    }
    return make[name](rows)


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


@pytest.mark.parametrize(
    "index",
    [
        [7, 7, 7, 8, 8],
        pd.MultiIndex.from_product([["a"], range(5)], names=["x", "y"]),
        pd.date_range("2023-10-05", periods=5, tz="Asia/Jakarta"),
        pd.CategoricalIndex(list("abcab")),
    ],
)
def test_any_pandas_index_stays(index: Any) -> None:
    frame = pd.DataFrame(ROWS, index=index)
    frame["at"] = pd.date_range("2023-10-05", periods=5, tz="Europe/Brussels")
    frame.attrs["made by"] = {"test": [1]}
    result = find_clusters(frame, progress=False)
    found = result.to_frame(like=frame)
    assert found.index.equals(frame.index) and found.index.names == frame.index.names
    assert found["cluster"].tolist() == result.labels.tolist()
    assert found["at"].dtype == frame["at"].dtype
    assert found.attrs == frame.attrs


def test_writing_to_the_result_leaves_the_callers_frame() -> None:
    frame = pd.DataFrame(ROWS)
    found = find_clusters(frame, progress=False).to_frame(like=frame)
    found.loc[found.index[0], ["text", "weight"]] = ["changed", 9.0]
    found.iloc[1, 1] = "changed"
    found.attrs["changed"] = True
    assert dicts(frame) == dicts(pd.DataFrame(ROWS)) and not frame.attrs


def test_names_that_are_no_strings() -> None:
    result = find_clusters(ROWS[:2], progress=False)
    numbered = pd.DataFrame([[row["id"], row["text"]] for row in ROWS[:2]])
    assert list(result.to_frame(like=numbered).columns) == [0, 1, *NEW]
    levels = numbered.set_axis(pd.MultiIndex.from_tuples([("a", "id"), ("cluster", "x")]), axis=1)
    with pytest.raises(ConfigError, match="'cluster' already"):
        result.to_frame(like=levels)
    assert ("new_cluster", "") in result.to_frame(like=levels, prefix="new_").columns


@pytest.mark.parametrize("name", ["pandas", "Arrow"])
def test_two_columns_of_one_name(name: str) -> None:
    result = find_clusters(ROWS[:2], progress=False)
    twice: Any = pa.Table.from_arrays([pa.array([1, 2]), pa.array([3, 4])], names=["a", "a"])
    with pytest.raises(ConfigError, match="two columns of one name"):
        result.to_frame(like=twice.to_pandas() if name == "pandas" else twice)


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
    frame = made(name, rows)
    result = find_clusters(frame, on_error="skip", progress=False)
    assert len(result.skipped) == 1
    after = dicts(result.to_frame(like=frame))
    assert [after[1][column] for column in NEW] == [None] * 5
    assert all(row["cluster"] is not None for row in after[2:])


@pytest.mark.parametrize("name", list(frames()))
@pytest.mark.parametrize("columns", [["id", "text"], ["text"], ["id"]])
def test_other_rows_are_refused(name: str, columns: list[str]) -> None:
    frame = frames()[name]
    result = find_clusters(ROWS, progress=False)
    for rows in ([*ROWS[1:], ROWS[0]], [ROWS[1], ROWS[0], *ROWS[2:]]):
        other = made(name, [{column: row[column] for column in columns} for row in rows])
        assert type(other) is type(frame)
        with pytest.raises(ConfigError, match=r"row 0 its column '(id|text)' has '.*ORDER BY"):
            result.to_frame(like=other)
    same = made(name, [{column: row[column] for column in columns} for row in ROWS])
    assert len(dicts(result.to_frame(like=same))) == len(ROWS)


def test_other_articles_are_refused_where_they_have_ids() -> None:
    result = find_clusters(ROWS[:2], progress=False)
    other = pd.DataFrame([{"id": at, "text": f"Another text, number {at}."} for at in (1, 2)])
    with pytest.raises(ConfigError, match=r"its column 'id' has '1'.*has the id 'flood'"):
        result.to_frame(like=other)
    last = pd.DataFrame([ROWS[0], {**ROWS[1], "id": "unheard of"}])
    with pytest.raises(ConfigError, match="in row 1 its column 'id' has 'unheard of'"):
        result.to_frame(like=last)


def test_a_frame_that_does_not_show_the_articles_is_believed() -> None:
    texts = [f"<p>{row['text']}</p>" for row in ROWS[:3]]
    plain = find_clusters(ROWS[:3], columns={"id": None}, progress=False)  # type: ignore[dict-item]
    for like in (
        pd.DataFrame({"views": [2, 0, 1]}),
        pd.DataFrame({"page": texts}),  # as it is read
        pd.DataFrame({"text": [row["text"].lower() for row in ROWS[:3]]}),
        pd.DataFrame({"id": [3, 3, 4], "twin": ["flood", "flood", "flood"]}),
    ):
        assert plain.to_frame(like=like)["cluster"].tolist() == plain.labels.tolist()


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


def test_a_record_batch_comes_back() -> None:
    batch = pa.RecordBatch.from_pylist(ROWS).replace_schema_metadata({"made by": "test"})
    result = find_clusters(batch, progress=False)
    assert result.labels.tolist() == find_clusters(ROWS, progress=False).labels.tolist()
    found = result.to_frame(like=batch)
    assert type(found) is pa.RecordBatch and found.schema.metadata == {b"made by": b"test"}
    assert found.column_names == [*ROWS[0], *NEW]
    assert found.column("cluster").to_pylist() == result.labels.tolist()
    stream = pa.RecordBatchReader.from_batches(batch.schema, [batch, batch.slice(0, 0)])
    assert find_clusters(stream, progress=False).labels.tolist() == result.labels.tolist()
    with pytest.raises(ConfigError, match="like= must be a data frame, got RecordBatchReader"):
        result.to_frame(like=stream)


@pytest.mark.parametrize("library", [nw, stable])
@pytest.mark.parametrize("name", [name for name in frames() if name != "datasets"])
def test_a_frame_of_narwhals_stays_one(name: str, library: Any) -> None:
    frame = library.from_native(frames()[name])
    result = find_clusters(frame, progress=False)
    found = result.to_frame(like=frame)
    assert type(found) is type(frame)
    assert [row["cluster"] for row in dicts(found.to_native())] == result.labels.tolist()


STORIES = "SELECT i AS id, 'Text number ' || i || ' is about ' || i AS text FROM range(9) AS r(i)"


def test_the_result_stays_on_the_callers_connection_and_leaves_nothing(tmp_path: Path) -> None:
    path = str(tmp_path / "articles.duckdb")
    with duckdb.connect(path) as made:
        made.execute(f"CREATE TABLE articles AS {STORIES}")
        made.execute("CREATE TABLE places AS SELECT i AS id, i * 2 AS place FROM range(9) AS r(i)")
    for read_only in (False, True):
        with duckdb.connect(path, read_only=read_only) as connection:
            articles: Any = connection.table("articles")
            found = find_clusters(articles, progress=False).to_frame(like=articles)
            joined = found.join(connection.table("places"), "id")
            assert joined.order("id").project("place").fetchall() == [(i * 2,) for i in range(9)]
            named = connection.sql("SELECT count(*) FROM found JOIN places USING (id)")
            assert named.fetchall() == [(9,)]
            again = find_clusters(articles, progress=False).to_frame(like=found, prefix="new_")
            assert again.columns[-10:] == [*NEW, *("new_" + name for name in NEW)]
            left = "SELECT view_name FROM duckdb_views() WHERE NOT internal"
            assert connection.execute(left).fetchall() == []
            assert connection.execute("SHOW TABLES").fetchall() == [("articles",), ("places",)]


def test_letters_large_and_small_are_one_name_to_duckdb() -> None:
    result = find_clusters(["Snow in Oslo stopped trams."], progress=False)
    with pytest.raises(ConfigError, match=r"has 'Cluster' already; prefix="):
        result.to_frame(like=duckdb.sql("SELECT 1 AS Cluster"))
    with pytest.raises(ConfigError, match=r"has 'STORY_Role' already; prefix="):
        result.to_frame(like=duckdb.sql('SELECT 1 AS "STORY_Role"'), prefix="Story_")
    with pytest.raises(ConfigError, match="'a' and 'A', which are one name to DuckDB"):
        result.to_frame(like=duckdb.sql("SELECT 1 AS a, 2 AS A"))
    odd: Any = duckdb.sql("""SELECT 1 AS "a ""b"", c", 'x' AS "SELECT" """)
    assert result.to_frame(like=odd).columns == ['a "b", c', "SELECT", *NEW]


def test_large_ids_of_duckdb_are_read() -> None:
    articles: Any = duckdb.sql(
        "SELECT 170141183460469231731687303715884105720::HUGEINT + i AS id, "
        "'Text number ' || i AS text FROM range(3) AS r(i)"
    )
    result = find_clusters(articles, progress=False)
    assert result.article("170141183460469231731687303715884105722").text == "Text number 2"
    found = result.to_frame(like=articles)
    assert found.types[0] == "HUGEINT"
    assert found.fetchall()[2][0] == 170141183460469231731687303715884105722


def test_a_query_with_other_rows_each_time_is_refused() -> None:
    many = STORIES.replace("range(9)", "range(2000)")
    shuffled: Any = duckdb.sql(f"SELECT * FROM ({many}) ORDER BY random()")
    result = find_clusters(shuffled, level="duplicate", progress=False)
    with pytest.raises(ConfigError, match="ORDER BY something unique"):
        result.to_frame(like=shuffled)
    by_text: Any = duckdb.sql(f"SELECT text FROM ({many}) ORDER BY random()")
    result = find_clusters(by_text, level="duplicate", progress=False)
    with pytest.raises(ConfigError, match="ORDER BY something unique"):
        result.to_frame(like=by_text)


@pytest.mark.parametrize(
    "change",
    ["INSERT INTO t VALUES (9, 'new')", "DELETE FROM t WHERE id = 0", "UPDATE t SET id = id + 1"],
)
def test_a_table_that_changes_later_does_not_get_the_labels_of_other_rows(change: str) -> None:
    connection: Any = duckdb.connect()
    connection.execute(f"CREATE TABLE t AS {STORIES}")
    table = connection.table("t")
    found = find_clusters(table, progress=False).to_frame(like=table)
    assert len(found.fetchall()) == 9
    connection.execute(change)
    with pytest.raises(duckdb.Error, match="not those that were clustered"):
        found.project("cluster").fetchall()
    with pytest.raises(duckdb.Error, match="not those that were clustered"):
        found.project("id").filter("id > 3").fetchall()


def test_the_order_of_a_long_relation_stays() -> None:
    long: Any = duckdb.sql(STORIES.replace("range(9)", "range(20000)") + " ORDER BY hash(i)")
    result = find_clusters(long, level="duplicate", progress=False)
    found = result.to_frame(like=long)
    assert found.project("id").fetchall() == long.project("id").fetchall()
    assert [row[0] for row in found.project("cluster").fetchall()] == result.labels.tolist()


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


def test_only_one_dataset_has_rows_of_its_own() -> None:
    dataset = datasets.Dataset.from_list(ROWS)
    result = find_clusters(dataset, progress=False)
    for like in (dataset.to_iterable_dataset(), datasets.DatasetDict(train=dataset)):
        with pytest.raises(ConfigError, match="give one Dataset, such as a split"):
            result.to_frame(like=like)
    with pytest.raises(ArticleError, match=r"one of its tables, such as \['train'\]"):
        find_clusters(datasets.DatasetDict(train=dataset), progress=False)


@pytest.mark.parametrize("shown", [None, "numpy", "pandas", "arrow", "polars"])
def test_a_dataset_keeps_its_format(shown: str | None) -> None:
    plain = datasets.Dataset.from_list(ROWS)
    dataset = plain.with_format(shown)
    result = find_clusters(dataset, progress=False)
    assert result.labels.tolist() == find_clusters(plain, progress=False).labels.tolist()
    found = result.to_frame(like=dataset)
    assert found.format["type"] == shown
    assert found.column_names == [*dataset.column_names, *NEW]
    assert found.with_format(None)["cluster"][:] == result.labels.tolist()


def test_a_dataset_that_was_picked_from_another() -> None:
    dataset = datasets.Dataset.from_list(ROWS).select([3, 0, 2])
    result = find_clusters(dataset, progress=False)
    found = list(result.to_frame(like=dataset))
    assert [row["id"] for row in found] == ["watch", "flood", "copy"]
    assert [row["cluster"] for row in found] == result.labels.tolist()


def test_a_transform_of_a_dataset_stays() -> None:
    def shout(batch: dict[str, list[str]]) -> dict[str, list[str]]:
        return {**batch, "text": [text.upper() for text in batch["text"]]}

    dataset = datasets.Dataset.from_list(ROWS).with_transform(shout)
    result = find_clusters(dataset, progress=False)
    assert result.article("spies").text.isupper()
    found = result.to_frame(like=dataset)
    assert found[0]["text"].isupper() and found[0]["cluster"] == result.labels[0]


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


@pytest.mark.parametrize("name", list(frames()))
def test_an_empty_frame_comes_back(name: str) -> None:
    full = made(name, ROWS)
    if name == "datasets":
        frame = full.select([])
    elif name == "Arrow":
        frame = full.slice(0, 0)
    else:
        frame = full.limit(0) if name == "DuckDB" else full.head(0)
    found = find_clusters(frame, progress=False).to_frame(like=frame)
    assert dicts(found) == []
    assert list(types(found)) == [*ROWS[0], *NEW]
    assert {column: types(found)[column] for column in ROWS[0]} == types(frame)


def test_copies_alone_have_no_probability() -> None:
    result = find_clusters(ROWS, level="duplicate", progress=False)
    rows = {row["id"]: row for row in dicts(result.to_frame(like=pl.DataFrame(ROWS)))}
    assert rows["copy"]["score"] == 1.0
    assert rows["spies"]["score"] is None
