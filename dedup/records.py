"""How a record of any pipeline is sorted into the fields of an article and everything else.

The names come from the table in :mod:`dedup.aliases`; this module reads the values: it unwraps what
feeds and JSON-LD wrap, strips HTML from bodies, and refuses what cannot be read.

Laws
----
* The first name whose value is present wins.
* None, NaN, NaT, empty strings and the strings "None", "null" and "nan" are absent.
* Every key that was not used ends up in the ``extra`` of the article, unless it is absent.
* A value is read or refused with its field's name, never silently dropped.
* Neither the order of a record's keys nor that of a set matters.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from numbers import Real
from operator import index
from typing import Any, Final

from dedup.aliases import ALIASES, URL_BY_VALUE, WRAPPED_IN, holds_article, normalise_name
from dedup.dates import Interval, parse_date
from dedup.errors import ArticleError
from dedup.markup import decode_entities, html_to_text, looks_like_html
from dedup.urls import canonical_form, host, is_url

__all__ = ["is_absent", "read_field", "read_row"]

_ABSENT: Final = frozenset(
    {"", "None", "none", "NONE", "null", "NULL", "nan", "NaN", "NaT", "<NA>"}
)


def is_absent(value: object) -> bool:
    """Tell whether a value stands for "not given".

    >>> [is_absent(value) for value in (None, float("nan"), " ", "None", [], 0, False, "Noon")]
    [True, True, True, True, True, False, False, False]
    """
    if value is None:
        return True
    if isinstance(value, str):
        return value.strip() in _ABSENT
    if isinstance(value, list | tuple | dict | set | frozenset):
        return not value
    if type(value).__name__ in ("NAType", "NaTType"):  # of pandas, which compare as unknown
        return True
    if isinstance(value, Real) or type(value).__name__ == "datetime64":
        return bool(value != value)
    return False


def read_row(
    row: Mapping[Any, Any], columns: Mapping[str, str | None]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Sort one record into the fields of an article and everything else.

    Parameters
    ----------
    row : mapping
        A record with names of any kind.
    columns : mapping of str to str or None
        Field -> name in the record, checked by :func:`check_columns`.  None leaves a field out.

    Returns
    -------
    fields, extra : dict, dict
        Arguments of ``Article``, and what was not used under the record's own names.

    Raises
    ------
    ArticleError
        If there is neither a text nor a title, or a value cannot be read.

    Examples
    --------
    >>> read_row({"headline": "Oil rises", "Lang": "en", "section": "markets"}, {})
    ({'title': 'Oil rises', 'language': 'en'}, {'section': 'markets'})
    """
    names = tuple(key for key in row if isinstance(key, str))
    plan = _plan(names, tuple(columns.items()))
    if plan is None:
        shown = ", ".join(sorted(map(repr, row))) or "none"
        asked = ", ".join(f"{field}={name!r}" for field, name in columns.items())
        raise ArticleError(
            f"there is neither a text nor a title; its names are {shown[:400]}"
            + (f" and columns= asks for {asked}" if asked else "")
            + '; name yours with columns={"text": "body"}, or list such rows with on_error="skip"'
        )
    fields: dict[str, Any] = {}
    used: set[Any] = set()
    for field, candidates in plan:
        found = _first(field, row, candidates)
        if found is not None:
            key, fields[field] = found
            used.add(key)
    if "url" in fields and "source" not in fields and columns.get("source", "") is not None:
        site = host(fields["url"])
        fields |= {"source": site} if site else {}
    extra = {str(key): row[key] for key in row if key not in used and not is_absent(row[key])}
    return fields, extra


_Candidates = tuple[tuple[str, str], ...]


@lru_cache(maxsize=256)
def _plan(
    names: tuple[str, ...], columns: tuple[tuple[str, str | None], ...]
) -> tuple[tuple[str, _Candidates], ...] | None:
    """Return each field's (name in the table, name in the record), best first.

    Rows of one source have one shape, so the table is searched once for all of them.  None if there
    is neither a text nor a title.
    """
    asked = dict(columns)
    if not holds_article(names, asked):
        return None
    claimed = set(asked.values())
    # The exact spelling wins over its variants, whatever the order of the keys.
    free = sorted(
        (name for name in names if name not in claimed),
        key=lambda name: (normalise_name(name) != name, name),
    )
    index: dict[str, str] = {}
    for name in free:
        index.setdefault(normalise_name(name), name)
    plan = []
    for field, aliases in ALIASES.items():
        found = tuple((name, index[name]) for name in aliases if name in index)
        if field in asked:
            own = asked[field]
            found = () if own is None else (("", own),)
        if found:
            plan.append((field, found))
    return tuple(plan)


def _first(field: str, row: Mapping[Any, Any], candidates: _Candidates) -> tuple[str, Any] | None:
    """Return the first key whose value is present and belongs to the field, and the value."""
    refused: ArticleError | None = None
    for name, key in candidates:
        if is_absent(value := _native(row.get(key))):
            continue
        try:
            read = _READERS[field](name, field, value)
        except ArticleError as error:
            # A feed gives each date twice, as written and as parsed: one readable form will do.
            if field not in ("published", "modified"):
                raise
            refused = refused or error
            continue
        if not is_absent(read):
            return key, read
    if refused is not None:
        raise refused
    return None


def read_field(field: str, value: Any) -> Any:
    """Return what a record's value is as a field of an article; None if it is absent.

    Raises
    ------
    ArticleError
        If it cannot be read.

    Examples
    --------
    >>> read_field("title", "Oil &amp; gas "), read_field("id", 7.0), read_field("text", " ")
    ('Oil & gas', '7', None)
    """
    value = _native(value)
    return None if is_absent(value) else _READERS[field](field, field, value)


def _native(value: Any) -> Any:
    """Return numpy's scalars and arrays, which data frames hold, as Python's own."""
    if type(value).__module__ == "numpy" and type(value).__name__ != "datetime64":
        return value.tolist()
    return sorted(value, key=str) if isinstance(value, set | frozenset) else value


def _unwrap(field: str, value: Any) -> Any:
    """Return the value inside a record or a list of one; None if it holds nothing."""
    if isinstance(value, list | tuple) and field not in ("title", "text"):
        value = next((item for item in value if not is_absent(item)), None)
    if isinstance(value, Mapping):
        if field in ("title", "text") and not any(name in value for name in WRAPPED_IN[field]):
            return value  # a text that cannot be found must not pass for an empty one
        inner = (value.get(name) for name in WRAPPED_IN[field])
        return next((item for item in inner if not is_absent(item)), None)
    return value


def _string(field: str, value: Any) -> str | None:
    """Return an unwrapped value that must be a string."""
    inner = _unwrap(field, value)
    if inner is None or isinstance(inner, str):
        return inner
    if isinstance(inner, bytes | bytearray):
        raise ArticleError(
            "bytes are no text; decode them first, with value.decode('utf-8')",
            field=field,
            value=inner,
        )
    raise ArticleError(
        f"must be a string, not {type(inner).__name__}; convert it, or point columns= to another "
        f"name (None leaves the field out)",
        field=field,
        value=inner,
    )


def _read_text(_name: str, field: str, value: Any) -> str | None:
    """Read a body; of a feed's several contents, the longest."""
    if isinstance(value, list | tuple) and all(isinstance(part, Mapping) for part in value):
        texts = [text for part in value if (text := _read_text("", field, part))]
        return max(texts, key=len, default=None)
    text = _string(field, value)
    if text and looks_like_html(text):
        return html_to_text(text)
    return decode_entities(text) if text else text


def _read_title(name: str, field: str, value: Any) -> str | None:
    """Read a headline: as a body, but on one line."""
    title = _read_text(name, field, value)
    return " ".join(title.split()) if title else title


def _read_string(_name: str, field: str, value: Any) -> str | None:
    """Read a plain string."""
    return _string(field, value)


def as_id(value: object) -> object:
    """Return an id as articles carry it: whole numbers, of any kind, are written out.

    >>> as_id(7), as_id("a-7")
    ('7', 'a-7')
    """
    if isinstance(value, str | bool):
        return value
    try:
        return str(index(value))  # type: ignore[arg-type]
    except TypeError:
        return value


def _read_id(_name: str, field: str, value: Any) -> str | None:
    """Read an identifier; numbers are common, and become floats beside a missing one."""
    inner = _unwrap(field, value)
    if isinstance(inner, float | Decimal):  # databases give long numbers as decimals
        exact = Decimal(inner)
        if exact.is_finite() and exact == exact.to_integral_value():
            inner = int(exact)
    if isinstance(inner, bool) or not isinstance(inner, str | int | uuid.UUID | None):
        raise ArticleError(
            f"an id must be a string or a whole number, not {type(inner).__name__}",
            field=field,
            value=inner,
        )
    return None if inner is None else str(inner)


def _read_url(name: str, field: str, value: Any) -> str | None:
    """Read an address; a shared name counts only if it holds the address of a page."""
    inner = _unwrap(field, value)
    if name in URL_BY_VALUE and not (isinstance(inner, str) and _is_page(inner)):
        return None
    return _string(field, inner)


def _is_page(text: str) -> bool:
    """Tell the address of a page from that of a whole site, and from what is no address."""
    return is_url(text) and canonical_form(text) != host(text)


def _read_source(_name: str, field: str, value: Any) -> str | None:
    """Read an outlet; trafilatura's "source" is the page, newspaper4k's "source_url" the site."""
    text = _string(field, value)
    if text is None or not is_url(text):
        return text
    return None if _is_page(text) else host(text)


def _read_date(_name: str, field: str, value: Any) -> Interval | None:
    """Read a date in any form that :func:`dedup.dates.parse_date` knows."""
    if isinstance(value, list | tuple) and len(value) >= 3:
        value = _from_parts(value)  # a struct_time that went through JSON
    inner = value if hasattr(value, "tm_year") else _unwrap(field, value)
    if inner is None:
        if isinstance(value, Mapping) and value:
            raise ArticleError("holds no date that is known by name", field=field, value=value)
        return None
    try:
        return parse_date(inner)
    except ValueError as error:
        raise ArticleError(str(error), field=field, value=inner) from error


def _from_parts(parts: Sequence[Any]) -> Any:
    """Return year, month, day and maybe a time as a moment in UTC; anything else as it is."""
    if not all(isinstance(part, int) and not isinstance(part, bool) for part in parts[:6]):
        return parts
    try:
        if len(parts) >= 6:
            return datetime(*parts[:6]).replace(tzinfo=UTC)
        return date(*parts[:3])
    except ValueError:
        return str(tuple(parts))


def _read_authors(_name: str, field: str, value: Any) -> tuple[str, ...] | None:
    """Read one author or many, as names or as records that hold one; nameless ones are none."""
    several = isinstance(value, list | tuple)
    names = (_string(field, author) for author in (value if several else (value,)))
    return tuple(
        part.strip() for name in names if name for part in name.split(";") if not is_absent(part)
    )


_READERS: Final[Mapping[str, Callable[[str, str, Any], Any]]] = {
    "id": _read_id,
    "title": _read_title,
    "text": _read_text,
    "url": _read_url,
    "canonical_url": _read_url,
    "source": _read_source,
    "published": _read_date,
    "modified": _read_date,
    "language": _read_string,
    "authors": _read_authors,
    "credit": _read_string,
}
