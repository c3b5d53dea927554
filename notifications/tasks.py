from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from mail import delivery
from notifications.digests import gather


@shared_task
def send_notices() -> None:
    """Send committed notices; beat's tick finds those whose call was lost."""
    gather(now=timezone.now(), is_daily=False)
    delivery.deliver_due()
