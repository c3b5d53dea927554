from __future__ import annotations

import datetime as dt
import itertools
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkins.periods import (
    Rhythm,
    Timeliness,
    closed_periods,
    due_after,
    fill,
    fillable_periods,
    next_opening,
    open_periods,
    periods,
    timeliness,
)
from tests.checkins.posting import ZONE, at, period, rhythm

# Which Mondays a cycle holds, and when each period opens, is due and closes.


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        # A cycle that starts on a Monday starts with it; one that ends on a Monday ends with it.
        (rhythm("2026-01-05", "2026-01-19"), "01-05 01-12 01-19"),
        (rhythm("2026-01-06", "2026-01-18"), "01-12"),
        # Week 53 of 2026, and a cycle across the turn of a year.
        (rhythm("2026-12-20", "2027-01-10"), "12-21 12-28 01-04"),
        # Every two weeks counts from the cycle's first Monday.
        (rhythm("2026-01-01", "2026-02-28", cadence="biweekly"), "01-05 01-19 02-02 02-16"),
        # Monthly is the week of the month's first due weekday.
        (rhythm(cadence="monthly"), "01-05 02-02 03-02"),
        (rhythm("2026-11-01", "2027-02-28", cadence="monthly"), "11-02 12-07 01-04 02-01"),
        # The first Thursday of January lies in a week that began before the cycle did.
        (rhythm(cadence="monthly", due_weekday=3), "02-02 03-02 03-30"),
        # Too short for a Monday: one period all the same.
        (rhythm("2026-01-06", "2026-01-09"), "01-12"),
        (rhythm("2026-01-06", "2026-01-30", cadence="monthly"), "02-02"),
    ],
)
def test_a_cycle_holds_these_mondays(given: Rhythm, expected: str) -> None:
    assert " ".join(f"{one.monday:%m-%d}" for one in periods(given)) == expected


@pytest.mark.parametrize(
    ("fields", "times", "following"),
    [
        ({}, "03-06T00:00 03-09T10:00 03-16T00:00", "03-16"),
        ({"cadence": "biweekly"}, "02-27T00:00 03-02T10:00 03-16T00:00", "03-16"),
        # The last one closes as the next would begin, were the cycle to go on.
        ({"cadence": "monthly"}, "02-27T00:00 03-02T10:00 04-06T00:00", "04-06"),
        ({}, "03-27T00:00 03-30T10:00 04-06T00:00", "04-06"),
        # Another due day moves the due time only.
        (
            {"due_weekday": 3, "due_time": "17:30", "opens_days_before": 0},
            *("03-09T00:00 03-12T17:30 03-16T00:00", "03-19"),
        ),
    ],
)
def test_a_period_opens_is_due_and_closes_on_the_engagements_clock_before_the_next_is_due(
    fields: dict[str, Any], times: str, following: str
) -> None:
    given = rhythm(**fields)
    opens_at, due_at, closes_at = (at(f"2026-{time}") for time in times.split())

    (found,) = (one for one in periods(given) if one.due_at == due_at)

    assert (found.opens_at, found.closes_at) == (opens_at, closes_at)
    assert f"{due_after(given, found):%m-%d}" == following


NEW_YORK = "America/New_York"
SUNDAY = 6


@pytest.mark.parametrize(
    ("zone", "monday", "weekday", "due_time", "due_at"),
    [
        # Spring: the same hour of the day is an hour earlier in UTC.
        (ZONE, "2026-03-23", 0, "10:00", "2026-03-23T09:00Z"),
        (ZONE, "2026-03-30", 0, "10:00", "2026-03-30T08:00Z"),
        (NEW_YORK, "2026-03-02", 0, "10:00", "2026-03-02T15:00Z"),
        (NEW_YORK, "2026-03-09", 0, "10:00", "2026-03-09T14:00Z"),
        # A zone without clock changes, one half an hour off, one ahead of the date line.
        ("Asia/Tokyo", "2026-03-30", 0, "10:00", "2026-03-30T01:00Z"),
        ("Asia/Kolkata", "2026-03-30", 0, "10:00", "2026-03-30T04:30Z"),
        ("Pacific/Kiritimati", "2026-03-30", 0, "10:00", "2026-03-29T20:00Z"),
        # A time that the clock skips counts as much later, one that happens twice the first time.
        (ZONE, "2026-03-23", SUNDAY, "02:30", "2026-03-29T01:30Z"),
        (NEW_YORK, "2026-03-02", SUNDAY, "02:15", "2026-03-08T07:15Z"),
        (ZONE, "2026-10-19", SUNDAY, "02:30", "2026-10-25T00:30Z"),
    ],
)
def test_due_follows_the_clock_of_the_zone(
    zone: str, monday: str, weekday: int, due_time: str, due_at: str
) -> None:
    year = rhythm(ends_on="2026-12-31", zone=zone, due_weekday=weekday, due_time=due_time)

    assert period(year, monday).due_at == dt.datetime.fromisoformat(due_at)


def test_an_opening_at_a_midnight_that_the_clock_skips_shifts_forward() -> None:
    # Cairo's clocks jump from 00:00 to 01:00 on Friday 24 April 2026.
    cairo = rhythm("2026-04-01", "2026-06-30", zone="Africa/Cairo")

    assert period(cairo, "2026-04-27").opens_at == dt.datetime.fromisoformat("2026-04-23T22:00Z")


# Whatever the settings.

ZONES = [ZONE, "America/New_York", "Asia/Kolkata", "Africa/Cairo", "Australia/Lord_Howe", "UTC"]


@st.composite
def rhythms(draw: st.DrawFn) -> Rhythm:
    starts_on = draw(st.dates(dt.date(2020, 1, 1), dt.date(2032, 1, 1)))
    return Rhythm(
        cadence=draw(st.sampled_from(["weekly", "biweekly", "monthly"])),
        zone=ZoneInfo(draw(st.sampled_from(ZONES))),
        due_weekday=draw(st.integers(0, 6)),
        due_time=draw(st.times()).replace(second=0, microsecond=0),
        opens_days_before=draw(st.integers(0, 7)),
        starts_on=starts_on,
        ends_on=starts_on + dt.timedelta(days=draw(st.integers(1, 380))),
    )


@given(rhythms())
def test_each_period_opens_is_due_and_closes_as_the_next_monday_begins(given: Rhythm) -> None:
    found = periods(given)

    for one in found:
        assert one.opens_at <= one.due_at <= one.closes_at
        assert one.opens_at < one.closes_at
        assert one.monday.weekday() == 0
        assert one.opens_at.tzinfo is dt.UTC
    for one, following in itertools.pairwise(found):
        assert one.monday < following.monday
        assert given.day_of(one.closes_at) == following.monday
        assert following.opens_at <= one.closes_at


@given(rhythms(), st.integers(0, 400 * 24))
def test_one_or_two_periods_are_open_from_the_first_opening_to_the_last_close(
    given: Rhythm, hours: int
) -> None:
    first, last = periods(given)[0], periods(given)[-1]
    now = first.opens_at + dt.timedelta(hours=hours)

    found = open_periods(given, now)

    assert len(found) in ((1, 2) if now < last.closes_at else (0,))


@given(rhythms(), st.integers(-30 * 24, 430 * 24))
def test_a_post_always_fills_one_that_is_not_closed_before_the_last(
    given: Rhythm, hours: int
) -> None:
    now = periods(given)[0].opens_at + dt.timedelta(hours=hours)
    filled = fill(fillable_periods(given, now), set())

    assert filled == periods(given)[-1] or filled not in closed_periods(given, now)


@pytest.mark.parametrize(
    ("now", "opened", "following"),
    [
        ("01-01T23:59", "", "01-05"),
        ("01-02T00:00", "01-05", "01-12"),
        ("03-12T23:59", "03-09", "03-16"),
        ("03-13T00:00", "03-09 03-16", "03-23"),
        ("03-15T23:59", "03-09 03-16", "03-23"),
        ("03-16T00:00", "03-16", "03-23"),
        ("04-05T23:59", "03-30", ""),
        ("04-06T00:00", "", ""),
    ],
)
def test_these_periods_are_open_and_this_one_opens_next(
    now: str, opened: str, following: str
) -> None:
    moment = at(f"2026-{now}")
    found, opening = open_periods(rhythm(), moment), next_opening(rhythm(), moment)

    assert " ".join(f"{one.monday:%m-%d}" for one in found) == opened
    assert (f"{opening.monday:%m-%d}" if opening else "") == following
    # Outside all periods a post fills the nearest.
    nearest = periods(rhythm())[-1 if opening is None else 0]
    assert fillable_periods(rhythm(), moment) == (found or (nearest,))


@pytest.mark.parametrize(
    ("filled", "expected"),
    [
        ([], "2026-03-09"),
        (["2026-03-09"], "2026-03-16"),
        (["2026-03-16"], "2026-03-09"),
        (["2026-03-09", "2026-03-16"], "2026-03-16"),
        (["2026-03-02"], "2026-03-09"),
    ],
)
def test_a_post_fills_the_oldest_open_period_without_one_else_the_newest(
    filled: list[str], expected: str
) -> None:
    both = open_periods(rhythm(), at("2026-03-14T12:00"))

    found = fill(both, {dt.date.fromisoformat(one) for one in filled})

    assert found.monday.isoformat() == expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-03-06T08:00", Timeliness.ON_TIME),
        ("2026-03-09T10:00", Timeliness.ON_TIME),
        ("2026-03-09T10:01", Timeliness.LATE),
        ("2026-03-15T23:59", Timeliness.LATE),
        ("2026-03-16T00:00", Timeliness.MISSED),
    ],
)
def test_a_post_is_on_time_until_due_late_until_it_closes_missed_after(
    moment: str, expected: Timeliness
) -> None:
    week = period(rhythm(), "2026-03-09")

    found = timeliness(at(moment), due_at=week.due_at, closes_at=week.closes_at)

    assert found is expected
