"""Data frames as rows: pandas, polars, Arrow, DuckDB, Hugging Face, and what else narwhals knows.

The frame libraries are never imported here: a frame exists only if its library is already loaded,
and narwhals is imported when the first frame arrives.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from dedup.errors import ArticleError

__all__ = ["Row", "is_dataset", "is_frame", "is_record_batch", "rows"]

_LIBRARIES: Final = frozenset(
    {
        *("_duckdb", "cudf", "dask", "datasets", "duckdb", "ibis", "modin", "narwhals", "pandas"),
        *("polars", "pyarrow", "pyspark", "sqlframe"),
    }
)

#: Rows of a dataset that are read at a time.
_BATCH: Final = 1000


def is_frame(candidate: object) -> bool:
    """Tell a data frame from everything else, a column (series) included.

    >>> is_frame([{"text": "x"}])
    False
    """
    # The type's home decides first, so that a list of texts does not cost the import.
    if not any(base.__module__.split(".")[0] in _LIBRARIES for base in type(candidate).__mro__):
        return False
    if is_dataset(candidate) or _is_stream(candidate) or _is_batches(candidate):
        return True
    import narwhals as nw

    try:
        native = nw.from_native(candidate, pass_through=True)
    except nw.exceptions.DuplicateError:  # a frame, if not a good one: reading it says so
        return True
    return isinstance(native, nw.DataFrame | nw.LazyFrame)


def is_dataset(candidate: object) -> bool:
    """Tell a dataset of Hugging Face that has a length."""
    return _is_of(candidate, "datasets", "Dataset")


def is_record_batch(candidate: object) -> bool:
    """Tell a record batch of Arrow."""
    return _is_of(candidate, "pyarrow", "RecordBatch")


def _is_stream(candidate: object) -> bool:
    return _is_of(candidate, "datasets", "IterableDataset")


def _is_batches(candidate: object) -> bool:
    return is_record_batch(candidate) or _is_of(candidate, "pyarrow", "RecordBatchReader")


def _is_of(candidate: object, library: str, *names: str) -> bool:
    module = sys.modules.get(library)
    return isinstance(candidate, tuple(getattr(module, name, ()) for name in names))


class Row(Mapping[str, Any]):
    """A row of a frame: its values, under the names that all rows share.

    >>> row = Row({"id": 0, "text": 1}, (7, "a text"))
    >>> row["text"], row.get("title"), dict(row)
    ('a text', None, {'id': 7, 'text': 'a text'})
    """

    __slots__ = ("_places", "_values")

    def __init__(self, places: Mapping[str, int], values: Sequence[Any]) -> None:
        self._places, self._values = places, values

    def __getitem__(self, name: str) -> Any:
        return self._values[self._places[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def rows(frame: Any, columns: Mapping[str, str | None]) -> Iterator[Mapping[str, Any]]:
    """Yield a frame's rows, all columns included; an index is no column.

    Parameters
    ----------
    frame : DataFrame, LazyFrame, Table, Dataset
        Anything for which :func:`is_frame` holds; a lazy one is collected.
    columns : mapping of str to str or None
        Field -> column, checked here because a frame knows its columns beforehand.

    Raises
    ------
    ArticleError
        If a column that is asked for does not exist, or two have one name.
    """
    if _is_stream(frame):
        return iter(frame.with_format(None))
    if is_dataset(frame) and frame.format["type"] == "custom":
        return iter(frame)  # the caller's own function makes its rows, one by one
    names, values = _of_dataset(frame) if is_dataset(frame) else _of_table(frame)
    missing = sorted({name for name in columns.values() if name is not None} - set(names))
    if missing:
        raise ArticleError(
            f"columns= asks for {', '.join(map(repr, missing))}, which the frame does not have; "
            f"its columns are {', '.join(map(repr, names))}"
        )
    places = {name: place for place, name in enumerate(names)}
    return (Row(places, row) for row in values)


def _of_table(frame: Any) -> tuple[list[str], Iterator[Sequence[Any]]]:
    """Return the columns and rows of a table."""
    import narwhals as nw

    native = sys.modules["pyarrow"].table(frame) if _is_batches(frame) else frame
    try:
        table = nw.from_native(native)
        table = table.collect() if isinstance(table, nw.LazyFrame) else table
        return table.columns, table.iter_rows()
    except nw.exceptions.DuplicateError as error:
        raise ArticleError(f"two columns have one name: {error}") from error


def _of_dataset(dataset: Any) -> tuple[list[str], Iterator[Sequence[Any]]]:
    """Return the columns and rows of a dataset of Hugging Face, whatever format they are shown in.

    In batches of Arrow: row by row, as the library iterates, takes over twenty times as long.
    """
    shown = dataset.format
    names = dataset.column_names if shown["output_all_columns"] else shown["columns"]
    batches = dataset.with_format("arrow", columns=names).iter(batch_size=_BATCH)
    return names, (
        row
        for batch in batches
        for row in zip(*batch.select(names).to_pydict().values(), strict=True)
    )
