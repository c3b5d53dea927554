from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError

from decisions.models import Decision, DecisionHead
from engagements.models import Membership, Role
from okrs.models import KeyResult
from reviews.models import AgendaItem, Review
from tests import build
from tests.checkins.posting import TUESDAY, code, post
from tests.reviews.meeting import close, decide, planned

pytestmark = pytest.mark.django_db
LATER = TUESDAY + dt.timedelta(minutes=5)


def test_comes_back_with_its_number_and_its_seal(review: Review, alice: Membership) -> None:
    first = decide(review, alice, "  Move the offer to day ten.  ")
    second = decide(review, alice, now=LATER)

    assert (first.text, first.number, first.previous_hash) == ("Move the offer to day ten.", 1, "")
    assert (second.number, second.previous_hash) == (2, first.hash)
    assert len(first.hash) == 64
    head = DecisionHead.objects.get(engagement=alice.engagement)
    assert (head.number, head.hash) == (2, second.hash)


def test_is_of_the_clients_day(review: Review, alice: Membership) -> None:
    midnight_in_berlin = dt.datetime(2026, 3, 10, 23, 30, tzinfo=dt.UTC)

    assert decide(review, alice, now=midnight_in_berlin).decided_on == dt.date(2026, 3, 11)


def test_keeps_what_it_touches_as_it_stands(
    review: Review, alice: Membership, onboarding: KeyResult
) -> None:
    check_in = post(onboarding, alice, actual=6)

    decision = decide(review, alice, key_result=onboarding)

    assert decision.touches == [
        {
            "objective": onboarding.objective.public_id,
            "key_result": onboarding.public_id,
            "title": onboarding.title,
            "value": "6",
            "score": "0.60",
            "rag": "amber",
        }
    ]
    label = "Check-in of 10\N{NO-BREAK SPACE}Mar\N{NO-BREAK SPACE}2026, 0.60"
    named = {"check_in": check_in.public_id, "key_result": onboarding.public_id}
    assert decision.evidence == [{"label": label, **named}]


def test_says_that_a_key_result_had_no_value(
    review: Review, alice: Membership, onboarding: KeyResult
) -> None:
    decision = decide(review, alice, key_result=onboarding)

    (touched,) = decision.touches
    assert (touched["value"], touched["score"], touched["rag"]) == (None, None, "no_data")
    assert decision.evidence == []


def test_touches_an_objective_by_name(
    review: Review, alice: Membership, onboarding: KeyResult
) -> None:
    objective = onboarding.objective

    decision = decide(review, alice, objective=objective)

    assert decision.touches == [{"objective": objective.public_id, "title": objective.title}]


def test_keeps_an_address_as_evidence(review: Review, alice: Membership) -> None:
    url = "https://example.com/usage"

    decision = decide(review, alice, evidence_url=f" {url} ")

    assert decision.evidence == [{"label": url, "url": url}]


def test_counts_the_room_up(review: Review, alice: Membership) -> None:
    decide(review, alice)

    review.refresh_from_db()
    assert review.room == 2


def test_is_recorded_after_the_last_one_whatever_the_clock_says(
    review: Review, alice: Membership
) -> None:
    decide(review, alice, now=LATER)

    assert decide(review, alice, now=TUESDAY).recorded_at == LATER


def test_stands_in_a_review_that_is_open(review: Review, alice: Membership) -> None:
    close(review)

    with pytest.raises(ValidationError) as refusal:
        decide(review, alice)

    assert code(refusal.value) == "closed"


def test_stands_at_an_item_of_its_own_review(review: Review, alice: Membership) -> None:
    item = AgendaItem.objects.create(
        engagement=alice.engagement,
        review=planned(alice, title="April"),
        section="red",
        position=1,
        title="It is red",
    )

    with pytest.raises(ValidationError) as refusal:
        decide(review, alice, agenda_item=item)

    assert code(refusal.value) == "other_review"


@pytest.mark.parametrize("role", [Role.CHAMPION, Role.LEAD, Role.SPONSOR])
def test_is_recorded_by_who_decides(review: Review, alice: Membership, role: str) -> None:
    somebody = build.member(alice.engagement, "Dana", role)

    assert decide(review, somebody, owner=alice).recorded_by == somebody


@pytest.mark.parametrize("role", [Role.CONTRIBUTOR, Role.VIEWER])
def test_is_refused_to_everybody_else(review: Review, alice: Membership, role: str) -> None:
    somebody = build.member(alice.engagement, "Dana", role)

    with pytest.raises(ValidationError) as refusal:
        decide(review, somebody, owner=alice)

    assert code(refusal.value) == "no_right"


@pytest.mark.parametrize(
    ("fields", "field", "expected"),
    [
        ({"text": "   "}, "text", "required"),
        ({"due_on": dt.date(2026, 3, 9)}, "due_on", "before_decision"),
        ({"decided_on": dt.date(2026, 3, 11)}, "decided_on", "in_future"),
        ({"change": "mood"}, "change", "invalid"),
        ({"evidence_url": "example.com/usage"}, "evidence_url", "invalid"),
        ({"evidence_url": "javascript:alert(1)"}, "evidence_url", "invalid"),
        ({"evidence_url": "ftp://example.com/usage"}, "evidence_url", "invalid"),
        ({"evidence_url": f"https://example.com/{'a' * 500}"}, "evidence_url", "invalid"),
    ],
)
def test_is_refused_with_its_reason(
    review: Review, alice: Membership, fields: dict[str, Any], field: str, expected: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        decide(review, alice, **fields)

    assert code(refusal.value, field=field) == expected


def test_is_owned_by_a_member(review: Review, alice: Membership) -> None:
    viewer = build.member(alice.engagement, "Vera", Role.VIEWER)

    with pytest.raises(ValidationError) as refusal:
        decide(review, alice, owner=viewer)

    assert code(refusal.value, field="owner") == "owner"


def test_of_one_form_is_recorded_once(review: Review, alice: Membership) -> None:
    said: dict[str, Any] = {"evidence_url": "https://example.com/usage", "idempotency_key": uuid4()}
    first = decide(review, alice, **said)
    close(review)

    again = decide(review, alice, now=LATER, **said)

    assert again == first
    assert Decision.objects.count() == 1


@pytest.mark.parametrize(
    "other",
    [
        {"text": "Move it to day twenty."},
        {"due_on": dt.date(2026, 3, 25)},
        {"client_visible": True},
        {"evidence_url": "https://example.com/other"},
    ],
)
def test_of_one_form_does_not_come_with_other_words(
    review: Review, alice: Membership, other: dict[str, Any]
) -> None:
    key = uuid4()
    decide(review, alice, idempotency_key=key)

    with pytest.raises(ValidationError) as refusal:
        decide(review, alice, **other, idempotency_key=key)

    assert code(refusal.value) == "reused"
    assert Decision.objects.count() == 1
