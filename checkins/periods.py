"""When check-ins open, are due and close (M6.3): pure, standard library only.

A period is named by its Monday. It belongs to the cycle in which that Monday lies; a cycle too
short to hold one has a single period, the first after its start. A period opens some days before
its Monday, is due in the week of that Monday, and closes as the Monday of the next one begins, so
that from the first opening to the last close there is always one open.

All times are meant in the rhythm's zone: one that a clock change skips counts as much later as
the clock jumps, one that happens twice counts the first time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import count, pairwise
from zoneinfo import ZoneInfo

WEEK = dt.timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """How often a cycle asks for check-ins, and on whose clock."""

    cadence: str  # weekly, biweekly, monthly
    zone: ZoneInfo
    due_weekday: int  # 0 is Monday
    due_time: dt.time
    opens_days_before: int  # before the period's Monday, at midnight
    starts_on: dt.date
    ends_on: dt.date

    def day_of(self, moment: dt.datetime) -> dt.date:
        return moment.astimezone(self.zone).date()


@dataclass(frozen=True, kw_only=True)
class Period:
    """The span in which one check-in of each key result is expected; times are aware UTC."""

    monday: dt.date
    opens_at: dt.datetime
    due_at: dt.datetime
    closes_at: dt.datetime

    def is_open(self, now: dt.datetime) -> bool:
        return self.opens_at <= now < self.closes_at


class Timeliness(StrEnum):
    ON_TIME = "on_time"
    LATE = "late"
    MISSED = "missed"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()


@lru_cache(maxsize=1024)
def periods(rhythm: Rhythm) -> tuple[Period, ...]:
    """All periods of the cycle, oldest first; there is at least one."""
    return tuple(
        _period(rhythm, monday, closing=following) for monday, following in _until_end(rhythm)
    )


def open_periods(rhythm: Rhythm, now: dt.datetime) -> tuple[Period, ...]:
    """Those open at this instant, oldest first: none before the first opens and after the last."""
    return tuple(period for period in periods(rhythm) if period.is_open(now))


def closed_periods(rhythm: Rhythm, now: dt.datetime) -> tuple[Period, ...]:
    return tuple(period for period in periods(rhythm) if period.closes_at <= now)


def fillable_periods(rhythm: Rhythm, now: dt.datetime) -> tuple[Period, ...]:
    """Those that a post may fill: the open ones; before and after them the first or the last."""
    first, last = periods(rhythm)[0], periods(rhythm)[-1]
    return open_periods(rhythm, now) or ((first,) if now < first.opens_at else (last,))


def fill(fillable: Sequence[Period], filled: Collection[dt.date]) -> Period:
    """The period that a post fills: the oldest that has none, else the newest (M6.3)."""
    return next((one for one in fillable if one.monday not in filled), fillable[-1])


def next_opening(rhythm: Rhythm, now: dt.datetime) -> Period | None:
    """The next period to open; None after the last."""
    return next((period for period in periods(rhythm) if period.opens_at > now), None)


def due_after(rhythm: Rhythm, period: Period) -> dt.date:
    """The day on which the check-in after this one is due, as if the cycle went on."""
    following = next(monday for monday in _mondays(rhythm) if monday > period.monday)
    return following + dt.timedelta(days=rhythm.due_weekday)


def timeliness(moment: dt.datetime, *, due_at: dt.datetime, closes_at: dt.datetime) -> Timeliness:
    """On time until due, late until it closes, missed after: of a post, or of none till now."""
    if moment <= due_at:
        return Timeliness.ON_TIME
    return Timeliness.LATE if moment < closes_at else Timeliness.MISSED


def _period(rhythm: Rhythm, monday: dt.date, *, closing: dt.date) -> Period:
    due_on = monday + dt.timedelta(days=rhythm.due_weekday)
    opens_on = monday - dt.timedelta(days=rhythm.opens_days_before)
    return Period(
        monday=monday,
        opens_at=_instant(opens_on, dt.time(0), zone=rhythm.zone),
        due_at=_instant(due_on, rhythm.due_time, zone=rhythm.zone),
        closes_at=_instant(closing, dt.time(0), zone=rhythm.zone),
    )


def _until_end(rhythm: Rhythm) -> Iterator[tuple[dt.date, dt.date]]:
    """Each Monday with the one after it, up to the one that ends the cycle."""
    for monday, following in pairwise(_mondays(rhythm)):
        yield monday, following
        if following > rhythm.ends_on:
            return


def _mondays(rhythm: Rhythm) -> Iterator[dt.date]:
    """Mondays that name periods, from the cycle's start on without end."""
    if rhythm.cadence == "monthly":
        yield from (day for day in _monthly(rhythm) if day >= rhythm.starts_on)
        return
    step = 2 * WEEK if rhythm.cadence == "biweekly" else WEEK
    first = rhythm.starts_on + dt.timedelta(days=-rhythm.starts_on.weekday() % 7)
    yield from (first + index * step for index in count())


def _monthly(rhythm: Rhythm) -> Iterator[dt.date]:
    """Mondays of the weeks that hold a month's first due weekday."""
    for months in count(rhythm.starts_on.year * 12 + rhythm.starts_on.month - 1):
        first = dt.date(months // 12, months % 12 + 1, 1)
        due_on = first + dt.timedelta(days=(rhythm.due_weekday - first.weekday()) % 7)
        yield due_on - dt.timedelta(days=rhythm.due_weekday)


def _instant(day: dt.date, time: dt.time, *, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, time, tzinfo=zone).astimezone(dt.UTC)
