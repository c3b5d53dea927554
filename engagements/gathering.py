"""Gathers what waits for people into envelopes: one a day each, and what is urgent at once (M6.4).

A notice that waits is due, in no envelope and not dropped. Whether its cause and its person's
access still hold is asked when the envelope is sent, not here: the role of the sweeps knows facts
and no words.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import connections, transaction

from engagements.models import User
from engagements.notice_rules import urgent_rules
from engagements.quiet_hours import is_quiet
from engagements.zones import zone_of
from notifications.models import Priority

LOCK = "SELECT pg_advisory_xact_lock(hashtext('engagements.gathering'))"
SATURDAY = 5
DAY = dt.timedelta(days=1)

CLOCKS = """
    SELECT DISTINCT person.time_zone, person.message_at, person.quiet_from, person.quiet_until
    FROM engagements_notice AS notice
    JOIN engagements_membership AS member
      ON member.engagement_id = notice.engagement_id AND member.id = notice.person_id
    JOIN engagements_user AS person ON person.id = member.user_id
    WHERE notice.envelope IS NULL AND notice.dropped_at IS NULL AND notice.due_at <= %s
"""

# The key of an envelope makes it one: a person's day, or the first notice of what is urgent.
ENVELOPES = """
    WITH clock AS (
        SELECT * FROM unnest(
            %(zones)s::text[], %(message_at)s::time[], %(quiet_from)s::time[],
            %(quiet_until)s::time[], %(days)s::date[], %(until)s::timestamptz[]
        ) AS clock (time_zone, message_at, quiet_from, quiet_until, day, until)
    ), waiting AS (
        SELECT notice.engagement_id, notice.id, person.id AS user_id, person.email, clock.day
        FROM engagements_notice AS notice
        JOIN engagements_membership AS member
          ON member.engagement_id = notice.engagement_id AND member.id = notice.person_id
        JOIN engagements_user AS person ON person.id = member.user_id
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
        INSERT INTO notifications_outboxmessage
            (id, kind, recipient, user_id, payload, dedupe_key, created_at, due_at, priority,
             attempts, last_error)
        SELECT id, %(kind)s::text, email, user_id,
            jsonb_build_object('envelope', id, 'user', user_id, 'engagements', engagements),
            %(kind)s::text || ':' || user_id || ':' || occasion,
            %(now)s::timestamptz, %(now)s::timestamptz, %(priority)s::smallint, 0, ''
        FROM envelope ORDER BY user_id
        ON CONFLICT (dedupe_key) DO NOTHING
        RETURNING id, user_id
    ), filled AS (
        UPDATE engagements_notice AS notice SET envelope = made.id
        FROM waiting JOIN made USING (user_id)
        WHERE notice.engagement_id = waiting.engagement_id AND notice.id = waiting.id
          AND notice.envelope IS NULL
    )
    SELECT count(*) FROM made
"""


@dataclass(frozen=True)
class Clock:
    """When people of one zone and one set of hours are told things."""

    zone: str
    message_at: dt.time
    quiet_from: dt.time
    quiet_until: dt.time

    def local(self, now: dt.datetime) -> dt.datetime:
        return now.astimezone(zone_of(self.zone))

    def is_quiet(self, at: dt.time) -> bool:
        return is_quiet(at, since=self.quiet_from, until=self.quiet_until)

    def is_awake(self, now: dt.datetime) -> bool:
        return not self.is_quiet(self.local(now).time())

    def message_of_the_day(self, now: dt.datetime) -> tuple[dt.date, dt.datetime] | None:
        """Which day's message may be made now, and until when it gathers; None if none may.

        What falls due after the hour of the message rides the next day's, however late this one
        is made. An hour of one's own that is a quiet one waits for the end of the quiet.
        """
        local = self.local(now)
        until = dt.datetime.combine(local.date(), self._hour, local.tzinfo).astimezone(dt.UTC)
        may = local.weekday() < SATURDAY and now >= until and self.is_awake(now)
        return (local.date(), until) if may else None

    def waits_until(self, now: dt.datetime, *, is_daily: bool) -> dt.datetime | None:
        """When a message that was made may be sent, if not now: a retry keeps the hours too."""
        local = at = self.local(now)
        if self.is_quiet(at.time()):
            is_evening = at.time() >= self.quiet_until
            day = at.date() + DAY if is_evening else at.date()
            at = dt.datetime.combine(day, self.quiet_until, at.tzinfo)
        if is_daily and at.weekday() >= SATURDAY:
            monday = at.date() + (7 - at.weekday()) * DAY
            at = dt.datetime.combine(monday, self._hour, at.tzinfo)
        return None if at == local else at.astimezone(dt.UTC)

    @property
    def _hour(self) -> dt.time:
        return self.quiet_until if self.is_quiet(self.message_at) else self.message_at


def clock_of(person: User) -> Clock:
    return Clock(person.time_zone, person.message_at, person.quiet_from, person.quiet_until)


Told = tuple[Clock, dt.date | None, dt.datetime]  # of which day, and what is due until when


def gather(*, now: dt.datetime, using: str = "sweep", is_daily: bool = True) -> int:
    """Put what waits at `now` into envelopes; returns how many were made.

    Exactly one envelope per person and day, and one for all that is urgent, whatever runs twice or
    at once. With `is_daily=False` only what is urgent: the message of a day is closed once it is
    made, so it is the tick's to make, after the sweeps that fill it.
    """
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute(LOCK)
        cursor.execute(CLOCKS, [now])
        clocks = [Clock(*row) for row in cursor.fetchall()]
        rounds = [_urgent(clocks, now=now), *([_daily(clocks, now=now)] if is_daily else [])]
        return sum(_made(cursor, parameters, now=now) for parameters in rounds)


def _urgent(clocks: list[Clock], *, now: dt.datetime) -> dict[str, Any]:
    awake: list[Told] = [(clock, None, now) for clock in clocks if clock.is_awake(now)]
    return {
        "kind": "urgent",
        "is_urgent": True,
        "priority": Priority.URGENT.value,
        **_columns(awake),
    }


def _daily(clocks: list[Clock], *, now: dt.datetime) -> dict[str, Any]:
    due: list[Told] = [(clock, *day) for clock in clocks if (day := clock.message_of_the_day(now))]
    return {"kind": "daily", "is_urgent": False, "priority": Priority.USUAL.value, **_columns(due)}


def _columns(rows: list[Told]) -> dict[str, Any]:
    return {
        "zones": [clock.zone for clock, _, _ in rows],
        "message_at": [clock.message_at for clock, _, _ in rows],
        "quiet_from": [clock.quiet_from for clock, _, _ in rows],
        "quiet_until": [clock.quiet_until for clock, _, _ in rows],
        "days": [day for _, day, _ in rows],
        "until": [until for _, _, until in rows],
    }


def _made(cursor: Any, parameters: dict[str, Any], *, now: dt.datetime) -> int:
    if not parameters["zones"]:
        return 0
    cursor.execute(ENVELOPES, {**parameters, "now": now, "urgent": urgent_rules()})
    (made,) = cursor.fetchone()
    return int(made)
