from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError

from checkins.commands import Conflict
from checkins.models import Blocker, CheckIn, HelpRequest
from engagements.models import Membership
from okrs.models import KeyResult
from tests import build
from tests.checkins.posting import code, post


def test_the_same_key_again_returns_the_first_post(onboarding: KeyResult, bob: Membership) -> None:
    key = uuid4()
    first = post(onboarding, bob, idempotency_key=key)

    again = post(onboarding, bob, idempotency_key=key, seen="")

    assert again == first
    assert CheckIn.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("actual", 5),
        ("measured_on", dt.date(2026, 3, 9)),
        ("confidence", 3),
        ("insight", "It was the paper forms."),
        ("next_action", "Count the stores"),
        ("next_action_due", dt.date(2026, 3, 20)),
        ("evidence_url", "https://example.test/report"),
        ("help_needed", "A data person"),
        ("help_needed", ""),
        ("blocker", "No export"),
        ("blocker", ""),
    ],
)
def test_the_same_key_with_other_words_meets_the_first_post(
    onboarding: KeyResult, bob: Membership, field: str, value: object
) -> None:
    said: dict[str, Any] = {
        "idempotency_key": uuid4(),
        "help_needed": "Two days of billing",
        "blocker": "No access",
    }
    first = post(onboarding, bob, **said)

    with pytest.raises(Conflict) as conflict:
        post(onboarding, bob, **{**said, field: value})

    assert conflict.value.theirs == first
    assert CheckIn.objects.get() == first


def test_the_same_key_with_other_words_meets_what_stands_by_now(
    onboarding: KeyResult, alice: Membership, bob: Membership
) -> None:
    key = uuid4()
    post(onboarding, bob, idempotency_key=key)
    correction = post(onboarding, alice, actual=7)

    with pytest.raises(Conflict) as conflict:
        post(onboarding, bob, actual=5, idempotency_key=key)

    assert conflict.value.theirs == correction


def test_what_is_open_already_is_not_asked_twice(onboarding: KeyResult, bob: Membership) -> None:
    asks: dict[str, Any] = {"help_needed": "A data person", "blocker": "No access"}
    first, key = post(onboarding, bob, **asks), uuid4()

    second = post(onboarding, bob, idempotency_key=key, **asks)

    assert (HelpRequest.objects.get().check_in, Blocker.objects.get().check_in) == (first, first)
    assert post(onboarding, bob, idempotency_key=key, **asks) == second


def test_a_key_serves_one_card(onboarding: KeyResult, bob: Membership) -> None:
    key = uuid4()
    post(onboarding, bob, idempotency_key=key)

    with pytest.raises(ValidationError) as refused:
        post(build.live_key_result(onboarding.objective), bob, idempotency_key=key)

    assert code(refused.value) == "reused"


def test_a_post_on_a_stale_form_meets_theirs_and_writes_nothing(
    onboarding: KeyResult, alice: Membership, bob: Membership
) -> None:
    theirs = post(onboarding, alice)

    with pytest.raises(Conflict) as conflict:
        post(onboarding, bob, actual=5, seen="")

    assert conflict.value.theirs == theirs
    assert CheckIn.objects.get() == theirs


def test_a_post_on_top_of_theirs_supersedes_it(
    onboarding: KeyResult, alice: Membership, bob: Membership
) -> None:
    theirs = post(onboarding, alice)

    assert post(onboarding, bob, seen=theirs.public_id).supersedes == theirs
