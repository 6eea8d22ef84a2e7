"""What a field of an article may hold: checks that name the field, and plain data for the rest.

Every function takes a value of any type and returns what :class:`dedup.article.Article` keeps, or
raises :class:`~dedup.errors.ArticleError` with the field's name, the value and a remedy.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from os import PathLike
from time import struct_time
from typing import Any, Final
from uuid import UUID

from dedup.dates import Interval, parse_date
from dedup.errors import ArticleError
from dedup.languages import language_code
from dedup.records import is_absent

__all__ = [
    "DateLike",
    "authors_of",
    "checked_string",
    "extra_of",
    "interval_of",
    "language_of",
    "optional_string",
]

#: What a date may be given as.
DateLike = Interval | datetime | date | struct_time | str | int | float | None

_DEEPEST: Final = 32  # levels that are kept; what lies deeper, as in a cycle, is not


def checked_string(name: str, value: Any) -> str:
    """Return a string that can be written as UTF-8."""
    if not isinstance(value, str):
        raise ArticleError(
            f"must be a string, not {type(value).__name__}; convert it or leave it out",
            field=name,
            value=value,
        )
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        # By way of UTF-16, which joins the halves of a pair that were read one by one.
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return str(value)


def optional_string(name: str, value: Any) -> str | None:
    """Return a trimmed string, or None if there is nothing in it."""
    return None if value is None else checked_string(name, value).strip() or None


def interval_of(name: str, value: Any) -> Interval | None:
    """Return a date as an interval, or None if there is none."""
    if is_absent(value):
        return None
    try:
        return parse_date(value)
    except ValueError as error:
        raise ArticleError(str(error), field=name, value=value) from error


def language_of(value: str | None) -> str | None:
    """Return the primary subtag of a language."""
    if is_absent(value) or value is None:
        return None
    try:
        return language_code(value)
    except ValueError as error:
        remedy = f"{error}; leave it out if it is not known (columns={{'language': None}})"
        raise ArticleError(remedy, field="language", value=value) from error


def authors_of(value: Any) -> tuple[str, ...]:
    """Return the names of authors; a single string may hold several."""
    if value is None:
        return ()
    names = value.split(";") if isinstance(value, str) else value
    if isinstance(names, Mapping) or not isinstance(names, Iterable):
        raise ArticleError("must be a string or a list of them", field="authors", value=value)
    stripped = (checked_string("authors", name).strip() for name in names)
    return tuple(name for name in stripped if name)


def extra_of(value: Any) -> dict[str, Any]:
    """Return a copy as plain data, which JSON can write and the caller can no longer change.

    >>> extra_of({"seen": date(2023, 10, 5), "ids": {2, 1}, "parser": object()})
    {'ids': [1, 2], 'parser': '<builtins.object>', 'seen': '2023-10-05'}
    """
    if value is not None and not isinstance(value, Mapping):
        raise ArticleError("must be a mapping", field="extra", value=value)
    plain = _plain(value or {}, 0)
    return plain if isinstance(plain, dict) else {}


def _plain(value: Any, depth: int) -> Any:
    """Return a value as None, bool, int, finite float, str, list or dict with sorted keys."""
    if isinstance(value, str):
        return checked_string("extra", value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Interval):
        return f"{value.start.isoformat()}/{value.end.isoformat()}"
    if isinstance(value, Decimal | UUID | PathLike):
        return str(value)
    if depth < _DEEPEST:
        if isinstance(value, Mapping):
            pairs = sorted(
                ((checked_string("extra", str(key)), item) for key, item in value.items()),
                key=lambda p: p[0],
            )
            return {key: _plain(item, depth + 1) for key, item in pairs}
        if isinstance(value, list | tuple):
            return [_plain(item, depth + 1) for item in value]
        if isinstance(value, set | frozenset):
            return sorted((_plain(item, depth + 1) for item in value), key=repr)
        if hasattr(value, "tolist"):  # numpy's arrays and scalars
            return _plain(value.tolist(), depth + 1)
    # What an unknown object prints may hold its address in memory; its type does not.
    return f"<{type(value).__module__}.{type(value).__qualname__}>"
