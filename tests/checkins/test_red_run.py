"""The red weeks at the end of a key result's check-ins (M7.1, M7.8)."""

from __future__ import annotations

import datetime as dt

from checkins.key_result_states import RedRun, red_run
from checkins.models import CheckIn

FIRST, SECOND, THIRD = (dt.date(2026, 2, day) for day in (2, 9, 16))


def row(place: int, week: dt.date, band: str = "", *, undoes: int | None = None) -> CheckIn:
    """The row of that place; without a band it takes back the one it `undoes`."""
    kind = "update" if band else "undo"
    return CheckIn(pk=place, week=week, rag=band or "red", kind=kind, supersedes_id=undoes)


def test_silent_weeks_between_stay_red_and_are_not_reported() -> None:
    run = red_run([row(1, FIRST, "red"), row(2, THIRD, "red")])

    assert run == RedRun(since=FIRST, reported=2)


def test_a_better_week_ends_the_run() -> None:
    run = red_run([row(1, FIRST, "red"), row(2, SECOND, "amber"), row(3, THIRD, "red")])

    assert run == RedRun(since=THIRD, reported=1)


def test_the_last_of_a_week_stands() -> None:
    run = red_run([row(1, FIRST, "red"), row(2, SECOND, "amber"), row(3, SECOND, "red")])

    assert run == RedRun(since=FIRST, reported=2)


def test_what_is_taken_back_in_its_week_was_never_said() -> None:
    run = red_run([row(1, FIRST, "red"), row(2, SECOND, "amber"), row(3, SECOND, undoes=2)])

    assert run == RedRun(since=FIRST, reported=1)


def test_what_is_taken_back_in_a_later_week_leaves_red_then() -> None:
    assert red_run([row(1, FIRST, "red"), row(2, SECOND, undoes=1)]) is None


def test_that_week_stays_so_where_a_further_one_is_taken_back_in_it() -> None:
    rows = [row(1, FIRST, "red"), row(2, SECOND, undoes=1), row(3, SECOND, "red")]

    run = red_run([*rows, row(4, SECOND, undoes=3), row(5, THIRD, "red")])

    assert run == RedRun(since=THIRD, reported=1)
