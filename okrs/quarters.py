"""Calendar quarters by name: 2026-Q1 runs from its first day to its last."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace

# Whoever begins with as little left of a quarter plans the one that comes.
FEW = dt.timedelta(days=21)
NAMED = re.compile(r"([0-9]{4})-Q([1-4])", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Quarter:
    """A calendar quarter with its first and last day; while it runs, the full weeks left of it."""

    name: str
    starts_on: dt.date
    ends_on: dt.date
    weeks_left: int | None = None


def quarter(name: str) -> Quarter | None:
    """The quarter of a name like 2026-Q1; None for another name."""
    match = NAMED.fullmatch(name)
    if match is None or not 1900 <= int(match[1]) <= 2200:
        return None
    return _quarter(int(match[1]), int(match[2]))


def quarters_from(day: dt.date) -> tuple[Quarter, Quarter]:
    """The quarter that runs on that day and the one that comes: late in one, the next first."""
    running = _quarter_of(day)
    after = running.ends_on + dt.timedelta(days=1)
    running, coming = replace(running, weeks_left=(after - day).days // 7), _quarter_of(after)
    return (coming, running) if running.ends_on - day < FEW else (running, coming)


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
