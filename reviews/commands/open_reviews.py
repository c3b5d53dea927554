"""Locking reviews. Every command locks in one order, so that no two wait for each other:

reviews (several by their keys), then their items and actions, then the engagement, which decisions
and reports queue for and which triggers write, and the head of the log last.
"""

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


def lock_rooms(*review_ids: int | None, by: Membership) -> None:
    """Lock those of these reviews that are open, before anything in them is locked."""
    ids = [one for one in review_ids if one is not None]
    here = Review.objects.filter(engagement_id=by.engagement_id, pk__in=ids)
    rooms = here.ahead().order_by("pk").select_for_update(of=("self",), no_key=True)
    list(rooms.values_list("pk"))


def must_be_open(review: Review) -> None:
    """Raises ValidationError `closed`."""
    if review.is_closed:
        raise ValidationError(
            "This review is closed, its outcomes stay as they are. Use the next one.",
            code="closed",
        )
