"""The clocks of people: at which instant a day's message comes to each of them (M6.4)."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from django.db import connections

from accounts.models import zone_of

CLOCKS = """
    SELECT DISTINCT time_zone, message_at FROM accounts_user WHERE is_active ORDER BY 1, 2
"""
# Who may be told at all: members who were not removed, sign in, and may read. Needs `readers`.
PEOPLE = """
    person AS (
        SELECT m.engagement_id, m.id, m.role, u.id AS user_id, u.time_zone, u.message_at,
            u.quiet_from, u.quiet_until, u.wants_reminders, u.wants_digests
        FROM engagements_membership m JOIN accounts_user u ON u.id = m.user_id
        WHERE m.removed_at IS NULL AND u.is_active AND m.role = ANY (%(readers)s::text[])
    )
"""


class Clock(NamedTuple):
    """A person's time zone and the time of their daily message, as they are stored."""

    time_zone: str
    message_at: dt.time

    def on(self, day: dt.date) -> dt.datetime:
        """The instant of that day's message, aware UTC. A time that the clock skips counts as
        much later as it jumps, one that happens twice counts the first time.
        """
        return dt.datetime.combine(day, self.message_at, zone_of(self.time_zone)).astimezone(dt.UTC)

    def date(self, moment: dt.datetime) -> dt.date:
        return moment.astimezone(zone_of(self.time_zone)).date()


def clocks(*, using: str) -> list[Clock]:
    """The distinct clocks of all who sign in. One query."""
    with connections[using].cursor() as cursor:
        cursor.execute(CLOCKS)
        return [Clock(*row) for row in cursor.fetchall()]
