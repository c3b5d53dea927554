"""The decisions that clients read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from decisions.models import Decision, Occasion, Release, ResultingChange
from engagements.models import Engagement

MOST_DECISIONS = 60


@dataclass(frozen=True, kw_only=True)
class DecisionFacts:
    """A decision that the client may see; `touches` as in the log."""

    number: int
    decided_on: dt.date
    text: str
    owner: str
    owner_id: int
    change: str
    touches: Sequence[Mapping[str, Any]]


def visible_decisions(
    engagement: Engagement,
    *,
    at: dt.datetime,
    releasing: bool = False,
    publishing: Occasion | None = None,
) -> list[DecisionFacts]:
    """Those for the client's eyes, their occasion released by then, none superseded (M8.2).

    Latest first. One query.
    """
    rows = _decisions(engagement.pk, at=at, releasing=releasing, publishing=publishing)
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
    engagement_id: int,
    *,
    at: dt.datetime,
    releasing: bool = False,
    publishing: Occasion | None = None,
) -> QuerySet[Decision, tuple[Any, ...]]:
    releases = Release.objects.filter(engagement_id=OuterRef("engagement_id"), at__lte=at)
    of_its_occasion = releases.filter(
        occasion_kind=OuterRef("occasion_kind"), occasion_id=OuterRef("occasion_id")
    )
    since = releases.filter(head_number__gte=OuterRef("number"))
    # Only a lead's publication changes what clients read: what supersedes waits for it too.
    released = Q() if releasing else Q(Exists(since))
    superseding = Decision.objects.filter(
        released, engagement_id=OuterRef("engagement_id"), supersedes_id=OuterRef("pk")
    )
    found = Decision.objects.filter(
        Exists(of_its_occasion) | Q(**publishing.columns)
        if publishing
        else Exists(of_its_occasion),
        released,
        ~Exists(superseding),
        engagement_id=engagement_id,
        client_visible=True,
    ).order_by("-decided_on", "-number")
    return found.values_list(
        "number", "decided_on", "text", "owner__name", "owner_id", "change", "touches"
    )[:MOST_DECISIONS]
