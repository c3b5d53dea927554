from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from config import schedule
from mail import outbox, runs


@shared_task
def tick() -> None:
    """Rung by beat every minute; two at once are harmless."""
    made = schedule.tick(now=timezone.now())
    runs.record("sweep")
    if made["messages"]:
        outbox.wake_worker()
