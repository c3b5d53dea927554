"""Reminders before a deadline and after it, and missed check-ins that climb (M6.4, M7.7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from checkins.jobs.notices import is_empty, tell
from checkins.jobs.people import Clock, clocks
from checkins.jobs.rhythms import LOOK_BACK, Beat, closed_at, columns, cycles_of, running_beats
from checkins.periods import Period, open_periods
from notifications.working_days import working_days

DAY = dt.timedelta(days=1)
FARTHEST = 2 * DAY  # by which the dates of two zones may differ from those of an instant

# `owned` is worked out for itself: joined by rhythm alone, each key result would meet the moments of
# everybody's clock.
MOMENT = ("beats", "mondays", "clocks", "remind_at", "due_at")
REMINDERS = f"""
    clock AS (
        SELECT * FROM unnest(%(zones)s::text[], %(times)s::time[])
            WITH ORDINALITY AS given (time_zone, message_at, clock)
    ),
    moment AS (
        SELECT * FROM unnest(%(beats)s::int[], %(mondays)s::date[], %(clocks)s::int[],
            %(remind_at)s::timestamptz[], %(due_at)s::timestamptz[])
            AS given (beat, monday, clock, remind_at, due_at)
    ),
    owned AS MATERIALIZED (
        SELECT asked.engagement_id, asked.id, asked.trail, asked.beat, asked.owner_id,
            asked.asked_since, clock.clock
        FROM asked
        JOIN person ON person.engagement_id = asked.engagement_id AND person.id = asked.owner_id
        JOIN clock USING (time_zone, message_at)
        WHERE person.wants_reminders
    ),
    found AS (
        SELECT 'reminder' AS rule, owned.engagement_id, owned.owner_id AS person_id,
            owned.id AS subject, moment.monday AS period, moment.remind_at AS due_at
        FROM owned JOIN moment USING (beat, clock)
        WHERE owned.asked_since <= moment.due_at AND {is_empty("owned.trail", "moment.monday")}
    )
"""  # noqa: S608 - made of constants
OVERDUE = f"""
    owed AS (
        SELECT * FROM unnest(%(beats)s::int[], %(mondays)s::date[], %(due_at)s::timestamptz[])
            AS given (beat, monday, due_at)
    ),
    found AS (
        SELECT 'overdue' AS rule, asked.engagement_id, person.id AS person_id,
            asked.id AS subject, owed.monday AS period, owed.due_at
        FROM asked
        JOIN owed USING (beat)
        JOIN person ON person.engagement_id = asked.engagement_id AND person.id = asked.owner_id
        WHERE person.wants_reminders AND asked.asked_since <= owed.due_at
          AND {is_empty("asked.trail", "owed.monday")}
    )
"""  # noqa: S608
# Two in a row are told once per streak and person, by the newest two: of what an outage or another
# role kept from somebody, that is what counts. `since` is the first period of the streak: the first
# that was asked for after the newest one before it with a check-in.
MISSED = f"""
    closed AS (
        SELECT * FROM unnest(%(beats)s::int[], %(mondays)s::date[], %(due_at)s::timestamptz[],
            %(closes_at)s::timestamptz[], %(places)s::int[], %(recent)s::boolean[])
            AS given (beat, monday, due_at, closes_at, place, is_recent)
    ),
    missed AS (
        SELECT asked.*, closed.monday, closed.closes_at, closed.is_recent,
            closed.place = 1 AND count(*) OVER (PARTITION BY asked.id) = {LOOK_BACK} AS is_second
        FROM asked JOIN closed USING (beat)
        WHERE closed.place <= {LOOK_BACK} AND asked.asked_since <= closed.due_at
          AND {is_empty("asked.trail", "closed.monday")}
    ),
    second AS (
        SELECT missed.*, (
            SELECT min(closed.monday) FROM closed
            WHERE closed.beat = missed.beat AND missed.asked_since <= closed.due_at
              AND closed.monday > coalesce((
                  SELECT max((point ->> 0)::date) FROM jsonb_array_elements(missed.trail) point
                  WHERE (point ->> 0)::date < missed.monday), '-infinity')) AS since
        FROM missed WHERE is_recent AND is_second
    ),
    found AS (
        SELECT 'missed' AS rule, missed.engagement_id, person.id AS person_id,
            missed.id AS subject, missed.monday AS period, missed.closes_at AS due_at
        FROM missed
        JOIN person ON person.engagement_id = missed.engagement_id
            AND person.id = missed.objective_owner_id
        WHERE missed.is_recent AND person.wants_digests
        UNION ALL
        SELECT 'missed_twice', second.engagement_id, person.id, second.id, second.monday,
            second.closes_at
        FROM second
        JOIN person ON person.engagement_id = second.engagement_id AND person.role = 'lead'
        WHERE person.wants_digests AND NOT EXISTS (
            SELECT 1 FROM notifications_notice told
            WHERE told.engagement_id = second.engagement_id AND told.person_id = person.id
              AND told.rule = 'missed_twice' AND told.subject = second.id
              AND told.period BETWEEN second.since AND second.monday)
    )
"""  # noqa: S608


def remind(*, now: dt.datetime, using: str = "sweep") -> int:
    """Remind each owner once of each check-in that is due soon and not done (M6.4).

    On the last working day before, at the time of their daily message; never of a deadline that
    has gone by. Returns the notices written. At most three queries.
    """
    beats = running_beats(now=now, using=using)
    ahead = [
        (place, beat, period)
        for place, beat in enumerate(beats)
        for period in open_periods(beat.rhythm, now)
        if now < period.due_at
    ]
    if not ahead:
        return 0
    people = clocks(using=using)
    facts = {
        **columns(people, "zones", "times"),
        **columns(list(_moments(ahead, people, now=now)), *MOMENT),
    }
    return _tell(REMINDERS, beats=beats, facts=facts, now=now, using=using)


def nudge(*, now: dt.datetime, using: str = "sweep") -> int:
    """Tell each owner once of each open check-in whose due time has passed (M6.4, M7.7).

    Returns the notices written. At most two queries.
    """
    beats = running_beats(now=now, using=using)
    rows = [
        (place, period.monday, period.due_at)
        for place, beat in enumerate(beats)
        for period in open_periods(beat.rhythm, now)
        if period.due_at < now
    ]
    facts = columns(rows, "beats", "mondays", "due_at")
    return _tell(OVERDUE, beats=beats, facts=facts, now=now, using=using)


def climb(*, now: dt.datetime, using: str = "sweep") -> int:
    """Tell the objective's owner of a period that closed without a check-in, and the leads of two
    in a row, once per streak (M7.7, M7.9).

    The last two closed periods are looked at, so that an outage is caught up without a storm. Nobody
    is told twice of a streak, and of one that is older only the newest two.
    Returns the notices written. At most two queries.
    """
    beats = running_beats(now=now, using=using)
    rows = [
        (place, one.period.monday, one.period.due_at, one.period.closes_at, ago, one.is_recent)
        for place, beat in enumerate(beats)
        for ago, one in enumerate(closed_at(beat.rhythm, now), start=1)
    ]
    facts = columns(rows, "beats", "mondays", "due_at", "closes_at", "places", "recent")
    if not any(facts["recent"]):
        return 0
    return _tell(MISSED, beats=beats, facts=facts, now=now, using=using)


def _tell(
    found: str, *, beats: Sequence[Beat], facts: dict[str, list[Any]], now: dt.datetime, using: str
) -> int:
    if not facts["beats"]:
        return 0
    return tell(found, facts={**cycles_of(beats), **facts}, now=now, using=using)


def _moments(
    ahead: Sequence[tuple[int, Beat, Period]], people: Sequence[Clock], *, now: dt.datetime
) -> Iterator[tuple[Any, ...]]:
    """Rows of the rhythms' periods and people's clocks (from 1) for which it is time to remind."""
    for place, beat, period in ahead:
        for number, clock in enumerate(people, start=1):
            at = remind_at(period, zone=beat.rhythm.zone, country=beat.country, clock=clock)
            if at <= now:
                yield place, period.monday, number, at, period.due_at


@lru_cache(maxsize=65_536)
def remind_at(period: Period, *, zone: ZoneInfo, country: str, clock: Clock) -> dt.datetime:
    """When a person with this clock is reminded of this period: aware UTC, before it is due.

    At the time of their message on the last working day before the due day, in the zone and the
    country of the client. If the period is not open by then, on the first working day from its
    opening on whose message comes before the due time; if there is none, as it opens.
    """
    days = _candidates(period, zone=zone, country=country)
    in_time = (at for day in days if period.opens_at <= (at := clock.on(day)) < period.due_at)
    return next(in_time, period.opens_at)


@lru_cache(maxsize=8192)
def _candidates(period: Period, *, zone: ZoneInfo, country: str) -> tuple[dt.date, ...]:
    """Working days, the best first: from the one before the due day back to the opening, then from
    the due day on. Some more at both ends, since a person's date may be another one.
    """
    opens_on, due_on = (at.astimezone(zone).date() for at in (period.opens_at, period.due_at))
    before = working_days(opens_on - FARTHEST, due_on - DAY, country)
    after = working_days(due_on, due_on + FARTHEST, country)
    return (*reversed(list(before)), *after)
