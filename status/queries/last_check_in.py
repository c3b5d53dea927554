"""When a client's figures were last brought up to date, by what nobody took back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.db.models.functions import JSONArray

from checkins.effective_check_ins import is_kept
from checkins.models import CheckIn
from okrs.queries.shown import At
from tenancy.compiled import Slot

NEWEST = 20  # among so many there is one that stands, if somebody is not just trying it out


def posts(engagement_id: int | Slot, *, at: At) -> QuerySet[CheckIn]:
    """Check-ins until then, latest first."""
    return CheckIn.objects.filter(engagement_id=engagement_id, posted_at__lte=at).order_by("-id")


def newest(engagement_id: int | Slot, *, at: At) -> ArraySubquery:
    """The last of them as `last_kept` reads them: key result, period, instant, whether an undo."""
    undo = ExpressionWrapper(Q(undone_by__isnull=False), output_field=BooleanField())
    row = JSONArray("key_result_id", "period", "posted_at", undo)
    return ArraySubquery(posts(engagement_id, at=at).annotate(row=row).values("row")[:NEWEST])


def last_kept(
    rows: Sequence[Sequence[Any]], *, engagement_id: int, at: dt.datetime
) -> dt.datetime | None:
    """The instant of the latest check-in that was not taken back; None without one.

    No query, unless all of the newest were.
    """
    for place, (key_result, period, posted_at, is_undo) in enumerate(rows):
        later = [one[3] for one in rows[:place] if one[:2] == [key_result, period]]
        if not is_undo and is_kept(reversed(later)):
            return dt.datetime.fromisoformat(posted_at)
    return kept_at(engagement_id, at=at) if len(rows) == NEWEST else None


def kept_at(engagement_id: int, *, at: dt.datetime) -> dt.datetime | None:
    """The same from all rows. One query."""
    kept = posts(engagement_id, at=at).kept(at=at)  # type: ignore[attr-defined]
    found: dt.datetime | None = kept.values_list("posted_at", flat=True).first()
    return found
