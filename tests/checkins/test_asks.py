from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from checkins.commands import answer_help_request, resolve_blocker
from checkins.models import Blocker, HelpRequest
from engagements.models import Membership, Role
from okrs.models import KeyResult
from tests import build
from tests.checkins.posting import TUESDAY, code, post


@pytest.fixture
def asked(onboarding: KeyResult, bob: Membership) -> HelpRequest:
    return HelpRequest.objects.get(
        check_in=post(onboarding, bob, help_needed="A data person", blocker="No access")
    )


@pytest.fixture
def blocked(asked: HelpRequest) -> Blocker:
    return Blocker.objects.get(check_in=asked.check_in)


def test_an_answer_closes_the_ask(asked: HelpRequest, alice: Membership) -> None:
    answer_help_request(help_request=asked, answer=" Lena from Monday ", by=alice, now=TUESDAY)
    asked.refresh_from_db()

    assert (asked.answer, asked.answered_by, asked.answered_at) == (
        "Lena from Monday",
        alice,
        TUESDAY,
    )


def test_an_answer_needs_words(asked: HelpRequest, alice: Membership) -> None:
    with pytest.raises(ValidationError) as refused:
        answer_help_request(help_request=asked, answer=" ", by=alice, now=TUESDAY)

    assert code(refused.value, field="answer") == "required"


def test_an_ask_is_answered_once(asked: HelpRequest, alice: Membership, bob: Membership) -> None:
    answer_help_request(help_request=asked, answer="Lena", by=alice, now=TUESDAY)

    with pytest.raises(ValidationError) as refused:
        answer_help_request(help_request=asked, answer="Tom", by=bob, now=TUESDAY)

    assert code(refused.value) == "answered"


def test_a_blocker_is_resolved_once(blocked: Blocker, alice: Membership) -> None:
    resolve_blocker(blocker=blocked, by=alice, now=TUESDAY)
    blocked.refresh_from_db()

    with pytest.raises(ValidationError) as refused:
        resolve_blocker(blocker=blocked, by=alice, now=TUESDAY)

    assert (blocked.resolved_by, blocked.resolved_at) == (alice, TUESDAY)
    assert code(refused.value) == "resolved"


def test_a_viewer_answers_and_resolves_nothing(asked: HelpRequest, blocked: Blocker) -> None:
    viewer = build.member(asked.engagement, "Charlie", Role.VIEWER)

    with pytest.raises(ValidationError, match="have permission to do this"):
        answer_help_request(help_request=asked, answer="Lena", by=viewer, now=TUESDAY)
    with pytest.raises(ValidationError, match="have permission to do this"):
        resolve_blocker(blocker=blocked, by=viewer, now=TUESDAY)
