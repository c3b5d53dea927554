"""Calendar weeks, and how many in a row a key result is red (M7.1)."""

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
    """Count the red weeks in a row on that day; 0 if it is not red (M7.1).

    A past week without a check-in counts like the week before. The current week counts as soon as
    it has a check-in. `last_week` is the week of the newest check-in. Weeks after `ends_on`, the
    last day of the cycle, don't count.
    """
    if red_since is None:
        return 0
    last_closed = monday_of(today) - WEEK
    if ends_on is not None:
        last_closed = min(last_closed, monday_of(ends_on))
    until = max(last_closed, red_since, last_week or red_since)
    return (until - red_since) // WEEK + 1
