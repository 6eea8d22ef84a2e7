"""Articles, cleaned ones and their like as bytes, and back.

What is told of an article for good (headline, address, source, dates) is one JSON object; its text,
and what cleaning found in it, is another, compressed, which is dropped when the article expires.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from dedup.article import Article
from dedup.dates import Interval
from dedup.storage import article_from_dict, article_to_dict, interval_from_text, interval_to_text
from dedup.text.boilerplate import RemovedLine
from dedup.text.clean import CleanArticle
from dedup.text.credits import Credit, Dateline, WireHeader
from dedup.text.normalize import normalize
from dedup.text.told import packed as packed_text

__all__ = ["pack_article", "pack_text", "unpack_article", "unpack_text"]

#: Fields that most articles leave empty.
_EMPTY: Final[tuple[Any, ...]] = (None, [], {}, "", ())


def pack_article(article: Article) -> str:
    """Return what is told of an article for good, as JSON."""
    row = article_to_dict(article)
    del row["text"], row["id"]
    return _json({name: value for name, value in row.items() if value not in _EMPTY})


def pack_text(article: Article, clean: CleanArticle) -> bytes:
    """Return an article's text and what cleaning found in it, compressed."""
    found = {
        "text": article.text,
        "title": clean.title,
        "spans": clean.spans,
        "header": None if clean.header is None else asdict(clean.header),
        "dateline": None if clean.dateline is None else asdict(clean.dateline),
        "credits": [asdict(credit) for credit in clean.credits],
        "dates": [interval_to_text(date) for date in clean.dates],
        "removed": [(line.line, line.rule, line.number, line.whole) for line in clean.removed],
        "withdrawn": clean.withdrawn or None,
        "rescued": clean.rescued,
        "mended": int(clean.text is not article.text and clean.text != article.text) or None,
    }
    kept = {name: value for name, value in found.items() if value not in _EMPTY}
    if clean.spans == ():  # nothing is left of it, which is not the same as all of it
        kept["spans"] = []
    return zlib.compress(_json(kept).encode("utf-8"), 1)


def unpack_article(article_id: str, told: str, text: str = "") -> Article:
    """Return an article; without its text, where that is not at hand."""
    row = {"title": "", "authors": (), "published": None, "modified": None, **json.loads(told)}
    return article_from_dict({**row, "id": article_id, "text": text})


def unpack_text(article_id: str, told: str, packed: bytes) -> tuple[Article, CleanArticle]:
    """Return an article and its cleaned form, as they were."""
    row = _read(packed)
    article = unpack_article(article_id, told, row.get("text", ""))
    # Where nothing was mended, the article's own text: not another copy of it.
    return article, _clean(row, article.text)


def _clean(row: Mapping[str, Any], text: str) -> CleanArticle:
    spans = row.get("spans")
    return CleanArticle(
        title=row.get("title", ""),
        text=packed_text(normalize(text)) if "mended" in row else text,
        spans=None if spans is None else tuple((start, end) for start, end in spans),
        header=WireHeader(**row["header"]) if "header" in row else None,
        dateline=Dateline(**row["dateline"]) if "dateline" in row else None,
        credits=tuple(Credit(**credit) for credit in row.get("credits", ())),
        dates=tuple(_interval(date) for date in row.get("dates", ())),
        removed=tuple(
            RemovedLine(line=line, rule=rule, number=number, whole=whole)
            for line, rule, number, whole in row.get("removed", ())
        ),
        withdrawn=bool(row.get("withdrawn")),
        rescued=row.get("rescued", ""),
    )


def _interval(text: str) -> Interval:
    found = interval_from_text(text)
    if found is None:
        raise ValueError("a date without a date")
    return found


def _read(packed: bytes) -> dict[str, Any]:
    row: dict[str, Any] = json.loads(zlib.decompress(packed).decode("utf-8"))
    return row


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
