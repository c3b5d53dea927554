"""Put waiting notices into envelopes: one per person and day, urgent ones at once (M6.4).

A waiting notice is due, in no envelope and not dropped. Its cause and its reader's access are
checked when the envelope is sent, because the sweep role can't read texts.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import connections, transaction
from django.utils import timezone

from mail.delivery import MAX_ATTEMPTS
from mail.models import Priority
from notifications.hours import Clock
from notifications.rules import urgent_rules

LOCK = "SELECT pg_advisory_xact_lock(hashtext('notifications.digests'))"

DROP_CLOSED = """
    UPDATE notifications_notice AS notice SET dropped_at = %(now)s::timestamptz
    FROM engagements_engagement AS engagement
    WHERE engagement.id = notice.engagement_id AND engagement.closed_at IS NOT NULL
      AND notice.envelope IS NULL AND notice.dropped_at IS NULL
"""

CLOCKS = """
    SELECT DISTINCT person.time_zone, person.message_at, person.quiet_from, person.quiet_until
    FROM notifications_notice AS notice
    JOIN engagements_membership AS member
      ON member.engagement_id = notice.engagement_id AND member.id = notice.person_id
    JOIN accounts_user AS person ON person.id = member.user_id
    WHERE notice.envelope IS NULL AND notice.dropped_at IS NULL AND notice.due_at <= %(now)s
    UNION
    SELECT person.time_zone, person.message_at, person.quiet_from, person.quiet_until
    FROM mail_outboxmessage AS message
    JOIN accounts_user AS person ON person.id = message.user_id
    WHERE message.kind = 'daily' AND message.accepted_at IS NULL AND message.sent_at IS NULL
      AND message.cancelled_at IS NULL AND message.dead_at IS NULL
"""

CLOCK = """
    WITH clock AS (
        SELECT * FROM unnest(
            %(zones)s::text[], %(message_at)s::time[], %(quiet_from)s::time[],
            %(quiet_until)s::time[], %(days)s::date[], %(until)s::timestamptz[]
        ) AS clock (time_zone, message_at, quiet_from, quiet_until, day, until)
    )
"""

# An unsent message of an earlier day is merged into today's. One that a worker has claimed is left
# to it; a worker that lost its lease can't write an outcome.
TAKE_BACK = f"""{CLOCK}
    , late AS (
        SELECT message.id, message.user_id, message.attempts, message.payload
        FROM mail_outboxmessage AS message
        JOIN accounts_user AS person ON person.id = message.user_id
        JOIN clock USING (time_zone, message_at, quiet_from, quiet_until)
        WHERE message.kind = 'daily' AND message.accepted_at IS NULL AND message.sent_at IS NULL
          AND message.cancelled_at IS NULL AND message.dead_at IS NULL
          AND message.attempts < %(most)s::int
          AND (message.claimed_until IS NULL OR message.claimed_until <= %(present)s::timestamptz)
          AND NOT EXISTS (
            SELECT 1 FROM mail_outboxmessage AS made
            WHERE made.dedupe_key = 'daily:' || message.user_id || ':' || clock.day)
        ORDER BY message.id FOR UPDATE OF message SKIP LOCKED
    ), cancelled AS (
        UPDATE mail_outboxmessage AS message
        SET cancelled_at = %(now)s::timestamptz, claim_token = NULL, claimed_until = NULL
        FROM late WHERE message.id = late.id
    ), held AS (
        SELECT id, jsonb_array_elements(payload -> 'engagements')::bigint AS engagement_id FROM late
    ), freed AS (
        UPDATE notifications_notice AS notice SET envelope = NULL FROM held
        WHERE notice.engagement_id = held.engagement_id AND notice.envelope = held.id
          AND notice.dropped_at IS NULL AND notice.sent_at IS NULL AND notice.failed_at IS NULL
    )
    SELECT coalesce(jsonb_object_agg(user_id, attempts), '{{}}')::text FROM (
        SELECT user_id, max(attempts) AS attempts FROM late GROUP BY user_id
    ) AS tried
"""  # noqa: S608 - made of constants

# The dedupe key makes an envelope unique: a person's day, or the first urgent notice. That notice
# may have been in an earlier envelope that was sent without it. `by_user` stands for a join: after
# a sweep PostgreSQL expects one waiting notice where there are 80,000, and would loop over all pairs.
ENVELOPES = f"""{CLOCK}
    , waiting AS (
        SELECT notice.engagement_id, notice.id, person.id AS user_id, person.email, clock.day
        FROM notifications_notice AS notice
        JOIN engagements_membership AS member
          ON member.engagement_id = notice.engagement_id AND member.id = notice.person_id
        JOIN accounts_user AS person ON person.id = member.user_id
        JOIN clock USING (time_zone, message_at, quiet_from, quiet_until)
        WHERE notice.envelope IS NULL AND notice.dropped_at IS NULL
          AND notice.due_at <= clock.until
          AND (notice.rule = ANY (%(urgent)s::text[])) = %(is_urgent)s::boolean
    ), envelope AS (
        SELECT gen_random_uuid() AS id, user_id, email,
            coalesce(day::text, min(waiting.id)::text) AS occasion,
            jsonb_agg(DISTINCT engagement_id) AS engagements
        FROM waiting GROUP BY user_id, email, day
    ), made AS (
        INSERT INTO mail_outboxmessage
            (id, kind, recipient, user_id, payload, dedupe_key, created_at, due_at, priority,
             attempts, last_error)
        SELECT id, %(kind)s::text, email, user_id,
            jsonb_build_object('envelope', id, 'user', user_id, 'engagements', engagements),
            %(kind)s::text || ':' || user_id || ':' || occasion || CASE
                WHEN %(is_urgent)s::boolean AND EXISTS (
                    SELECT 1 FROM mail_outboxmessage AS before
                    WHERE before.dedupe_key = 'urgent:' || envelope.user_id || ':' || occasion
                ) THEN ':' || id ELSE '' END,
            %(now)s::timestamptz, %(now)s::timestamptz, %(priority)s::smallint,
            coalesce((%(tried)s::jsonb ->> user_id::text)::int, 0), ''
        FROM envelope ORDER BY user_id
        ON CONFLICT (dedupe_key) DO NOTHING
        RETURNING id, user_id
    ), by_user AS MATERIALIZED (
        SELECT jsonb_object_agg(user_id, id) AS ids FROM made
    ), filled AS (
        UPDATE notifications_notice AS notice
        SET envelope = ((SELECT ids FROM by_user) ->> user_id::text)::uuid
        FROM waiting
        WHERE notice.engagement_id = waiting.engagement_id AND notice.id = waiting.id
          AND notice.envelope IS NULL AND (SELECT ids FROM by_user) ? user_id::text
    )
    SELECT count(*) FROM made
"""  # noqa: S608 - the same


Due = tuple[Clock, dt.date | None, dt.datetime]  # the day, and the end of its period


def build_digests(*, now: dt.datetime, using: str = "sweep", is_daily: bool = True) -> int:
    """Put notices waiting at `now` into envelopes; return how many envelopes.

    Drops notices of closed engagements. Makes exactly one envelope per person and day, and one for
    urgent notices, even if it runs twice or at once. `is_daily=False` gathers urgent notices
    only: a daily envelope can't grow, so the tick makes it, after the sweeps that fill it.
    """
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute(LOCK)
        cursor.execute(DROP_CLOSED, {"now": now})
        cursor.execute(CLOCKS, {"now": now})
        clocks = [Clock(*row) for row in cursor.fetchall()]
        awake: list[Due] = [(clock, None, now) for clock in clocks if clock.is_awake(now)]
        due: list[Due] = [
            (clock, *day) for clock in clocks if (day := clock.message_of_the_day(now))
        ]
        made = _build(cursor, awake, is_urgent=True, now=now) if awake else 0
        if is_daily and due:
            made += _build(cursor, due, now=now, tried=_take_back(cursor, due, now=now))
        return made


def _take_back(cursor: Any, due: list[Due], *, now: dt.datetime) -> str:
    """Merge messages of earlier days into today's; return how often each person's was tried."""
    present = timezone.now()  # leases run by the real clock
    times = {"now": now, "present": present}
    cursor.execute(TAKE_BACK, {**_columns(due), **times, "most": MAX_ATTEMPTS})
    (tried,) = cursor.fetchone()
    return str(tried)


def _build(
    cursor: Any, due: list[Due], *, now: dt.datetime, is_urgent: bool = False, tried: str = "{}"
) -> int:
    """Insert envelopes; `tried` is JSON with a user's attempts so far, so that retries end."""
    values = {
        "kind": "urgent" if is_urgent else "daily",
        "is_urgent": is_urgent,
        "priority": (Priority.URGENT if is_urgent else Priority.USUAL).value,
        "urgent": urgent_rules(),
    }
    cursor.execute(ENVELOPES, {**_columns(due), **values, "now": now, "tried": tried})
    (made,) = cursor.fetchone()
    return int(made)


def _columns(rows: list[Due]) -> dict[str, Any]:
    return {
        "zones": [clock.zone for clock, _, _ in rows],
        "message_at": [clock.message_at for clock, _, _ in rows],
        "quiet_from": [clock.quiet_from for clock, _, _ in rows],
        "quiet_until": [clock.quiet_until for clock, _, _ in rows],
        "days": [day for _, day, _ in rows],
        "until": [until for _, _, until in rows],
    }
