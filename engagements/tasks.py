from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from engagements import share_link_views
from engagements.gathering import gather
from notifications import delivery


@shared_task
def flush_share_link_views() -> None:
    """Rung by beat every minute."""
    share_link_views.flush_views()


@shared_task
def send_notices() -> None:
    """Rung when notices were committed; the tick, which beat rings, finds what the bell missed."""
    gather(now=timezone.now(), is_daily=False)
    delivery.deliver_due()
