"""Quarters by name, and weeks of red (M7.1)."""

from __future__ import annotations

import datetime as dt

import pytest

from okrs.formatting import red_for
from okrs.weeks import quarter, quarters_from, weeks_red


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("2026-Q1", dt.date(2026, 1, 1), dt.date(2026, 3, 31)),
        ("2026-q2", dt.date(2026, 4, 1), dt.date(2026, 6, 30)),
        ("2026-Q3", dt.date(2026, 7, 1), dt.date(2026, 9, 30)),
        ("2026-Q4", dt.date(2026, 10, 1), dt.date(2026, 12, 31)),
    ],
)
def test_a_quarter_is_read_from_its_name(name: str, first: dt.date, last: dt.date) -> None:
    found = quarter(name)

    assert found is not None
    assert (found.name, found.starts_on, found.ends_on) == (name.upper(), first, last)


@pytest.mark.parametrize("name", ["Q1 2026", "2026-Q0", "2026-Q5", "0000-Q1", "٢٠٢٦-Q1", ""])
def test_no_other_name_is_a_quarter(name: str) -> None:
    assert quarter(name) is None


@pytest.mark.parametrize(
    ("day", "first", "second"),
    [
        (dt.date(2026, 1, 1), "2026-Q1", "2026-Q2"),
        (dt.date(2026, 9, 9), "2026-Q3", "2026-Q4"),
        (dt.date(2026, 9, 10), "2026-Q4", "2026-Q3"),
        (dt.date(2026, 9, 30), "2026-Q4", "2026-Q3"),
        (dt.date(2026, 10, 1), "2026-Q4", "2027-Q1"),
        (dt.date(2026, 12, 31), "2027-Q1", "2026-Q4"),
    ],
)
def test_the_running_quarter_comes_first_until_three_weeks_before_its_end(
    day: dt.date, first: str, second: str
) -> None:
    assert [found.name for found in quarters_from(day)] == [first, second]


@pytest.mark.parametrize(
    ("day", "left"),
    [
        (dt.date(2026, 10, 1), [13, None]),
        (dt.date(2026, 11, 26), [5, None]),
        (dt.date(2026, 12, 25), [None, 1]),
        (dt.date(2026, 12, 26), [None, 0]),
    ],
)
def test_the_running_quarter_says_how_many_full_weeks_are_left(
    day: dt.date, left: list[int | None]
) -> None:
    assert [found.weeks_left for found in quarters_from(day)] == left


MONDAYS = {ago: dt.date(2026, 3, 9) - dt.timedelta(weeks=ago) for ago in range(-1, 6)}
TODAY = dt.date(2026, 3, 10)  # a Tuesday


@pytest.mark.parametrize(
    ("since", "last", "weeks"),
    [
        (0, 0, 1),  # this week is the first
        (1, 0, 2),
        (1, 1, 1),  # this week has no check-in yet, so it does not count
        (3, 3, 3),  # the silent weeks that closed stay red
        (3, 0, 4),
        (0, -1, 2),  # posted ahead, as it opened on Friday
        (-1, -1, 1),
    ],
)
def test_closed_weeks_count_and_the_one_that_runs_once_it_is_reported(
    since: int, last: int, weeks: int
) -> None:
    found = weeks_red(red_since=MONDAYS[since], last_week=MONDAYS[last], today=TODAY)

    assert found == weeks


def test_what_is_not_red_counts_no_week() -> None:
    assert weeks_red(red_since=None, last_week=MONDAYS[0], today=TODAY) == 0


@pytest.mark.parametrize("ends_on", [dt.date(2026, 2, 22), dt.date(2026, 2, 18)])
def test_weeks_after_the_end_of_the_cycle_count_no_more(ends_on: dt.date) -> None:
    """Of the cycle's last week, that of 16 February, all seven days."""
    found = weeks_red(red_since=MONDAYS[4], last_week=MONDAYS[4], today=TODAY, ends_on=ends_on)

    assert found == 2


def test_a_week_that_runs_as_the_cycle_ends_counts_once_it_is_reported() -> None:
    ends_on = dt.date(2026, 3, 12)

    silent = weeks_red(red_since=MONDAYS[1], last_week=MONDAYS[1], today=TODAY, ends_on=ends_on)
    reported = weeks_red(red_since=MONDAYS[1], last_week=MONDAYS[0], today=TODAY, ends_on=ends_on)

    assert (silent, reported) == (1, 2)


@pytest.mark.parametrize(
    ("weeks", "text"), [(1, "red for one week"), (2, "red for two weeks"), (12, "red for 12 weeks")]
)
def test_weeks_up_to_ten_are_written_in_words(weeks: int, text: str) -> None:
    assert red_for(weeks) == text
