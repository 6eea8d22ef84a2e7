"""Whether a table holds, row by row, what was clustered: labels must not stand beside other rows.

Theory of operation: a result does not know where an article's fields stood.  But a column that
holds its ids (else texts, else titles) is known by its values: most of its first cells belong to
articles of the result.  Of such a column no cell may hold what belongs to another row.  Where the
articles had ids, a column that is called so must hold them.  A table without any such column tells
nothing, and is believed: texts may have been changed before they were clustered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dedup.aliases import ALIASES, normalise_name
from dedup.article import Article, content_id
from dedup.cluster import shorten
from dedup.errors import ArticleError, ConfigError
from dedup.records import read_field

if TYPE_CHECKING:
    from dedup.result import Clustering

__all__ = ["Cells", "Telling", "require_same_rows"]

#: Asked for some columns, and for the first so many rows or all of them, gives their cells.
Cells = Callable[[Sequence[str], int | None], Mapping[str, Sequence[Any]]]

#: Fields that tell articles apart, the surest first.
_TELLING: Final = ("id", "text", "title")

#: Rows by which a column is known.
_FIRST: Final = 200


class Telling(NamedTuple):
    """A column that tells rows apart, and its cells."""

    column: str
    cells: Sequence[Any]


def require_same_rows(result: Clustering, names: Sequence[str], cells: Cells) -> Telling | None:
    """Return the column by which the rows were recognised, if there is one.

    Parameters
    ----------
    result : Clustering
    names : sequence of str
        The table's columns.
    cells : callable
        ``cells(names, n)``.

    Raises
    ------
    ConfigError
        Naming the first row that holds another article.
    """
    articles: list[Article | None] = [None] * len(result.labels)
    for group in result.groups:
        for member in group.members:
            articles[member.row] = member.article
    first = cells(names, _FIRST)
    for field in _TELLING:
        own = [None if article is None else getattr(article, field) for article in articles]
        known = set(own) - {None, ""}
        agreeing = {
            name: count
            for name in names
            if (count := _agreeing(field, first[name], own, known)) is not None
        }
        if field == "id" and not agreeing and _had_ids(articles):
            agreeing = dict.fromkeys(filter(_is_called_id, names), 0)
        if agreeing:
            column = max(agreeing, key=agreeing.__getitem__)
            found = Telling(column, cells([column], None)[column])
            _require_own(field, found, own, known)
            return found
    return None


def _agreeing(
    field: str, cells: Sequence[Any], own: Sequence[str | None], known: Set[str | None]
) -> int | None:
    """Return how many cells hold their own article's field; None if it is a column of other things.

    Ids differ from one another, and a column of small numbers is not taken for one.
    """
    read = [_read(field, cell) for cell in cells]
    given = [forms for forms in read if forms]
    found = sum(not known.isdisjoint(forms) for forms in given)
    if 2 * found <= len(given) or (field == "id" and len(set(given)) < len(given)):
        return None
    return sum(value in forms for forms, value in zip(read, own, strict=False))


def _had_ids(articles: Sequence[Article | None]) -> bool:
    """Tell whether articles came with ids, as far as the first of them show it."""
    first = [article for article in articles[:_FIRST] if article is not None]
    return not any(article.id.startswith(content_id(article)) for article in first)


def _is_called_id(name: object) -> bool:
    return isinstance(name, str) and normalise_name(name) in ALIASES["id"]


def _require_own(
    field: str, told: Telling, own: Sequence[str | None], known: Set[str | None]
) -> None:
    for row, (cell, value) in enumerate(zip(told.cells, own, strict=False)):
        if value is None or str(cell) == value:
            continue
        forms = _read(field, cell)
        # A text that belongs to nobody was read from elsewhere, or written differently since.
        other = field == "id" or not known.isdisjoint(forms)
        if forms and value not in forms and other:
            raise ConfigError(
                f"like= has other rows than were clustered: in row {row:,} its column "
                f"{told.column!r} has {shorten(str(cell))!r}, and the article clustered there has "
                f"the {field} {shorten(value)!r}; like= must be the frame that find_clusters() "
                "got, its rows in the same order (those of a query, too: ORDER BY something unique)"
            )


def _read(field: str, cell: Any) -> tuple[str, ...]:
    """Return a cell as it stands and as it is read from a record; nothing if it holds no text."""
    try:
        found = read_field(field, cell)
    except ArticleError:
        return ()
    if not isinstance(found, str):
        return ()
    return tuple({str(cell): None, found: None, found.strip(): None})
