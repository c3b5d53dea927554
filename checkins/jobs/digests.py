"""What Friday brings: what is at risk or blocked, and whose update is late or thin (M6.4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db import connections

from accounts.models import is_quiet, zone_of
from checkins.jobs.notices import is_empty, tell
from checkins.jobs.people import Clock
from checkins.jobs.rhythms import Beat, closed_at, columns, cycles_of, running_beats
from checkins.periods import open_periods
from scoring import Rag

FRIDAY = 4

HEARERS = """
    SELECT DISTINCT time_zone, message_at, quiet_from, quiet_until FROM accounts_user
    WHERE is_active AND wants_digests ORDER BY 1, 2, 3, 4
"""
# `hearer`: for whom it is Friday, until their message of the day is made or their evening begins;
# what comes up later than that is not Friday's any more.
DIGESTS = f"""
    friday AS (
        SELECT * FROM unnest(%(zones)s::text[], %(times)s::time[], %(quiet_from)s::time[],
            %(quiet_until)s::time[], %(fridays)s::date[], %(told_at)s::timestamptz[])
            AS given (time_zone, message_at, quiet_from, quiet_until, day, told_at)
    ),
    hearer AS (
        SELECT person.*, friday.day, friday.day - {FRIDAY} AS monday, friday.told_at
        FROM person JOIN friday USING (time_zone, message_at, quiet_from, quiet_until)
        WHERE person.wants_digests AND NOT EXISTS (
            SELECT 1 FROM mail_outboxmessage made
            WHERE made.dedupe_key = 'daily:' || person.user_id || ':' || friday.day)
    ),
    owed AS (
        SELECT * FROM unnest(%(beats)s::int[], %(mondays)s::date[], %(due_at)s::timestamptz[])
            AS given (beat, monday, due_at)
    ),
    late AS (
        SELECT DISTINCT asked.engagement_id, asked.id
        FROM asked JOIN owed USING (beat)
        WHERE asked.asked_since <= owed.due_at AND {is_empty("asked.trail", "owed.monday")}
    ),
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
        SELECT 'friday_at_risk' AS rule, running.engagement_id, hearer.id AS person_id,
            running.id AS subject, hearer.monday AS period, hearer.told_at AS due_at
        FROM running
        JOIN hearer ON hearer.engagement_id = running.engagement_id
            AND (hearer.id = running.objective_owner_id OR hearer.role = 'lead')
            AND running.starts_on <= hearer.day AND running.ends_on >= hearer.monday
        WHERE running.stage = 'at_risk' OR EXISTS (
            SELECT 1 FROM checkins_blocker b WHERE b.engagement_id = running.engagement_id
              AND b.key_result_id = running.id AND b.resolved_at IS NULL)
        UNION ALL
        SELECT 'friday_late', running.engagement_id, hearer.id, running.id, hearer.monday,
            hearer.told_at
        FROM running
        JOIN hearer ON hearer.engagement_id = running.engagement_id
            AND (hearer.id = running.champion_id
                 OR (running.champion_id IS NULL AND hearer.role = 'lead'))
            AND running.starts_on <= hearer.day AND running.ends_on >= hearer.monday
        LEFT JOIN LATERAL (
            SELECT c.is_thin FROM checkins_checkin c
            WHERE c.engagement_id = running.engagement_id AND c.key_result_id = running.id
              AND c.period = running.last_period
            ORDER BY c.id DESC LIMIT 1
        ) said ON running.last_week >= hearer.monday
        WHERE running.is_late OR (running.last_week >= hearer.monday AND (
            (running.rag = ANY (%(proud)s::text[]) AND running.evidence_url = '')
            OR said.is_thin))
    )
"""  # noqa: S608 - made of constants


def friday_digests(*, now: dt.datetime, using: str = "sweep") -> int:
    """Gather what Friday's message tells, once it is time for it on each person's clock (M6.4).

    To objective owners and leads what is at risk or blocked; to the champion of the team, or the
    leads where there is none, what is late, was missed or is thin: an insight or a next action
    under four words, or green without evidence. Only of cycles that run in that week. Returns the
    notices written. At most three queries.
    """
    rows = list(_fridays(now=now, using=using))
    if not rows:
        return 0
    beats = running_beats(now=now, using=using)
    facts = {
        **columns(rows, "zones", "times", "quiet_from", "quiet_until", "fridays", "told_at"),
        **columns(_owed(beats, now=now), "beats", "mondays", "due_at"),
        **cycles_of(beats),
        "proud": [Rag.GREEN.value, Rag.STRETCH.value],
    }
    return tell(DIGESTS, facts=facts, now=now, using=using)


def _fridays(*, now: dt.datetime, using: str) -> Iterator[tuple[Any, ...]]:
    """Clocks on which it is Friday, past the hour of the message and not quiet. One query."""
    with connections[using].cursor() as cursor:
        cursor.execute(HEARERS)
        hearers = cursor.fetchall()
    for zone, message_at, since, until in hearers:
        # An hour of one's own that is a quiet one waits for the end of the quiet.
        hour = until if is_quiet(message_at, since=since, until=until) else message_at
        local, clock = now.astimezone(zone_of(zone)), Clock(zone, hour)
        told_at = clock.on(local.date())
        is_awake = not is_quiet(local.time(), since=since, until=until)
        if local.weekday() == FRIDAY and told_at <= now and is_awake:
            yield zone, message_at, since, until, local.date(), told_at


def _owed(beats: list[Beat], *, now: dt.datetime) -> list[tuple[Any, ...]]:
    """The periods without which a key result is late: open and overdue, or closed last."""
    return [
        (place, period.monday, period.due_at)
        for place, beat in enumerate(beats)
        for period in (
            *(one for one in open_periods(beat.rhythm, now) if one.due_at < now),
            *(one.period for one in list(closed_at(beat.rhythm, now))[:1] if one.is_recent),
        )
    ]
