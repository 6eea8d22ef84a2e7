"""A result beside the table that it came from: the caller's own frame, with a few columns more.

Laws
----
* Rows, their order, the index and the types of the caller's columns stay as they are.
* No row is turned into a dict: labels stand in arrays, and are put beside the columns.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dedup.errors import ConfigError, MissingDependencyError
from dedup.events.clustering import PROBABILITY_UNIT
from dedup.review import numbered

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedup.result import Clustering

__all__ = ["to_frame"]

#: Libraries that a frame is made with where none is given: the first that is loaded, or found.
_LIBRARIES: Final = ("pandas", "polars", "pyarrow")


def to_frame(result: Clustering, like: Any, prefix: str) -> Any:
    """Return a result as a table; see :meth:`dedup.Clustering.to_frame`."""
    columns = {prefix + name: values for name, values in _columns(result).items()}
    if like is None:
        return _made(result, columns)
    if type(like).__module__.split(".")[0] == "datasets":
        return _beside_dataset(like, columns)
    return _beside(like, columns)


def _columns(result: Clustering) -> dict[str, list[Any]]:
    """Return the new columns, one value for each row of the input; None where it was skipped."""
    n = len(result.labels)
    role: list[str | None] = [None] * n
    canonical: list[bool | None] = [None] * n
    score: list[float | None] = [None] * n
    nearest = _nearest(result)
    for cluster in result.clusters:
        shown = cluster.canonical.id
        for group in cluster.groups:
            # A centre is compared with its nearest copy, never with itself.
            copies = [m.similarity for m in group.members if m.article.id != group.centre]
            of_centre = max(copies) if copies else nearest.get(group.label)
            for member in group.members:
                row, is_centre = member.row, member.article.id == group.centre
                role[row] = member.role.value
                canonical[row] = member.article.id == shown
                score[row] = of_centre if is_centre else member.similarity
    return {
        "cluster": _known(result.labels),
        "group": _known(result.group_labels),
        "role": role,
        "canonical": canonical,
        "score": score,
    }


def _known(labels: NDArray[np.int64]) -> list[Any]:
    return [None if label < 0 else label for label in labels.tolist()]


def _nearest(result: Clustering) -> dict[int, float]:
    """Return each group's highest probability with another one of its cluster, by its label."""
    if result.scores is None or not len(result.scores.pairs):
        return {}
    groups = numbered(result)
    cluster = {group.label: c.label for c in result.clusters for group in c.groups}
    own = np.array([cluster[group.label] for group in groups], dtype=np.int64)
    a, b = result.scores.pairs.T
    inside = own[a] == own[b]
    best = np.full(len(groups), -1, dtype=np.int64)
    for side in (a, b):
        np.maximum.at(best, side[inside], result.scores.probability[inside].astype(np.int64))
    return {
        group.label: value / PROBABILITY_UNIT
        for group, value in zip(groups, best.tolist(), strict=True)
        if value >= 0
    }


def _beside(like: Any, columns: dict[str, list[Any]]) -> Any:
    import narwhals as nw

    try:
        table = nw.from_native(like)
    except TypeError as error:
        raise ConfigError(
            f"like= must be a data frame, got {type(like).__name__}; leave it out for a new frame"
        ) from error
    if isinstance(table, nw.LazyFrame):
        if table.implementation.is_duckdb():
            return _beside_relation(like, columns)
        return nw.from_native(_beside(table.collect().to_native(), columns)).lazy().to_native()
    _require_fit(table.columns, len(table), columns)
    if table.implementation.is_pandas_like():
        return _beside_pandas(like, columns)
    return table.with_columns(
        *(
            nw.new_series(name, values, dtype, backend=table.implementation)
            for (name, values), dtype in zip(columns.items(), _dtypes(nw), strict=True)
        )
    ).to_native()


def _beside_pandas(like: Any, columns: dict[str, list[Any]]) -> Any:
    """Return a frame of pandas with more columns: its whole numbers hold no nulls by themselves."""
    pandas = sys.modules["pandas"]  # it made the frame
    found = like.copy(deep=False)
    for (name, values), (whole, nullable) in zip(columns.items(), _PANDAS, strict=True):
        found[name] = pandas.array(values, dtype=nullable if None in values else whole)
    return found


def _beside_relation(like: Any, columns: dict[str, list[Any]]) -> Any:
    """Return a DuckDB relation with more columns: by Arrow some of its types would be others."""
    import pyarrow as pa

    names, n_rows = like.columns, len(like)
    _require_fit(names, n_rows, columns)
    types = (pa.int64(), pa.int64(), pa.string(), pa.bool_(), pa.float64())
    _labels = pa.table(
        {
            name: pa.array(values, dtype)
            for (name, values), dtype in zip(columns.items(), types, strict=True)
        }
    )
    return like.query("_rows", "SELECT * FROM _rows POSITIONAL JOIN _labels")


def _beside_dataset(like: Any, columns: dict[str, list[Any]]) -> Any:
    """Return a dataset of Hugging Face with more columns."""
    if not hasattr(like, "add_column") or not hasattr(like, "__len__"):
        raise ConfigError(
            f"like= is a {type(like).__name__}, whose rows cannot be counted; give the Dataset "
            "itself, or leave like= out"
        )
    _require_fit(like.column_names, len(like), columns)
    datasets = sys.modules["datasets"]  # it made the dataset
    for (name, values), dtype in zip(columns.items(), _DATASETS, strict=True):
        # Said, or a column of nulls alone would have no type.
        like = like.add_column(name, values, feature=datasets.Value(dtype))
    return like


#: Types of the new columns in a dataset of Hugging Face.
_DATASETS: Final = ("int64", "int64", "string", "bool", "float64")

#: Types of the new columns in pandas, without nulls and with.
_PANDAS: Final = (
    ("int64", "Int64"),
    ("int64", "Int64"),
    ("string", "string"),
    ("bool", "boolean"),
    ("float64", "Float64"),
)


def _dtypes(nw: Any) -> tuple[Any, ...]:
    return (nw.Int64(), nw.Int64(), nw.String(), nw.Boolean(), nw.Float64())


def _require_fit(names: list[str], n_rows: int, columns: dict[str, list[Any]]) -> None:
    there = sorted(set(names) & set(columns))
    if there:
        raise ConfigError(
            f"the frame has {', '.join(map(repr, there))} already; prefix= names the new columns "
            "in another way, such as prefix='story_'"
        )
    expected = len(next(iter(columns.values())))
    if n_rows != expected:
        raise ConfigError(
            f"like= has {n_rows:,} rows, and {expected:,} were clustered; it must be the frame "
            "that find_clusters() got, before rows were taken out or put in"
        )


def _made(result: Clustering, columns: dict[str, list[Any]]) -> Any:
    """Return a new frame of what was clustered, in the order of the input."""
    import narwhals as nw

    n = len(result.labels)
    ids: list[str | None] = [None] * n
    titles: list[str | None] = [None] * n
    for cluster in result.clusters:
        for member in cluster.members:
            ids[member.row], titles[member.row] = member.article.id, member.article.title
    named = {"id": nw.String(), "title": nw.String()}
    frame = nw.from_dict({"id": ids, "title": titles}, named, backend=_library())
    return _beside(frame.to_native(), columns)


def _library() -> Any:
    from importlib.util import find_spec

    loaded = [name for name in _LIBRARIES if sys.modules.get(name) is not None]
    found = loaded or [name for name in _LIBRARIES if find_spec(name) is not None]
    if not found:
        raise MissingDependencyError("pandas", "notebook")
    return found[0]
