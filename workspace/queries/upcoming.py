"""The reviews that are near, for whoever runs them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from engagements.models import Membership
from engagements.permissions import Permission, may
from reviews.models import Review

AHEAD = dt.timedelta(days=2)
BEHIND = dt.timedelta(days=1)  # not closed yet, or not begun in time


def coming_reviews(*, memberships: Iterable[Membership], now: dt.datetime) -> list[Review]:
    """Those that this person runs within two days, and yesterday's that is open.

    One query, none for somebody who runs no review anywhere.
    """
    members = [one for one in memberships if may(one.role, Permission.RUN_REVIEWS)]
    if not members:
        return []
    rows = Review.objects.filter(
        engagement_id__in=[one.engagement_id for one in members],
        lead_id__in=[one.pk for one in members],
        closed_at=None,
        scheduled_at__range=(now - BEHIND, now + AHEAD),
    )
    return list(rows.select_related("engagement").defer("standings").order_by("scheduled_at", "id"))
