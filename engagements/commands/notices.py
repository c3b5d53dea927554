from __future__ import annotations

import logging

from celery import current_app
from django.db import connection, transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

SEND_NOTICES = "engagements.tasks.send_notices"  # tasks stand above commands: rung by name


def ring_after_commit() -> None:
    """Have the notices of this transaction gathered and sent once it commits; rings once.

    Whoever writes notices calls it. Where nobody did, or nobody heard, beat rings within a minute.
    """
    if not any(callback is ring for _, callback, *_ in connection.run_on_commit):
        transaction.on_commit(ring, robust=True)


def ring() -> None:
    """Wake a worker; a broker that is down costs at most a minute."""
    try:
        current_app.send_task(SEND_NOTICES)
    except OperationalError as error:
        logger.warning("The doorbell is out of order, notices wait for the next round: %s", error)
