from __future__ import annotations

from celery import shared_task

from notifications import delivery


@shared_task
def deliver_due() -> None:
    """Rung when a message was committed, and by beat every minute for what the bell missed."""
    delivery.deliver_due()
