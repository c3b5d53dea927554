"""What the workers of the fault tests know: one kind, a short lease, and ways to do it wrong."""

from __future__ import annotations

import os
import time
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.core import mail
from django.utils import timezone

from mail import delivery, email_types
from mail.email_types import Mail
from mail.models import OutboxMessage

# A killed worker's messages wait for their lease, which the product's outlasts by far.
LEASE, delivery.LEASE = delivery.LEASE, timedelta(seconds=3)
delivery.RUN_SECONDS = 1

# Who sent it stands in the mail, so that its server may kill them.
email_types.register(
    "greeting", render=lambda payload: Mail(f"Hello {payload['name']}", str(os.getpid()))
)


@shared_task
def greet_alone(name: str) -> None:
    """Wrong: the queue of the broker is all that knows of the message."""
    _send(f"{name}@example.test")


def mark_then_send() -> bool:
    """Wrong: what is marked and not sent yet dies with the worker."""
    batch = delivery.claim(now=timezone.now(), limit=20)
    for message in batch:
        _mark(message)
        _send(message.recipient)
    return bool(batch)


def send_unclaimed() -> bool:
    """Wrong: another worker may be sending the same."""
    batch = list(OutboxMessage.objects.using("sweep").filter(sent_at=None)[:20])
    for message in batch:
        _send(message.recipient)
        _mark(message)
    return bool(batch)


def as_the_product_does() -> bool:
    return bool(delivery.deliver_due().sent)


def as_beat_rings() -> bool:
    """Deliver with the product's own lease, and look again only as often as beat rings."""
    delivery.LEASE = LEASE
    if not delivery.deliver_due().sent:
        time.sleep(float(str(settings.CELERY_BEAT_SCHEDULE["deliver-due"]["schedule"])))
    return True


def _mark(message: OutboxMessage) -> None:
    mine = OutboxMessage.objects.using("sweep").filter(pk=message.pk)
    mine.update(sent_at=timezone.now())


def _send(recipient: str) -> None:
    mail.EmailMessage("Hello", str(os.getpid()), to=[recipient]).send()
