"""The escalations of the key results that a review talks about (M7, M8.3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Coalesce

from engagements.models import Engagement, Membership
from escalations.models import Escalation, EscalationQuerySet
from escalations.queries.escalations import EscalationCard, escalation_cards
from reviews.models import AgendaItem, ReviewRecord

Ids = Collection[int]
MADE_ACTIVE, HUDDLE, PLAN, VERDICT = "active", "huddle", "plan", "verdict"


@dataclass(frozen=True, kw_only=True)
class Act:
    """One thing that was recorded of an escalation, and whose it is."""

    escalation: Escalation
    at: dt.datetime
    what: str
    who: Membership | None


def running(engagement: Engagement, *, key_results: Ids) -> EscalationQuerySet:
    """Those that are open, and what the sponsor decided of a streak that still runs.

    The newest of each key result comes last.
    """
    still_red = Q(decided_at=None) | Q(streak=F("key_result__red_since"))
    found = Escalation.objects.filter(
        still_red, engagement=engagement, key_result_id__in=key_results, recovered_at=None
    )
    return found.order_by("opened_at", "id")


def of_items(engagement: Engagement, *, key_results: Ids) -> list[Escalation]:
    """Every escalation of these, the newest last. One query, or none."""
    if not key_results:
        return []
    found = Escalation.objects.filter(engagement=engagement, key_result_id__in=key_results)
    joined = ("key_result", "activated_by", "huddle_set_by", "plan_owner", "decided_by")
    return list(found.select_related(*joined).order_by("opened_at", "id"))


def running_of(rows: Iterable[Escalation]) -> dict[int, Escalation]:
    """Of such rows, by key result the one that `running` finds last."""
    return {
        row.key_result_id: row
        for row in rows
        if row.recovered_at is None
        and (row.decided_at is None or row.streak == row.key_result.red_since)
    }


def acts_during(
    rows: Iterable[Escalation], *, since: dt.datetime | None, until: dt.datetime
) -> list[Act]:
    """What people did about them between these instants; nothing before a meeting began."""
    if since is None:
        return []
    done = (act for row in rows for act in _acts(row))
    return [one for one in done if since <= one.at <= until]


def _acts(row: Escalation) -> Iterator[Act]:
    if row.activated_by is not None and row.activated_at is not None:
        yield Act(escalation=row, at=row.activated_at, what=MADE_ACTIVE, who=row.activated_by)
    if row.huddle_set_at is not None:
        yield Act(escalation=row, at=row.huddle_set_at, what=HUDDLE, who=row.huddle_set_by)
    if row.answered_at is not None:
        yield Act(escalation=row, at=row.answered_at, what=PLAN, who=row.plan_owner)
    if row.decided_at is not None:
        yield Act(escalation=row, at=row.decided_at, what=VERDICT, who=row.decided_by)


def cards_of(
    found: Iterable[Escalation], *, membership: Membership, now: dt.datetime
) -> dict[int, EscalationCard]:
    """By key result what its item shows, with what this member may do. Three queries, or none."""
    newest = {row.key_result_id: row.pk for row in found}
    if not newest:
        return {}
    cards = escalation_cards(newest.values(), membership=membership, now=now)
    return {key_result_id: cards[pk] for key_result_id, pk in newest.items()}


def seen() -> CombinedExpression:
    """Of a review: a number that grows with its room, with each change of its actions, and with
    what is recorded of escalations of its items, wherever that is done. Screens ask whether it
    has changed.
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
    actions = (
        ReviewRecord.objects.filter(
            engagement_id=OuterRef("engagement_id"), review_id=OuterRef("pk"), action__isnull=False
        )
        .order_by()
        .values("engagement_id")
        .annotate(total=Sum("action__version"))
        .values("total")
    )
    return F("room") + _total(recorded) + _total(actions)


def _total(rows: QuerySet[Any, Any]) -> Coalesce:
    return Coalesce(Subquery(rows, output_field=IntegerField()), 0)
