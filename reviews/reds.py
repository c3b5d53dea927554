"""How long a key result has been red, in calendar weeks. Pure."""

from __future__ import annotations

import datetime as dt

WEEK = dt.timedelta(days=7)


def weeks_red(*, red_since: dt.date | None, last_period: dt.date | None, today: dt.date) -> int:
    """Weeks in a row that count as red; 0 where it is not red (M7.1).

    A week that closed without a check-in stays as the one before it; the week that runs counts
    once its check-in is in.
    """
    if red_since is None:
        return 0
    last_closed = today - dt.timedelta(days=today.weekday()) - WEEK
    until = max(last_closed, red_since, last_period or red_since)
    return (until - red_since) // WEEK + 1
