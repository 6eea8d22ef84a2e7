"""Dates as what is known about them: an interval in UTC, never a guess.

A news date is seldom a moment.  "2023-10-05" is a day somewhere on earth, "2023-10-05 18:20" is a
time on an unknown clock.  Reading either as a moment in UTC invents up to 26 hours, enough to call
the copy older than the original.  So every date becomes an :class:`Interval` that is certain to
hold the true moment, and questions about order and distance are asked of intervals.

Laws
----
* The interval holds every moment that the written date can mean, to the microsecond.
* A stated zone gives a moment; without one the clock may stand anywhere from UTC-12 to UTC+14,
  which widens the interval by 14 hours to the past and 12 to the future.
* Reading never depends on the machine: not on its clock, its zone or its locale.
* What is ambiguous (``05/10/2023``) is refused with a remedy, not guessed.

Theory of operation
-------------------
:func:`parse_date` sorts by type: numbers are epochs, dates and datetimes are taken as they are,
and strings are matched against a few shapes (ISO 8601, English month names as in RFC 2822 and in
bylines, C's ``asctime``) whose named parts share one assembly step.
"""

from __future__ import annotations

import math
import re
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from numbers import Real
from typing import Any, Final

__all__ = ["Interval", "gap_days", "parse_date"]

_FIRST_YEAR: Final = 1600  # The oldest printed newspaper is of 1605.
_LAST_YEAR: Final = 2200

# The zone that is furthest ahead reaches a written time first, so it marks the earliest moment
# that the time can mean.
_FURTHEST_AHEAD: Final = timedelta(hours=14)
_FURTHEST_BEHIND: Final = timedelta(hours=12)

_DAY: Final = timedelta(days=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST: Final = 100  # characters; no shape below is longer, and a whole article is no date

_REMEDY: Final = "use ISO 8601, such as '2023-10-05T18:20:00+07:00' or '2023-10-05'"

# Hours east of Greenwich: the zones that RFC 2822 defines, and abbreviations of newsrooms that mean
# one offset only.  IST, BST and their like mean several, so they count as unknown.
_ZONES: Final = {
    **{"Z": 0, "UT": 0, "UTC": 0, "GMT": 0},
    **{"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7},
    **{"CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "MSK": 3},
    **{"WIB": 7, "WITA": 8, "WIT": 9, "HKT": 8, "SGT": 8, "JST": 9, "KST": 9},
    **{"AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13},
}

_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)

_WEEKDAY: Final = r"(?:[A-Za-z]{3,9}\.?,?\s+)?"
_ZONE: Final = r"(?P<zone>(?:GMT|UTC?)?[+-]\d\d(?::?\d\d)?|[A-Za-z]{1,5})"
_CLOCK: Final = (
    r"(?P<hour>\d\d?):?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?)?"
    r"(?:\s*(?P<half>[AaPp])\.?[Mm]\.?(?![A-Za-z]))?"
)
_TAIL: Final = rf"(?:{_CLOCK}(?:\s*{_ZONE})?)?(?:\s*\([^()]*\)|\[[^\[\]]*\])?"

_SHAPES: Final = tuple(
    re.compile(shape, re.ASCII)
    for shape in (
        # ISO 8601, extended or basic, and its usual relaxations: a space for the T, 2023/10/05.
        r"(?P<year>\d{4})(?:(?P<mark>[-/.])(?P<month>\d\d?)(?:(?P=mark)(?P<day>\d\d?)"
        rf"(?:[Tt]|\s+|$){_TAIL})?)?",
        rf"(?P<year>\d{{4}})(?P<month>\d\d)(?P<day>\d\d)(?:[Tt]?(?=\d\d)|\s+|$){_TAIL}",
        # A date with a zone, as XML Schema writes it.
        rf"(?P<year>\d{{4}})-(?P<month>\d\d)-(?P<day>\d\d){_ZONE}",
        # RFC 2822, RFC 850 and bylines: "Thu, 05 Oct 2023 18:20:00 +0700", "5 October 2023".
        rf"{_WEEKDAY}(?P<day>\d\d?)[\s-]+(?P<month>[A-Za-z]{{3,9}})\.?,?[\s-]+"
        rf"(?P<year>\d{{4}}|\d\d)(?:,?\s+(?:at\s+)?|$){_TAIL}",
        # "October 5, 2023, 6:20 pm".
        rf"{_WEEKDAY}(?P<month>[A-Za-z]{{3,9}})\.?\s+(?P<day>\d\d?),?\s+(?P<year>\d{{4}})"
        rf"(?:,?\s+(?:at\s+)?|$){_TAIL}",
        # C's asctime, with or without the zone that social networks put into it.
        rf"{_WEEKDAY}(?P<month>[A-Za-z]{{3}})\s+(?P<day>\d\d?)\s+{_CLOCK}(?:\s+{_ZONE})?"
        r"\s+(?P<year>\d{4})",
    )
)


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """The span of time that is certain to hold a moment.

    Parameters
    ----------
    start, end : datetime
        First and last possible moment; aware (stored in UTC), ``start <= end``.

    Raises
    ------
    ValueError
        If a bound has no zone, or the end lies before the start.

    Examples
    --------
    >>> day = parse_date("2023-10-05")
    >>> day.start.isoformat(), day.end.isoformat()
    ('2023-10-04T10:00:00+00:00', '2023-10-06T12:00:00+00:00')
    >>> print(day)
    2023-10-05
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        for name in ("start", "end"):
            bound = getattr(self, name)
            if not isinstance(bound, datetime) or bound.utcoffset() is None:
                raise ValueError(f"{name} must be a datetime with a zone, got {bound!r}")
            object.__setattr__(self, name, bound.astimezone(UTC))
        if self.end < self.start:
            raise ValueError(f"the end, {self.end}, lies before the start, {self.start}")

    @classmethod
    def exact(cls, moment: datetime) -> Interval:
        """Return the interval that holds one aware moment only."""
        return cls(moment, moment)

    @property
    def precision(self) -> timedelta:
        """How much is left open: zero for a moment."""
        return self.end - self.start

    def __str__(self) -> str:
        if self.start == self.end:
            return f"{self.start:%Y-%m-%d %H:%M} UTC"
        written = self.start + _FURTHEST_AHEAD
        if self.precision == _FURTHEST_AHEAD + _FURTHEST_BEHIND:
            return f"{written:%Y-%m-%d %H:%M}, zone unknown"
        if self.precision == _DAY + _FURTHEST_AHEAD + _FURTHEST_BEHIND:
            return f"{written:%Y-%m-%d}"
        return f"{self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M} UTC"


def gap_days(a: Interval, b: Interval) -> float:
    """Return the days between two intervals, the least that can lie between the true moments.

    Returns
    -------
    float
        0.0 if they overlap or touch, else the days between their nearest ends.

    Examples
    --------
    >>> gap_days(parse_date("2023-10-05T00:00Z"), parse_date("2023-10-06T12:00Z"))
    1.5
    >>> gap_days(parse_date("2023-10-05"), parse_date("2023-10-06"))
    0.0
    """
    return max(a.start - b.end, b.start - a.end, timedelta(0)) / _DAY


def parse_date(value: object) -> Interval:
    """Read a date in any of the forms that pipelines carry.

    Parameters
    ----------
    value : Interval, datetime, date, time.struct_time, numpy.datetime64, int, float or str
        Strings: ISO 8601 (a moment, day, month or year), RFC 2822, English month names, or digits.
        Numbers and digits: seconds, milliseconds, microseconds or nanoseconds since 1970, told
        apart by their size, from March 1973 on; also ``YYYY``, ``YYYYMMDD``, ``YYYYMMDDhhmmss``.
        A ``struct_time`` is taken as UTC, as feedparser makes it.

    Returns
    -------
    Interval
        A moment if the zone is known, else up to 26 hours more.  Midnight without a zone is what a
        bare day becomes in a data frame, and means the whole day.

    Raises
    ------
    ValueError
        If it cannot be read, is ambiguous, or lies outside the years 1600 to 2200.

    Examples
    --------
    >>> parse_date("Thu, 05 Oct 2023 18:20:00 +0700").start.isoformat()
    '2023-10-05T11:20:00+00:00'
    >>> parse_date(1696504800) == parse_date("2023-10-05T11:20:00Z")
    True
    >>> parse_date("05/10/2023")
    Traceback (most recent call last):
    ...
    ValueError: cannot be read as a date; use ISO 8601, such as ... or '2023-10-05'
    """
    try:
        interval = _parse(value)
        # The widened ends may spill into the neighbouring year.
        first, last = interval.start + _FURTHEST_AHEAD, interval.end - _FURTHEST_BEHIND
    except OverflowError as error:
        raise ValueError(f"no such date ({error}); {_REMEDY}") from error
    if first.year < _FIRST_YEAR or min(first, last).year > _LAST_YEAR:
        raise ValueError(
            f"the year {first.year} lies outside {_FIRST_YEAR} to {_LAST_YEAR}; {_REMEDY}"
        )
    return interval


def _parse(value: Any) -> Interval:
    """Sort a value by its type; the year is checked by the caller."""
    if isinstance(value, Interval):
        return value
    if isinstance(value, str):
        return _parse_text(value.strip())
    if isinstance(value, datetime):
        if value != value:  # pandas' NaT calls itself a datetime
            raise ValueError(f"NaT is no date; {_REMEDY}")
        return _from_datetime(value)
    if isinstance(value, date):
        start = datetime(value.year, value.month, value.day)
        return _unzoned(start, start + _DAY)
    if isinstance(value, time.struct_time):
        return Interval.exact(datetime(*value[:5], min(value[5], 59), tzinfo=UTC))
    if type(value).__name__ == "datetime64":
        return _parse_text(str(value))  # keeps the unit: 'M' prints 2023-10, 'D' 2023-10-05
    if isinstance(value, bool) or not isinstance(value, Real | Decimal):
        raise ValueError(f"a {type(value).__name__} is no date; {_REMEDY}")
    return _parse_number(value)


def _from_datetime(value: datetime) -> Interval:
    """Take a datetime as it is; subclasses are reduced to the parts that arithmetic needs."""
    offset = value.utcoffset()
    plain = datetime(
        *(value.year, value.month, value.day),
        *(value.hour, value.minute, value.second, value.microsecond),
    )
    if offset is not None:
        return Interval.exact((plain - offset).replace(tzinfo=UTC))
    return _unzoned(plain, plain if _has_clock(plain) else plain + _DAY)


def _has_clock(moment: datetime) -> bool:
    """Tell a time of day from midnight, which a bare day turns into on its way through a frame."""
    return bool(moment.hour or moment.minute or moment.second or moment.microsecond)


def _unzoned(start: datetime, end: datetime) -> Interval:
    """Widen two readings of an unknown clock to the moments that they can mean."""
    return Interval(
        start.replace(tzinfo=UTC) - _FURTHEST_AHEAD, end.replace(tzinfo=UTC) + _FURTHEST_BEHIND
    )


def _parse_number(value: Any) -> Interval:
    """Read an epoch, or a date written as a number; which of them shows in its size."""
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{number} is no date; {_REMEDY}")
    if number.is_integer():
        digits = str(int(value))  # not of the float: nanoseconds need more than 53 bits
        stamp = _parse_digits(digits)
        if stamp is not None:
            return stamp
    size = abs(number)
    if size < 1e8:  # Before March 1973; far more often a count, an id or a broken field.
        raise ValueError(f"{value} is too small to be seconds since 1970; {_REMEDY}")
    for limit, per_second in ((1e11, 1), (1e14, 10**3), (1e17, 10**6), (1e20, 10**9)):
        if size < limit:
            if isinstance(value, float):
                return Interval.exact(_EPOCH + timedelta(microseconds=value / per_second * 1e6))
            return Interval.exact(_EPOCH + timedelta(microseconds=int(value) * 10**6 // per_second))
    raise ValueError(f"{value} is too large to be an epoch; {_REMEDY}")


def _parse_digits(digits: str) -> Interval | None:
    """Read ``YYYY``, ``YYYYMMDD`` or ``YYYYMMDDhhmmss``; None if it can only be an epoch.

    No epoch in the permitted years has one of these lengths, so nothing is ambiguous.
    """
    if len(digits) in (4, 8, 14) and digits.isdigit():
        return _parse_shapes(digits)
    return None


def _parse_text(text: str) -> Interval:
    """Read a written date."""
    if len(text) > _LONGEST:
        raise ValueError(f"cannot be read as a date; {_REMEDY}")
    if re.fullmatch(r"-?\d+(?:\.\d+)?", text, re.ASCII):
        return _parse_number(int(text) if "." not in text else float(text))
    first, mark, last = text.partition("/")
    if mark and "T" in first and "T" in last:  # an interval of ISO 8601, as results are saved
        return Interval(_parse_shapes(first).start, _parse_shapes(last).end)
    return _parse_shapes(text)


def _parse_shapes(text: str) -> Interval:
    """Match a written date against each shape and assemble its parts."""
    for shape in _SHAPES:
        found = shape.fullmatch(text)
        if found:
            parts = {name: part for name, part in found.groupdict().items() if part}
            month = _month(parts.get("month", "1"))
            if month:
                return _assemble(parts, month)
    raise ValueError(f"cannot be read as a date; {_REMEDY}")


def _month(text: str) -> int | None:
    """Return a month's number from digits, its English name or an abbreviation of it."""
    if text.isdigit():
        return int(text)
    names = (number for number, name in enumerate(_MONTHS, 1) if name.startswith(text.lower()))
    return next(names, None)


def _assemble(parts: dict[str, str], month: int) -> Interval:
    """Make an interval of the parts that were written; their ranges are checked by datetime."""
    try:
        year = int(parts["year"])
        if len(parts["year"]) == 2:  # RFC 2822, section 4.3
            year += 2000 if year < 50 else 1900
        start = datetime(year, month, int(parts.get("day", 1)))
        offset = _offset(parts.get("zone"))
        if "hour" in parts:
            end = start = start + _time_of_day(parts)
            if offset is None and not _has_clock(start):
                end = start + _DAY
        elif "day" in parts:
            end = start + _DAY
        elif "month" in parts:
            end = (start + 31 * _DAY).replace(day=1)
        else:
            end = start.replace(year=year + 1)
        if offset is None:
            return _unzoned(start, end)
        return Interval(
            start.replace(tzinfo=timezone(offset)), end.replace(tzinfo=timezone(offset))
        )
    except ValueError as error:
        raise ValueError(f"no such date ({error}); {_REMEDY}") from error


def _time_of_day(parts: dict[str, str]) -> timedelta:
    """Return the time since midnight; 24:00 and a leap second run over, as they mean to."""
    hour, minute, second = (int(parts.get(name, 0)) for name in ("hour", "minute", "second"))
    if "half" in parts:
        if not 1 <= hour <= 12:
            raise ValueError(f"hour {hour} with am or pm")
        hour = hour % 12 + (12 if parts["half"] in "pP" else 0)
    if hour > 24 or minute > 59 or second > 60 or (hour == 24 and minute + second > 0):
        raise ValueError(f"time {hour:02}:{minute:02}:{second:02}")
    fraction = int(parts.get("fraction", "0")[:6].ljust(6, "0"))
    return timedelta(hours=hour, minutes=minute, seconds=second, microseconds=fraction)


def _offset(zone: str | None) -> timedelta | None:
    """Return a zone's distance east of Greenwich, or None if it is absent or not known."""
    if zone is None:
        return None
    if zone.isalpha():
        hours = _ZONES.get(zone.upper())
        return None if hours is None else timedelta(hours=hours)
    sign, digits = re.sub(r"[A-Za-z:]", "", zone)[0], re.sub(r"\D", "", zone)
    size = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return -size if sign == "-" else size
