"""The decisions that clients read."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from engagements.compiled import Compiled, Slot
from engagements.models import Engagement
from okrs.queries.shown import AT, ENGAGEMENT, At
from reviews.models import Decision, OccasionKind, Release, ResultingChange, Review
from reviews.status import DecisionFacts

MOST_DECISIONS = 60


def visible_decisions(
    engagement: Engagement,
    *,
    at: dt.datetime,
    releasing: bool = False,
    publishing: Review | None = None,
) -> list[DecisionFacts]:
    """Those for the client's eyes, their review published by then, none superseded (M8.2).

    Latest first. One query.
    """
    if releasing or publishing:
        rows = list(_decisions(engagement.pk, at=at, releasing=releasing, publishing=publishing))
    else:
        rows = DECISIONS(engagement=engagement.pk, at=at)
    names = dict(ResultingChange.choices)
    return [
        DecisionFacts(
            number=number,
            decided_on=decided_on,
            text=text,
            owner=owner,
            owner_id=owner_id,
            change="" if change == ResultingChange.NONE else str(names[change]),
            touches=touches,
        )
        for number, decided_on, text, owner, owner_id, change, touches in rows
    ]


def _decisions(
    engagement_id: int | Slot, *, at: At, releasing: bool = False, publishing: Review | None = None
) -> QuerySet[Decision, tuple[Any, ...]]:
    releases = Release.objects.filter(engagement_id=OuterRef("engagement_id"), at__lte=at)
    of_its_review = releases.filter(
        occasion_kind=OccasionKind.REVIEW, occasion_id=OuterRef("review__public_id")
    )
    since = releases.filter(head_number__gte=OuterRef("number"))
    # Only a lead's publication changes what clients read: what supersedes waits for it too.
    released = Q() if releasing else Q(Exists(since))
    superseding = Decision.objects.filter(
        released, engagement_id=OuterRef("engagement_id"), supersedes_id=OuterRef("pk")
    )
    found = Decision.objects.filter(
        Exists(of_its_review) | Q(review=publishing) if publishing else Exists(of_its_review),
        released,
        ~Exists(superseding),
        engagement_id=engagement_id,
        client_visible=True,
    ).order_by("-decided_on", "-number")
    return found.values_list(
        "number", "decided_on", "text", "owner__name", "owner_id", "change", "touches"
    )[:MOST_DECISIONS]


DECISIONS = Compiled(lambda: _decisions(ENGAGEMENT, at=AT))
