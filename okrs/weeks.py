"""Calendar weeks, and how many of them a key result is red in a row (M7.1). Pure."""

from __future__ import annotations

import datetime as dt

WEEK = dt.timedelta(days=7)


def monday_of(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=day.weekday())


def weeks_red(
    *,
    red_since: dt.date | None,
    last_week: dt.date | None,
    today: dt.date,
    ends_on: dt.date | None = None,
) -> int:
    """Weeks in a row that count as red on that day; 0 where it is not red (M7.1).

    A week that closed without a check-in stays as the one before it; the week that runs counts
    once its check-in is in. `last_week` is the one for which the newest check-in stands; weeks
    after `ends_on`, the last day of the cycle, count no more.
    """
    if red_since is None:
        return 0
    last_closed = monday_of(today) - WEEK
    if ends_on is not None:
        last_closed = min(last_closed, monday_of(ends_on))
    until = max(last_closed, red_since, last_week or red_since)
    return (until - red_since) // WEEK + 1
