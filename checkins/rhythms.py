"""The rhythm that holds for a key result: its cycle's dates, its engagement's settings."""

from __future__ import annotations

import datetime as dt

from checkins.periods import Period, Rhythm, closed_periods
from engagements.models import Engagement
from okrs.models import Cycle, KeyResult


def rhythm_of(key_result: KeyResult) -> Rhythm:
    """Needs the engagement and `objective__cycle` joined in, else it costs their queries."""
    return cycle_rhythm(key_result.objective.cycle, engagement=key_result.engagement)


def cycle_rhythm(cycle: Cycle, *, engagement: Engagement) -> Rhythm:
    return rhythm_between(cycle.starts_on, cycle.ends_on, engagement=engagement)


def rhythm_between(starts_on: dt.date, ends_on: dt.date, *, engagement: Engagement) -> Rhythm:
    """The rhythm of a cycle of these dates."""
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
    """Mondays of the periods that have a check-in, read off the standing."""
    return {dt.date.fromisoformat(str(point[0])) for point in key_result.trail}


def missed_periods(key_result: KeyResult, *, now: dt.datetime) -> list[Period]:
    """Closed periods without a check-in, oldest first; none that was not asked for."""
    filled = filled_periods(key_result)
    return [
        period
        for period in closed_periods(rhythm_of(key_result), now)
        if period.monday not in filled and was_asked(key_result, period=period)
    ]


def was_asked(key_result: KeyResult, *, period: Period) -> bool:
    """Whether the key result was committed, and kept this rhythm, by the period's due time."""
    committed_at = key_result.committed_at
    if committed_at is None:
        return False
    return asked_since(committed_at, engagement=key_result.engagement) <= period.due_at


def asked_since(committed_at: dt.datetime, *, engagement: Engagement) -> dt.datetime:
    """From when on due times ask for a check-in: the commit, or the rhythm's last change."""
    return max(committed_at, engagement.rhythm_since or committed_at)


def is_overdue(key_result: KeyResult, *, period: Period, now: dt.datetime) -> bool:
    """Whether the due time has passed for a key result that was asked in time."""
    return now > period.due_at and was_asked(key_result, period=period)
