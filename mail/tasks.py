from __future__ import annotations

from celery import shared_task

from mail import delivery


@shared_task
def deliver_due() -> None:
    """Send due messages: run when a message was committed, and by beat every 20 seconds."""
    delivery.deliver_due()
