from __future__ import annotations

from django.db.models import Case, Value, When

from reviews.models import Review


def previous_review(review: Review) -> Review | None:
    """The review to compare with: the last closed one of the same kind, else of any. One query."""
    closed = Review.objects.filter(engagement_id=review.engagement_id).closed()
    other = Case(When(kind=review.kind, then=Value(0)), default=Value(1))
    return closed.exclude(pk=review.pk).order_by(other, "-closed_at").first()
