"""What was captured in a review."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from decisions.models import ActionItem, Decision, OccasionTitle, Titles
from engagements.models import Engagement
from reviews.models import AgendaItem, Review, ReviewRecord
from reviews.queries.escalated import Act


@dataclass(frozen=True, kw_only=True)
class Captured:
    """A decision or an action of this review, or what was recorded of an escalation while it ran,
    and the item that it was about."""

    at: dt.datetime
    about: str
    act: Act | None = None
    decision: Decision | None = None
    is_superseded: bool = False
    action: ActionItem | None = None
    agenda_item_id: int | None = None

    def is_on(self, item: AgendaItem) -> bool:
        if self.act is not None:
            return item.key_result_id == self.act.escalation.key_result_id
        return self.agenda_item_id == item.pk


def taken_up(items: Iterable[AgendaItem], *, found: Iterable[Captured]) -> dict[int, dt.datetime]:
    """When something was captured on them first, by their keys: those were discussed."""
    latest_first = list(found)
    return {item.pk: one.at for item in items for one in latest_first if one.is_on(item)}


def captured(review: Review, *, engagement: Engagement, acts: Iterable[Act] = ()) -> list[Captured]:
    """Decisions, actions and `acts` on escalations of a review, latest first. One query.

    What superseded one of them after the close belongs to the log, not to the meeting.
    """
    found = [
        *(
            Captured(
                at=one.decision.recorded_at if one.decision else one.action.created_at,
                about=one.agenda_item.title if one.agenda_item else "",
                decision=one.decision,
                is_superseded=one.is_superseded,  # type: ignore[attr-defined]
                action=one.action,
                agenda_item_id=one.agenda_item_id,
            )
            for one in _records(review)
        ),
        *(Captured(at=one.at, about=one.escalation.key_result.title, act=one) for one in acts),
    ]
    return sorted(found, key=lambda one: one.at, reverse=True)


def kept_from_client(review: Review, *, engagement: Engagement) -> int:
    """How many decisions of a review that hold are not marked for the client."""
    return sum(
        one.decision is not None and not one.decision.client_visible and not one.is_superseded
        for one in captured(review, engagement=engagement)
    )


def _records(review: Review) -> QuerySet[ReviewRecord]:
    here = {"engagement_id": review.engagement_id}
    later = Decision.objects.filter(**here, supersedes_id=OuterRef("decision_id"))
    rows = ReviewRecord.objects.filter(**here, review=review)
    if review.closed_at is not None:
        in_time = Q(decision__recorded_at__lte=review.closed_at)
        rows = rows.filter(Q(decision__supersedes=None) | in_time)
    joined = rows.select_related("decision__owner", "action__owner", "agenda_item")
    return joined.annotate(is_superseded=Exists(later))


def review_titles(engagement_ids: Collection[int], public_ids: Collection[str]) -> Titles:
    """Titles of reviews, for the decisions and actions that came of them. One query."""
    rows = Review.objects.filter(engagement_id__in=engagement_ids, public_id__in=public_ids)
    return {
        (one.engagement_id, one.public_id): OccasionTitle(title=one.title, at=one.scheduled_at)
        for one in rows.only("engagement_id", "public_id", "title", "scheduled_at")
    }
