"""Locking a review before any change in it."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from engagements.models import Membership
from engagements.permissions import Permission, require_right
from reviews.models import Review
from tenancy.locks import locking


def lock_review(review: Review, *, by: Membership) -> Review:
    """Lock the review, open or closed; return it as it is now."""
    return locking(Review.objects.filter(engagement_id=by.engagement_id)).get(pk=review.pk)


def lock_open_review(review: Review, *, by: Membership, to: Permission) -> Review:
    """Lock the review, planned or running; return it as it is now.

    Raises ValidationError `no_right` or `closed`.
    """
    locked = lock_review(review, by=by)
    require_right(by, to)
    must_be_open(locked)
    return locked


def must_be_open(review: Review) -> None:
    """Raise ValidationError `closed`."""
    if review.is_closed:
        raise ValidationError(
            "This review is closed. Use the next one.",
            code="closed",
        )
