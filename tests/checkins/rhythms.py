"""Rhythms of tests, and their periods by name."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from checkins.periods import Period, Rhythm, periods

BERLIN = "Europe/Berlin"


def rhythm(
    starts_on: str = "2026-01-01",
    ends_on: str = "2026-03-31",
    *,
    cadence: str = "weekly",
    zone: str = BERLIN,
    due_weekday: int = 0,
    due_time: str = "10:00",
    opens_days_before: int = 3,
) -> Rhythm:
    return Rhythm(
        cadence=cadence,
        zone=ZoneInfo(zone),
        due_weekday=due_weekday,
        due_time=dt.time.fromisoformat(due_time),
        opens_days_before=opens_days_before,
        starts_on=dt.date.fromisoformat(starts_on),
        ends_on=dt.date.fromisoformat(ends_on),
    )


def at(text: str, zone: str = BERLIN) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)


def period(of: Rhythm, monday: str) -> Period:
    (found,) = [one for one in periods(of) if one.monday == dt.date.fromisoformat(monday)]
    return found
