"""How many calendar weeks a key result has been red (M7.1)."""

from __future__ import annotations

import datetime as dt

import pytest

from okrs.formatting import red_for
from okrs.weeks import weeks_red

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
