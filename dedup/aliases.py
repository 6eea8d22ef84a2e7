"""The names under which pipelines carry the fields of an article.

Extractors, feeds and page metadata name the same things differently: a body is ``text``,
``maintext``, ``articleBody`` or ``content[0]["value"]``.  One table, :data:`ALIASES`, lists the
names of each field, best first; :mod:`dedup.records` reads by it.  Supporting another extractor
means adding its names here.

Laws
----
* Names are compared without case and without ``-``, ``_``, ``:``, ``.`` and spaces.
* The caller's own ``columns`` win over the table, and a name so claimed serves no other field.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from dedup.errors import ArticleError

__all__ = [
    "ALIASES",
    "URL_BY_VALUE",
    "WRAPPED_IN",
    "check_columns",
    "holds_article",
    "is_known_name",
    "normalise_name",
]

#: Field of an article -> names under which it travels, best first (written as they compare).
ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("id", "articleid", "uuid", "guid", "docid", "documentid", "identifier", "_id"),
    "title": ("title", "headline", "articletitle", "headlinetext", "head", "ogtitle", "name"),
    "text": (
        *("text", "maintext", "articlebody", "body", "bodytext", "content", "contenttext"),
        *("contenthtml", "fulltext", "articletext", "article", "story", "plaintext", "cleanedtext"),
        *("rawtext", "summary", "description", "excerpt", "lead", "abstract", "snippet"),
        *("metadescription",),
    ),
    "url": (
        *("url", "link", "articleurl", "weburl", "pageurl", "permalink", "href", "originalurl"),
        *("mainentityofpage", "@id", "source", "sourceurl", "guid", "id"),
    ),
    "canonical_url": ("canonicalurl", "canonicallink", "canonical", "isbasedon", "isbasedonurl"),
    "source": (
        *("source", "sitename", "metasitename", "ogsitename", "sourcehostname", "publisher"),
        *("outlet", "sourcename", "newspaper", "publication", "provider", "site", "website"),
        *("sourcedomain", "domain", "hostname", "feedtitle", "sourceurl"),
    ),
    "published": (
        *("published", "publishedat", "publishdate", "publisheddate", "publishedtime", "pubdate"),
        *("datepublish", "datepublished", "publicationdate", "firstpublicationdate", "issued"),
        *("articlepublishedtime", "webpublicationdate", "publishedon", "publishedparsed"),
        *("dategmt", "date", "datetime", "timestamp", "seendate", "dcdate", "createdat"),
        *("datecreated", "created", "createdparsed"),
    ),
    "modified": (
        *("modified", "modifiedat", "datemodified", "datemodify", "updated", "updatedat"),
        *("lastmodified", "lastupdated", "modifieddate", "articlemodifiedtime", "modifiedgmt"),
        *("updatedparsed",),
    ),
    "language": ("language", "lang", "metalang", "inlanguage", "languagecode", "langcode"),
    "authors": ("authors", "author", "byline", "creator", "dccreator", "writers", "writer"),
    "credit": ("credit", "creditline", "credittext", "agency"),
}

# Names that hold an address of a page only if the value says so; else they belong elsewhere.
URL_BY_VALUE: Final = frozenset(
    {
        *("source", "sourceurl", "guid", "id", "@id"),
        *("mainentityofpage", "isbasedon", "isbasedonurl"),
    }
)

# Where the value sits when a record wraps it: JSON-LD, feeds, MongoDB, WordPress, NewsAPI.
WRAPPED_IN: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("$oid", "value", "@value"),
    "title": ("rendered", "value", "@value", "#text", "text"),
    "text": ("value", "@value", "rendered", "#text", "text", "html"),
    "url": ("@id", "url", "href"),
    "canonical_url": ("@id", "url", "href"),
    "source": ("name", "title", "uri", "href", "url", "@id"),
    "published": ("@value", "value", "$date"),
    "modified": ("@value", "value", "$date"),
    "language": ("alternateName", "name", "@value", "value", "code"),
    "authors": ("name", "@value", "value"),
    "credit": ("name", "@value", "value"),
}


@lru_cache(maxsize=4096)
def normalise_name(name: str) -> str:
    """Return a name as it is compared.

    >>> normalise_name("Publish-Date"), normalise_name("og:title"), normalise_name("_id")
    ('publishdate', 'ogtitle', '_id')
    """
    bare = name.strip().casefold()
    kept = "".join(character for character in bare if character not in "-_:. ")
    # Mongo's key must not lead to the field "id" before an "id" of the user's own.
    return "_id" if bare == "_id" else kept


_KNOWN: Final = frozenset(normalise_name(name) for names in ALIASES.values() for name in names)


def check_columns(columns: Mapping[str, str | None] | None) -> dict[str, str | None]:
    """Return the caller's names by field, after checking the fields.

    Raises
    ------
    ArticleError
        If a field does not exist or a name is no string.
    """
    for field, name in (columns or {}).items():
        if field not in ALIASES:
            raise ArticleError(
                f"columns= maps fields of an article to your names, and {field!r} is no field; "
                f"the fields are {', '.join(ALIASES)}"
            )
        if name is not None and not isinstance(name, str):
            raise ArticleError(
                "columns= maps fields to names of columns, or to None to leave a field out",
                field=field,
                value=name,
            )
    return dict(columns or {})


def holds_article(names: Iterable[str], columns: Mapping[str, str | None]) -> bool:
    """Tell whether a text or a title can be found under the given names."""
    given = set(names)
    if any(columns.get(field) in given for field in ("title", "text")):
        return True
    index = {normalise_name(name) for name in given - set(columns.values())}
    return any(
        not index.isdisjoint(ALIASES[field]) for field in ("title", "text") if field not in columns
    )


def is_known_name(name: str) -> bool:
    """Tell whether an attribute's name is in the table."""
    return normalise_name(name) in _KNOWN
