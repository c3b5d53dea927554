"""What was captured in a review."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import BigIntegerField, DateTimeField, Exists, OuterRef, Q, QuerySet

from engagements.compiled import Compiled, Slot
from engagements.models import Engagement
from reviews.models import ActionItem, AgendaItem, Decision, Review
from reviews.queries.escalated import Act

ENGAGEMENT = Slot("engagement", BigIntegerField())
REVIEW = Slot("review", BigIntegerField())


@dataclass(frozen=True, kw_only=True)
class Captured:
    """A decision or an action of this review, or what was recorded of an escalation while it ran,
    and the item that it was about."""

    at: dt.datetime
    about: str
    act: Act | None = None
    decision: Decision | None = None
    action: ActionItem | None = None

    def is_on(self, item: AgendaItem) -> bool:
        if self.act is not None:
            return item.key_result_id == self.act.escalation.key_result_id
        row = self.decision or self.action
        return row is not None and row.agenda_item_id == item.pk


def taken_up(items: Iterable[AgendaItem], *, found: Iterable[Captured]) -> dict[int, dt.datetime]:
    """When something was captured on them first, by their keys: those were discussed."""
    latest_first = list(found)
    return {item.pk: one.at for item in items for one in latest_first if one.is_on(item)}


def captured(review: Review, *, engagement: Engagement, acts: Iterable[Act] = ()) -> list[Captured]:
    """Decisions, actions and `acts` on escalations of a review, latest first. Two queries.

    What superseded one of them after the close belongs to the log, not to the meeting.
    """
    here = {"engagement": engagement.pk, "review": review.pk}
    until = review.closed_at or dt.datetime.max.replace(tzinfo=dt.UTC)
    found = [
        *(
            Captured(at=one.recorded_at, about=_title(one.agenda_item), decision=one)
            for one in DECISIONS(**here, until=until)
        ),
        *(
            Captured(at=one.created_at, about=_title(one.agenda_item), action=one)
            for one in ACTIONS(**here)
        ),
        *(Captured(at=one.at, about=one.escalation.key_result.title, act=one) for one in acts),
    ]
    return sorted(found, key=lambda one: one.at, reverse=True)


def kept_from_client(review: Review, *, engagement: Engagement) -> int:
    """How many decisions of a review that hold are not marked for the client."""
    found = captured(review, engagement=engagement)
    decisions = [one.decision for one in found if one.decision is not None]
    return sum(
        not one.client_visible and not one.is_superseded  # type: ignore[attr-defined]
        for one in decisions
    )


def _decisions() -> QuerySet[Decision]:
    later = Decision.objects.filter(engagement_id=ENGAGEMENT, supersedes_id=OuterRef("pk"))
    held = Q(supersedes=None) | Q(recorded_at__lte=Slot("until", DateTimeField()))
    rows = Decision.objects.filter(held, engagement_id=ENGAGEMENT, review_id=REVIEW)
    return rows.select_related("owner", "agenda_item").annotate(is_superseded=Exists(later))


def _actions() -> QuerySet[ActionItem]:
    rows = ActionItem.objects.filter(engagement_id=ENGAGEMENT, review_id=REVIEW)
    return rows.select_related("owner", "agenda_item")


DECISIONS, ACTIONS = Compiled(_decisions), Compiled(_actions)


def _title(item: AgendaItem | None) -> str:
    return item.title if item else ""
