"""Locking a review before any change in it, the conditions of a change, and open screens."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db.models import F

from engagements.models import Membership
from engagements.permissions import Permission, require_right
from reviews.models import AgendaItem, Review, Section
from tenancy.locks import locking


def lock_review(review: Review, *, by: Membership) -> Review:
    """Lock the review, open or closed, and return its current row."""
    return locking(Review.objects.filter(engagement_id=by.engagement_id)).get(pk=review.pk)


def lock_open_review(
    review: Review, *, by: Membership, to: Permission, owners: Iterable[Membership] = ()
) -> Review:
    """Lock the review, planned or running, and return its current row.

    `owners` as in `require_right`. Raises ValidationError `no_right` or `closed`.
    """
    locked = lock_review(review, by=by)
    require_right(by, to, owners=owners)
    require_open(locked)
    return locked


def lock_running(review: Review, *, by: Membership) -> Review:
    """Lock a running review. Raise ValidationError `no_right`, `closed` or `not_started`."""
    locked = lock_open_review(review, by=by, to=Permission.RUN_REVIEWS)
    if not locked.is_running:
        raise ValidationError("This review has not started yet.", code="not_started")
    return locked


def require_open(review: Review) -> None:
    """Raise ValidationError `closed`."""
    if review.is_closed:
        raise ValidationError("This review is closed. Use the next one.", code="closed")


def require_movable(item: AgendaItem) -> None:
    """Raise ValidationError `last` for the closing item."""
    if item.section == Section.CLOSING:
        raise ValidationError("The closing item is always last.", code="last")


def item_of(review: Review, item: AgendaItem) -> AgendaItem:
    """Return the item's current row. Raise ValidationError `gone`."""
    rows = AgendaItem.objects.filter(engagement_id=review.engagement_id, review=review, pk=item.pk)
    current = rows.select_related("key_result__objective", "objective").first()
    if current is None:
        raise ValidationError("This item is no longer on the agenda.", code="gone")
    return current


def items_of(review: Review) -> list[AgendaItem]:
    """List all items in order, including parked ones."""
    rows = AgendaItem.objects.filter(engagement_id=review.engagement_id, review=review)
    return list(rows.order_by("position", "id"))


def update_screens(review: Review) -> None:
    """Increase the review's live version, so that open screens fetch the changes.

    A closed review never changes.
    """
    rows = Review.objects.filter(engagement_id=review.engagement_id, pk=review.pk)
    rows.filter(closed_at=None).update(live_version=F("live_version") + 1)
