from __future__ import annotations

from celery import shared_task

from engagements.commands.share_links import flush_views


@shared_task
def flush_share_link_views() -> None:
    """Write the views of share links; runs every minute."""
    flush_views()
