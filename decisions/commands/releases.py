from __future__ import annotations

import datetime as dt

from django.db import transaction

from decisions.models import NO_OCCASION, DecisionHead, Occasion, Release
from engagements.models import Membership
from engagements.permissions import Permission, require_right


def lock_head(engagement_id: int) -> DecisionHead:
    """Return the head of the engagement's log, locked until the transaction ends.

    Numbers of decisions and releases are given under this lock, so each sees the one before.
    """
    return DecisionHead.objects.raw("SELECT * FROM lock_decision_head(%s)", [engagement_id])[0]


@transaction.atomic
def record_release(
    *, report_hash: str, by: Membership, now: dt.datetime, occasion: Occasion = NO_OCCASION
) -> Release:
    """Append a release: from now on clients read the decisions of `occasion` (M8.2).

    It also releases what was superseded until now. `report_hash` seals what is published with it.
    Raises ValidationError `no_right`.
    """
    head = lock_head(by.engagement_id)
    require_right(by, Permission.RUN_REVIEWS)
    release = Release.objects.create(
        engagement_id=by.engagement_id,
        report_hash=report_hash,
        by=by,
        at=max(now, head.recorded_at),
        **occasion.columns,
    )
    release.refresh_from_db(fields=["number", "head_number", "head_hash", "hash"])
    return release
