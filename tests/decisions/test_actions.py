"""Actions: added, done, reopened and dropped (M8.3)."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import uuid4

import pytest

from decisions.commands.actions import complete_action, drop_action, reopen_action
from decisions.forms import ActionForm
from decisions.models import ActionItem
from engagements.models import Membership, Role
from okrs.models import KeyResult
from reviews.models import Review
from tests import build
from tests.checkins.posting import TUESDAY
from tests.reviews.meeting import act, close, refusal

pytestmark = pytest.mark.django_db
LATER = TUESDAY + dt.timedelta(hours=1)
YESTERDAY = dt.date(2026, 3, 9)


def test_an_action_of_a_review_shows_on_its_open_screens(
    alice: Membership, bob: Membership, review: Review, onboarding: KeyResult
) -> None:
    action = act(bob, "Ask for an export", owner=alice, review=review, key_result=onboarding)

    assert (action.what, action.owner, action.created_by) == ("Ask for an export", alice, bob)
    assert (action.objective, action.key_result) == (onboarding.objective, onboarding)
    assert action.is_open
    review.refresh_from_db()
    assert review.live_version == 2


def test_an_action_needs_a_text_an_active_owner_and_a_day_ahead(
    alice: Membership, review: Review
) -> None:
    gone = build.member(alice.engagement, "Gus", removed_at=TUESDAY)
    form_data = {"what": "  ", "owner": alice.public_id, "due_on": "2026-03-24", "key": uuid4()}

    assert set(ActionForm(form_data, engagement=alice.engagement).errors) == {"what"}
    assert refusal(act, alice, field="due_on", due_on=YESTERDAY) == "in_past"
    assert refusal(act, alice, field="owner", owner=gone) == "owner"
    assert refusal(act, alice, review=close(review)) == "closed"


def test_an_action_is_done_once_even_after_its_review(
    alice: Membership, bob: Membership, review: Review
) -> None:
    action = act(alice, review=review)
    close(review)

    complete_action(action=action, by=bob, now=TUESDAY)
    done = complete_action(action=action, by=alice, now=LATER)

    assert (done.done_at, done.done_by) == (TUESDAY, bob)


@pytest.mark.parametrize("end", [complete_action, drop_action])
def test_an_ended_action_can_be_reopened(alice: Membership, end: Any) -> None:
    action = act(alice)
    end(action=action, by=alice, now=TUESDAY)

    assert reopen_action(action=action, by=alice, now=LATER).is_open
    assert ActionItem.objects.open().get() == action
    assert reopen_action(action=action, by=alice, now=LATER).is_open


def test_owner_author_and_lead_drop_an_action(alice: Membership, bob: Membership) -> None:
    carol = build.member(alice.engagement, "Carol", Role.CONTRIBUTOR)
    action = act(bob, owner=bob)

    assert refusal(drop_action, action=action, by=carol, now=LATER) == "no_right"
    assert drop_action(action=action, by=bob, now=LATER).dropped_by == bob
    assert drop_action(action=action, by=alice, now=LATER).dropped_by == bob


def test_an_action_is_either_done_or_dropped(alice: Membership) -> None:
    done, dropped = act(alice), act(alice)
    complete_action(action=done, by=alice, now=TUESDAY)
    drop_action(action=dropped, by=alice, now=TUESDAY)

    assert refusal(drop_action, action=done, by=alice, now=LATER) == "done"
    assert refusal(complete_action, action=dropped, by=alice, now=LATER) == "dropped"


@pytest.mark.parametrize("command", [complete_action, reopen_action, drop_action])
def test_viewers_change_no_action(alice: Membership, command: Any) -> None:
    viewer = build.member(alice.engagement, "Vera", Role.VIEWER)

    assert refusal(command, action=act(alice), by=viewer, now=LATER) == "no_right"


def test_one_form_is_added_once_and_with_the_same_values(
    alice: Membership, bob: Membership, review: Review
) -> None:
    key = uuid4()
    first = act(alice, review=review, idempotency_key=key)

    assert act(alice, review=review, idempotency_key=key, now=LATER) == first
    for other in ({"what": "Call them"}, {"owner": bob}, {"due_on": dt.date(2026, 3, 25)}):
        fields: dict[str, Any] = {**other, "review": review, "idempotency_key": key}
        assert refusal(act, alice, **fields) == "reused"
    assert ActionItem.objects.count() == 1
    review.refresh_from_db()
    assert review.live_version == 2
