"""Posting a message: a row in the caller's transaction, and the doorbell once it commits."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError
from psycopg.types.json import Jsonb

from mail.email_types import Payload
from mail.models import Priority
from mail.tasks import deliver_due

logger = logging.getLogger(__name__)

# Without a conflict target and without RETURNING, PostgreSQL needs no right to read the row: the
# application posts for anyone, but reads only the rows of its own user.
INSERT = """
    INSERT INTO mail_outboxmessage
        (id, kind, recipient, user_id, payload, dedupe_key, priority, created_at, due_at, attempts,
         last_error)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 0, '')
    ON CONFLICT DO NOTHING
"""


def enqueue(
    *,
    kind: str,
    recipient: str,
    payload: Payload,
    dedupe_key: str,
    user_id: int | None = None,
    due_at: datetime | None = None,
    priority: Priority = Priority.USUAL,
) -> UUID | None:
    """Post one message in the caller's transaction; it is sent at `due_at` (now) or after.

    `payload` has ids, not text, from which the kind writes the message. Give `user_id` if the
    recipient signs in. A lower `priority` goes first. Returns the message's id, or None if
    `dedupe_key` was used before.
    """
    message_id, now = uuid4(), timezone.now()
    values: list[Any] = [message_id, kind, recipient, user_id, Jsonb(payload), dedupe_key]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [*values, priority.value, now, due_at or now])
        if not cursor.rowcount:
            return None
    if not any(callback is ring for _, callback, *_ in connection.run_on_commit):
        transaction.on_commit(ring, robust=True)
    return message_id


def ring() -> None:
    """Wake a worker. A broker that is down costs at most 20 seconds: then beat rings."""
    try:
        deliver_due.delay()
    except OperationalError as error:
        logger.warning("The broker is down, emails wait for the next run: %s", error)
