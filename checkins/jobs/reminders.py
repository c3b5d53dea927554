"""Reminders before a deadline and after it, and missed check-ins (M6.4, M7.7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from checkins.jobs.notices import (
    DAY,
    LOOK_BACK,
    OWED,
    OWED_COLUMNS,
    Clock,
    RunningRhythm,
    clocks,
    closed_at,
    columns,
    is_asked,
    is_empty,
    running_rhythms,
    write_notices,
)
from checkins.periods import Period, open_periods
from notifications.hours import working_days

FARTHEST = 2 * DAY  # by which the dates of two zones may differ from those of an instant

# `owned` is materialized: joined by rhythm alone, each key result would meet the moments of all
# clocks.
MOMENT = ("rhythms", "mondays", "clocks", "remind_at", "due_at", "previous_due_on")
CLOSED = ("rhythms", "mondays", "due_at", "closes_at", "places", "recent", "previous_due_on")
REMINDERS = f"""
    clock AS (
        SELECT * FROM unnest(%(zones)s::text[], %(times)s::time[])
            WITH ORDINALITY AS given (time_zone, message_at, clock)
    ),
    moment AS (
        SELECT * FROM unnest(%(rhythms)s::int[], %(mondays)s::date[], %(clocks)s::int[],
            %(remind_at)s::timestamptz[], %(due_at)s::timestamptz[], %(previous_due_on)s::date[])
            AS given (rhythm, monday, clock, remind_at, due_at, previous_due_on)
    ),
    owned AS MATERIALIZED (
        SELECT asked.engagement_id, asked.id, asked.trail, asked.rhythm, asked.owner_id,
            asked.asked_since, asked.due_on, asked.is_finished, asked.last_period, clock.clock
        FROM asked
        JOIN person ON person.engagement_id = asked.engagement_id AND person.id = asked.owner_id
        JOIN clock USING (time_zone, message_at)
        WHERE person.wants_reminders
    ),
    found AS (
        SELECT 'reminder' AS rule, owned.engagement_id, owned.owner_id AS person_id,
            owned.id AS subject, moment.monday AS period, moment.remind_at AS due_at
        FROM owned JOIN moment USING (rhythm, clock)
        WHERE {is_asked("owned", "moment")} AND {is_empty("owned.trail", "moment.monday")}
    )
"""  # noqa: S608 - made of constants
OVERDUE = f"""
    {OWED},
    found AS (
        SELECT 'overdue' AS rule, owed.engagement_id, person.id AS person_id,
            owed.id AS subject, owed.monday AS period, owed.due_at
        FROM owed
        JOIN person ON person.engagement_id = owed.engagement_id AND person.id = owed.owner_id
        WHERE person.wants_reminders
    )
"""  # noqa: S608
# Two in a row give one notice per streak and person, by the newest two, also after an outage or a
# change of roles. `since` is the first period of the streak: the first that was asked for after the
# newest one before it with a check-in.
MISSED = f"""
    closed AS (
        SELECT * FROM unnest(%(rhythms)s::int[], %(mondays)s::date[], %(due_at)s::timestamptz[],
            %(closes_at)s::timestamptz[], %(places)s::int[], %(recent)s::boolean[],
            %(previous_due_on)s::date[])
            AS given (rhythm, monday, due_at, closes_at, place, is_recent, previous_due_on)
    ),
    missed AS (
        SELECT asked.*, closed.monday, closed.closes_at, closed.is_recent,
            closed.place = 1 AND count(*) OVER (PARTITION BY asked.id) = {LOOK_BACK} AS is_second
        FROM asked JOIN closed USING (rhythm)
        WHERE closed.place <= {LOOK_BACK} AND {is_asked("asked", "closed")}
          AND {is_empty("asked.trail", "closed.monday")}
    ),
    second AS (
        SELECT missed.*, (
            SELECT min(closed.monday) FROM closed
            WHERE closed.rhythm = missed.rhythm AND {is_asked("missed", "closed")}
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
            SELECT 1 FROM notifications_notice earlier
            WHERE earlier.engagement_id = second.engagement_id AND earlier.person_id = person.id
              AND earlier.rule = 'missed_twice' AND earlier.subject = second.id
              AND earlier.period BETWEEN second.since AND second.monday)
    )
"""  # noqa: S608


def send_reminders(*, now: dt.datetime, using: str = "sweep") -> int:
    """Remind each owner once of each check-in that is due soon and not done (M6.4).

    On the last working day before, at the time of their daily message; never of a deadline that
    has passed. Returns the number of notices. At most four queries.
    """
    rhythms = running_rhythms(now=now, using=using)
    ahead = [
        (place, running, period)
        for place, running in enumerate(rhythms)
        for period in open_periods(running.rhythm, now)
        if now < period.due_at
    ]
    if not ahead:
        return 0
    people = clocks(using=using)
    moments = list(_moments(ahead, people, now=now))
    if not moments:
        return 0
    facts = {**columns(people, "zones", "times"), **columns(moments, *MOMENT)}
    return write_notices(REMINDERS, rhythms=rhythms, facts=facts, now=now, using=using)


def send_overdue(*, now: dt.datetime, using: str = "sweep") -> int:
    """Notify each owner once of each open check-in whose due time has passed (M6.4, M7.7).

    Returns the number of notices. At most three queries.
    """
    rhythms = running_rhythms(now=now, using=using)
    rows = [
        (place, period.monday, period.due_at, period.previous_due_on)
        for place, running in enumerate(rhythms)
        for period in open_periods(running.rhythm, now)
        if period.due_at < now
    ]
    if not rows:
        return 0
    facts = columns(rows, *OWED_COLUMNS)
    return write_notices(OVERDUE, rhythms=rhythms, facts=facts, now=now, using=using)


def escalate_missed(*, now: dt.datetime, using: str = "sweep") -> int:
    """Notify the objective's owner of a missed check-in, and the leads of two in a row (M7.7, M7.9).

    Leads get one notice per streak. The last two closed periods are checked, so that an outage is
    caught up without a storm; of an older streak only the newest two count. Returns the number of
    notices. At most three queries.
    """
    rhythms = running_rhythms(now=now, using=using)
    rows = [
        (
            *(place, period.monday, period.due_at, period.closes_at, ago, is_recent),
            period.previous_due_on,
        )
        for place, running in enumerate(rhythms)
        for ago, (period, is_recent) in enumerate(closed_at(running.rhythm, now), start=1)
    ]
    facts = columns(rows, *CLOSED)
    if not any(facts["recent"]):
        return 0
    return write_notices(MISSED, rhythms=rhythms, facts=facts, now=now, using=using)


def _moments(
    ahead: Sequence[tuple[int, RunningRhythm, Period]], people: Sequence[Clock], *, now: dt.datetime
) -> Iterator[tuple[Any, ...]]:
    """Yield rows of the periods and clocks (from 1) for which it is time to remind."""
    for place, running, period in ahead:
        for number, clock in enumerate(people, start=1):
            at = remind_at(period, zone=running.rhythm.zone, country=running.country, clock=clock)
            if at <= now:
                yield place, period.monday, number, at, period.due_at, period.previous_due_on


@lru_cache(maxsize=65_536)
def remind_at(period: Period, *, zone: ZoneInfo, country: str, clock: Clock) -> dt.datetime:
    """Return when a person with this clock is reminded of this period: aware UTC.

    At the time of their message on the last working day before the due day, in the zone and the
    country of the client. If the period is not open by then, on the first working day from its
    opening on whose message comes before the due time; if there is none, as it opens.
    """
    days = _candidates(period, zone=zone, country=country)
    in_time = (at for day in days if period.opens_at <= (at := clock.on(day)) < period.due_at)
    return next(in_time, period.opens_at)


@lru_cache(maxsize=8192)
def _candidates(period: Period, *, zone: ZoneInfo, country: str) -> tuple[dt.date, ...]:
    """Return working days, the best first: from the one before the due day back to the opening.

    Then those from the due day on. Some more at both ends, since a person's date may differ.
    """
    opens_on, due_on = (at.astimezone(zone).date() for at in (period.opens_at, period.due_at))
    before = working_days(opens_on - FARTHEST, due_on - DAY, country)
    after = working_days(due_on, due_on + FARTHEST, country)
    return (*reversed(list(before)), *after)
