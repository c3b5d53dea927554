"""Recording decisions and actions in a review, each with its agenda item."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from checkins.models import CheckIn
from decisions.commands import (
    Evidence,
    add_action,
    key_result_ids,
    key_results,
    record_decision,
    require_same_values,
    supersede_decision,
)
from decisions.models import ActionItem, Decision
from engagements.models import Membership
from okrs.formatting import NO_BREAK
from okrs.models import KeyResult
from reviews.commands.locks import lock_review, require_open, update_screens
from reviews.models import AgendaItem, Review, ReviewRecord
from scoring import format_score


@transaction.atomic
def record_review_decision(
    *,
    review: Review,
    by: Membership,
    agenda_item: AgendaItem | None = None,
    key_result: KeyResult | None = None,
    idempotency_key: UUID | None = None,
    **decision: Any,
) -> Decision:
    """Record a decision in a review that is still open (M8.2).

    The current check-in of the key result is its evidence. Errors as in `record_decision`, and
    `closed`, or `other_review` if the item belongs to another review.
    """
    locked = _lock(review, agenda_item, by=by, decision__idempotency_key=idempotency_key)
    about = [] if key_result is None else [key_result.public_id]
    row = record_decision(
        occasion=locked.occasion,
        key_result=key_result,
        evidence=check_in_evidence(about, engagement_id=by.engagement_id),
        by=by,
        idempotency_key=idempotency_key,
        **decision,
    )
    _link(locked, agenda_item, decision=row)
    return row


@transaction.atomic
def supersede_review_decision(*, decision: Decision, by: Membership, **later: Any) -> Decision:
    """Supersede a decision; record the new one in the same review, open or closed.

    Errors as in `supersede_decision`.
    """
    record = (
        ReviewRecord.objects.filter(engagement_id=by.engagement_id, decision=decision)
        .select_related("review", "agenda_item")
        .first()
    )
    locked = lock_review(record.review, by=by) if record else None
    key_results = key_result_ids(decision.touches)
    evidence = check_in_evidence(key_results, engagement_id=by.engagement_id)
    row = supersede_decision(decision=decision, evidence=evidence, by=by, **later)
    if record is not None and locked is not None:
        _link(locked, record.agenda_item, decision=row)
    return row


@transaction.atomic
def add_review_action(
    *,
    review: Review,
    by: Membership,
    agenda_item: AgendaItem | None = None,
    idempotency_key: UUID | None = None,
    **action: Any,
) -> ActionItem:
    """Add an action in a review that is still open (M8.3).

    Errors as in `add_action`, and `closed`, or `other_review` if the item belongs to another review.
    """
    locked = _lock(review, agenda_item, by=by, action__idempotency_key=idempotency_key)
    row = add_action(occasion=locked.occasion, by=by, idempotency_key=idempotency_key, **action)
    _link(locked, agenda_item, action=row)
    return row


def check_in_evidence(public_ids: Collection[str], *, engagement_id: int) -> Evidence:
    """Return the current check-in of each key result, as words and public ids that can be sealed."""
    evidence: Evidence = []
    for row in key_results(engagement_id, list(public_ids)):
        posts = CheckIn.objects.filter(engagement_id=engagement_id, key_result=row).current()
        if check_in := posts.order_by("-period").first():
            score = format_score(check_in.score, scale=row.engagement.scale)
            label = f"Check-in of {_day(check_in.measured_on)}, {score}"
            evidence.append(
                {"label": label, "check_in": check_in.public_id, "key_result": row.public_id}
            )
    return evidence


def _day(on: dt.date) -> str:
    """Write the day with its year, because it is read years later."""
    return f"{on.day} {on:%b} {on.year}".replace(" ", NO_BREAK)


def _lock(
    review: Review, agenda_item: AgendaItem | None, *, by: Membership, **key: UUID | None
) -> Review:
    """Return the locked review; a form already sent may arrive again after the close."""
    locked = lock_review(review, by=by)
    records = ReviewRecord.objects.filter(engagement_id=by.engagement_id)
    record = records.filter(**key).first() if all(key.values()) else None
    if record is not None:
        require_same_values(record, review=locked, agenda_item=agenda_item)
        return locked
    require_open(locked)
    if agenda_item is not None and agenda_item.review_id != locked.pk:
        raise ValidationError("This item belongs to another review.", code="other_review")
    return locked


def _link(review: Review, agenda_item: AgendaItem | None, **row: Any) -> None:
    _, is_new = ReviewRecord.objects.get_or_create(
        engagement_id=review.engagement_id,
        **row,
        defaults={"review": review, "agenda_item": agenda_item},
    )
    if is_new:
        update_screens(review)
