"""The parts of all reminder jobs: running rhythms, the clocks of people, and one write (M6.3, M6.4).

Python computes the periods, once per distinct rhythm, and hands them to SQL as arrays. So the clock
has one implementation, and a job costs the same queries for any number of clients.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import connections

from accounts.models import zone_of
from checkins.periods import Period, Rhythm, closed_periods, periods
from engagements.left_out import note_left_out
from engagements.permissions import READERS
from okrs.models.key_results import LIVE
from tenancy.models import NEW_PUBLIC_ID

logger = logging.getLogger(__name__)

DAY = dt.timedelta(days=1)
LOOK_BACK = 2  # periods (M7.9)
LONGEST_CYCLE = 3660 * DAY
# A first period opens at most a week before the cycle starts. A last one may begin five weeks after
# a short cycle, and is looked back on until two more would have closed. A day more for the zones.
BEFORE_START, AFTER_END = 8 * DAY, (4 * 35 + 1) * DAY

TERMS = ["cadence", "zone", "due_weekday", "due_time", "opens_days_before", "starts_on", "ends_on"]
RHYTHMS = """
    SELECT e.cadence, e.time_zone, e.due_weekday, e.due_time, e.opens_days_before, c.starts_on,
        c.ends_on, e.country, array_agg(c.id ORDER BY c.id)
    FROM okrs_cycle c JOIN engagements_engagement e ON e.id = c.engagement_id
    WHERE c.starts_on <= %s AND c.ends_on >= %s AND e.closed_at IS NULL
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ORDER BY 1, 2, 3, 4, 5, 6, 7, 8
"""
CLIENTS = "SELECT DISTINCT engagement_id FROM okrs_cycle WHERE id = ANY(%s)"
CLOCKS = """
    SELECT DISTINCT time_zone, message_at FROM accounts_user WHERE is_active ORDER BY 1, 2
"""
# `person`: who may get notices at all. `asked`: live key results of the given cycles; the joins
# follow the tables, because their keys tell PostgreSQL how many rows to expect, and arrays do not.
# `found` has rule, engagement_id, person_id, subject, period, due_at. Notices that exist are left
# out first, because each try to insert would take a number from the sequence. `held` locks the
# engagements until the commit and leaves out those that were closed meanwhile. The order is that of
# the unique key, so that two jobs at once wait for each other instead of deadlocking.
WRITE = f"""
    WITH person AS (
        SELECT m.engagement_id, m.id, m.role, u.id AS user_id, u.time_zone, u.message_at,
            u.quiet_from, u.quiet_until, u.wants_reminders, u.wants_digests
        FROM engagements_membership m JOIN accounts_user u ON u.id = m.user_id
        WHERE m.removed_at IS NULL AND u.is_active AND m.role = ANY (%(readers)s::text[])
    ),
    asked AS (
        SELECT given.rhythm, k.engagement_id, k.id, k.owner_id, k.trail, k.stage,
            greatest(k.committed_at, e.rhythm_since) AS asked_since, k.rag, k.evidence_url,
            k.due_on, k.is_finished, k.last_period, k.last_week, o.owner_id AS objective_owner_id, o.team_id,
            c.starts_on, c.ends_on
        FROM unnest(%(cycle_rhythms)s::int[], %(cycles)s::bigint[]) AS given (rhythm, cycle_id)
        JOIN okrs_cycle c ON c.id = given.cycle_id
        JOIN engagements_engagement e ON e.id = c.engagement_id
        JOIN okrs_objective o ON o.engagement_id = c.engagement_id AND o.cycle_id = c.id
        JOIN okrs_keyresult k ON k.engagement_id = o.engagement_id AND k.objective_id = o.id
        WHERE k.stage = ANY (%(live)s::text[]) AND k.committed_at <= %(now)s::timestamptz
    ),
    {{found}},
    new AS (
        SELECT * FROM found WHERE NOT EXISTS (
            SELECT 1 FROM notifications_notice known
            WHERE known.engagement_id = found.engagement_id AND known.person_id = found.person_id
              AND known.rule = found.rule AND known.subject = found.subject
              AND known.period = found.period)
    ),
    held AS (
        SELECT id FROM engagements_engagement
        WHERE id IN (SELECT engagement_id FROM new) AND closed_at IS NULL
        ORDER BY id FOR KEY SHARE
    )
    INSERT INTO notifications_notice (engagement_id, public_id, person_id, rule, subject, period,
        created_at, due_at, error)
    SELECT engagement_id, {NEW_PUBLIC_ID}, person_id, rule, subject, period,
        %(now)s::timestamptz, due_at, ''
    FROM new JOIN held ON held.id = new.engagement_id
    ORDER BY engagement_id, person_id, rule, subject, period
    ON CONFLICT DO NOTHING
"""  # noqa: S608 - made of constants


def is_empty(trail: str, monday: str) -> str:
    """Return SQL: the period has no check-in, since the key result's trail has no point for it."""
    return f"NOT {trail} @> jsonb_build_array(jsonb_build_array({monday}::text))"


def is_asked(row: str, period: str) -> str:
    """Return SQL: the period asks for a check-in of the key result (M6.3), as `periods.was_asked`."""
    return f"""({row}.asked_since <= {period}.due_at
        AND (NOT {row}.is_finished OR {period}.monday <= {row}.last_period)
        AND ({period}.previous_due_on <= {row}.due_on
            OR {period}.previous_due_on IS NULL OR {row}.due_on IS NULL))"""


OWED_COLUMNS = ("rhythms", "mondays", "due_at", "previous_due_on")
# The live key results without a check-in of the given periods that asked for one.
OWED = f"""
    owed AS (
        SELECT asked.*, given.monday, given.due_at
        FROM unnest(%(rhythms)s::int[], %(mondays)s::date[], %(due_at)s::timestamptz[],
            %(previous_due_on)s::date[]) AS given (rhythm, monday, due_at, previous_due_on)
        JOIN asked USING (rhythm)
        WHERE {is_asked("asked", "given")} AND {is_empty("asked.trail", "given.monday")}
    )"""  # noqa: S608 - made of constants


class Clock(NamedTuple):
    """A person's time zone and the time of their daily message, as they are stored."""

    time_zone: str
    message_at: dt.time

    def on(self, day: dt.date) -> dt.datetime:
        """Return the instant of that day's message, aware UTC.

        A time that the clock skips counts as much later as it jumps. One that happens twice counts
        the first time.
        """
        return dt.datetime.combine(day, self.message_at, zone_of(self.time_zone)).astimezone(dt.UTC)


@dataclass(frozen=True, kw_only=True)
class RunningRhythm:
    """One rhythm with the country of its holidays, and the cycles that follow it."""

    rhythm: Rhythm
    country: str
    cycles: Sequence[int]


def clocks(*, using: str) -> list[Clock]:
    """Return the distinct clocks of all who sign in. One query."""
    with connections[using].cursor() as cursor:
        cursor.execute(CLOCKS)
        return [Clock(*row) for row in cursor.fetchall()]


def running_rhythms(*, now: dt.datetime, using: str) -> list[RunningRhythm]:
    """Return the distinct rhythms of all cycles that may ask for something at `now`. Two queries.

    Cycles whose periods cannot be computed are left out, and noted.
    """
    with connections[using].cursor() as cursor:
        cursor.execute(RHYTHMS, [now.date() + BEFORE_START, now.date() - AFTER_END])
        rows = cursor.fetchall()
        rhythms = {tuple(cycles): _running((*terms, cycles)) for *terms, cycles in rows}
        odd = [pk for cycles, running in rhythms.items() if running is None for pk in cycles]
        left_out: list[int] = []
        if odd:
            cursor.execute(CLIENTS, [odd])
            left_out = [pk for (pk,) in cursor.fetchall()]
    note_left_out("reminders", left_out, now=now, using=using)
    return [running for running in rhythms.values() if running]


def closed_at(rhythm: Rhythm, now: dt.datetime) -> Iterator[tuple[Period, bool]]:
    """Yield all closed periods of the cycle, the last one first, and whether each is recent.

    The last two are recent, as if the cycle went on: its end is looked back on, and then no more.
    """
    going_on = replace(rhythm, ends_on=rhythm.ends_on + AFTER_END)
    recent = {period.monday for period in closed_periods(going_on, now)[-LOOK_BACK:]}
    for period in reversed(closed_periods(rhythm, now)):
        yield period, period.monday in recent


def columns(rows: Sequence[tuple[Any, ...]], *names: str) -> dict[str, list[Any]]:
    """Return rows as one array per column, which unnest joins again."""
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


def write_notices(
    found: str,
    *,
    rhythms: Sequence[RunningRhythm],
    facts: dict[str, Any],
    now: dt.datetime,
    using: str,
) -> int:
    """Write the new notices of `found`, common table expressions in SQL; return their number."""
    cycles = [(place, cycle) for place, one in enumerate(rhythms) for cycle in one.cycles]
    params = {
        **columns(cycles, "cycle_rhythms", "cycles"),
        **{"live": list(LIVE), "readers": READERS, "now": now},
        **facts,
    }
    with connections[using].cursor() as cursor:
        cursor.execute(WRITE.format(found=found), params)
        return int(cursor.rowcount)


def _running(row: tuple[Any, ...]) -> RunningRhythm | None:
    """Return None, and log, if the periods of odd settings cannot be computed.

    One client's settings must not silence all others.
    """
    *terms, country, cycles = row
    try:
        known = dict(zip(TERMS, terms, strict=True))
        rhythm = Rhythm(**{**known, "zone": ZoneInfo(known["zone"])})
        if rhythm.ends_on - rhythm.starts_on > LONGEST_CYCLE:
            raise ValueError(f"A cycle does not last to {rhythm.ends_on}.")
        periods(rhythm)
    except (LookupError, OSError, ValueError, OverflowError) as error:
        logger.warning("Cycles %s are left out of the jobs: %s", list(cycles), error)
        return None
    return RunningRhythm(rhythm=rhythm, country=country, cycles=cycles)
