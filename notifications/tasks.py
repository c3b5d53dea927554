from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from mail import delivery
from notifications.digests import build_digests


@shared_task
def send_notices() -> None:
    """Send committed notices; beat's tick finds those whose call was lost."""
    build_digests(now=timezone.now(), is_daily=False)
    delivery.deliver_due()
