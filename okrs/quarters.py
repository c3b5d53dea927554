"""Calendar quarters by name, such as 2026-Q1."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace

# With less than this left, people plan the next quarter.
TOO_SHORT = dt.timedelta(days=21)
NAMED = re.compile(r"([0-9]{4})-Q([1-4])", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Quarter:
    """A calendar quarter; the current one with the full weeks that are left."""

    name: str
    starts_on: dt.date
    ends_on: dt.date
    weeks_left: int | None = None


def quarter(name: str) -> Quarter | None:
    """Return the quarter of a name such as 2026-Q1; None for other names."""
    match = NAMED.fullmatch(name)
    if match is None or not 1900 <= int(match[1]) <= 2200:
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
