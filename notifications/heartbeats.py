"""What ran last: a process may be up and do nothing, a row that grows old cannot hide it."""

from __future__ import annotations

from datetime import datetime

from django.db import connections
from django.utils import timezone

from notifications.models import Heartbeat

# Of two that end at once, in whatever order they write, the later stands.
BEAT = """
    INSERT INTO notifications_heartbeat AS last (name, ran_at) VALUES (%s, %s)
    ON CONFLICT (name) DO UPDATE SET ran_at = greatest(last.ran_at, excluded.ran_at)
"""


def record(name: str) -> None:
    """Note that the task `name` has come to its end now. Call it after the work, never before."""
    with connections["sweep"].cursor() as cursor:
        cursor.execute(BEAT, [name, timezone.now()])


def last(*, using: str = "default") -> dict[str, datetime]:
    """When each task last came to its end; those that never did are absent."""
    return dict(Heartbeat.objects.using(using).values_list("name", "ran_at"))
