from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction

from decisions.commands.decisions import owner_errors
from decisions.models import ActionItem, ActionItemQuerySet
from engagements.models import Membership, Role
from engagements.permissions import Permission
from reviews.commands.live_updates import tell_the_room
from reviews.commands.open_reviews import lock_open_review
from reviews.commands.recording import add_review_action
from reviews.commands.running import item_of
from reviews.models import AgendaItem, Review, ReviewRecord

TO_PROPOSE = dt.timedelta(days=7)


@transaction.atomic
def answer_item(
    *, item: AgendaItem, still_right: bool, by: Membership, now: dt.datetime
) -> AgendaItem:
    """Answer whether it is still the right key result, or still proves the objective (M3.3).

    A no adds an action for the lead to propose a change within a week; a later yes drops it. If the
    lead can no longer own actions, it goes to the member who answered. Raises ValidationError:
    `no_right`, `closed`, `no_question` if the item has no question.
    """
    review = lock_open_review(item.review, by=by, to=Permission.DECIDE)
    row = item_of(review, item)
    if row.key_result is None and row.objective is None:
        raise ValidationError("This item has no question to answer.", code="no_question")
    row.still_right, row.answered_by = still_right, by
    row.save(update_fields=["still_right", "answered_by"])
    proposed = _proposals(row).open()
    if still_right:
        proposed.update(dropped_at=now, dropped_by=by)
    elif not proposed.exists():
        _ask_for_change(review, row, by=by, now=now)
    tell_the_room(review)
    return row


def _proposals(item: AgendaItem) -> ActionItemQuerySet:
    records = ReviewRecord.objects.filter(engagement_id=item.engagement_id, agenda_item=item)
    return ActionItem.objects.filter(
        engagement_id=item.engagement_id, pk__in=records.values("action"), what=_proposal(item)
    )


def _proposal(item: AgendaItem) -> str:
    about = item.key_result or item.objective
    return f"Propose a change to “{about}”"


def _who_proposes(review: Review, *, by: Membership) -> Membership:
    """Return the first who may own it (M9.3): the review's lead, `by`, any lead."""
    leads = Membership.objects.active().filter(engagement_id=by.engagement_id, role=Role.LEAD)
    may_own = (one for one in (review.lead, by, *leads.order_by("pk")) if not owner_errors(one))
    return next(may_own, by)


def _ask_for_change(review: Review, item: AgendaItem, *, by: Membership, now: dt.datetime) -> None:
    add_review_action(
        what=_proposal(item),
        owner=_who_proposes(review, by=by),
        due_on=by.engagement.today(now) + TO_PROPOSE,
        review=review,
        agenda_item=item,
        objective=item.objective,
        key_result=item.key_result,
        by=by,
        now=now,
    )
