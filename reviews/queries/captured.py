"""What was captured in a review."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q

from engagements.models import Engagement
from reviews.models import ActionItem, AgendaItem, Decision, Review
from reviews.queries.escalated import Act


@dataclass(frozen=True, kw_only=True)
class Captured:
    """A decision or an action of this review, or what was recorded of an escalation while it ran,
    and the item that it was about."""

    at: dt.datetime
    about: str
    act: Act | None = None
    decision: Decision | None = None
    action: ActionItem | None = None


def captured(review: Review, *, engagement: Engagement, acts: Iterable[Act] = ()) -> list[Captured]:
    """Decisions, actions and `acts` on escalations of a review, latest first. Two queries.

    What superseded one of them after the close belongs to the log, not to the meeting.
    """
    here = {"engagement": engagement, "review": review}
    later = Decision.objects.filter(engagement=engagement, supersedes_id=OuterRef("pk"))
    decisions = Decision.objects.filter(**here).select_related("owner", "agenda_item")
    if review.closed_at is not None:
        decisions = decisions.filter(Q(supersedes=None) | Q(recorded_at__lte=review.closed_at))
    actions = ActionItem.objects.filter(**here).select_related("owner", "agenda_item")
    found = [
        *(
            Captured(at=one.recorded_at, about=_title(one.agenda_item), decision=one)
            for one in decisions.annotate(is_superseded=Exists(later))
        ),
        *(
            Captured(at=one.created_at, about=_title(one.agenda_item), action=one)
            for one in actions
        ),
        *(Captured(at=one.at, about=one.escalation.key_result.title, act=one) for one in acts),
    ]
    return sorted(found, key=lambda one: one.at, reverse=True)


def _title(item: AgendaItem | None) -> str:
    return item.title if item else ""
