from __future__ import annotations

from celery import shared_task

from engagements import share_link_views


@shared_task
def flush_share_link_views() -> None:
    """Rung by beat every minute."""
    share_link_views.flush_views()
