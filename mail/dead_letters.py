"""Send dead messages again, once an operator has fixed the cause."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from mail import email_types
from mail.models import OutboxMessage


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
