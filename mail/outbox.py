"""The outbox: a message is a row in its cause's transaction, and wakes a worker once committed."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError
from psycopg.types.json import Jsonb

from mail import email_types
from mail.email_types import Payload
from mail.models import OutboxMessage, Priority
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
    if not any(callback is wake_worker for _, callback, *_ in connection.run_on_commit):
        transaction.on_commit(wake_worker, robust=True)
    return message_id


def wake_worker() -> None:
    """Wake a worker. A broker that is down costs at most 20 seconds: then beat does it."""
    try:
        deliver_due.delay()
    except OperationalError as error:
        logger.warning("The broker is down, emails wait for the next run: %s", error)


def resend_dead(*, now: datetime, since: datetime | None = None) -> int:
    """Make messages due again that were given up since `since`; return how many.

    They get all their attempts again. Messages whose secrets were deleted and kinds that no app
    registers stay dead. Safe to repeat, also after an interruption.
    """
    dead = OutboxMessage.objects.using("sweep").filter(dead_at__isnull=False, accepted_at=None)
    if since is not None:
        dead = dead.filter(dead_at__gte=since)
    return sum(_revive(message, now=now) for message in dead.order_by("dead_at", "id"))


def _revive(message: OutboxMessage, *, now: datetime) -> int:
    try:
        kind = email_types.find(message.kind)
    except email_types.UnknownKindError:
        return 0
    if kind.forget:
        return 0
    with transaction.atomic():
        kind.on_revived(message.payload)
    still_dead = OutboxMessage.objects.using("sweep").filter(pk=message.pk, dead_at=message.dead_at)
    return still_dead.update(dead_at=None, attempts=0, last_error="", due_at=now)
