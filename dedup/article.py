"""The record that everything else works on, and the door through which all input comes.

:class:`Article` is frozen and checked when made, so that no later stage has to ask what it holds.
:func:`as_articles` turns whatever a pipeline carries into articles, one for each row.

Laws
----
* No row is lost: ``len(articles) + len(skipped)`` is the number of rows.
* Ids are unique.  An id that is not given is made from the content alone, so it is the same in
  every order, process and machine; identical rows without ids stay apart (``…``, ``…-2``, ``…-3``).
* Every string can be written as UTF-8: lone surrogates become U+FFFD.
* Dates are intervals in UTC, languages are primary subtags, authors are a tuple.

Theory of operation
-------------------
A row is a text, an ``Article``, or something with named values.  Those are sorted by
:func:`dedup.records.read_row`; the constructor is the one place that checks and normalises, by
:mod:`dedup.fields`.  Ids are settled last, when all rows are known: the explicit ones first, then
the made ones around them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date
from hashlib import blake2b
from time import struct_time
from typing import Any, Final, Literal

from dedup.aliases import check_columns, is_known_name
from dedup.dates import Interval
from dedup.errors import ArticleError, ConfigError
from dedup.fields import (
    DateLike,
    authors_of,
    checked_string,
    extra_of,
    interval_of,
    language_of,
    optional_string,
)
from dedup.frames import Row, is_frame, rows
from dedup.records import read_row

__all__ = ["Article", "Skipped", "as_articles", "content_id"]

_OPTIONAL: Final = ("url", "canonical_url", "source", "language", "credit")


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class Article:
    """One version of one news article, as it was published somewhere.

    Parameters
    ----------
    title, text : str
        Headline and body, as found; both may be empty, the article then stands alone.
    id : str
        Unique among the articles of one run; made from the content if it is left out or empty.
    url : str or None
        Where it was found.
    canonical_url : str or None
        Where the page says that the original stands.
    source : str or None
        The outlet: a name or a host.
    published, modified : Interval, datetime, date, struct_time, str, int, float or None
        Kept as an :class:`~dedup.dates.Interval`.
    language : str or None
        Tag, ISO code or English name; kept as primary subtag of BCP 47, such as ``"id"``.
    authors : str or sequence of str
        Names; a string is split at semicolons.
    credit : str or None
        The agency or paper that a credit line names.
    extra : mapping
        Whatever else the row carried, as plain data; not read by the library, but part of a made
        id.

    Raises
    ------
    ArticleError
        If a value has the wrong type or cannot be read; ``.field`` and ``.value`` say which.

    Examples
    --------
    >>> article = Article(title="Oil rises", published="2023-10-05T18:20Z", language="en-GB")
    >>> article.language, article.published.start.hour, len(article.id)
    ('en', 18, 16)
    """

    id: str
    title: str
    text: str
    url: str | None
    canonical_url: str | None
    source: str | None
    published: Interval | None
    modified: Interval | None
    language: str | None
    authors: tuple[str, ...]
    credit: str | None
    extra: Mapping[str, Any] = field(hash=False)

    # Written out, so that type checkers know what it accepts beyond what it keeps.
    def __init__(
        self,
        *,
        id: str = "",
        title: str = "",
        text: str = "",
        url: str | None = None,
        canonical_url: str | None = None,
        source: str | None = None,
        published: DateLike = None,
        modified: DateLike = None,
        language: str | None = None,
        authors: str | Sequence[str] = (),
        credit: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        given = locals()
        keep = object.__setattr__
        for name in ("id", "title", "text"):
            keep(self, name, checked_string(name, given[name]))
        for name in _OPTIONAL:
            keep(self, name, optional_string(name, given[name]))
        for name in ("published", "modified"):
            keep(self, name, interval_of(name, given[name]))
        keep(self, "language", language_of(self.language))
        keep(self, "authors", authors_of(authors))
        keep(self, "extra", extra_of(extra))
        keep(self, "id", self.id.strip() or content_id(self))

    def __repr__(self) -> str:  # not a whole text
        title = f"{self.title[:60]}…" if len(self.title) > 60 else self.title
        return f"<Article {self.id[:60]!r}: {title!r}, {len(self.text):,} characters>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A row that was left out on request, and why.

    Parameters
    ----------
    index : int
        Zero-based position in the input.
    field : str or None
        The field to blame, if it is one.
    reason : str
        What was wrong and what to do about it.
    """

    index: int
    field: str | None
    reason: str


def as_articles(
    items: Iterable[Any],
    *,
    columns: Mapping[str, str | None] | None = None,
    on_error: Literal["raise", "skip"] = "raise",
) -> tuple[list[Article], list[Skipped]]:
    """Turn whatever a pipeline carries into articles, in the order of the input.

    Parameters
    ----------
    items : iterable, or a table: see :mod:`dedup.frames`
        Rows: texts (str, without a title), mappings, articles, or objects with attributes such as
        those of newspaper4k.  Names are found by :data:`dedup.aliases.ALIASES`.
    columns : mapping of str to str or None, optional
        Field -> your name for it, before all aliases; None leaves a field out.
    on_error : {"raise", "skip"}
        Whether a row that cannot be read ends the run or is listed.

    Returns
    -------
    articles, skipped : list of Article, list of Skipped

    Raises
    ------
    ArticleError
        If a row cannot be read or two rows have one explicit id (unless skipped; of rows with one
        id, the one with the smallest content hash stays, in whatever order they come); if
        ``columns`` names what does not exist; if ``items`` is one row instead of many.

    Examples
    --------
    >>> articles, skipped = as_articles([{"headline": "Oil rises"}, "Oil fell."])
    >>> [(article.title, article.text) for article in articles]
    [('Oil rises', ''), ('', 'Oil fell.')]
    """
    if on_error not in ("raise", "skip"):
        raise ConfigError(f"on_error must be 'raise' or 'skip', got {on_error!r}")
    mapping = check_columns(columns)
    unseen = {name for name in mapping.values() if name is not None}
    drafts: list[_Draft] = []
    skipped: list[Skipped] = []
    names: set[str] = set()
    for index, item in enumerate(_rows(items, mapping)):
        try:
            row = _named_values(item)
            if row is not None:
                unseen.difference_update(row)
                names.update(map(str, row))
            drafts.append(_draft(index, item, row, mapping))
        except ArticleError as error:
            if on_error == "raise":
                raise error.at(index) from error.__cause__
            skipped.append(_skip(error.at(index)))
    if unseen and (drafts or skipped):
        raise ArticleError(
            f"columns= asks for {', '.join(map(repr, sorted(unseen)))}, which no row has; "
            f"the rows have {', '.join(map(repr, sorted(names)[:40])) or 'no names at all'}"
        )
    drafts, clashes = _settle_explicit(drafts)
    if clashes and on_error == "raise":
        raise clashes[0]
    skipped = sorted([*skipped, *map(_skip, clashes)], key=lambda row: row.index)
    return _settle_made(drafts), skipped


def content_id(article: Article) -> str:
    """Return the id that an article's content gives: 16 hexadecimal digits over all other fields.

    Two articles have the same one if and only if (but for a chance of 2⁻⁶⁴) all their fields agree.
    """
    content = [_writable(getattr(article, name)) for name in _CONTENT]
    written = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return blake2b(written.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _writable(value: Any) -> Any:
    """Return a field's value as JSON has it; only intervals are not plain already."""
    if isinstance(value, Interval):
        return [value.start.isoformat(), value.end.isoformat()]
    return value


_CONTENT: Final = tuple(item.name for item in fields(Article) if item.name != "id")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """An article whose id is not settled yet."""

    index: int
    article: Article
    explicit: bool


# ---------------------------------------------------------------- from rows to drafts


def _rows(items: Any, columns: Mapping[str, str | None]) -> Iterator[Any]:
    """Return the rows of the input, after refusing what is one row or no rows."""
    remedy = None
    if isinstance(items, Article | str):
        remedy = f"pass a list, [{'article' if isinstance(items, Article) else 'text'}]"
    elif isinstance(items, bytes | bytearray | os.PathLike) or hasattr(items, "readline"):
        remedy = "read files with dedup.readers.read_articles(path)"
    elif isinstance(items, Mapping):
        tables = [name for name, value in items.items() if is_frame(value)]
        remedy = "pass its .entries" if "entries" in items else "pass a list of rows, [row]"
        remedy = f"pass one of its tables, such as [{tables[0]!r}]" if tables else remedy
    if remedy:
        raise ArticleError(f"this is one {type(items).__name__}, not many articles; {remedy}")
    if is_frame(items):
        return rows(items, columns)
    if getattr(items, "ndim", 1) > 1:
        raise ArticleError(
            f"this {type(items).__name__} has {items.ndim} dimensions, and a row would be many "
            "texts; pass one column of it, with .ravel()"
        )
    try:
        return iter(items)
    except TypeError as error:
        raise ArticleError(
            f"articles must come as a list, a frame or another iterable, not {type(items).__name__}"
        ) from error


def _draft(
    index: int, item: Any, row: Mapping[Any, Any] | None, columns: Mapping[str, str | None]
) -> _Draft:
    """Make an article of one row."""
    if isinstance(item, Article):
        return _Draft(index=index, article=item, explicit=item.id != content_id(item))
    if row is None:
        return _Draft(index=index, article=Article(text=str(item)), explicit=False)
    values, extra = read_row(row, columns)
    article = Article(**values, extra=extra)
    return _Draft(index=index, article=article, explicit=bool(values.get("id", "").strip()))


def _named_values(item: Any) -> Mapping[Any, Any] | None:
    """Return the names and values of a row, or None if it is a text or an article."""
    if isinstance(item, str | Article):
        return None
    if isinstance(item, Row):
        return item
    if isinstance(item, Mapping):
        return dict(item.items())
    if isinstance(item, bytes | bytearray):
        raise ArticleError("bytes are no text; decode them, with item.decode('utf-8')", value=item)
    if isinstance(item, os.PathLike):
        raise ArticleError("a path is no article; use dedup.readers.read_articles", value=item)
    if hasattr(item, "_asdict"):  # a named tuple
        return dict(item._asdict())
    if is_dataclass(item) and not isinstance(item, type):
        return {entry.name: getattr(item, entry.name) for entry in fields(item)}
    if hasattr(item, "keys") and hasattr(item, "__getitem__"):  # a row of sqlite3 or of pandas
        return {key: item[key] for key in item.keys()}  # noqa: SIM118
    if item is None or isinstance(item, int | float | complex | Collection):
        raise ArticleError(
            f"an article must be a text, a mapping, an Article or an object with .text or .title, "
            f"not {type(item).__name__}",
            value=item,
        )
    return _attributes(item)


# Methods and parse trees have names of fields, too.
_READABLE: Final = (str, bytes, int, float, date, struct_time, list, tuple, set, Mapping)


def _attributes(item: Any) -> dict[str, Any]:
    """Return the attributes of an object that the alias table knows; the others stay unread."""
    values = {}
    for name in dir(item):
        if name.startswith("_") or not is_known_name(name):
            continue
        try:
            value = getattr(item, name)
        except Exception as error:  # any property may fail in its own way, and it is its word
            raise ArticleError(f"cannot be read: {error}", field=name) from error
        if isinstance(value, _READABLE):
            values[name] = value
    return values


def _skip(error: ArticleError) -> Skipped:
    """Turn an error with a position into the note about the row."""
    plain = ArticleError(error.message, value=error.value)
    return Skipped(index=error.index or 0, field=error.field, reason=str(plain))


# ---------------------------------------------------------------- ids


def _settle_explicit(drafts: Sequence[_Draft]) -> tuple[list[_Draft], list[ArticleError]]:
    """Keep one row for every explicit id, whatever their order; the others become errors."""
    owner: dict[str, _Draft] = {}
    beaten: list[tuple[_Draft, str]] = []
    for draft in drafts:
        name = draft.article.id
        if not draft.explicit:
            continue
        other = owner.setdefault(name, draft)
        if other is not draft:
            keys = {content_id(each.article): each for each in (draft, other)}
            owner[name] = keys[min(keys)]
            beaten.append((draft if owner[name] is other else other, name))
    clashes = [
        ArticleError(
            f"rows {min(owner[name].index, loser.index)} and {max(owner[name].index, loser.index)} "
            f"have the same id; make it unique, or leave it out with columns={{'id': None}}",
            index=loser.index,
            field="id",
            value=name,
        )
        for loser, name in beaten
    ]
    lost = {id(loser) for loser, _ in beaten}
    return [draft for draft in drafts if id(draft) not in lost], clashes


def _settle_made(drafts: Sequence[_Draft]) -> list[Article]:
    """Give the made ids that are taken a number; among identical rows any order will do."""
    taken = {draft.article.id for draft in drafts if draft.explicit}
    articles = []
    copies: dict[str, int] = {}
    for draft in drafts:
        article = draft.article
        if not draft.explicit:
            stem = name = article.id
            while name in taken:
                copies[stem] = copies.get(stem, 1) + 1
                name = f"{stem}-{copies[stem]}"
            taken.add(name)
            article = article if name == stem else replace(article, id=name)
        articles.append(article)
    return articles
