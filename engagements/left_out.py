"""Notes of jobs on engagements that they could not work on, shown on the engagement's pages.

`Engagement.left_out` has, by job, the ids of the cycles or key results it is about, none where it is
about the whole client. The next run that works again removes the note.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence

from django.db import connections

NOTED = (
    "SELECT id, (left_out -> %(job)s)::text FROM engagements_engagement WHERE left_out ? %(job)s"
)
NOTE = """
    UPDATE engagements_engagement
    SET left_out = left_out || jsonb_build_object(%(job)s::text, %(about)s::jsonb)
    WHERE id = %(id)s
"""
REMOVE = "UPDATE engagements_engagement SET left_out = left_out - %(job)s WHERE id = %(id)s"


def note_left_out(
    job: str, left_out: Mapping[int, Sequence[int]], *, untried: Collection[int] = (), using: str
) -> None:
    """Note what this run of a job left out, by engagement, and remove its older notes.

    Those of `untried` engagements stay. One query if nothing has changed. Rows are written in one
    order, because two runs at once would deadlock otherwise.
    """
    with connections[using].cursor() as cursor:
        cursor.execute(NOTED, {"job": job})
        noted = {pk: json.loads(about) for pk, about in cursor.fetchall()}
        for pk in sorted({*noted, *left_out}):
            about = left_out.get(pk)
            if about is None and pk not in untried:
                cursor.execute(REMOVE, {"job": job, "id": pk})
            elif about is not None and list(about) != noted.get(pk):
                cursor.execute(NOTE, {"job": job, "about": json.dumps(list(about)), "id": pk})
