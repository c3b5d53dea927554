from __future__ import annotations

import datetime as dt

import pytest

from notifications.hours import is_working_day, working_days


def day(text: str) -> dt.date:
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
    ],
)
def test_a_working_day_is_no_weekend_and_no_holiday_of_the_country(
    on: str, country: str, works: bool
) -> None:
    assert is_working_day(day(on), country) is works


@pytest.mark.parametrize("country", ["XX", "", "zz"])
def test_an_unknown_country_has_no_holidays(country: str) -> None:
    assert is_working_day(day("2026-12-25"), country)


def test_a_country_is_known_in_small_letters_too() -> None:
    assert not is_working_day(day("2026-12-25"), "de")


def test_working_days_come_in_their_order_with_both_ends() -> None:
    found = working_days(day("2026-12-23"), day("2027-01-04"), "DE")

    assert [f"{one:%m-%d}" for one in found] == [
        "12-23",
        "12-24",
        "12-28",
        "12-29",
        "12-30",
        "12-31",
        "01-04",
    ]


def test_there_are_none_between_days_in_the_wrong_order() -> None:
    assert list(working_days(day("2026-03-10"), day("2026-03-09"), "DE")) == []
