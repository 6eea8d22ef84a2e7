"""Dates become intervals that hold the true moment, whatever form they come in."""

from __future__ import annotations

import email.utils
import time
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.dates import Interval, gap_days, parse_date

MOMENT = datetime(2023, 10, 5, 11, 20, tzinfo=UTC)
AHEAD, BEHIND = timedelta(hours=14), timedelta(hours=12)

zones = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(1601, 1, 1), datetime(2200, 1, 1), timezones=zones)
bounds = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
intervals = st.lists(bounds, min_size=2, max_size=2).map(lambda pair: Interval(*sorted(pair)))


def unzoned(start: datetime, end: datetime) -> Interval:
    return Interval(start.replace(tzinfo=UTC) - AHEAD, end.replace(tzinfo=UTC) + BEHIND)


@pytest.mark.parametrize(
    "value",
    [
        "2023-10-05T11:20:00Z",
        "2023-10-05t11:20:00z",
        "2023-10-05T11:20Z",
        "2023-10-05T18:20:00+07:00",
        "2023-10-05T18:20:00+0700",
        "2023-10-05T18:20:00+07",
        "2023-10-05 18:20:00.000000000 +07:00",
        "2023-10-05T18:20+07:00[Asia/Jakarta]",
        "20231005T112000Z",
        "  2023-10-05 11:20:00 UTC\n",
        "Thu, 05 Oct 2023 18:20:00 +0700",
        "Thu, 5 Oct 2023 11:20:00 GMT",
        "05 Oct 23 07:20 EDT",
        "Thu, 05 Oct 2023 11:20:00 -0000 (a comment)",
        "Thursday, 05-Oct-23 11:20:00 GMT",
        "Thu Oct 05 11:20:00 +0000 2023",
        "October 5, 2023, 6:20 pm WIB",
        "Oct. 5, 2023 at 11:20 a.m. UTC",
        1696504800,
        "1696504800",
        1696504800.0,
        "1696504800.0",
        Decimal(1696504800),
        1696504800000,
        "1696504800000",
        1696504800 * 10**6,
        1696504800 * 10**9,
        np.int64(1696504800),
        np.float64(1696504800),
        MOMENT,
        MOMENT.astimezone(timezone(timedelta(hours=7))),
        pd.Timestamp("2023-10-05 18:20", tz="Asia/Jakarta"),
        time.gmtime(1696504800),
        Interval.exact(MOMENT),
    ],
    ids=repr,
)
def test_a_stated_zone_gives_a_moment(value: object) -> None:
    assert parse_date(value) == Interval.exact(MOMENT)


@pytest.mark.parametrize(
    "value",
    [
        "2023-10-05T11:20",
        "2023-10-05 11:20:00",
        "2023/10/05 11:20",
        "20231005112000",
        20231005112000,
        "Thu Oct  5 11:20:00 2023",
        "5 October 2023 11:20",
        "2023-10-05 11:20 IST",
        MOMENT.replace(tzinfo=None),
        pd.Timestamp("2023-10-05 11:20"),
        np.datetime64("2023-10-05T11:20"),
        np.datetime64("2023-10-05T11:20", "ns"),
    ],
    ids=repr,
)
def test_an_unknown_zone_widens(value: object) -> None:
    naive = MOMENT.replace(tzinfo=None)
    assert parse_date(value) == unzoned(naive, naive)


@pytest.mark.parametrize(
    "value",
    [
        "2023-10-05",
        "2023/10/5",
        "2023.10.05",
        "20231005",
        20231005,
        "5 Oct 2023",
        "Thursday, October 5, 2023",
        date(2023, 10, 5),
        np.datetime64("2023-10-05"),
        # Midnight without a zone is what a bare day becomes in a frame.
        datetime(2023, 10, 5),
        pd.Timestamp("2023-10-05"),
        "2023-10-05T00:00:00.000",
    ],
    ids=repr,
)
def test_a_day_is_the_whole_day_on_an_unknown_clock(value: object) -> None:
    assert parse_date(value) == unzoned(datetime(2023, 10, 5), datetime(2023, 10, 6))


def test_coarser_and_zoned_days() -> None:
    assert parse_date("2023-12") == unzoned(datetime(2023, 12, 1), datetime(2024, 1, 1))
    assert parse_date(np.datetime64("2023-12")) == parse_date("2023-12")
    assert parse_date("2023") == unzoned(datetime(2023, 1, 1), datetime(2024, 1, 1))
    assert parse_date(2023) == parse_date("2023")
    jakarta = parse_date("2023-10-05+07:00")
    assert jakarta.precision == timedelta(days=1)
    assert jakarta.start == datetime(2023, 10, 4, 17, tzinfo=UTC)
    # A stated zone makes midnight a moment.
    assert parse_date("2023-10-05T00:00Z").precision == timedelta(0)


def test_times_that_run_over() -> None:
    assert parse_date("2023-10-05T24:00Z") == parse_date("2023-10-06T00:00Z")
    assert parse_date("2016-12-31T23:59:60Z") == parse_date("2017-01-01T00:00Z")
    assert parse_date("5 Oct 2023 12:20 am GMT") == parse_date("2023-10-05T00:20Z")
    assert parse_date("5 Oct 2023 12:20 pm GMT") == parse_date("2023-10-05T12:20Z")


@pytest.mark.parametrize(
    "value",
    [
        *("", "soon", "05/10/2023", "10-05-2023", "202310", "2023-13-01", "2023-02-30"),
        *("2023-10-05T25:00Z", "2023-10-05T24:01Z", "2023-10-05T18:61Z", "2023-10-05T18:20+99:00"),
        *("5 Oct 2023 13:20 pm", "5 Brumaire 2023", "1599-06-01", "2201-06-01", "9999-12-31"),
        *("0001-01-01", "٢٠٢٣-١٠-٠٥", "2023-10-05 " * 1000, "9" * 99, "NaT", "None"),
        *(0, 12, -5, 1e300, 10**400, float("nan"), float("inf"), True, False, np.bool_(True)),
        *(None, [], {}, b"2023-10-05", pd.NaT, np.datetime64("NaT"), np.array([1696504800])),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_cannot_be_read_is_refused_with_a_remedy(value: object) -> None:
    with pytest.raises(ValueError, match="use ISO 8601"):
        parse_date(value)


@given(moments)
def test_every_rendering_of_a_moment_reads_the_same(moment: datetime) -> None:
    exact = Interval.exact(moment)
    assert parse_date(moment) == parse_date(moment.isoformat()) == exact
    whole = moment.replace(microsecond=0)
    if moment.utcoffset() % timedelta(minutes=1) == timedelta(0):  # type: ignore[operator]
        assert parse_date(email.utils.format_datetime(whole)) == Interval.exact(whole)
    if abs(whole.timestamp()) >= 1e9:
        assert parse_date(int(whole.timestamp())) == Interval.exact(whole)
        assert parse_date(str(int(whole.timestamp()) * 1000)) == Interval.exact(whole)


@given(moments)
def test_what_is_left_out_only_widens(moment: datetime) -> None:
    exact = parse_date(moment)
    for less in (moment.replace(tzinfo=None), moment.date(), f"{moment:%Y-%m}", f"{moment:%Y}"):
        wider = parse_date(less)
        assert wider.start <= exact.start <= exact.end <= wider.end


@given(st.text() | st.from_regex(r"[0-9]{1,4}[-/. T:0-9ZA-Za-z+]*", fullmatch=True))
def test_any_string_is_read_or_refused(text: str) -> None:
    try:
        interval = parse_date(text)
    except ValueError as error:
        assert "use ISO 8601" in str(error)
    else:
        assert interval.start <= interval.end


@given(intervals, intervals)
def test_gap_is_the_least_distance(a: Interval, b: Interval) -> None:
    gap = gap_days(a, b)
    assert gap == gap_days(b, a) >= 0
    assert (gap == 0) == (a.start <= b.end and b.start <= a.end)
    ends = [abs(x - y) for x in (a.start, a.end) for y in (b.start, b.end)]
    assert gap == 0 or gap == min(ends) / timedelta(days=1)


def test_an_interval_checks_itself() -> None:
    with pytest.raises(ValueError, match="zone"):
        Interval(datetime(2023, 1, 1), MOMENT)
    with pytest.raises(ValueError, match="before"):
        Interval(MOMENT, MOMENT - timedelta(seconds=1))
    with pytest.raises(ValueError, match="zone"):
        Interval("2023-10-05", MOMENT)  # type: ignore[arg-type]
    jakarta = MOMENT.astimezone(timezone(timedelta(hours=7)))
    assert Interval.exact(jakarta).start.tzinfo is UTC
    assert Interval.exact(MOMENT).precision == timedelta(0)


def test_reading_does_not_depend_on_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    values = ["2023-10-05", "2023-10-05T18:20", 1696504800, datetime(2023, 10, 5, 18, 20)]
    before = [parse_date(value) for value in values]
    monkeypatch.setenv("TZ", "Asia/Jakarta")
    time.tzset()
    try:
        assert [parse_date(value) for value in values] == before
    finally:
        monkeypatch.undo()
        time.tzset()
