"""What a result says of each row of its input, as columns of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dedup.errors import ConfigError
from dedup.events.clustering import PROBABILITY_UNIT
from dedup.review import numbered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from dedup.result import Clustering

__all__ = ["Column", "columns_of", "require_fit"]


class Column(NamedTuple):
    """One value for each row of the input, None where there is none, and their type.

    Types are ``int64``, ``string``, ``bool`` and ``float64``.
    """

    type: str
    values: list[Any]


def columns_of(result: Clustering, prefix: str) -> dict[str, Column]:
    """Return the columns of a result by their names; see :meth:`dedup.Clustering.to_frame`."""
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
        prefix + "cluster": Column("int64", _known(result.labels)),
        prefix + "group": Column("int64", _known(result.group_labels)),
        prefix + "role": Column("string", role),
        prefix + "canonical": Column("bool", canonical),
        prefix + "score": Column("float64", score),
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


def require_fit(
    names: Iterable[str],
    n_rows: int,
    columns: Mapping[str, Column],
    *,
    spelling: Callable[[str], str] = str,
) -> None:
    """Refuse a table that has one of the new columns, or another number of rows.

    Parameters
    ----------
    names : iterable of str
        The table's columns.
    n_rows : int
        Its rows.
    columns : mapping of str to Column
        The new columns.
    spelling : callable
        Gives names that are the same to the table one spelling.

    Raises
    ------
    ConfigError
        Naming the column, or both numbers.
    """
    new = set(map(spelling, columns))
    there = [name for name in names if spelling(name) in new]
    if there:
        raise ConfigError(
            f"the frame has {', '.join(map(repr, there))} already; prefix= names the new columns "
            "in another way, such as prefix='story_'"
        )
    expected = len(next(iter(columns.values())).values)
    if n_rows != expected:
        raise ConfigError(
            f"like= has {n_rows:,} rows, and {expected:,} were clustered; it must be the frame "
            "that find_clusters() got, before rows were taken out or put in"
        )
