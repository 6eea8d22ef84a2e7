"""A result beside the table that it came from: the caller's own frame, with a few columns more.

Laws
----
* Rows, their order, the index and the types of the caller's columns stay as they are, and so does
  the caller's frame.
* No label stands beside another row than the one that was clustered, as far as the frame shows it.
* No row is turned into a dict: labels are put beside the columns, which are not copied.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from dedup.columns import Column, columns_of, require_fit
from dedup.errors import ConfigError, MissingDependencyError
from dedup.frames import is_dataset, is_record_batch
from dedup.relations import beside_relation
from dedup.same_rows import require_same_rows

if TYPE_CHECKING:
    import narwhals as nw

    from dedup.result import Clustering

__all__ = ["to_frame"]

#: Libraries that a frame is made with where none is given: the first that is loaded, or found.
_LIBRARIES: Final = ("pandas", "polars", "pyarrow")

#: Types of pandas that hold nulls.
_NULLABLE: Final = {"int64": "Int64", "string": "string", "bool": "boolean", "float64": "Float64"}


def to_frame(result: Clustering, like: Any, prefix: str) -> Any:
    """Return a result as a table; see :meth:`dedup.Clustering.to_frame`."""
    columns = columns_of(result, prefix)
    if like is None:
        return _made(result, columns)
    if type(like).__module__.split(".")[0] == "datasets":
        return _beside_dataset(result, like, columns)
    return _beside(result, like, columns)


def _beside(result: Clustering, like: Any, columns: Mapping[str, Column]) -> Any:
    import narwhals as nw

    if isinstance(like, nw.DataFrame | nw.LazyFrame):
        # A frame of narwhals.stable stays one.
        wrap = getattr(sys.modules[type(like).__module__], "from_native", nw.from_native)
        return wrap(_beside(result, like.to_native(), columns))
    frame = _read(like)
    if isinstance(frame, nw.LazyFrame):
        if frame.implementation.is_duckdb():
            return beside_relation(result, like, columns)
        if not frame.implementation.is_polars():
            raise ConfigError(
                f"like= is a lazy table of {type(like).__module__.split('.')[0]}, which columns "
                "cannot be put beside; give what it is collected to, or leave like= out"
            )
        return _beside(result, like.collect(), columns).lazy()
    # Where pandas names columns by levels, the new ones are names of the first.
    names = [name[0] if isinstance(name, tuple) else name for name in frame.columns]
    require_fit(names, len(frame), columns)

    def cells(names: Sequence[str], n: int | None) -> dict[str, list[Any]]:
        asked = frame if n is None else frame.head(n)
        return {name: asked.get_column(name).to_list() for name in names}

    require_same_rows(result, frame.columns, cells)
    if frame.implementation.is_pandas_like():
        return _beside_pandas(like, columns)
    if frame.implementation.is_pyarrow():
        return _beside_arrow(like, columns)
    return frame.with_columns(
        *(
            nw.new_series(name, column.values, dtype, backend=frame.implementation)
            for (name, column), dtype in zip(columns.items(), _dtypes(columns), strict=True)
        )
    ).to_native()


def _dtypes(columns: Mapping[str, Column]) -> list[Any]:
    import narwhals as nw

    types = {"int64": nw.Int64, "string": nw.String, "bool": nw.Boolean, "float64": nw.Float64}
    return [types[column.type] for column in columns.values()]


def _read(like: Any) -> nw.DataFrame[Any] | nw.LazyFrame[Any]:
    """Return the caller's frame as narwhals reads it."""
    import narwhals as nw

    try:
        frame: nw.DataFrame[Any] | nw.LazyFrame[Any] = nw.from_native(
            sys.modules["pyarrow"].table(like) if is_record_batch(like) else like
        )
        frame.collect_schema()  # which asks for the names
    except TypeError as error:
        raise ConfigError(
            f"like= must be a data frame, got {type(like).__name__}; leave it out for a new frame"
        ) from error
    except nw.exceptions.DuplicateError as error:
        raise ConfigError(f"like= has two columns of one name; rename one: {error}") from error
    return frame


def _beside_pandas(like: Any, columns: Mapping[str, Column]) -> Any:
    """Return a frame of pandas with more columns; writing to it leaves the caller's as it is."""
    pandas = sys.modules["pandas"]  # it made the frame
    found = like.assign()  # a copy, in pandas 3 of nothing until it is written to
    below = ("",) * (like.columns.nlevels - 1)
    for name, column in columns.items():
        # Plain types as far as they go, but strings are the same in every pandas.
        plain = None not in column.values and column.type != "string"
        dtype = column.type if plain else _NULLABLE[column.type]
        found[(name, *below) if below else name] = pandas.array(column.values, dtype=dtype)
    return found


def _beside_arrow(like: Any, columns: Mapping[str, Column]) -> Any:
    """Return an Arrow table or record batch with more columns."""
    for name, values in _arrays(columns):
        like = like.append_column(sys.modules["pyarrow"].field(name, values.type), values)
    return like


def _arrays(columns: Mapping[str, Column]) -> Iterator[tuple[str, Any]]:
    pa = sys.modules["pyarrow"]  # it made the table
    for name, column in columns.items():
        # The type is said, or a column of nulls alone would have none.
        yield name, pa.array(column.values, type=pa.type_for_alias(column.type))


def _beside_dataset(result: Clustering, like: Any, columns: Mapping[str, Column]) -> Any:
    """Return a dataset of Hugging Face with more columns, in the format that it has."""
    if not is_dataset(like):
        raise ConfigError(
            f"like= is a {type(like).__name__}, which has no rows of its own to put labels beside; "
            "give one Dataset, such as a split of it, or leave like= out"
        )
    require_fit(like.column_names, len(like), columns)
    require_same_rows(
        result,
        like.column_names,
        lambda names, n: like.select_columns(list(names)).with_format("arrow")[:n].to_pydict(),
    )
    for name, values in _arrays(columns):
        like = like.add_column(name, values)
    return like


def _made(result: Clustering, columns: Mapping[str, Column]) -> Any:
    """Return a new frame of what was clustered, in the order of the input."""
    ids: list[str | None] = [None] * len(result.labels)
    titles = ids.copy()
    for cluster in result.clusters:
        for member in cluster.members:
            ids[member.row], titles[member.row] = member.article.id, member.article.title
    columns = {"id": Column("string", ids), "title": Column("string", titles), **columns}
    library = _library()
    if library == "pandas":
        return _beside_pandas(import_module(library).DataFrame(index=range(len(ids))), columns)
    import narwhals as nw

    data = {name: column.values for name, column in columns.items()}
    schema = dict(zip(columns, _dtypes(columns), strict=True))
    return nw.from_dict(data, schema, backend=library).to_native()


def _library() -> Any:
    loaded = [name for name in _LIBRARIES if sys.modules.get(name) is not None]
    found = loaded or [name for name in _LIBRARIES if find_spec(name) is not None]
    if not found:
        raise MissingDependencyError("pandas", "notebook")
    return found[0]
