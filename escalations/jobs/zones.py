"""What the clocks of each time zone say now: SQL compares facts, it knows no zones. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from accounts.models import zone_of
from escalations.clock_hours import HUDDLE_HOURS, after_hours
from okrs.weeks import monday_of


@dataclass(frozen=True, kw_only=True)
class ZoneClock:
    """The week that runs in a zone, and when a huddle is due that is called for now (M7.3)."""

    zone: str
    today: dt.date
    monday: dt.date  # of the week that runs
    closed_at: dt.datetime  # the instant at which that week began, and the one before closed
    huddle_due_at: dt.datetime
    huddle_due_at_paused: dt.datetime  # the same where weekends are left out


def zone_clock(name: str, *, now: dt.datetime) -> ZoneClock:
    zone = zone_of(name)
    today = now.astimezone(zone).date()
    monday = monday_of(today)
    return ZoneClock(
        zone=name,
        today=today,
        monday=monday,
        closed_at=dt.datetime.combine(monday, dt.time(0), tzinfo=zone).astimezone(dt.UTC),
        huddle_due_at=after_hours(now, hours=HUDDLE_HOURS, zone=zone),
        huddle_due_at_paused=after_hours(now, hours=HUDDLE_HOURS, zone=zone, pauses_weekends=True),
    )


def zone_clocks(names: Iterable[str], *, now: dt.datetime) -> list[ZoneClock]:
    return [zone_clock(name, now=now) for name in names]
