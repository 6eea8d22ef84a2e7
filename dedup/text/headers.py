"""Wire headers in titles, and notices that a story was withdrawn.

The idea: an agency writes into the headline what a version is: "UPDATE 2-", "CORRECTED:", "KILL-".
The header is no part of the headline, yet it says which of two versions counts.

Laws
----
* Before a dash a header stands in capitals or close to the next word ("Factbox-"); before a colon
  and in brackets the words of the table count in any case.  So "Kill Bill returns" has no header.
* The weightiest kind wins where headers are stacked ("CORRECTED-UPDATE 1-"); the number is kept.
* A notice of withdrawal speaks of this story.  Troops, papers in journals and bills are withdrawn
  too; sentences about them are no notices.

The words stand in ``data/credits.json``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

import regex

__all__ = ["KINDS", "WireHeader", "credit_data", "is_withdrawn", "split_header"]

KINDS: Final = (
    *("kill", "corrected", "refile", "update", "wrapup", "advisory", "brief", "repeat"),
    *("exclusive", "breaking", "analysis", "explainer", "opinion", "feature", "live"),
)
"""Kinds of headers, the weightiest first."""

# A dash without spaces joins these to another word: "LIVE-IN", "FEATURE-LENGTH".
_SPACED: Final = frozenset({"live", "breaking", "feature", "opinion"})
_MOST_STACKED: Final = 4
_NOTICE_LONGEST: Final = 500
_NOTICE_EDGE: Final = 3
_BEGINNING: Final = 5
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]")
_STEM_WITHIN: Final = 120  # a notice comes to the point


@dataclass(frozen=True, slots=True, kw_only=True)
class WireHeader:
    """What a title says about the version.

    Parameters
    ----------
    kind : str
        One of :data:`KINDS`.
    number : int
        Number of the version, 0 if none is written.
    """

    kind: str
    number: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {self.kind!r}")
        if self.number < 0:
            raise ValueError(f"number must not be negative, got {self.number}")


@cache
def credit_data() -> Mapping[str, Any]:
    """Return the table of headers, notices and credits."""
    file = resources.files("dedup.text") / "data" / "credits.json"
    data: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return data


@cache
def _kinds() -> tuple[Mapping[str, str], frozenset[str]]:
    """Return word to kind, all folded, and the words that count in capitals only."""
    kinds: dict[str, str] = {}
    capitals: set[str] = set()
    for kind in KINDS:
        entry = credit_data()["headers"][kind]
        for word in (*entry["any_case"], *entry["capitals"]):
            kinds.setdefault(word.casefold(), kind)
        capitals |= {word.casefold() for word in entry["capitals"]}
        capitals -= {word.casefold() for word in entry["any_case"]}
    return kinds, frozenset(capitals)


@cache
def _header_pattern() -> regex.Pattern[str]:
    words = "|".join(map(regex.escape, sorted(_kinds()[0], key=lambda word: (-len(word), word))))
    header = rf"(?P<word>{words})\s?(?P<number>\d{{1,2}})?"
    return regex.compile(
        rf"(?:{header}(?P<mark>\s?[-–](?!\d)\s?|\s?[:：]\s?|\s\|\s)(?=\S)"
        rf"|[\[(【]{header}[\])】]\s?[:–-]?\s?(?=\S))",
        regex.IGNORECASE,
    )


@cache
def _trailing_pattern() -> regex.Pattern[str]:
    words = "|".join(map(regex.escape, sorted(_kinds()[0], key=lambda word: (-len(word), word))))
    return regex.compile(
        rf"(?<=\S)\s?[\[(](?P<word>{words})\s?(?P<number>\d{{1,2}})?[\])]$", regex.IGNORECASE
    )


def split_header(title: str) -> tuple[WireHeader | None, str]:
    """Split a title into its wire header and the headline.

    Parameters
    ----------
    title : str
        A normalised title.

    Returns
    -------
    tuple[WireHeader or None, str]
        The header, and what is left; a title that is nothing but a header is left whole.

    Examples
    --------
    >>> split_header("UPDATE 2-Liege airport reopens")
    (WireHeader(kind='update', number=2), 'Liege airport reopens')
    >>> split_header("Kill Bill returns to cinemas")
    (None, 'Kill Bill returns to cinemas')
    """
    found: list[tuple[str, int]] = []
    rest = title
    for _ in range(_MOST_STACKED):
        match = _header_pattern().match(rest)
        if match is None or not _counts(match):
            break
        found.append(_read(match))
        rest = rest[match.end() :]
    match = _trailing_pattern().search(rest) if rest.endswith((")", "]")) else None
    if match is not None and _counts(match):
        found.append(_read(match))
        rest = rest[: match.start()].rstrip()
    if not found or not rest:
        return None, title
    kind = min((kind for kind, _ in found), key=KINDS.index)
    return WireHeader(kind=kind, number=max(number for _, number in found)), rest


def _read(match: regex.Match[str]) -> tuple[str, int]:
    return _kinds()[0][match.group("word").casefold()], int(match.group("number") or 0)


def _counts(match: regex.Match[str]) -> bool:
    word = match.group("word")
    mark = match.groupdict().get("mark")
    if mark in {"-", "–"} and _kinds()[0][word.casefold()] in _SPACED:
        return False
    # Scripts without case are in capitals and in small letters at once.
    capitals = word.upper() == word
    if capitals:
        return True
    if word.casefold() in _kinds()[1]:
        return False
    if mark is None or ":" in mark or "：" in mark or "|" in mark:
        return True
    return bool(match.group("number")) or (mark in {"-", "–"} and word[:1].isupper())


@cache
def _stems() -> tuple[Mapping[str, tuple[str, ...]], tuple[str, ...]]:
    """Return what stands in every notice, by the beginning of a word; and in unspaced scripts."""
    stems: list[str] = credit_data()["withdrawn_stems"]
    unspaced = tuple(stem for stem in stems if _UNSPACED.match(stem))
    found: dict[str, tuple[str, ...]] = {}
    for stem in stems:
        if stem not in unspaced:
            beginning = max(stem.split(), key=len)[:_BEGINNING]
            found[beginning] = (*found.get(beginning, ()), stem)
    return MappingProxyType(found), unspaced


@cache
def _notices() -> regex.Pattern[str]:
    return regex.compile("|".join(credit_data()["withdrawn"]), regex.IGNORECASE)


def is_withdrawn(header: WireHeader | None, lines: Sequence[str]) -> bool:
    """Tell whether a header or a notice says that this story was withdrawn.

    Parameters
    ----------
    header : WireHeader or None
        The title's header.
    lines : Sequence[str]
        Non-empty normalised lines of the text; a notice stands among the first or the last three.

    Examples
    --------
    >>> is_withdrawn(None, ["This story has been withdrawn.", "It named the wrong man."])
    True
    >>> is_withdrawn(None, ["The troops have been withdrawn from the town."])
    False
    """
    if header is not None and header.kind == "kill":
        return True
    edges = (
        lines if len(lines) <= 2 * _NOTICE_EDGE else (*lines[:_NOTICE_EDGE], *lines[-_NOTICE_EDGE:])
    )
    text = "\n".join(line for line in edges if len(line) <= _NOTICE_LONGEST)
    folded = "\n".join(line[:_STEM_WITHIN] for line in edges).casefold()
    # Stems first: the expressions are slow, and notices are rare.
    by_beginning, unspaced = _stems()
    told = by_beginning.keys() & {word[:_BEGINNING] for word in folded.split()}
    possible = [stem for beginning in told for stem in by_beginning[beginning]]
    if not folded.isascii():
        possible += unspaced
    if not any(stem in folded for stem in possible):
        return False
    return any(_notices().search(line) for line in text.split("\n"))
