"""Friday's notices: key results at risk or blocked, check-ins that are late or thin (M6.4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db import connections

from checkins.jobs.notices import (
    OWED,
    OWED_COLUMNS,
    RunningRhythm,
    closed_at,
    columns,
    running_rhythms,
    write_notices,
)
from checkins.periods import open_periods
from engagements.places import country_of, weekend_of
from notifications.hours import Clock
from scoring import Rag

FRIDAY = 4

READERS_OF_DIGESTS = """
    SELECT DISTINCT time_zone, message_at, quiet_from, quiet_until FROM accounts_user
    WHERE is_active AND wants_digests ORDER BY 1, 2, 3, 4
"""
# `reader`: people for whom it is Friday, until their message of the day is built or their quiet
# hours begin. Changes after that are not included.
DIGESTS = f"""
    friday AS (
        SELECT * FROM unnest(%(zones)s::text[], %(times)s::time[], %(quiet_from)s::time[],
            %(quiet_until)s::time[], %(fridays)s::date[], %(due)s::timestamptz[])
            AS given (time_zone, message_at, quiet_from, quiet_until, day, message_due_at)
    ),
    reader AS (
        SELECT person.*, friday.day, date_trunc('week', friday.day)::date AS monday,
            friday.message_due_at
        FROM person JOIN friday USING (time_zone, message_at, quiet_from, quiet_until)
        WHERE person.wants_digests AND NOT EXISTS (
            SELECT 1 FROM mail_outboxmessage made
            WHERE made.dedupe_key = 'daily:' || person.user_id || ':' || friday.day)
    ),
    {OWED},
    late AS (SELECT DISTINCT engagement_id, id FROM owed),
    running AS (
        SELECT asked.*, champion.id AS champion_id, late.id IS NOT NULL AS is_late
        FROM asked
        LEFT JOIN late ON late.engagement_id = asked.engagement_id AND late.id = asked.id
        LEFT JOIN okrs_team team
            ON team.engagement_id = asked.engagement_id AND team.id = asked.team_id
        LEFT JOIN person champion
            ON champion.engagement_id = team.engagement_id AND champion.id = team.champion_id
    ),
    found AS (
        SELECT 'friday_at_risk' AS rule, running.engagement_id, reader.id AS person_id,
            running.id AS subject, reader.monday AS period, reader.message_due_at AS due_at
        FROM running
        JOIN reader ON reader.engagement_id = running.engagement_id
            AND (reader.id = running.objective_owner_id OR reader.role = 'lead')
            AND running.starts_on <= reader.day AND running.ends_on >= reader.monday
        WHERE running.stage = 'at_risk' OR EXISTS (
            SELECT 1 FROM checkins_blocker b WHERE b.engagement_id = running.engagement_id
              AND b.key_result_id = running.id AND b.resolved_at IS NULL)
        UNION ALL
        SELECT 'friday_late', running.engagement_id, reader.id, running.id, reader.monday,
            reader.message_due_at
        FROM running
        JOIN reader ON reader.engagement_id = running.engagement_id
            AND (reader.id = running.champion_id
                 OR (running.champion_id IS NULL AND reader.role = 'lead'))
            AND running.starts_on <= reader.day AND running.ends_on >= reader.monday
        LEFT JOIN LATERAL (
            SELECT c.is_thin FROM checkins_checkin c
            WHERE c.engagement_id = running.engagement_id AND c.key_result_id = running.id
              AND c.period = running.last_period
            ORDER BY c.id DESC LIMIT 1
        ) newest ON running.last_week >= reader.monday
        WHERE running.is_late OR (running.last_week >= reader.monday AND (
            (running.rag = ANY (%(proud)s::text[]) AND running.evidence_url = '')
            OR newest.is_thin))
    )
"""  # noqa: S608 - made of constants


def friday_digests(*, now: dt.datetime, using: str = "sweep") -> int:
    """Write Friday's notices, once it is time for them on each person's clock (M6.4).

    Objective owners and leads get key results at risk or blocked. The team's champion, or the leads
    if there is none, get check-ins that are late, missed or thin: an insight or a next action under
    four words, or green without evidence. Only cycles that run in that week count. Returns the
    number of notices. At most four queries.
    """
    fridays = list(_fridays(now=now, using=using))
    if not fridays:
        return 0
    rhythms = running_rhythms(now=now, using=using)
    facts = {
        **columns(fridays, "zones", "times", "quiet_from", "quiet_until", "fridays", "due"),
        **columns(_owed(rhythms, now=now), *OWED_COLUMNS),
        "proud": [Rag.GREEN.value, Rag.STRETCH.value],
    }
    return write_notices(DIGESTS, rhythms=rhythms, facts=facts, now=now, using=using)


def _fridays(*, now: dt.datetime, using: str) -> Iterator[tuple[Any, ...]]:
    """Yield clocks on which it is Friday, past the hour of the message and not quiet. One query.

    Where Friday is part of the weekend, the last day before it counts.
    """
    with connections[using].cursor() as cursor:
        cursor.execute(READERS_OF_DIGESTS)
        found = cursor.fetchall()
    for row in found:
        clock = Clock(*row)
        last_weekday = max(set(range(FRIDAY + 1)) - weekend_of(country_of(clock.zone)))
        message = clock.message_of_the_day(now)
        if message is not None and message[0].weekday() == last_weekday:
            yield *row, *message


def _owed(rhythms: list[RunningRhythm], *, now: dt.datetime) -> list[tuple[Any, ...]]:
    """Return the periods without which a key result is late: open and overdue, or closed last."""
    return [
        (place, period.monday, period.due_at, period.previous_due_on)
        for place, running in enumerate(rhythms)
        for period in (
            *(one for one in open_periods(running.rhythm, now) if one.due_at < now),
            *(period for period, recent in islice(closed_at(running.rhythm, now), 1) if recent),
        )
    ]
