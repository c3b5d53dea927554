"""Reviews, decisions and actions of tests: valid ones with the least that must be said."""

from __future__ import annotations

import datetime as dt
from typing import Any

from decisions.commands import add_action
from decisions.models import ActionItem, Decision
from engagements.models import Membership
from reviews.commands import recording
from reviews.models import AgendaItem, Review
from tenancy.scoping import scope
from tests.checkins.posting import TUESDAY

IN_TWO_WEEKS = dt.date(2026, 3, 24)


def planned(lead: Membership, **fields: Any) -> Review:
    """A monthly review on Tuesday 10 March 2026, not started."""
    fields = {"kind": "monthly", "title": "March", "minutes": 45, **fields}
    fields.setdefault("scheduled_at", TUESDAY)
    with scope(lead.engagement_id):
        return Review.objects.create(engagement_id=lead.engagement_id, lead=lead, **fields)


def agenda_item(review: Review) -> AgendaItem:
    return AgendaItem.objects.create(
        engagement=review.engagement, review=review, section="red", position=1, title="It is red"
    )


def close(review: Review) -> Review:
    """Closed without its command: what must hold in a review that is over."""
    review.started_at = review.started_at or TUESDAY
    review.closed_at, review.closed_by = TUESDAY, review.lead
    review.save(update_fields=["started_at", "closed_at", "closed_by"])
    return review


def decide(
    review: Review, by: Membership, text: str = "Move the offer.", **fields: Any
) -> Decision:
    values = {
        "owner": by,
        "due_on": IN_TWO_WEEKS,
        "change": "bet",
        "client_visible": False,
        "now": TUESDAY,
        **fields,
    }
    return recording.record_review_decision(review=review, text=text, by=by, **values)


def supersede(decision: Decision, by: Membership, **fields: Any) -> Decision:
    values = {
        "text": "Move it to day twenty.",
        "owner": by,
        "due_on": dt.date(2026, 4, 1),
        "change": "priority",
        "client_visible": True,
        "now": TUESDAY,
        **fields,
    }
    return recording.supersede_review_decision(decision=decision, by=by, **values)


def act(by: Membership, what: str = "Ask for a nightly export", **fields: Any) -> ActionItem:
    values = {"owner": by, "due_on": IN_TWO_WEEKS, "now": TUESDAY, **fields}
    add = recording.add_review_action if fields.get("review") else add_action
    return add(what=what, by=by, **values)
