"""Calendar quarters by name, such as 2026-Q1, calendar weeks, and red weeks in a row (M7.1)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

# With less than this left, people plan the next quarter.
TOO_SHORT = dt.timedelta(days=21)
FIRST_YEAR, LAST_YEAR = 1900, 2200  # weeks are counted beyond both ends of a cycle
NAMED = re.compile(r"([0-9]{4})-Q([1-4])", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Quarter:
    """A calendar quarter; the current one with the full weeks that are left."""

    name: str
    starts_on: dt.date
    ends_on: dt.date
    weeks_left: int | None = None

    @property
    def middle(self) -> dt.date:
        return self.starts_on + (self.ends_on - self.starts_on) / 2


def quarter(name: str) -> Quarter | None:
    """Return the quarter of a name such as 2026-Q1; None for other names."""
    match = NAMED.fullmatch(name)
    if match is None or not FIRST_YEAR <= int(match[1]) <= LAST_YEAR:
        return None
    return _quarter(int(match[1]), int(match[2]))


def quarters_from(day: dt.date) -> tuple[Quarter, Quarter]:
    """Return the current quarter and the next one; late in a quarter, the next one first."""
    current = _quarter_of(day)
    after = current.ends_on + dt.timedelta(days=1)
    current = replace(current, weeks_left=(after - day).days // 7)
    following = _quarter_of(after)
    is_late = current.ends_on - day < TOO_SHORT
    return (following, current) if is_late else (current, following)


def quarters_to_plan(day: dt.date) -> Iterator[Quarter]:
    """Yield the quarter to plan on that day, and all after it."""
    found = quarters_from(day)[0]
    while True:
        yield found
        found = _quarter_of(found.ends_on + dt.timedelta(days=1))


def _quarter_of(day: dt.date) -> Quarter:
    return _quarter(day.year, (day.month + 2) // 3)


def _quarter(year: int, number: int) -> Quarter:
    last_month = 3 * number
    after = dt.date(year + last_month // 12, last_month % 12 + 1, 1)
    return Quarter(
        name=f"{year}-Q{number}",
        starts_on=dt.date(year, last_month - 2, 1),
        ends_on=after - dt.timedelta(days=1),
    )


WEEK = dt.timedelta(days=7)
GRACE = WEEK  # after a cycle's last day values may still come (M10.1)


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
