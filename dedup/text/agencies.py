"""Names of news agencies and outlets as articles write them.

The idea: "Reuters", "РИА Новости" and 路透社 stand in credits in some shape or other; one table
(``data/agencies.json``) folds each to a key.  Short names are words of other languages (*apa*, *tt*,
*time*), so case matters, but for the few that are written in small letters too.

Names that the table does not know get a key of their own: folded, without spaces.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final

import regex

__all__ = ["agency_key", "find_name", "is_outlet_like", "known_key", "name_before"]

_TOKEN = regex.compile(r"[\p{L}\p{M}\p{N}][\p{L}\p{M}\p{N}.&'+/-]*")
_CAPITAL = regex.compile(r"[\p{Lu}\p{Lt}\p{N}]")
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}]")
_DOMAIN = regex.compile(r"[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*\.\p{L}{2,6}")
_MOST_WORDS: Final = 5
_LONGEST_NAME: Final = 40
_GLUE: Final = frozenset(
    ["of", "and", "&", "de", "la", "le", "der", "di", "al", "the", "do", "da", "del", "van"]
)
_OUTLET_WORDS: Final = frozenset(
    [
        "news",
        "times",
        "post",
        "journal",
        "daily",
        "herald",
        "tribune",
        "magazine",
        "press",
        "agency",
        "tv",
        "radio",
        "gazette",
        "chronicle",
        "observer",
        "examiner",
        "globe",
        "inquirer",
        "sun",
        "mirror",
        "mail",
        "bulletin",
        "newspaper",
        "today",
        "weekly",
        "media",
        "broadcasting",
        "network",
        "wire",
        "newswire",
        "online",
        "zeitung",
        "nachrichten",
        "kurier",
        "tageblatt",
        "rundschau",
        "anzeiger",
        "journaal",
        "dagblad",
        "nieuws",
        "courant",
        "le",
        "figaro",
        "diario",
        "periódico",
        "noticias",
        "agencia",
        "gaceta",
        "jornal",
        "notícias",
        "correio",
        "giornale",
        "corriere",
        "gazzetta",
        "agenzia",
        "agence",
        "journal",
        "presse",
        "avisen",
        "tidningen",
        "dagbladet",
        "gazeta",
        "dziennik",
        "haber",
        "ajansı",
        "gazetesi",
        "báo",
        "thông",
        "tấn",
        "harian",
        "koran",
        "berita",
        "suara",
        "pikiran",
        "tribunnews",
        "jawapos",
    ]
)


@dataclass(frozen=True, slots=True)
class _Names:
    exact: Mapping[str, str]
    folded: Mapping[str, str]
    domains: Mapping[str, str]
    unspaced: Mapping[str, str]


@cache
def _names() -> _Names:
    file = resources.files("dedup.text") / "data" / "agencies.json"
    rows = json.loads(file.read_text(encoding="utf-8"))["names"]
    exact: dict[str, str] = {}
    folded: dict[str, str] = {}
    domains: dict[str, str] = {}
    for row in rows:
        for name in row["names"]:
            exact.setdefault(name, row["key"])
            if row["lower"]:
                folded.setdefault(name.casefold(), row["key"])
        for domain in row["domains"]:
            domains.setdefault(domain, row["key"])
    unspaced = {name: key for name, key in exact.items() if _UNSPACED.match(name)}
    return _Names(
        exact=MappingProxyType(exact),
        folded=MappingProxyType(folded),
        domains=MappingProxyType(domains),
        unspaced=MappingProxyType(unspaced),
    )


def known_key(name: str) -> str | None:
    """Return the key of a name in the table, or None.

    Examples
    --------
    >>> known_key("Associated Press"), known_key("REUTERS"), known_key("apa")
    ('ap', 'reuters', None)
    """
    names = _names()
    found = names.exact.get(name) or names.folded.get(name.casefold())
    if found is None and name.isupper() and len(name) > 4:
        found = names.exact.get(name.title())
    if found is None and "." in name:
        found = names.domains.get(name.casefold().removeprefix("www."))
    if found is None and name[:4] in {"The ", "the "}:
        return known_key(name[4:])
    return found


def agency_key(name: str) -> str:
    """Return the key of any name: from the table, else the name folded, without spaces.

    Examples
    --------
    >>> agency_key("The Associated Press"), agency_key("The Daily Kite"), agency_key("kite.co.id")
    ('ap', 'dailykite', 'kite')
    """
    known = known_key(name)
    if known is not None:
        return known
    folded = name.casefold().removeprefix("the ").removeprefix("www.")
    if _DOMAIN.fullmatch(folded):
        folded = folded.partition(".")[0]
    return "".join(mark for mark in folded if mark.isalnum())


def is_outlet_like(name: str) -> bool:
    """Tell whether a name that the table does not know is written like that of an outlet.

    >>> is_outlet_like("Daily Kite"), is_outlet_like("kite.co.id"), is_outlet_like("Mary Smith")
    (True, True, False)
    """
    if _DOMAIN.fullmatch(name):
        return True
    return any(word in _OUTLET_WORDS for word in name.casefold().split())


def find_name(text: str, place: int, *, strict: bool) -> tuple[str, int] | None:
    """Read the name of an outlet that begins at a place of the text.

    Parameters
    ----------
    text : str
        A normalised paragraph.
    place : int
        Where the name should begin.
    strict : bool
        Accept only names of the table, and names written like an outlet's.

    Returns
    -------
    tuple[str, int] or None
        The name as written and the place after it.

    Examples
    --------
    >>> find_name("Dilansir dari reuters, Kamis", 14, strict=True)
    ('reuters', 21)
    >>> find_name("according to Mary Smith", 13, strict=True) is None
    True
    """
    if _UNSPACED.match(text, place):
        return _unspaced_name(text, place)
    ends: list[int] = []
    at = place
    while len(ends) < _MOST_WORDS and at < min(len(text), place + _LONGEST_NAME):
        token = _TOKEN.match(text, at)
        if token is None:
            break
        ends.append(_trim(text, token.start(), token.end()))
        if ends[-1] != token.end() or text[token.end() : token.end() + 1] != " ":
            break
        at = token.end() + 1
    for end in reversed(ends):
        if known_key(text[place:end]):
            return text[place:end], end
    run = _capitals(text, place, ends)
    if run and (not strict or is_outlet_like(text[place:run])):
        return text[place:run], run
    return None


def name_before(text: str, place: int, *, strict: bool = True) -> tuple[str, int] | None:
    """Read the name of an outlet that ends at a place of the text; see :func:`find_name`.

    >>> name_before("Financial Times adalah yang pertama", 15)
    ('Financial Times', 0)
    """
    begin = max(0, place - 60)
    tokens = list(_TOKEN.finditer(text, begin, place))[-_MOST_WORDS:]
    if begin and tokens and tokens[0].start() == begin:
        tokens = tokens[1:]
    for token in tokens:
        name = text[token.start() : place].strip(" ,'\"")
        if known_key(name):
            return name, token.start()
    for token in tokens:
        name = text[token.start() : place].strip(" ,'\"")
        words = name.split(" ")
        capital = all(_CAPITAL.match(word) or word in _GLUE for word in words)
        if capital and words[0] not in _GLUE and (not strict or is_outlet_like(name)):
            return name, token.start()
    for length in range(min(8, place), 1, -1):
        name = text[place - length : place]
        if name in _names().unspaced:
            return name, place - length
    return None


def _unspaced_name(text: str, place: int) -> tuple[str, int] | None:
    for length in range(10, 1, -1):
        name = text[place : place + length]
        if len(name) == length and name in _names().unspaced:
            return name, place + length
    return None


def _trim(text: str, start: int, end: int) -> int:
    """Leave a possessive and a full stop at the end of a word out of the name."""
    word = text[start:end]
    if word.endswith("'s"):
        end -= 2
    while end > start + 1 and text[end - 1] in ".'/-":
        end -= 1
    return end


def _capitals(text: str, place: int, ends: list[int]) -> int:
    """Return the end of the run of capitalised words, or 0."""
    last, start = 0, place
    for end in ends:
        word = text[start:end]
        if _CAPITAL.match(word) or _DOMAIN.fullmatch(word):
            last = end
        elif word.casefold() not in _GLUE or not last:
            break
        start = end + 1
    return last
