from __future__ import annotations

import datetime as dt
import logging

from django.db import connections

from status.commands import store_snapshot

logger = logging.getLogger(__name__)

SLICE = 200  # clients in a run, about four seconds; the others come with the next one
# Closed clients are left out, and those whose last snapshot shows the present state. A clock that
# goes back, in a replay, stores nothing.
PICK = """
    SELECT e.id FROM engagements_engagement e
    LEFT JOIN LATERAL (
        SELECT s.version, s.day, s.is_due, s.built_at FROM status_snapshot s
        WHERE s.engagement_id = e.id ORDER BY s.day DESC, s.id DESC LIMIT 1
    ) last ON true
    CROSS JOIN LATERAL (SELECT %(now)s AT TIME ZONE e.time_zone AS clock) local
    WHERE e.closed_at IS NULL AND (last.day IS NULL OR last.day <= local.clock::date)
      AND (last.version, last.day, last.is_due) IS DISTINCT FROM
          (e.status_version, local.clock::date, local.clock::time > e.due_time)
    ORDER BY last.built_at NULLS FIRST, e.id LIMIT %(slice)s
"""


def store_snapshots(*, now: dt.datetime, using: str = "sweep") -> int:
    """Store the page of each client whose page may have changed since its last snapshot.

    That is after a new `status_version`, at the client's midnight and at its due time. A client
    whose page cannot be built does not keep the others waiting. Returns how many were stored.
    """
    with connections[using].cursor() as cursor:
        cursor.execute(PICK, {"now": now, "slice": SLICE})
        engagement_ids = [engagement_id for (engagement_id,) in cursor.fetchall()]
    stored = 0
    for engagement_id in engagement_ids:
        try:
            stored += store_snapshot(engagement_id=engagement_id, now=now)
        except Exception:
            logger.exception("No snapshot of engagement %s; the others go on", engagement_id)
    return stored
