"""Conditions for any change in a review: right, state and item."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from engagements.models import Membership
from engagements.permissions import Permission
from reviews.commands.open_reviews import lock_open_review
from reviews.models import AgendaItem, Review, Section


def lock_running(review: Review, *, by: Membership) -> Review:
    """Lock a running review. Raise ValidationError `no_right`, `closed` or `not_started`."""
    locked = lock_open_review(review, by=by, to=Permission.RUN_REVIEWS)
    if not locked.is_running:
        raise ValidationError("This review has not started yet.", code="not_started")
    return locked


def item_of(review: Review, item: AgendaItem) -> AgendaItem:
    """Return the current item. Raises ValidationError `other_review`."""
    found = (
        AgendaItem.objects.filter(engagement_id=review.engagement_id, review=review, pk=item.pk)
        .select_related("key_result__objective", "objective")
        .first()
    )
    if found is None:
        raise ValidationError("This item belongs to another review.", code="other_review")
    return found


def must_not_be_last(item: AgendaItem) -> None:
    """Raise ValidationError `last` for the closing item, which can't move."""
    if item.section == Section.CLOSING:
        raise ValidationError("The closing item is always last.", code="last")
