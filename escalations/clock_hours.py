"""Clocks that count hours (M7.8): pure, standard library only."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

HUDDLE_HOURS = 48  # to convene a huddle (M7.3)
SATURDAY = 5
DAY = dt.timedelta(days=1)


def after_hours(
    start: dt.datetime, *, hours: int, zone: ZoneInfo, pauses_weekends: bool = False
) -> dt.datetime:
    """The instant so many clock hours after `start`, as aware UTC.

    An hour is an hour, whatever the clocks of the zone are set to meanwhile. Where weekends are
    left out, the clock stands still from Saturday 00:00 to Monday 00:00 on the zone's calendar.
    """
    at, left = start.astimezone(dt.UTC), dt.timedelta(hours=hours)
    if not pauses_weekends:
        return at + left
    while True:
        day = at.astimezone(zone).date()
        if day.weekday() >= SATURDAY:
            at = _midnight(day + DAY * (7 - day.weekday()), zone)
            continue
        saturday = _midnight(day + DAY * (SATURDAY - day.weekday()), zone)
        if left <= saturday - at:
            return at + left
        at, left = saturday, left - (saturday - at)


def _midnight(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    """Where the clocks skip midnight, the instant at which they do."""
    return dt.datetime.combine(day, dt.time(0), tzinfo=zone).astimezone(dt.UTC)
