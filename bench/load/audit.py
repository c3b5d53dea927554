"""Whether the database holds what was posted: all of it, once, and nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from django.db import connections

ROWS = {
    "check-ins": "SELECT idempotency_key::text FROM checkins_checkin WHERE posted_at >= %s",
    "blockers": "SELECT public_id FROM checkins_blocker WHERE resolved_at >= %s",
    "help-requests": "SELECT public_id FROM checkins_helprequest WHERE answered_at >= %s",
}
STALE = """
    SELECT count(*) FROM checkins_checkin c
    JOIN okrs_keyresult k ON k.engagement_id = c.engagement_id AND k.id = c.key_result_id
    WHERE c.posted_at >= %s AND (k.latest_value, k.score, k.rag, k.confidence, k.last_period)
        IS DISTINCT FROM (c.actual, c.score, c.rag, c.confidence, c.period)
"""


def audit(sent: Sequence[tuple[str, str, bool]], *, since: dt.datetime) -> Iterator[str]:
    """A sentence for each kind of row that is not what was posted since then."""
    for what, statement in ROWS.items():
        taken = [which for kind, which, was_taken in sent if kind == what and was_taken]
        unsure = {which for kind, which, was_taken in sent if kind == what and not was_taken}
        rows = [which for (which,) in _rows(statement, since)]
        if missing := set(taken) - set(rows):
            yield f"{len(missing)} {what} were accepted and are not there"
        if surplus := set(rows) - set(taken) - unsure:
            yield f"{len(surplus)} {what} are there and nobody posted them"
        if len(rows) != len(set(rows)):
            yield f"{len(rows) - len(set(rows))} {what} are there twice"
    (stale,) = _rows(STALE, since)[0]
    if stale:
        yield f"{stale} key results do not stand as their last check-in says"


def _rows(statement: str, since: dt.datetime) -> list[tuple[str]]:
    with connections["owner"].cursor() as cursor:
        cursor.execute(statement, [since])
        return list(cursor.fetchall())
