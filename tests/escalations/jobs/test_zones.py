"""What the clocks of zones say at one instant, for SQL to compare with."""

from __future__ import annotations

import datetime as dt

from escalations.jobs.zones import zone_clock, zone_clocks

NOW = dt.datetime(2026, 3, 8, 23, 30, tzinfo=dt.UTC)  # Sunday


def test_each_zone_is_in_its_own_week() -> None:
    berlin, london = zone_clocks(["Europe/Berlin", "Europe/London"], now=NOW)

    assert (berlin.today, berlin.monday) == (dt.date(2026, 3, 9), dt.date(2026, 3, 9))
    assert (london.today, london.monday) == (dt.date(2026, 3, 8), dt.date(2026, 3, 2))


def test_a_week_begins_at_midnight_on_its_own_clock() -> None:
    kathmandu = zone_clock("Asia/Kathmandu", now=NOW)

    assert kathmandu.closed_at == dt.datetime(2026, 3, 8, 18, 15, tzinfo=dt.UTC)


def test_the_year_that_has_53_weeks_is_no_other() -> None:
    new_year = zone_clock("Europe/Berlin", now=dt.datetime(2027, 1, 1, 12, tzinfo=dt.UTC))

    assert new_year.monday == dt.date(2026, 12, 28)


def test_a_huddle_called_for_now_is_due_in_48_hours_weekends_left_out_or_not() -> None:
    berlin = zone_clock("Europe/Berlin", now=dt.datetime(2026, 3, 13, 9, tzinfo=dt.UTC))

    assert berlin.huddle_due_at == dt.datetime(2026, 3, 15, 9, tzinfo=dt.UTC)
    assert berlin.huddle_due_at_paused == dt.datetime(2026, 3, 17, 9, tzinfo=dt.UTC)


def test_a_zone_that_nobody_knows_stops_no_sweep() -> None:
    nowhere = zone_clock("Mars/Olympus", now=NOW)

    assert (nowhere.zone, nowhere.today) == ("Mars/Olympus", dt.date(2026, 3, 8))
