"""How a sweep tells: one statement per rule that writes the notices which are not there yet."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import connections

from checkins.jobs.people import PEOPLE
from engagements.permissions import READERS
from okrs.models.key_results import LIVE
from tenancy.models import NEW_PUBLIC_ID

# Live key results of the cycles that were handed in, with what the rules of the rhythm compare. The
# way leads over the tables, whose keys tell PostgreSQL how many rows to expect: of arrays it guesses.
ASKED = """
    asked AS (
        SELECT given.beat, k.engagement_id, k.id, k.owner_id, k.trail, k.stage,
            greatest(k.committed_at, e.rhythm_since) AS asked_since, k.rag, k.evidence_url,
            k.last_period, k.last_week, o.owner_id AS objective_owner_id, o.team_id,
            c.starts_on, c.ends_on
        FROM unnest(%(cycle_beats)s::int[], %(cycles)s::bigint[]) AS given (beat, cycle_id)
        JOIN okrs_cycle c ON c.id = given.cycle_id
        JOIN engagements_engagement e ON e.id = c.engagement_id
        JOIN okrs_objective o ON o.engagement_id = c.engagement_id AND o.cycle_id = c.id
        JOIN okrs_keyresult k ON k.engagement_id = o.engagement_id AND k.objective_id = o.id
        WHERE k.stage = ANY (%(live)s::text[]) AND k.committed_at <= %(now)s::timestamptz
    )
"""
# `found` holds rule, engagement_id, person_id, subject, period, due_at. What is there already is
# left out first: each try to insert would take a number from the sequence. The order is that of the
# unique key, so that two sweeps at once wait for each other instead of locking each other out.
TELL = f"""
    WITH {PEOPLE}, {ASKED}, {{found}}
    INSERT INTO notifications_notice (engagement_id, public_id, person_id, rule, subject, period,
        created_at, due_at, error)
    SELECT engagement_id, {NEW_PUBLIC_ID}, person_id, rule, subject, period,
        %(now)s::timestamptz, due_at, ''
    FROM found
    WHERE NOT EXISTS (
        SELECT 1 FROM notifications_notice known
        WHERE known.engagement_id = found.engagement_id AND known.person_id = found.person_id
          AND known.rule = found.rule AND known.subject = found.subject
          AND known.period = found.period)
    ORDER BY engagement_id, person_id, rule, subject, period
    ON CONFLICT DO NOTHING
"""  # noqa: S608 - made of constants


def is_empty(trail: str, monday: str) -> str:
    """SQL: the period has no check-in, since the key result's trail has no point for it."""
    return f"NOT {trail} @> jsonb_build_array(jsonb_build_array({monday}::text))"


def tell(found: str, *, facts: dict[str, Any], now: dt.datetime, using: str) -> int:
    """Write the notices that `found`, common table expressions in SQL, ends in; their number."""
    given = {"live": list(LIVE), "readers": READERS, "now": now, **facts}
    with connections[using].cursor() as cursor:
        cursor.execute(TELL.format(found=found), given)
        return int(cursor.rowcount)
