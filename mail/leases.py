"""Mutual exclusion by a row with a deadline, because a pooler keeps no session locks.

The lease is taken and returned in separate statements. If its holder dies, it expires.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import UUID, uuid4

from django.conf import settings
from django.db import Error, connections

TAKE = """
    INSERT INTO mail_turn AS held (name, token, until)
    VALUES (%s, %s, clock_timestamp() + make_interval(secs => %s))
    ON CONFLICT (name) DO UPDATE SET token = excluded.token, until = excluded.until
    WHERE held.until <= clock_timestamp()
"""
GIVE_BACK = "UPDATE mail_turn SET until = clock_timestamp() WHERE name = %s AND token = %s"


@contextmanager
def turn(name: str) -> Iterator[bool]:
    """Whether it is ours while we are in here; no task lives longer than it lasts."""
    token = uuid4()
    with connections["sweep"].cursor() as cursor:
        cursor.execute(TAKE, [name, token, settings.CELERY_TASK_TIME_LIMIT])
        is_ours = cursor.rowcount == 1
    try:
        yield is_ours
    finally:
        if is_ours:
            _give_back(name, token=token)


def _give_back(name: str, *, token: UUID) -> None:
    # A database that is away takes nothing back: then it runs out.
    with suppress(Error), connections["sweep"].cursor() as cursor:
        cursor.execute(GIVE_BACK, [name, token])
