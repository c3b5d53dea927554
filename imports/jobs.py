"""Erases the cells of sheets that no one imported."""

from __future__ import annotations

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Collection

from django.db import connections, transaction

from imports.models import Sheet
from tenancy.scoping import scope

logger = logging.getLogger(__name__)

KEPT_FOR = dt.timedelta(days=7)
SLICE = 200  # sheets in a run; the others come with the next one
OLD_SHEETS = """
    SELECT id, engagement_id FROM imports_sheet
    WHERE imported_at IS NULL AND created_at < %s ORDER BY id LIMIT %s
"""


def erase_sheets(*, now: dt.datetime, using: str = "sweep") -> int:
    """Erase the sheets that were stored a week ago and not imported. Returns how many."""
    clients = defaultdict[int, list[int]](list)
    with connections[using].cursor() as cursor:
        cursor.execute(OLD_SHEETS, [now - KEPT_FOR, SLICE])
        for pk, engagement_id in cursor.fetchall():
            clients[engagement_id].append(pk)
    erased = 0
    for engagement_id, ids in clients.items():
        try:
            erased += _erase(engagement_id, ids)
        except Exception:
            logger.exception("No sheet of engagement %s erased; the others go on", engagement_id)
    return erased


@transaction.atomic
def _erase(engagement_id: int, ids: Collection[int]) -> int:
    with scope(engagement_id):
        return Sheet.objects.filter(pk__in=ids, imported_at=None).delete()[0]
