"""The runs of jobs: one at a time by a lease, and when each last ended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import uuid4

from django.conf import settings
from django.db import Error, connections
from django.db.models import Min, Q
from django.utils import timezone

from mail.models import Heartbeat, OutboxMessage

TAKE = """
    INSERT INTO mail_lease AS held (name, token, until)
    VALUES (%s, %s, clock_timestamp() + make_interval(secs => %s))
    ON CONFLICT (name) DO UPDATE SET token = excluded.token, until = excluded.until
    WHERE held.until <= clock_timestamp()
"""
GIVE_BACK = "UPDATE mail_lease SET until = clock_timestamp() WHERE name = %s AND token = %s"
# If two runs end at once, the later instant is saved, in any order of writes.
BEAT = """
    INSERT INTO mail_heartbeat AS last (name, ran_at) VALUES (%s, %s)
    ON CONFLICT (name) DO UPDATE SET ran_at = greatest(last.ran_at, excluded.ran_at)
"""


@contextmanager
def lease(name: str) -> Iterator[bool]:
    """Take the lease on a job; yield whether it is ours until the block ends.

    A row with a deadline, because a pooler keeps no session locks. If its holder dies, it expires:
    no task lives longer.
    """
    token = uuid4()
    with connections["sweep"].cursor() as cursor:
        cursor.execute(TAKE, [name, token, settings.CELERY_TASK_TIME_LIMIT])
        is_ours = cursor.rowcount == 1
    try:
        yield is_ours
    finally:
        if is_ours:
            # If the database is away, the lease expires.
            with suppress(Error), connections["sweep"].cursor() as cursor:
                cursor.execute(GIVE_BACK, [name, token])


def record(name: str) -> None:
    """Note that the task `name` has ended now. Call it after the work, never before."""
    with connections["sweep"].cursor() as cursor:
        cursor.execute(BEAT, [name, timezone.now()])


def last(*, using: str = "default") -> dict[str, dt.datetime]:
    """Return when each task last ended; those that never did are absent."""
    return dict(Heartbeat.objects.using(using).values_list("name", "ran_at"))


def waiting_since(*, now: dt.datetime) -> dt.datetime | None:
    """Return when the oldest open message that no worker has claimed became due."""
    unclaimed = Q(claimed_until=None) | Q(claimed_until__lte=now)
    open_ones = OutboxMessage.objects.using("sweep").filter(
        sent_at=None, cancelled_at=None, dead_at=None, due_at__lte=now
    )
    oldest: dt.datetime | None = open_ones.filter(unclaimed).aggregate(oldest=Min("due_at"))[
        "oldest"
    ]
    return oldest
