from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError

from decisions.commands.actions import complete_action, drop_action, reopen_action
from decisions.models import ActionItem
from engagements.models import Membership, Role
from okrs.models import KeyResult
from reviews.models import Review
from tests import build
from tests.checkins.posting import TUESDAY, code
from tests.reviews.meeting import act, close

pytestmark = pytest.mark.django_db
LATER = TUESDAY + dt.timedelta(hours=1)


def test_says_what_who_and_by_when(alice: Membership, bob: Membership, review: Review) -> None:
    action = act(bob, "  Ask for a nightly export ", owner=alice, review=review)

    assert (action.what, action.owner, action.created_by) == (
        "Ask for a nightly export",
        alice,
        bob,
    )
    assert action.is_open
    review.refresh_from_db()
    assert review.room == 2


def test_of_a_key_result_belongs_to_its_objective_too(
    alice: Membership, onboarding: KeyResult
) -> None:
    action = act(alice, key_result=onboarding)

    assert (action.objective, action.key_result) == (onboarding.objective, onboarding)


@pytest.mark.parametrize(
    ("fields", "field", "expected"),
    [
        ({"what": "  "}, "what", "required"),
        ({"due_on": dt.date(2026, 3, 9)}, "due_on", "in_past"),
    ],
)
def test_is_refused_with_its_reason(
    alice: Membership, fields: dict[str, Any], field: str, expected: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        act(alice, **fields)

    assert code(refusal.value, field=field) == expected


def test_is_owned_by_a_member(alice: Membership) -> None:
    gone = build.member(alice.engagement, "Gus", removed_at=TUESDAY)

    with pytest.raises(ValidationError) as refusal:
        act(alice, owner=gone)

    assert code(refusal.value, field="owner") == "owner"


def test_is_not_added_to_a_closed_review(alice: Membership, review: Review) -> None:
    close(review)

    with pytest.raises(ValidationError) as refusal:
        act(alice, review=review)

    assert code(refusal.value) == "closed"


def test_is_done_once(alice: Membership, bob: Membership) -> None:
    action = act(alice)

    complete_action(action=action, by=bob, now=TUESDAY)
    done = complete_action(action=action, by=alice, now=LATER)

    assert (done.done_at, done.done_by) == (TUESDAY, bob)


def test_of_a_closed_review_is_done_still(alice: Membership, review: Review) -> None:
    action = act(alice, review=review)
    close(review)

    assert complete_action(action=action, by=alice, now=LATER).done_at == LATER


@pytest.mark.parametrize("ended", [complete_action, drop_action])
def test_can_be_reopened(alice: Membership, ended: Any) -> None:
    action = act(alice)
    ended(action=action, by=alice, now=TUESDAY)

    reopened = reopen_action(action=action, by=alice, now=LATER)

    assert reopened.is_open
    assert ActionItem.objects.open().get() == action
    assert reopen_action(action=action, by=alice, now=LATER).is_open


def test_is_dropped_by_its_owner_its_author_or_the_lead(alice: Membership, bob: Membership) -> None:
    carol = build.member(alice.engagement, "Carol", Role.CONTRIBUTOR)
    action = act(bob, owner=bob)

    with pytest.raises(ValidationError) as refusal:
        drop_action(action=action, by=carol, now=LATER)

    assert code(refusal.value) == "no_right"
    assert drop_action(action=action, by=bob, now=LATER).dropped_by == bob
    assert drop_action(action=action, by=alice, now=LATER).dropped_by == bob


def test_is_either_done_or_dropped(alice: Membership) -> None:
    done, dropped = act(alice), act(alice)
    complete_action(action=done, by=alice, now=TUESDAY)
    drop_action(action=dropped, by=alice, now=TUESDAY)

    with pytest.raises(ValidationError) as of_done:
        drop_action(action=done, by=alice, now=LATER)
    with pytest.raises(ValidationError) as of_dropped:
        complete_action(action=dropped, by=alice, now=LATER)

    assert (code(of_done.value), code(of_dropped.value)) == ("done", "dropped")


@pytest.mark.parametrize("command", [complete_action, reopen_action, drop_action])
def test_is_no_business_of_a_viewer(alice: Membership, command: Any) -> None:
    viewer = build.member(alice.engagement, "Vera", Role.VIEWER)

    with pytest.raises(ValidationError) as refusal:
        command(action=act(alice), by=viewer, now=LATER)

    assert code(refusal.value) == "no_right"


def test_of_one_form_is_added_once(alice: Membership, review: Review) -> None:
    key = uuid4()
    first = act(alice, review=review, idempotency_key=key)

    assert act(alice, review=review, idempotency_key=key, now=LATER) == first
    assert ActionItem.objects.count() == 1
    review.refresh_from_db()
    assert review.room == 2


def test_of_one_form_does_not_come_with_other_words(alice: Membership, bob: Membership) -> None:
    key = uuid4()
    act(alice, idempotency_key=key)

    others: list[dict[str, Any]] = [
        {"what": "Call them"},
        {"owner": bob},
        {"due_on": dt.date(2026, 3, 25)},
    ]
    for other in others:
        with pytest.raises(ValidationError) as refusal:
            act(alice, **other, idempotency_key=key)
        assert code(refusal.value) == "reused"
    assert ActionItem.objects.count() == 1
