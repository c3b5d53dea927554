"""When check-ins open, are due and close (M6.3).

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
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from itertools import count, islice, pairwise
from zoneinfo import ZoneInfo

from accounts.models import midnight
from engagements.models import Engagement
from okrs.models import Cycle, KeyResult
from okrs.weeks import GRACE, WEEK, monday_of

DAY = dt.timedelta(days=1)


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
    previous_due_on: dt.date | None = None  # of the period before it
    is_final: bool = False  # asks for the value of the cycle's last day (M10.1)

    def is_open(self, now: dt.datetime) -> bool:
        return self.opens_at <= now < self.closes_at


class Timeliness(StrEnum):
    ON_TIME = "on_time"
    LATE = "late"
    MISSED = "missed"


@lru_cache(maxsize=1024)
def periods(rhythm: Rhythm) -> tuple[Period, ...]:
    """Return all periods of the cycle, oldest first; there is at least one."""
    due_days: list[dt.date | None] = [None]
    found = []
    for monday, following in _until_end(rhythm):
        found.append(_period(rhythm, monday, closing=following, previous_due_on=due_days[-1]))
        due_days.append(monday + DAY * rhythm.due_weekday)
    return tuple(found)


def open_periods(rhythm: Rhythm, now: dt.datetime) -> tuple[Period, ...]:
    """Return those open at this instant, oldest first.

    There is none before the first opens and after the last closes.
    """
    return tuple(period for period in periods(rhythm) if period.is_open(now))


def closed_periods(rhythm: Rhythm, now: dt.datetime) -> tuple[Period, ...]:
    return tuple(period for period in periods(rhythm) if period.closes_at <= now)


def fillable_periods(rhythm: Rhythm, now: dt.datetime) -> tuple[Period, ...]:
    """Return those that a post may fill: the open ones, before them the first, after them the last."""
    first, last = periods(rhythm)[0], periods(rhythm)[-1]
    return open_periods(rhythm, now) or ((first,) if now < first.opens_at else (last,))


def fill(fillable: Sequence[Period], filled: Collection[dt.date]) -> Period:
    """Return the period that a post fills: the oldest that has none, else the newest (M6.3)."""
    return next((one for one in fillable if one.monday not in filled), fillable[-1])


def next_opening(rhythm: Rhythm, now: dt.datetime) -> Period | None:
    """Return the next period to open; None after the last."""
    return next((period for period in periods(rhythm) if period.opens_at > now), None)


def due_after(rhythm: Rhythm, period: Period) -> dt.date:
    """Return the day on which the check-in after this one is due, as if the cycle went on."""
    following = next(monday for monday in _mondays(rhythm) if monday > period.monday)
    return following + dt.timedelta(days=rhythm.due_weekday)


def timeliness(moment: dt.datetime, *, due_at: dt.datetime, closes_at: dt.datetime) -> Timeliness:
    """Return on time until due, late until it closes, missed after.

    `moment` is when the check-in was posted, or now if there is none.
    """
    if moment <= due_at:
        return Timeliness.ON_TIME
    return Timeliness.LATE if moment < closes_at else Timeliness.MISSED


def week_for(*, period: dt.date, posted_on: dt.date) -> dt.date:
    """Return the Monday of the week that a check-in counts for, in any cadence (M7.1).

    It is that of its period, if posted by that week's Sunday on the client's clock, else that of
    the posting.
    """
    return period if posted_on < period + WEEK else monday_of(posted_on)


def rhythm_of(key_result: KeyResult) -> Rhythm:
    """Return the rhythm of its cycle; join in the engagement and `objective__cycle`."""
    return cycle_rhythm(key_result.objective.cycle, engagement=key_result.engagement)


def cycle_rhythm(cycle: Cycle, *, engagement: Engagement) -> Rhythm:
    return rhythm_between(cycle.starts_on, cycle.ends_on, engagement=engagement)


def rhythm_between(starts_on: dt.date, ends_on: dt.date, *, engagement: Engagement) -> Rhythm:
    return Rhythm(
        cadence=engagement.cadence,
        zone=engagement.zone,
        due_weekday=engagement.due_weekday,
        due_time=engagement.due_time,
        opens_days_before=engagement.opens_days_before,
        starts_on=starts_on,
        ends_on=ends_on,
    )


def filled_periods(key_result: KeyResult) -> set[dt.date]:
    """Return the Mondays of the periods that have a check-in."""
    return {dt.date.fromisoformat(str(point[0])) for point in key_result.trail}


def missed_periods(key_result: KeyResult, *, now: dt.datetime) -> list[Period]:
    """Return closed periods without a check-in that asked for one, oldest first."""
    filled = filled_periods(key_result)
    return [
        period
        for period in closed_periods(rhythm_of(key_result), now)
        if period.monday not in filled and was_asked(key_result, period=period)
    ]


def was_asked(key_result: KeyResult, *, period: Period) -> bool:
    """Return whether it was committed, and had this rhythm, by the due time of a period that asks."""
    committed_at = key_result.committed_at
    if committed_at is None or not asking_of(key_result).includes(period):
        return False
    return asked_since(committed_at, engagement=key_result.engagement) <= period.due_at


@dataclass(frozen=True, kw_only=True)
class Asking:
    """How long a key result is asked for (M6.3); `last` is its newest period with a check-in.

    That is until it is finished, and once more after its due date.
    """

    due_on: dt.date | None
    is_finished: bool
    last: dt.date | None

    def includes(self, period: Period) -> bool:
        """Return whether the period asks for a check-in, or asked for one before it was finished."""
        if self.is_finished and self.last is not None and period.monday > self.last:
            return False
        previous, due_on = period.previous_due_on, self.due_on
        return previous is None or due_on is None or previous <= due_on

    def periods_in(self, rhythm: Rhythm, now: dt.datetime) -> tuple[Period, ...]:
        """Return the open periods that ask, oldest first.

        If the last one is due before the key result is, the days of grace ask once more (M10.1).
        """
        found = tuple(period for period in open_periods(rhythm, now) if self.includes(period))
        last, due_on, today = periods(rhythm)[-1], self.due_on, rhythm.day_of(now)
        if self.is_finished or due_on is None or not due_on < today <= rhythm.ends_on + GRACE:
            return found
        is_over = last.monday + DAY * rhythm.due_weekday <= due_on
        if not is_over or any(self.last is None or one.monday > self.last for one in found):
            return found
        ends_at = midnight(rhythm.ends_on + GRACE + DAY, rhythm.zone)
        return (replace(last, due_at=ends_at, closes_at=ends_at, is_final=True),)


def asking_of(key_result: KeyResult) -> Asking:
    return Asking(
        due_on=key_result.due_on,
        is_finished=key_result.is_finished,
        last=key_result.last_period,
    )


def silent_from(key_result: KeyResult) -> dt.date | None:
    """Return the day from which it has no recent update, if no check-in follows (M9.2).

    That is the end of the second missed period in a row, or the day after its due date, until its
    value of that date is in (M6.3).
    """
    rhythm, last = rhythm_of(key_result), key_result.last_period or dt.date.min
    missable = (
        rhythm.day_of(period.closes_at)
        for period in periods(rhythm)
        if period.monday > last and was_asked(key_result, period=period)
    )
    days = [*islice(missable, 1, 2)]
    if key_result.due_on is not None:
        days.append(key_result.due_on + DAY)
    return min(days, default=None)


def asked_since(committed_at: dt.datetime, *, engagement: Engagement) -> dt.datetime:
    """Return since when due times ask for a check-in: the commit, or the rhythm's last change."""
    return max(committed_at, engagement.rhythm_since or committed_at)


def is_overdue(key_result: KeyResult, *, period: Period, now: dt.datetime) -> bool:
    """Return whether the due time has passed for a key result that was asked in time."""
    return now > period.due_at and was_asked(key_result, period=period)


def _period(
    rhythm: Rhythm, monday: dt.date, *, closing: dt.date, previous_due_on: dt.date | None
) -> Period:
    due_on = monday + dt.timedelta(days=rhythm.due_weekday)
    opens_on = monday - dt.timedelta(days=rhythm.opens_days_before)
    return Period(
        monday=monday,
        opens_at=midnight(opens_on, rhythm.zone),
        due_at=dt.datetime.combine(due_on, rhythm.due_time, rhythm.zone).astimezone(dt.UTC),
        closes_at=midnight(closing, rhythm.zone),
        previous_due_on=previous_due_on,
    )


def _until_end(rhythm: Rhythm) -> Iterator[tuple[dt.date, dt.date]]:
    """Yield each Monday with the next one, up to the one that ends the cycle."""
    for monday, following in pairwise(_mondays(rhythm)):
        yield monday, following
        if following > rhythm.ends_on:
            return


def _mondays(rhythm: Rhythm) -> Iterator[dt.date]:
    """Yield Mondays that name periods, from the cycle's start on without end."""
    if rhythm.cadence == "monthly":
        yield from (day for day in _monthly(rhythm) if day >= rhythm.starts_on)
        return
    step = 2 * WEEK if rhythm.cadence == "biweekly" else WEEK
    first = rhythm.starts_on + dt.timedelta(days=-rhythm.starts_on.weekday() % 7)
    yield from (first + index * step for index in count())


def _monthly(rhythm: Rhythm) -> Iterator[dt.date]:
    """Yield Mondays of the weeks that hold a month's first due weekday."""
    for months in count(rhythm.starts_on.year * 12 + rhythm.starts_on.month - 1):
        first = dt.date(months // 12, months % 12 + 1, 1)
        due_on = first + dt.timedelta(days=(rhythm.due_weekday - first.weekday()) % 7)
        yield due_on - dt.timedelta(days=rhythm.due_weekday)
