"""Signs of life of jobs, as rows: a process can be up and still do nothing."""

from __future__ import annotations

from datetime import datetime

from django.db import connections
from django.db.models import Min, Q
from django.utils import timezone

from mail.models import Heartbeat, OutboxMessage

# If two runs end at once, the later instant is saved, in any order of writes.
BEAT = """
    INSERT INTO mail_heartbeat AS last (name, ran_at) VALUES (%s, %s)
    ON CONFLICT (name) DO UPDATE SET ran_at = greatest(last.ran_at, excluded.ran_at)
"""


def record(name: str) -> None:
    """Note that the task `name` has come to its end now. Call it after the work, never before."""
    with connections["sweep"].cursor() as cursor:
        cursor.execute(BEAT, [name, timezone.now()])


def last(*, using: str = "default") -> dict[str, datetime]:
    """When each task last came to its end; those that never did are absent."""
    return dict(Heartbeat.objects.using(using).values_list("name", "ran_at"))


def waiting_since(*, now: datetime) -> datetime | None:
    """Since when the oldest message has been due that is not sent, given up or in a worker's hands."""
    unclaimed = Q(claimed_until=None) | Q(claimed_until__lte=now)
    open_ones = OutboxMessage.objects.using("sweep").filter(
        sent_at=None, cancelled_at=None, dead_at=None, due_at__lte=now
    )
    found: datetime | None = open_ones.filter(unclaimed).aggregate(oldest=Min("due_at"))["oldest"]
    return found
