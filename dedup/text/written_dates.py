"""Dates written in an article: time stamps under the headline, and dates in parentheses.

The idea: a page says when it was published in words, "Kamis, 5 Oktober 2023 | 18:20 WIB", which a
crawler's own date often contradicts.  Such a line is read into an interval of UTC, as wide as what
it leaves open.

Laws
----
* A date without a zone is an interval that holds every zone; without a time, the whole day so.
* ``05/10/2023`` is read only when something tells the order of day and month: a number over 12,
  full stops between the numbers, a weekday that fits one reading, or a language other than
  English; otherwise it is passed over.
* A line is a time stamp only if nothing is left when date, time, zone and the few words of
  ``data/dates.json`` are taken away.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib import resources
from typing import Final

import regex

from dedup.dates import Interval

__all__ = ["bracketed_dates", "is_timestamp", "line_dates"]

_LONGEST: Final = 140  # characters of the longest line that can be a time stamp
_AHEAD: Final = timedelta(hours=14)
_BEHIND: Final = timedelta(hours=12)
_WEEKDAY_BEFORE: Final = 14
_YEARS: Final = range(1900, 2101)
_MOST_WORDS: Final = 20
_BUDDHIST: Final = 543

_WORD = r"[\p{L}\p{M}][\p{L}\p{M}.'’-]*"
_DATE = regex.compile(
    r"(?<!\d)(?:"
    r"(?P<year>\d{4})\s?[-/.年년]\s?(?P<month>\d{1,2})\s?[-/.月월]\s?(?P<day>\d{1,2})(?!\d)\s?[日일]?"
    r"|(?P<day>\d{1,2})\s?tháng\s(?P<month>\d{1,2})(?:,|\snăm|\s-)*\s(?P<year>\d{4})"
    r"|(?P<first>\d{1,2})(?P<mark>[-/.])\s?(?P<second>\d{1,2})(?P=mark)\s?(?P<year>\d{4})"
    rf"|(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|º|ª|\.|-)?\s?(?:de\s|of\s|d')?(?P<name>{_WORD})"
    r"(?:,|-|\sde|\sdel|\sพ\.ศ\.)*\s?(?P<year>\d{4})"
    rf"|(?P<name>{_WORD})\s(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s(?P<year>\d{{4}})"
    r")(?!\d)"
)
_TIME = regex.compile(
    r"(?<![\d.:/+-])T?(?:(?P<noon>오전|오후)\s)?(?P<hour>\d{1,2})"
    r"(?:(?:[:.hH時时点시]\s?|\sh\s)(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?(?!\d|[./]\d)[分분]?"
    r"(?:\s?(?P<half>[AaPp])\.?[Mm]\b\.?)?|\s?(?P<half>[AaPp])\.?[Mm]\b\.?)"
)
_ZONE = regex.compile(
    r"\s?\(?(?:(?:GMT|UTC)?\s?(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?(?!\d)"
    r"|(?P<name>\p{L}{1,5})(?!\p{L}))"
)
_OFFSET = regex.compile(r"(?:GMT|UTC)?\s?[+-]\d{1,2}(?::?\d{2})?(?!\d)")
_OPENED = re.compile(r"\(\d{1,4}[-/.]")
_DIGIT = re.compile(r"\d")
_FIRST = re.compile(r"[^\W\d][^\W\d.'-]*(?:\.[^\W\d.]+)*(?=[\s:,.@|]|$)")
_REST = regex.compile(r"[\p{L}\p{M}\p{N}][\p{L}\p{M}\p{N}.'’-]*")


@dataclass(frozen=True, slots=True)
class _Words:
    months: Mapping[str, int]
    weekdays: Mapping[str, int]
    zones: Mapping[str, tuple[float, ...]]
    allowed: frozenset[str]


@cache
def _words() -> _Words:
    file = resources.files("dedup.text") / "data" / "dates.json"
    data = json.loads(file.read_text(encoding="utf-8"))
    months = {word: int(number) for number, words in data["months"].items() for word in words}
    weekdays = {word: int(number) for number, words in data["weekdays"].items() for word in words}
    zones = {name: tuple(map(float, hours)) for name, hours in data["zones"].items()}
    allowed = frozenset([*data["words"], *weekdays, *zones, *months])
    return _Words(months=months, weekdays=weekdays, zones=zones, allowed=allowed)


def is_timestamp(line: str) -> bool:
    """Tell whether a line holds a date or a time of publication and nothing else.

    Examples
    --------
    >>> is_timestamp("Kamis, 5 Oktober 2023 | 18:20 WIB"), is_timestamp("On 5 October 2023 he left")
    (True, False)
    """
    if len(line) > _LONGEST or not _DIGIT.search(line):
        return False
    # The number of words or the first of them tells most sentences apart at once.
    if line.count(" ") > _MOST_WORDS:
        return False
    first = _FIRST.match(line)
    if first is not None and first.group().casefold().rstrip(".") not in _words().allowed:
        return False
    dates = _DATE.search(line)
    rest = _DATE.sub(" ", line) if dates is not None else line
    times = _TIME.search(rest)
    if dates is None and (times is None or ":" not in times.group()):
        return False
    if dates is not None and not _readable(dates):
        return False
    rest = _OFFSET.sub(" ", _TIME.sub(" ", rest))
    known = _words().allowed
    words = _REST.findall(rest)
    if dates is None and not words:
        return False  # an hour alone heads an entry of a chronicle
    return len(words) <= 12 and all(
        word.casefold().rstrip(".") in known or _is_offset(word) for word in words
    )


def _is_offset(word: str) -> bool:
    return (word.isdigit() and len(word) <= 4) or word.upper() in {"GMT", "UTC"}


def _readable(match: regex.Match[str]) -> bool:
    name = match.group("name")
    return name is None or _month(name) is not None


def _month(name: str) -> int | None:
    return _words().months.get(name.casefold().rstrip("."))


def line_dates(line: str, language: str | None = None) -> tuple[Interval, ...]:
    """Read every date of a line, with the time and the zone beside it.

    Parameters
    ----------
    line : str
        A normalised line, such as a time stamp.
    language : str or None
        Language code of the article; other than English, it puts the day before the month.

    Returns
    -------
    tuple[Interval, ...]
        In the order of the line; dates that cannot be read surely are left out.

    Examples
    --------
    >>> line_dates("Kamis, 5 Oktober 2023 | 18:20 WIB")[0].start.isoformat()
    '2023-10-05T11:20:00+00:00'
    >>> line_dates("Published: 05/10/2023")
    ()
    """
    if len(line) > 2 * _LONGEST:
        return ()
    found: list[Interval] = []
    matches = list(_DATE.finditer(line))
    weekday = _weekday(line)
    for place, match in enumerate(matches):
        day = _day(match, language, weekday)
        if day is None:
            continue
        end = matches[place + 1].start() if place + 1 < len(matches) else len(line)
        clock = _TIME.search(line, match.end(), end) or (
            _TIME.search(line, 0, match.start()) if place == 0 else None
        )
        interval = _interval(line, day, clock)
        if interval is not None and interval not in found:
            found.append(interval)
    return tuple(found)


def bracketed_dates(paragraph: str, language: str | None = None) -> tuple[Interval, ...]:
    """Read dates in parentheses, as Indonesian reports write the day: ``Kamis (5/10/2023)``.

    Examples
    --------
    >>> [str(found.start.date()) for found in bracketed_dates("kata dia, Kamis (5/10/2023).")]
    ['2023-10-04']
    """
    if not _OPENED.search(paragraph):
        return ()
    found: list[Interval] = []
    for opened in _OPENED.finditer(paragraph):
        match = _DATE.match(paragraph, opened.start() + 1)
        if match is None or paragraph[match.end() : match.end() + 1] != ")":
            continue
        day = _day(match, language, _weekday(paragraph[: opened.start()][-_WEEKDAY_BEFORE:]))
        interval = _interval("", day, None) if day else None
        if interval is not None and interval not in found:
            found.append(interval)
    return tuple(found)


def _weekday(line: str) -> int | None:
    for word in _REST.findall(line):
        # Two-letter forms are words of other languages as often as days.
        number = _words().weekdays.get(word.casefold().rstrip(".")) if len(word) > 2 else None
        if number is not None:
            return number
    return None


def _day(match: regex.Match[str], language: str | None, weekday: int | None) -> date | None:
    year = int(match.group("year"))
    if match.group("name"):
        month = _month(match.group("name"))
        if year not in _YEARS and year - _BUDDHIST in _YEARS:
            year -= _BUDDHIST
        return None if month is None else _valid(year, month, int(match.group("day")))
    if match.group("first") is None:
        return _valid(year, int(match.group("month")), int(match.group("day")))
    first, second = int(match.group("first")), int(match.group("second"))
    day_first, month_first = _valid(year, second, first), _valid(year, first, second)
    if day_first is None or month_first is None or day_first == month_first:
        return day_first or month_first
    if weekday is not None and (day_first.weekday() == weekday) != (
        month_first.weekday() == weekday
    ):
        return day_first if day_first.weekday() == weekday else month_first
    known = language is not None and language.split("-")[0].casefold() not in {"", "en", "und"}
    return day_first if known or match.group("mark") == "." else None


def _valid(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if year in _YEARS else None
    except ValueError:
        return None


def _interval(line: str, day: date, clock: regex.Match[str] | None) -> Interval | None:
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    moment = None if clock is None else _moment(midnight, clock)
    if moment is None or clock is None:
        return Interval(
            start=midnight - _AHEAD,
            end=midnight + timedelta(days=1) - timedelta(microseconds=1) + _BEHIND,
        )
    offsets = _offsets(line, clock.end())
    if offsets is None:
        return Interval(start=moment - _AHEAD, end=moment + _BEHIND)
    return Interval(
        start=moment - timedelta(hours=max(offsets)), end=moment - timedelta(hours=min(offsets))
    )


def _moment(midnight: datetime, clock: regex.Match[str]) -> datetime | None:
    hour, minute = int(clock.group("hour")), int(clock.group("minute") or 0)
    second = int(clock.group("second") or 0)
    half = (clock.group("half") or "").casefold()
    afternoon = half == "p" or clock.group("noon") == "오후"
    if half or clock.group("noon"):
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if afternoon else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    return midnight + timedelta(hours=hour, minutes=minute, seconds=second)


def _offsets(line: str, place: int) -> tuple[float, ...] | None:
    match = _ZONE.match(line, place)
    if match is None:
        return None
    if match.group("sign"):
        hours = int(match.group("hours")) + int(match.group("minutes") or 0) / 60
        return (hours if match.group("sign") == "+" else -hours,) if hours <= 14 else None
    name = match.group("name").casefold()
    after = _ZONE.match(line, match.end()) if name in {"gmt", "utc"} else None
    if after is not None and after.group("sign"):
        return _offsets(line, match.end())
    return _words().zones.get(name)
