"""Data frames as rows: pandas, polars (eager and lazy), Arrow tables and what else narwhals knows.

The frame libraries are never imported here: a frame exists only if its library is already loaded,
and narwhals is imported when the first frame arrives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from dedup.errors import ArticleError

__all__ = ["Row", "is_frame", "rows"]

_LIBRARIES: Final = frozenset(
    {
        *("cudf", "dask", "duckdb", "ibis", "modin", "narwhals", "pandas"),
        *("polars", "pyarrow", "pyspark", "sqlframe"),
    }
)


def is_frame(candidate: object) -> bool:
    """Tell a data frame from everything else, a column (series) included.

    >>> is_frame([{"text": "x"}])
    False
    """
    # The type's home decides first, so that a list of texts does not cost the import.
    if not any(base.__module__.split(".")[0] in _LIBRARIES for base in type(candidate).__mro__):
        return False
    import narwhals as nw

    try:
        native = nw.from_native(candidate, pass_through=True)
    except nw.exceptions.DuplicateError:  # a frame, if not a good one: reading it says so
        return True
    return isinstance(native, nw.DataFrame | nw.LazyFrame)


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


def rows(frame: Any, columns: Mapping[str, str | None]) -> Iterator[Row]:
    """Yield a frame's rows, all columns included; an index is no column.

    Parameters
    ----------
    frame : DataFrame, LazyFrame or Table
        Anything for which :func:`is_frame` holds; a lazy one is collected.
    columns : mapping of str to str or None
        Field -> column, checked here because a frame knows its columns beforehand.

    Raises
    ------
    ArticleError
        If a column that is asked for does not exist, or two have one name.
    """
    import narwhals as nw

    try:
        table = nw.from_native(frame)
        table = table.collect() if isinstance(table, nw.LazyFrame) else table
        names = table.columns
    except nw.exceptions.DuplicateError as error:
        raise ArticleError(f"two columns have one name: {error}") from error
    missing = sorted({name for name in columns.values() if name is not None} - set(names))
    if missing:
        raise ArticleError(
            f"columns= asks for {', '.join(map(repr, missing))}, which the frame does not have; "
            f"its columns are {', '.join(map(repr, names))}"
        )
    places = {name: place for place, name in enumerate(names)}
    return (Row(places, values) for values in table.iter_rows())
