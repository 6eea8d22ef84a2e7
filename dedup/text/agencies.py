"""Names of news agencies and outlets as articles write them.

The idea: "Reuters", "РИА Новости" and 路透社 stand in credits in some shape or other; one
table (``data/agencies.json``) folds each to a key.  Short names are words of other languages
(*apa*, *tt*, *time*), so case matters, but for the few that are written in small letters too.

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

__all__ = ["agency_key", "find_name", "is_outlet_like", "known_key", "name_before", "name_table"]

_TOKEN = regex.compile(r"[\p{L}\p{M}\p{N}][\p{L}\p{M}\p{N}.&'+/\u200c-]*")
_CAPITAL = regex.compile(r"[\p{Lu}\p{Lt}\p{N}]")
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}]")
# The last label in one case: "police.He" is a full stop without a space.
_DOMAIN = regex.compile(r"[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*\.(?:\p{Ll}{2,6}|\p{Lu}{2,6})")
_QUOTES: Final = frozenset("\"'《》「」『』")
_MOST_WORDS: Final = 5
_LONGEST_NAME: Final = 40
_LONGEST_UNSPACED: Final = 14


@dataclass(frozen=True, slots=True)
class _Names:
    exact: Mapping[str, str]
    folded: Mapping[str, str]
    domains: Mapping[str, str]
    unspaced: Mapping[str, str]
    outlet_words: frozenset[str]
    glue: frozenset[str]
    byline_glue: frozenset[str]
    not_places: frozenset[str]


@cache
def name_table() -> _Names:
    """Return the table of names, read once."""
    file = resources.files("dedup.text") / "data" / "agencies.json"
    data = json.loads(file.read_text(encoding="utf-8"))
    exact: dict[str, str] = {}
    folded: dict[str, str] = {}
    domains: dict[str, str] = {}
    for row in data["names"]:
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
        outlet_words=frozenset(data["outlet_words"]),
        glue=frozenset(data["glue"]),
        byline_glue=frozenset(data["byline_glue"]),
        not_places=frozenset(data["not_places"]),
    )


def known_key(name: str) -> str | None:
    """Return the key of a name in the table, or None.

    Examples
    --------
    >>> known_key("Associated Press"), known_key("REUTERS"), known_key("apa")
    ('ap', 'reuters', None)
    """
    names = name_table()
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
    return any(word in name_table().outlet_words for word in name.casefold().split())


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
    while text[place : place + 1] in _QUOTES and place < len(text):
        place += 1
    if _UNSPACED.match(text, place):
        return _unspaced_name(text, place)
    ends: list[int] = []
    at = place
    while len(ends) < _MOST_WORDS and at < min(len(text), place + _LONGEST_NAME):
        token = _TOKEN.match(text, at)
        if token is None:
            break
        ends.append(_trim(text, token.start(), token.end()))
        if at == place and _begins_no_name(text[place : ends[0]]):
            return None  # "told police": most of what is asked about
        whole = ends[-1] == token.end() or token.group().endswith("'s")  # "People's Daily"
        if not whole or text[token.end() : token.end() + 1] != " ":
            break
        at = token.end() + 1
    for end in reversed(ends):
        if known_key(text[place:end]):
            return text[place:end], end
    run = _capitals(text, place, ends)
    if run and (not strict or is_outlet_like(text[place:run])):
        return text[place:run], run
    return None


def _begins_no_name(word: str) -> bool:
    """Tell whether neither a name of the table nor one written like an outlet's begins so."""
    return (
        _CAPITAL.match(word) is None and "." not in word and word.casefold() not in _first_words()
    )


@cache
def _first_words() -> frozenset[str]:
    names = name_table()
    first = (name.split()[0] for name in (*names.exact, *names.folded, "the"))
    return frozenset(word[: _trim(word, 0, len(word))].casefold() for word in first)


def name_before(text: str, place: int, *, strict: bool = True) -> tuple[str, int] | None:
    """Read the name of an outlet that ends at a place of the text; see :func:`find_name`.

    >>> name_before("Financial Times adalah yang pertama", 15)
    ('Financial Times', 0)
    """
    while place and text[place - 1] in _QUOTES:
        place -= 1
    tokens = _tokens_before(text, place)
    for token in tokens:
        name = text[token.start() : place].strip(" ,'\"")
        if known_key(name):
            return name, token.start()
    for token in tokens:
        name = text[token.start() : place].strip(" ,'\"")
        words = name.split(" ")
        capital = all(_CAPITAL.match(word) or word in name_table().glue for word in words)
        if capital and words[0] not in name_table().glue and (not strict or is_outlet_like(name)):
            return name, token.start()
    for length in range(min(_LONGEST_UNSPACED, place), 1, -1):
        name = text[place - length : place]
        if name in name_table().unspaced:
            return name, place - length
    return None


def _tokens_before(text: str, place: int) -> list[regex.Match[str]]:
    """Return the last words before a place that stand one space apart, none cut in half."""
    begin = max(0, place - 60)
    found: list[regex.Match[str]] = []
    for token in _TOKEN.finditer(text, begin, place):
        if token.start() == begin > 0:
            continue
        apart = found and text[found[-1].end() : token.start()] != " "
        if found and (apart or found[-1].group().endswith(".")):
            found.clear()
        found.append(token)
    return found[-_MOST_WORDS:]


def _unspaced_name(text: str, place: int) -> tuple[str, int] | None:
    for length in range(_LONGEST_UNSPACED, 1, -1):
        name = text[place : place + length]
        if len(name) == length and name in name_table().unspaced:
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
            if text.startswith("'s", end):
                break
        elif word.casefold() not in name_table().glue or not last:
            break
        start = end + 1
    return last
