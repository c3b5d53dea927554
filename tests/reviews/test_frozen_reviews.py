"""What the database refuses of a closed review, whoever asks."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.db.utils import Error

from engagements.models import Membership
from reviews.models import AgendaItem, Review
from tests.reviews.meeting import close, planned


def item_of(review: Review) -> AgendaItem:
    return AgendaItem.objects.create(
        engagement_id=review.engagement_id, review=review, section="red", position=1, title="Red"
    )


@pytest.mark.parametrize("out", [True, False])
def test_no_item_moves_out_of_a_closed_review_or_into_it(
    review: Review, alice: Membership, *, out: bool
) -> None:
    other = planned(alice, title="April")
    item = item_of(review if out else other)
    close(review)

    with pytest.raises(Error, match="stays as it is"), transaction.atomic():
        AgendaItem.objects.filter(pk=item.pk).update(review=other if out else review)

    item.refresh_from_db()
    assert item.review == (review if out else other)


def test_items_of_open_reviews_still_move(review: Review, alice: Membership) -> None:
    other = planned(alice, title="April")
    item = item_of(review)

    AgendaItem.objects.filter(pk=item.pk).update(review=other)

    item.refresh_from_db()
    assert item.review == other
