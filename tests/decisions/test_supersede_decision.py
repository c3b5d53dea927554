from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from decisions.models import Decision
from engagements.models import Membership
from okrs.models import KeyResult
from reviews.models import Review
from tests.checkins.posting import TUESDAY, code, post
from tests.reviews.meeting import close, decide, supersede

pytestmark = pytest.mark.django_db
NEXT_WEEK = TUESDAY + dt.timedelta(days=7)


def next_week(decision: Decision, by: Membership, **fields: Any) -> Decision:
    return supersede(decision, by, now=NEXT_WEEK, **fields)


def test_takes_the_place_of_an_earlier_one(review: Review, alice: Membership) -> None:
    earlier = decide(review, alice)

    later = next_week(earlier, alice)

    assert (later.supersedes, later.occasion, later.number) == (earlier, review.occasion, 2)
    assert later.decided_on == dt.date(2026, 3, 17)
    assert later.previous_hash == earlier.hash


def test_touches_the_same_with_the_values_of_now(
    review: Review, alice: Membership, onboarding: KeyResult
) -> None:
    post(onboarding, alice, actual=6)
    earlier = decide(review, alice, key_result=onboarding)
    check_in = post(onboarding, alice, actual=5, now=NEXT_WEEK)

    later = next_week(earlier, alice)

    assert [one["value"] for one in later.touches] == ["5"]
    assert [one["check_in"] for one in later.evidence] == [check_in.public_id]
    earlier.refresh_from_db()
    assert [one["value"] for one in earlier.touches] == ["6"]


def test_keeps_the_name_of_an_objective(
    review: Review, alice: Membership, onboarding: KeyResult
) -> None:
    earlier = decide(review, alice, objective=onboarding.objective)

    assert next_week(earlier, alice).touches == earlier.touches


def test_may_come_after_the_review_is_closed(review: Review, alice: Membership) -> None:
    earlier = decide(review, alice)
    close(review)

    assert next_week(earlier, alice).occasion == review.occasion


def test_is_refused_where_it_is_superseded_already(review: Review, alice: Membership) -> None:
    earlier = decide(review, alice)
    next_week(earlier, alice)

    with pytest.raises(ValidationError) as refusal:
        next_week(earlier, alice)

    assert code(refusal.value) == "superseded"


def test_is_refused_to_who_does_not_decide(
    review: Review, alice: Membership, bob: Membership
) -> None:
    with pytest.raises(ValidationError) as refusal:
        next_week(decide(review, alice), bob)

    assert code(refusal.value) == "no_right"


def test_says_everything_that_is_wrong(review: Review, alice: Membership) -> None:
    wrong = {"text": " ", "due_on": dt.date(2026, 3, 1), "change": "", "evidence_url": "nowhere"}

    with pytest.raises(ValidationError) as refusal:
        next_week(decide(review, alice), alice, **wrong)

    assert set(refusal.value.error_dict) == set(wrong)
