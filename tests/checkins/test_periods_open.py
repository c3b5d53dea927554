from __future__ import annotations

import datetime as dt

import pytest

from checkins.periods import (
    Rhythm,
    Timeliness,
    due_after,
    fill,
    fillable_periods,
    next_opening,
    open_periods,
    timeliness,
)
from tests.checkins.posting import at, period, rhythm


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-01-01T23:59", []),
        ("2026-01-02T00:00", ["2026-01-05"]),
        ("2026-03-10T12:00", ["2026-03-09"]),
        ("2026-03-12T23:59", ["2026-03-09"]),
        ("2026-03-13T00:00", ["2026-03-09", "2026-03-16"]),
        ("2026-03-15T23:59", ["2026-03-09", "2026-03-16"]),
        ("2026-03-16T00:00", ["2026-03-16"]),
        ("2026-04-05T23:59", ["2026-03-30"]),
        ("2026-04-06T00:00", []),
    ],
)
def test_these_periods_are_open(now: str, expected: list[str]) -> None:
    found = open_periods(rhythm(), at(now))

    assert [one.monday.isoformat() for one in found] == expected


def test_before_the_first_opening_a_post_fills_the_first_period() -> None:
    found = fillable_periods(rhythm(), at("2026-01-01T09:00"))

    assert [one.monday for one in found] == [dt.date(2026, 1, 5)]


def test_after_the_last_close_a_post_fills_the_last_period() -> None:
    found = fillable_periods(rhythm(), at("2026-05-01T09:00"))

    assert [one.monday for one in found] == [dt.date(2026, 3, 30)]


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


def test_it_knows_what_opens_next() -> None:
    opening = next_opening(rhythm(), at("2026-03-10T09:00"))

    assert opening is not None
    assert opening.opens_at == at("2026-03-13T00:00")


def test_nothing_opens_after_the_last_period() -> None:
    assert next_opening(rhythm(), at("2026-03-30T10:00")) is None


@pytest.mark.parametrize(
    ("given", "monday", "expected"),
    [
        (rhythm(), "2026-03-09", "2026-03-16"),
        (rhythm(due_weekday=3), "2026-03-09", "2026-03-19"),
        (rhythm(cadence="biweekly"), "2026-03-02", "2026-03-16"),
        (rhythm(cadence="monthly"), "2026-03-02", "2026-04-06"),
    ],
)
def test_it_knows_when_the_check_in_after_this_one_is_due(
    given: Rhythm, monday: str, expected: str
) -> None:
    assert due_after(given, period(given, monday)).isoformat() == expected
