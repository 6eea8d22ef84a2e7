"""Datelines: the place and the agency before the first word of a report.

The idea: "LONDON (Reuters) - ", "Bisnis.com, JAKARTA – " or 新华社北京10月5日电 say where a report
comes from; two copies differ there and nowhere else.

Laws
----
* A dateline is a prefix: what is returned is the prefix's meaning and the rest of the paragraph.
* What is cut consists of places, dates, agencies and their punctuation only; a report that begins
  with an ordinary clause before a dash is left alone.
* The rest begins like a sentence, not with a small letter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import regex

from dedup.text.agencies import agency_key, known_key, name_table

__all__ = ["Dateline", "split_dateline"]

_LONGEST: Final = 110  # characters before the dash
_HEADLINE: Final = 60
_MOST_PLACE_WORDS: Final = 5  # three where no agency stands beside it

_LISTED = regex.compile(r"[/,;]|\s[-–&]\s")
_DASH = regex.compile(
    r"\s[-–]\s|(?<=[^\d\s])[-–]\s|\s?–\s?(?=\p{Lu})|\s?[-–]{1,2}(?=[\"'(])|\)\s?[-–.:=]{1,3}\s?|\)\s(?=\p{Lu})"
)
_SLASHED = regex.compile(
    r"(?P<place>[^/]{2,60}?)[.,]?\s/\s?(?P<agency>[^/]{2,30}?)\s?/\s?(?:[-–.]\s?)?"
)
_HAN = regex.compile(
    r"[（(【［\[]?(?P<agency>新华社|新華社|中新社|中新网|中新網|中央社|人民网|人民網|央视网|法新社|路透社|美联社|共同社)"
    r"(?:记者[^\d]{0,10})?(?P<place>[\p{Han}·]{0,10}?)(?:\d{1,4}年)?(?:\d{1,2}月)?(?:\d{1,2}日)?(?:综合)?(?:电|電|讯|訊)"
    r"(?:\s?[（(][^（()）]{2,20}[)）])?[】）)\]］]?[\s:：]*"
)
_KANA = regex.compile(
    r"[【（(](?:(?P<place>[^【】（）()=＝]{1,12}?)[=＝\s]?)?(?P<agency>共同通信|共同|時事通信|時事|ロイター|AFP(?:[=＝]時事)?|AP)"
    r"(?:[=＝][^】）)]{1,10})?[】）)]\s?"
    r"(?=[\p{Han}\p{Hiragana}\p{Katakana}\p{N}「『])"
)
_HANGUL = regex.compile(
    r"[\[(](?P<place>[^=\[\]()]{1,20})=(?P<agency>[^\[\]()]{2,12})[\])]\s?(?:[\p{Hangul}·\s]{2,20}\s?기자\s?=?\s?)?"
)
_TRAILING_AGENCY = regex.compile(r"(?P<place>.*?)[,.]?\s?[(\[](?P<agency>[^()\[\]]{2,40})[)\]]$")
_BEFORE_STOP = regex.compile(r"(?P<agency>[^.]{2,25})\.\s(?=\S)")
_DAY_WORD = regex.compile(r"\p{N}{1,4}\.?(?:st|nd|rd|th)?|\p{L}{2,12}\.?")
_WORD = regex.compile(r"[\p{L}\p{M}][\p{L}\p{M}.'’-]*")
_DOMAIN = regex.compile(r"[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*\.(?:\p{Ll}{2,6}|\p{Lu}{2,6})")
_BEGINNING = regex.compile(r"[\p{Lu}\p{Lt}\p{Lo}\p{N}\"'(\[$€£<]")
_REGION = regex.compile(
    r"(?:[A-Z][a-z]{1,6}\.(?:\s?[A-Z][a-z]{1,5}\.)?|[A-Z]\.\s?[A-Z]\.(?:[A-Z]\.)?|[A-Z]{2})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dateline:
    """Where a report comes from.

    Parameters
    ----------
    place : str
        As written, without the date; empty if only an agency is named.
    agency : str
        As written; empty if only a place is named.
    """

    place: str = ""
    agency: str = ""

    def __post_init__(self) -> None:
        if not self.place and not self.agency:
            raise ValueError("a dateline names a place, an agency or both")


def split_dateline(paragraph: str) -> tuple[Dateline | None, str]:
    """Split a paragraph into its dateline and the rest.

    Parameters
    ----------
    paragraph : str
        The first paragraph of a report, normalised.

    Returns
    -------
    tuple[Dateline or None, str]
        The dateline, if there is one, and the paragraph without it.

    Notes
    -----
    Reads some hundred characters, however long the paragraph is.

    Examples
    --------
    >>> split_dateline("LONDON (Reuters) - Oil rose.")
    (Dateline(place='LONDON', agency='Reuters'), 'Oil rose.')
    >>> split_dateline("Prices - as ever - rose.")
    (None, 'Prices - as ever - rose.')
    """
    head = paragraph[: _LONGEST + 60]
    for pattern in (_HAN, _KANA, _HANGUL):
        match = pattern.match(head)
        if match is not None:
            place, agency = match.group("place") or "", match.group("agency")
            return _built(place.strip("、,· "), agency), paragraph[match.end() :]
    match = _SLASHED.match(head)
    if (
        match is not None
        and known_key(match.group("agency"))
        and match.group("place")[:1].isalpha()
    ):
        place = _place(match.group("place").split(","), certain=True)
        if place is not None:
            return _built(place, match.group("agency")), paragraph[match.end() :]
    for dash in _DASH.finditer(head, 0, _LONGEST):
        # A closing bracket belongs to what stands before the dash.
        end = dash.start() + (1 if dash.group().startswith(")") else 0)
        if not _BEGINNING.match(paragraph, dash.end()):
            continue
        found = _read(head[:end].strip(" .,:"), spaced=dash.group() != ") ")
        if found is None:
            continue
        rest = paragraph[dash.end() :]
        if not found.agency:
            if rest[:_HEADLINE].isupper():
                return None, paragraph  # a headline in capitals, broken by a dash
            agency = _BEFORE_STOP.match(rest)
            if agency is not None and known_key(agency.group("agency")):
                return _built(found.place, agency.group("agency")), rest[agency.end() :]
        return found, rest
    return None, paragraph


def _built(place: str, agency: str) -> Dateline | None:
    return Dateline(place=place, agency=agency) if place or agency else None


def _read(left: str, *, spaced: bool) -> Dateline | None:
    """Read what stands before the dash, or return None if it is no dateline."""
    match = _TRAILING_AGENCY.fullmatch(left)
    if match is not None:
        agency = _agency(match.group("agency"), short=spaced)
        before = match.group("place").strip(" ,.")
        if not agency:
            return None
        if not before:
            return Dateline(agency=agency) if spaced or known_key(agency) else None
        if known_key(before):  # (outlet, in brackets a place) or twice an agency
            return Dateline(agency=before)
        place = _place(before.split(","), certain=bool(known_key(agency)) and spaced)
        return None if place is None else Dateline(place=place, agency=agency)
    if not spaced or "(" in left:
        return None
    parts = [part.strip() for part in left.split(",") if part.strip()]
    outlets = [part for part in parts if known_key(part) or _DOMAIN.fullmatch(part)]
    others = [part for part in parts if part not in outlets]
    if len(outlets) > 2 or not parts:
        return None
    if not others:
        return Dateline(agency=outlets[0]) if outlets else None
    place = _place(others, certain=bool(outlets))
    if place is None:
        return None
    return Dateline(place=place, agency=outlets[0] if outlets else "")


def _agency(text: str, *, short: bool) -> str:
    """Return the agency of a bracket: the first known of several, or one name in capitals."""
    for part in _LISTED.split(text):
        if known_key(part.strip()):
            return str(part.strip())
    words = text.split()
    capital = all(word[:1].isupper() for word in words) or bool(_DOMAIN.fullmatch(text))
    named = short and 0 < len(words) <= 3 and capital and bool(agency_key(text))
    return text if named else ""


def _place(parts: list[str], *, certain: bool) -> str | None:
    """Return the place among the parts of a dateline, or None if there is something else.

    Without an agency beside it a place must stand in capitals.
    """
    places: list[str] = []
    for number, part in enumerate(parts):
        part = part.strip()
        words = part.split()
        if any(mark.isdigit() for mark in part):
            named = any(len(word) > 2 and not word[0].isdigit() for word in words)
            if len(words) > 4 or not named or not all(map(_DAY_WORD.fullmatch, words)):
                return None
            continue
        if not words or len(words) > (_MOST_PLACE_WORDS if certain else 3) or len(part) > 40:
            return None
        if not all(_WORD.fullmatch(word) or word in {"/", "&"} for word in words):
            return None
        if number and _REGION.fullmatch(part):
            pass
        elif part.isupper() or _caseless(part):
            named = (
                len(part) > 2 and not _caseless(part) and not name_table().not_places & set(words)
            )
            if not certain and not named:
                return None
        elif not (certain or number) or not words[0][:1].isupper() or not _title_case(words):
            return None
        places.append(part)
    if not places:
        return "" if certain else None
    return ", ".join(places) if certain or parts[0].strip().isupper() else None


def _caseless(part: str) -> bool:
    return part.upper() == part.lower()


def _title_case(words: list[str]) -> bool:
    return sum(not word[:1].isupper() for word in words) <= len(words) // 2
