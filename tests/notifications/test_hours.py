from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from notifications.hours import Clock, is_working_day, working_days

QUIET = (dt.time(20), dt.time(7))


def date(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("on", "country", "works"),
    [
        ("2026-03-09", "DE", True),  # a Monday
        ("2026-03-07", "DE", False),  # a Saturday
        ("2026-03-08", "DE", False),
        ("2026-04-06", "DE", False),  # Easter Monday
        ("2026-04-06", "US", True),
        ("2026-11-26", "US", False),  # Thanksgiving
        ("2026-12-25", "GB", False),
        ("2026-12-28", "GB", False),  # Boxing Day, moved from Saturday
        ("2026-12-28", "DE", True),
        ("2027-01-01", "DE", False),
        pytest.param("2026-03-06", "SA", False, id="M6.4-friday-in-riyadh"),
        pytest.param("2026-03-07", "SA", False, id="M6.4-saturday-in-riyadh"),
        pytest.param("2026-03-08", "SA", True, id="M6.4-sunday-in-riyadh"),
        pytest.param("2026-03-06", "AE", True, id="M6.4-friday-in-dubai"),
    ],
)
def test_a_working_day_is_no_weekend_or_public_holiday(on: str, country: str, works: bool) -> None:
    assert is_working_day(date(on), country) is works


@pytest.mark.parametrize(("code", "works"), [("XX", True), ("", True), ("zz", True), ("de", False)])
def test_an_unknown_country_has_no_holidays_and_case_is_ignored(code: str, works: bool) -> None:
    assert is_working_day(date("2026-12-25"), code) is works


def test_working_days_come_in_their_order_with_both_ends() -> None:
    found = working_days(date("2026-12-23"), date("2027-01-04"), "DE")

    days = ["12-23", "12-24", "12-28", "12-29", "12-30", "12-31", "01-04"]
    assert [f"{one:%m-%d}" for one in found] == days
    assert list(working_days(date("2026-03-10"), date("2026-03-09"), "DE")) == []


@pytest.mark.parametrize(
    ("message_at", "now", "comes_at"),
    [
        ("08:30", "2026-03-09T07:00Z", "2026-03-09T07:30Z"),
        ("08:30", "2026-03-09T08:00Z", "2026-03-10T07:30Z"),
        ("08:30", "2026-03-13T08:00Z", "2026-03-16T07:30Z"),  # a Friday, past the hour
        ("08:30", "2026-03-27T08:00Z", "2026-03-30T06:30Z"),  # summer time begins in between
        ("06:00", "2026-03-09T01:00Z", "2026-03-09T06:00Z"),  # the quiet hours end at seven
    ],
)
def test_the_next_email_of_the_day_comes_at_the_hour_on_a_weekday(
    message_at: str, now: str, comes_at: str
) -> None:
    clock = Clock("Europe/Berlin", dt.time.fromisoformat(message_at), *QUIET)

    found = clock.next_message(dt.datetime.fromisoformat(now))

    assert found == dt.datetime.fromisoformat(comes_at)


@pytest.mark.parametrize(
    ("zone", "day", "comes_on"),
    [
        pytest.param("Asia/Riyadh", "2026-03-05", "2026-03-05", id="M6.4-thursday-in-riyadh"),
        pytest.param("Asia/Riyadh", "2026-03-06", "2026-03-08", id="M6.4-friday-in-riyadh"),
        pytest.param("Asia/Calcutta", "2026-03-06", "2026-03-06", id="M6.4-friday-in-kolkata"),
        pytest.param("Asia/Calcutta", "2026-03-07", "2026-03-09", id="M6.4-saturday-in-kolkata"),
        pytest.param("UTC", "2026-03-07", "2026-03-09", id="M6.4-saturday-nowhere"),
    ],
)
def test_daily_emails_keep_the_weekend_of_the_country_that_a_persons_zone_lies_in(
    zone: str, day: str, comes_on: str
) -> None:
    clock = Clock(zone, dt.time(9), *QUIET)
    early, late = (
        dt.datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=ZoneInfo(zone))
        for time in ("08:00", "12:00")
    )

    assert clock.next_message(early).astimezone(ZoneInfo(zone)).date() == date(comes_on)
    assert (clock.message_of_the_day(late) is not None) is (day == comes_on)
    assert (clock.waits_until(late, is_daily=True) is None) is (day == comes_on)


@pytest.mark.parametrize(
    ("is_daily", "at", "until"),
    [
        # The next day's email comes first: it takes along what is left.
        (True, "2026-03-09T21:00", "2026-03-10T09:05"),  # quiet hours
        (True, "2026-03-10T06:59", "2026-03-10T09:05"),
        (True, "2026-03-10T07:00", "2026-03-10T09:05"),
        (True, "2026-03-13T21:00", "2026-03-16T09:05"),  # the weekend
        (True, "2026-03-14T12:00", "2026-03-16T09:05"),
        (False, "2026-03-09T21:00", "2026-03-10T07:00"),
        (False, "2026-03-13T21:00", "2026-03-14T07:00"),
        (False, "2026-03-14T12:00", None),
    ],
)
def test_a_retry_waits_for_the_end_of_quiet_hours_and_the_email_of_the_day_for_a_weekday(
    is_daily: bool, at: str, until: str | None
) -> None:
    clock = Clock("Europe/Berlin", dt.time(9), *QUIET)

    found = clock.waits_until(dt.datetime.fromisoformat(f"{at}+01:00"), is_daily=is_daily)

    assert found == (until and dt.datetime.fromisoformat(f"{until}+01:00"))
