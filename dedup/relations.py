"""Labels beside a DuckDB relation, on the caller's own connection.

A relation is a query, and gives no access to its connection.  So that the result can be joined with
the caller's own tables, it is made of the relation itself and of constants: nothing is registered
or created, and a database that can only be read will do.

Theory of operation: each new column travels as one constant string, which is split into rows,
numbered and joined with the numbered rows of the relation; for a million rows that takes one to
three seconds each time the query runs.  (Constants that are lists take minutes, a join by position
is no part of the relational API, and up to DuckDB 1.5 ``query()`` makes a view in the caller's
database.)

A query runs each time it is asked for its rows, and may give others then.  So the result also
carries what tells its rows apart, and refuses to give any row that is not the one that was
clustered there.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from hashlib import md5
from typing import TYPE_CHECKING, Any, Final

from dedup.columns import Column, require_fit
from dedup.errors import ConfigError
from dedup.same_rows import require_same_rows

if TYPE_CHECKING:
    from dedup.result import Clustering

__all__ = ["beside_relation"]

_TYPES: Final = {"int64": "BIGINT", "string": "VARCHAR", "bool": "BOOLEAN", "float64": "DOUBLE"}

#: Columns that the result does not show: numbers of rows on both sides, and what tells them apart.
_ROW, _PLACE, _MARK = "_dedup_row", "_dedup_place", "_dedup_mark"

_CHANGED: Final = (
    "the rows of this DuckDB relation are not those that were clustered: it is a query, which gave "
    "other rows, or another order, when it ran again; ORDER BY something unique, or cluster a "
    "table that it was written to"
)


def beside_relation(result: Clustering, relation: Any, columns: Mapping[str, Column]) -> Any:
    """Return a relation of the same rows with more columns.

    Raises
    ------
    ConfigError
        If the rows are others than those that were clustered, or two columns would have one name:
        large and small letters are the same to DuckDB.
    """
    names = Counter(map(str.lower, relation.columns))
    twice = [name for name in relation.columns if names[name.lower()] > 1]
    if twice:
        raise ConfigError(
            f"like= has {' and '.join(map(repr, twice))}, which are one name to DuckDB; rename one"
        )
    require_fit(relation.columns, len(relation), columns, spelling=str.lower)
    told = require_same_rows(result, relation.columns, lambda *asked: _cells(relation, *asked))
    if told is not None:  # from another run of the query, which may have given more rows, or fewer
        require_fit([], len(told.cells), columns)
    marks = [] if told is None else [None if c is None else _mark(c) for c in told.cells]
    constants = {**columns, _MARK: Column("string", marks)}
    rows = relation.project(f"*, row_number() OVER () AS {_ROW}").set_alias("of_caller")
    labels = _table(relation, constants).set_alias("of_dedup")
    joined = rows.join(labels, f"{_ROW} = {_PLACE}", how="left")
    if told is not None:
        joined = joined.filter(
            f"CASE WHEN left(md5({_quoted(told.column)}::VARCHAR), 12) IS DISTINCT FROM {_MARK} "
            f"THEN error('{_CHANGED}') ELSE true END"
        )
    return joined.order(_ROW).project(f"* EXCLUDE ({_ROW}, {_PLACE}, {_MARK})")


def _table(relation: Any, columns: Mapping[str, Column]) -> Any:
    """Return columns and the number of each row as a relation on another one's connection."""
    duckdb = sys.modules["duckdb"]  # it made the relation
    one_row = relation.limit(0).aggregate("count(*)")
    packed = one_row.project(
        *(
            duckdb.ConstantExpression(_packed(column.values)).alias(name)
            for name, column in columns.items()
        )
    )
    split = (f"string_split({_quoted(name)}, ',') AS {_quoted(name)}" for name in columns)
    spread = (f"unnest({_quoted(name)}) AS {_quoted(name)}" for name in columns)
    read = (
        f"nullif({_quoted(name)}, '')::{_TYPES[column.type]} AS {_quoted(name)}"
        for name, column in columns.items()
    )
    # Split and spread in one step, the string would be split again for every 2,048 rows.
    return (
        packed.project(", ".join(split))
        .project(", ".join(spread))
        .project(f"{', '.join(read)}, row_number() OVER () AS {_PLACE}")
    )


def _packed(values: Iterable[Any]) -> str:
    """Return values as one string: numbers, roles and digests hold no commas."""
    return ",".join("" if value is None else str(value) for value in values)


def _cells(relation: Any, names: Sequence[str], n: int | None) -> Mapping[str, Sequence[Any]]:
    """Return cells as DuckDB writes them, so that it can be asked for the same again."""
    asked = relation if n is None else relation.limit(n)
    rows = asked.project(", ".join(f"{_quoted(name)}::VARCHAR" for name in names)).fetchall()
    return {name: [row[at] for row in rows] for at, name in enumerate(names)}


def _mark(cell: str) -> str:
    """Return 48 bits of a digest: DuckDB is quick with strings of up to twelve letters."""
    return md5(cell.encode("utf-8"), usedforsecurity=False).hexdigest()[:12]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
