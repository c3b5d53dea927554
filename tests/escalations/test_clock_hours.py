"""Clock hours (M7.8): an hour is an hour, whatever the clocks of the zone are set to."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalations.rule import after_hours
from tests.checkins.posting import at
from tests.escalations.oracle import huddle_due

NEW_YEAR = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
moments = st.integers(0, 2 * 366 * 24 * 60).map(lambda past: NEW_YEAR + dt.timedelta(minutes=past))
zones = st.sampled_from(sorted(available_timezones()))


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-03-10T09:40", "2026-03-12T09:40"),
        ("2026-03-28T12:00", "2026-03-30T13:00"),  # a night without an hour
        ("2026-10-24T12:00", "2026-10-26T11:00"),  # one with an hour more
    ],
)
def test_48_hours_run_through_a_change_of_the_clocks(start: str, end: str) -> None:
    assert after_hours(at(start), hours=48, zone=ZoneInfo("Europe/Berlin")) == at(end)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-03-10T09:40", "2026-03-12T09:40"),  # Tuesday to Thursday
        ("2026-03-12T00:00", "2026-03-14T00:00"),  # Friday 24:00 is still in time
        ("2026-03-12T09:40", "2026-03-16T09:40"),
        ("2026-03-14T15:00", "2026-03-18T00:00"),  # called for on a Saturday
        ("2026-03-16T00:00", "2026-03-18T00:00"),
        ("2026-03-27T12:00", "2026-03-31T12:00"),  # the missing hour lies in the weekend
    ],
)
def test_the_clock_stands_still_at_weekends(start: str, end: str) -> None:
    zone = ZoneInfo("Europe/Berlin")

    assert after_hours(at(start), hours=48, zone=zone, pauses_weekends=True) == at(end)


@given(start=moments, zone=zones)
def test_without_a_pause_it_is_the_same_instant_in_every_zone(
    start: dt.datetime, zone: str
) -> None:
    assert after_hours(start, hours=48, zone=ZoneInfo(zone)) == start + dt.timedelta(hours=48)


@given(start=moments, zone=zones)
def test_with_a_pause_it_is_what_counting_quarters_of_an_hour_gives(
    start: dt.datetime, zone: str
) -> None:
    start = start.replace(minute=start.minute // 15 * 15)

    end = after_hours(start, hours=48, zone=ZoneInfo(zone), pauses_weekends=True)

    assert end == huddle_due(start, zone, True)
