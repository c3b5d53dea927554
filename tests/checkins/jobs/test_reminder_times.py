"""When a person is reminded of a period (M6.4)."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from accounts.models import zone_of
from checkins.jobs.notices import Clock
from checkins.jobs.reminders import remind_at
from tests.checkins.rhythms import BERLIN, period, rhythm


def reminded(
    monday: str = "2026-03-09",
    *,
    country: str = "DE",
    person: str = BERLIN,
    message_at: str = "09:00",
    **fields: Any,
) -> str:
    """The instant, by the person's own clock."""
    beat = rhythm("2026-01-01", "2027-12-31", **fields)
    clock = Clock(person, dt.time.fromisoformat(message_at))
    moment = remind_at(period(beat, monday), zone=beat.zone, country=country, clock=clock)
    return f"{moment.astimezone(ZoneInfo(person)):%a %Y-%m-%d %H:%M}"


def test_it_comes_with_the_message_of_the_last_working_day_before_the_due_day() -> None:
    assert reminded() == "Fri 2026-03-06 09:00"
    assert reminded(due_weekday=3) == "Wed 2026-03-11 09:00"
    assert reminded(message_at="17:30") == "Fri 2026-03-06 17:30"


def test_holidays_of_the_client_are_no_working_days() -> None:
    # Good Friday 3 April, Easter Monday 6 April: due on Tuesday.
    assert reminded("2026-04-06", due_weekday=1, opens_days_before=5) == "Thu 2026-04-02 09:00"
    assert reminded("2026-04-06", due_weekday=1, country="US") == "Mon 2026-04-06 09:00"


def test_a_period_that_opens_after_that_day_is_reminded_of_on_its_first_working_day() -> None:
    assert reminded(opens_days_before=2) == "Mon 2026-03-09 09:00"
    assert reminded(opens_days_before=0, due_weekday=2) == "Tue 2026-03-10 09:00"
    assert reminded("2026-04-06", due_weekday=1) == "Tue 2026-04-07 09:00"  # opens on Good Friday


def test_if_no_message_comes_between_opening_and_due_time_it_comes_as_the_period_opens() -> None:
    assert reminded(opens_days_before=0, due_time="08:00") == "Mon 2026-03-09 00:00"
    assert reminded(opens_days_before=1, message_at="11:00") == "Sun 2026-03-08 00:00"


def test_a_person_far_west_is_reminded_a_day_earlier_where_the_message_would_be_too_late() -> None:
    # Tuesday 07:00 in Auckland is Monday 08:00 in Honolulu.
    fields: dict[str, Any] = {"zone": "Pacific/Auckland", "due_weekday": 1, "due_time": "07:00"}

    assert reminded(person="Pacific/Honolulu", country="XX", **fields) == "Fri 2026-03-06 09:00"
    assert reminded(person="Pacific/Auckland", country="XX", **fields) == "Mon 2026-03-09 09:00"


def test_a_person_far_east_may_be_reminded_on_the_date_of_the_due_day() -> None:
    # It opens on Friday in Honolulu when the message of Friday has gone in Tokyo.
    fields: dict[str, Any] = {"zone": "Pacific/Honolulu", "country": "XX"}

    assert reminded(person="Asia/Tokyo", **fields) == "Mon 2026-03-09 09:00"


def test_the_message_keeps_its_hour_when_the_clocks_change() -> None:
    assert reminded("2026-03-30") == "Fri 2026-03-27 09:00"
    assert reminded("2026-04-13") == "Fri 2026-04-10 09:00"
    assert reminded("2026-10-26") == "Fri 2026-10-23 09:00"


@pytest.mark.parametrize(
    ("message_at", "expected"),
    [
        ("02:30", "Sun 2026-03-29 03:30"),  # skipped: as much later as the clock jumps
        ("01:59", "Sun 2026-03-29 01:59"),
    ],
)
def test_an_hour_that_the_clock_skips_counts_later(message_at: str, expected: str) -> None:
    moment = Clock(BERLIN, dt.time.fromisoformat(message_at)).on(dt.date(2026, 3, 29))

    assert f"{moment.astimezone(ZoneInfo(BERLIN)):%a %Y-%m-%d %H:%M}" == expected


def test_an_hour_that_comes_twice_counts_the_first_time() -> None:
    moment = Clock(BERLIN, dt.time(2, 30)).on(dt.date(2026, 10, 25))

    assert moment == dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)


def test_people_of_an_unknown_zone_are_told_by_utc(caplog: pytest.LogCaptureFixture) -> None:
    zone_of.cache_clear()

    assert zone_of("Mars/Olympus") == ZoneInfo("UTC")
    assert zone_of("../etc/passwd") == zone_of("Europe") == ZoneInfo("UTC")
    assert "Mars/Olympus" in caplog.text
