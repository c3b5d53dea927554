"""Notes of jobs on engagements that they could not work on, shown on the engagement's pages.

`Engagement.left_out` has, by job, since when. The next run that works again removes the note.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import connections

NOTED = "SELECT id FROM engagements_engagement WHERE left_out ? %(job)s"
NOTE = """
    UPDATE engagements_engagement
    SET left_out = left_out || jsonb_build_object(%(job)s::text, %(since)s::text)
    WHERE id = %(id)s
"""
REMOVE = "UPDATE engagements_engagement SET left_out = left_out - %(job)s WHERE id = %(id)s"


def note_left_out(
    job: str,
    left_out: Collection[int],
    *,
    now: dt.datetime,
    using: str,
    untried: Collection[int] = (),
) -> None:
    """Note the engagements that this run of a job left out, and remove its older notes.

    Those of `untried` engagements stay. One query if nothing has changed. Rows are written in one
    order, because two runs at once would deadlock otherwise.
    """
    with connections[using].cursor() as cursor:
        cursor.execute(NOTED, {"job": job})
        noted = {pk for (pk,) in cursor.fetchall()}
        for pk in sorted(noted.symmetric_difference(left_out) - noted.intersection(untried)):
            change = REMOVE if pk in noted else NOTE
            cursor.execute(change, {"job": job, "since": now.isoformat(), "id": pk})
