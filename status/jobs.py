from __future__ import annotations

import datetime as dt
import logging

from django.db import connections

from engagements.left_out import note_left_out
from engagements.models import Engagement
from engagements.row_cache import release
from status.commands import store_snapshot
from status.snapshots import moment_of

logger = logging.getLogger(__name__)

SLICE = 200  # pages built in a run, about four seconds; the others come with the next one
OPEN_CLIENTS = """
    SELECT e.id, e.time_zone, e.due_time, e.status_version,
        last.day, last.is_due, last.version, last.built_by
    FROM engagements_engagement e
    LEFT JOIN LATERAL (
        SELECT s.day, s.is_due, s.version, s.built_by, s.built_at FROM status_snapshot s
        WHERE s.engagement_id = e.id ORDER BY s.day DESC, s.id DESC LIMIT 1
    ) last ON true
    WHERE e.closed_at IS NULL
    ORDER BY last.built_at NULLS FIRST, e.id
"""


def store_snapshots(*, now: dt.datetime, using: str = "sweep") -> int:
    """Store the page of each client whose page may have changed since its last snapshot.

    That is after a new `status_version` or release, at the client's midnight and at its due time.
    Clients whose pages cannot be built take none of the run's slice from the others. Returns how
    many were stored.
    """
    built = stored = 0
    failed: list[int] = []
    changed = _changed(now=now, using=using)
    for place, engagement_id in enumerate(changed):
        if built == SLICE:
            changed = changed[place:]
            break
        try:
            stored += store_snapshot(engagement_id=engagement_id, now=now)
            built += 1
        except Exception:
            logger.exception("No snapshot of engagement %s; the others go on", engagement_id)
            failed.append(engagement_id)
    else:
        changed = []
    note_left_out("snapshots", failed, untried=changed, now=now, using=using)
    return stored


def _changed(*, now: dt.datetime, using: str) -> list[int]:
    """Return open clients whose last snapshot does not show the present state, oldest first.

    PostgreSQL reads a local time that happens twice as the second one, so the due times are
    compared here. A clock that goes back, in a replay, stores nothing.
    """
    with connections[using].cursor() as cursor:
        cursor.execute(OPEN_CLIENTS)
        clients = cursor.fetchall()
    changed = []
    for engagement_id, zone, due_time, version, day, *shown in clients:
        moment = moment_of(Engagement(time_zone=zone, due_time=due_time), now=now)
        is_later = day is None or day <= moment.day
        if is_later and [day, *shown] != [moment.day, moment.is_due, version, release()]:
            changed.append(engagement_id)
    return changed
