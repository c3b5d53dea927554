"""The escalations of the key results that a review talks about (M7, M8.3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db.models import F, IntegerField, OuterRef, Q, Subquery, Sum
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Coalesce

from checkins.models import Escalation
from checkins.models.escalations import EscalationQuerySet
from checkins.queries.escalations import EscalationCard, escalation_cards
from engagements.models import Engagement, Membership
from reviews.models import AgendaItem

Ids = Collection[int]


def running(engagement: Engagement, *, key_results: Ids) -> EscalationQuerySet:
    """Those that are open, and what the sponsor decided of a streak that still runs.

    The newest of each key result comes last.
    """
    still_red = Q(decided_at=None) | Q(streak=F("key_result__red_since"))
    found = Escalation.objects.filter(
        still_red, engagement=engagement, key_result_id__in=key_results, recovered_at=None
    )
    return found.order_by("opened_at", "id")


def cards_of(
    key_results: Ids, *, membership: Membership, now: dt.datetime
) -> dict[int, EscalationCard]:
    """By key result the escalation that its item shows, with what this member may do about it.

    Four queries; one where there is none.
    """
    if not key_results:
        return {}
    rows = running(membership.engagement, key_results=key_results)
    newest = dict(rows.values_list("key_result_id", "pk"))
    if not newest:
        return {}
    cards = escalation_cards(newest.values(), membership=membership, now=now)
    return {key_result_id: cards[pk] for key_result_id, pk in newest.items()}


def seen() -> CombinedExpression:
    """Of a review: a number that grows with its room, and with whatever is recorded of escalations
    of its items, wherever that is done. Screens that follow ask whether it has moved.
    """
    items = AgendaItem.objects.filter(
        engagement_id=OuterRef("engagement_id"), review_id=OuterRef(OuterRef("pk"))
    )
    recorded = (
        Escalation.objects.filter(
            engagement_id=OuterRef("engagement_id"),
            key_result_id__in=items.values("key_result_id"),
        )
        .order_by()
        .values("engagement_id")
        .annotate(total=Sum("version"))
        .values("total")
    )
    return F("room") + Coalesce(Subquery(recorded, output_field=IntegerField()), 0)
