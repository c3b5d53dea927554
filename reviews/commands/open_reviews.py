"""Locking a review before anything in it."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from engagements.models import Membership
from reviews.models import Review


def lock_review(review: Review, *, by: Membership) -> Review:
    """The review as it stands now, open or closed, locked until the transaction ends."""
    here = Review.objects.filter(engagement_id=by.engagement_id)
    return here.select_for_update(of=("self",), no_key=True).get(pk=review.pk)


def lock_open_review(review: Review, *, by: Membership) -> Review:
    """The review as it stands now, planned or running, locked until the transaction ends.

    Raises ValidationError `closed`.
    """
    locked = lock_review(review, by=by)
    must_be_open(locked)
    return locked


def must_be_open(review: Review) -> None:
    """Raises ValidationError `closed`."""
    if review.is_closed:
        raise ValidationError(
            "This review is closed, its outcomes stay as they are. Use the next one.",
            code="closed",
        )
