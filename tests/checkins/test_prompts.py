"""Prompts of a band behind or on pace, and the answers that end them (M5.9)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from checkins.commands import answer_prompt
from checkins.models import PromptAnswer
from checkins.prompts import BEHIND, ON_PACE, Prompt, prompt
from checkins.queries.cards import key_result_row
from engagements.models import Membership, Role
from escalations.commands import record_outcome
from notifications.models import Notice
from okrs.models import KeyResult, Stage
from scoring import Rag
from tests import build
from tests.checkins.posting import TUESDAY, at, page_of, post, refused
from tests.escalations.escalating import escalated

HOUR = dt.timedelta(hours=1)
WEEK = 7 * 24  # hours
RED, AMBER, GREEN = "8.9", "6.5", "5"  # of 9 days to 4
WORDS = {"text": "Paper forms.", "bet": "One form on the phone."}


@pytest.mark.parametrize(
    ("band", "behind", "hours", "expected"),
    [
        pytest.param(Rag.RED, True, 48, (48, False), id="M5.9-red-within-48-hours"),
        pytest.param(Rag.RED, True, 49, (48, True), id="M5.9-red-overdue"),
        pytest.param(Rag.RED, False, 49, None, id="M5.9-red-but-on-pace"),
        pytest.param(Rag.AMBER, True, WEEK, (WEEK, False), id="M5.9-amber-within-a-week"),
        pytest.param(Rag.AMBER, True, WEEK + 1, (WEEK, True), id="M5.9-amber-overdue"),
        pytest.param(Rag.AMBER, False, 49, None, id="M5.9-amber-but-on-pace"),
        pytest.param(Rag.GREEN, True, WEEK + 1, (WEEK, True), id="M5.9-green-behind-overdue"),
        pytest.param(Rag.STRETCH, True, 1, (WEEK, False), id="M5.9-stretch-behind"),
        pytest.param(Rag.GREEN, False, 10_000, (None, False), id="M5.9-green"),
        pytest.param(Rag.STRETCH, False, 10_000, (None, False), id="M5.9-stretch"),
        pytest.param(Rag.NO_DATA, True, 0, None, id="M5.9-no-data"),
    ],
)
def test_a_band_asks_for_its_response(
    band: Rag, hours: int, expected: tuple[int | None, bool] | None, *, behind: bool
) -> None:
    stage = Stage.AT_RISK if behind else Stage.ON_TRACK
    row = KeyResult(rag=band.value, checked_in_at=TUESDAY, stage=stage)

    found = prompt(row, answer=None, now=TUESDAY + hours * HOUR)

    assert (found is None) is (expected is None)
    if found and expected:
        due_at = TUESDAY + expected[0] * HOUR if expected[0] else None
        assert found.question == (BEHIND if behind else ON_PACE)[band]
        assert (found.due_at, found.overdue) == (due_at, expected[1])


def asked(key_result: KeyResult, *, now: dt.datetime) -> Prompt | None:
    row = key_result_row(key_result.public_id, engagement=key_result.engagement)
    assert row is not None
    return prompt(row.key_result, answer=row.answer, now=now)


def answered(key_result: KeyResult, by: Membership, *, now: dt.datetime, **words: Any) -> Any:
    return answer_prompt(key_result=key_result, by=by, now=now, **{**WORDS, **words})


@pytest.mark.parametrize(
    ("value", "confidence", "is_asked"),
    [
        pytest.param(RED, 2, False, id="M5.9-the-answer-stands-while-band-and-pace-stay"),
        pytest.param(AMBER, 2, True, id="M5.9-another-band-asks-again"),
        pytest.param(GREEN, 5, True, id="M5.9-on-pace-green-asks-what-works"),
    ],
)
def test_an_answer_ends_the_prompt_until_band_or_pace_change(
    onboarding: KeyResult, bob: Membership, value: str, confidence: int, *, is_asked: bool
) -> None:
    check_in = post(onboarding, bob, actual=RED, confidence=2)
    assert asked(onboarding, now=TUESDAY) is not None

    answer = answered(onboarding, bob, now=TUESDAY + HOUR)

    assert (answer.check_in, answer.band, answer.bet) == (check_in, Rag.RED, WORDS["bet"])
    assert asked(onboarding, now=TUESDAY + 100 * HOUR) is None
    later = TUESDAY + WEEK * HOUR
    post(onboarding, bob, actual=value, confidence=confidence, now=later)
    assert (asked(onboarding, now=later) is not None) is is_asked


def test_the_clock_counts_from_the_first_check_in_with_the_band_behind_pace(
    onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob, actual=AMBER, confidence=2)
    post(onboarding, bob, actual=AMBER, confidence=2, now=TUESDAY + WEEK * HOUR)

    found = asked(onboarding, now=TUESDAY + (WEEK + 1) * HOUR)

    assert found is not None
    assert (found.due_at, found.overdue) == (TUESDAY + WEEK * HOUR, True)


def test_after_its_checkpoint_the_answer_no_longer_stands(
    onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob, actual=AMBER, confidence=2)
    answered(onboarding, bob, now=TUESDAY, checkpoint_on=dt.date(2026, 3, 12))

    assert asked(onboarding, now=at("2026-03-12T23:59")) is None
    found = asked(onboarding, now=at("2026-03-13T00:01"))
    assert found is not None
    assert (found.due_at, found.overdue) == (at("2026-03-13T00:00"), True)


def test_a_recovery_plan_answers_the_prompt_up_to_its_checkpoint(
    onboarding: KeyResult, alice: Membership, bob: Membership
) -> None:
    escalation = escalated(onboarding, bob)
    assert asked(onboarding, now=TUESDAY) is not None

    record_outcome(
        escalation=escalation,
        version=escalation.version,
        outcome="change_bet",
        plan="The form goes.",
        plan_owner=bob,
        checkpoint_on=dt.date(2026, 3, 24),
        by=alice,
        now=TUESDAY,
    )

    assert asked(onboarding, now=at("2026-03-24T23:59")) is None
    assert asked(onboarding, now=at("2026-03-25T00:01")) is not None
    entry = page_of(onboarding, now=TUESDAY).thread[0]
    assert [answer.text for answer in entry.answers] == ["The form goes."]


@pytest.mark.parametrize(
    ("value", "words", "field", "code"),
    [
        pytest.param(RED, {"text": " "}, "text", "required", id="no-cause"),
        pytest.param(RED, {"bet": ""}, "bet", "required", id="no-bet"),
        pytest.param(AMBER, {}, "checkpoint_on", "required", id="no-checkpoint"),
        pytest.param(
            AMBER, {"checkpoint_on": TUESDAY.date()}, "checkpoint_on", "in_past", id="today"
        ),
    ],
)
def test_each_band_needs_its_own_answer(
    *,
    onboarding: KeyResult,
    bob: Membership,
    value: str,
    words: dict[str, Any],
    field: str,
    code: str,
) -> None:
    post(onboarding, bob, actual=value, confidence=2)

    assert refused(answered, onboarding, bob, now=TUESDAY, **words, field=field) == code


def test_it_is_refused_once_answered_without_a_check_in_or_without_the_right(
    onboarding: KeyResult, bob: Membership
) -> None:
    assert refused(answered, onboarding, bob, now=TUESDAY) == "answered"
    post(onboarding, bob, actual=RED, confidence=2)
    sponsor = build.member(onboarding.engagement, "Sam", Role.SPONSOR)
    assert refused(answered, onboarding, sponsor, now=TUESDAY) == "no_right"
    answered(onboarding, bob, now=TUESDAY)
    assert refused(answered, onboarding, bob, now=TUESDAY) == "answered"
    assert PromptAnswer.objects.count() == 1


@pytest.mark.parametrize("crosses", [True, False])
def test_the_sponsor_is_notified_if_a_red_one_crosses_teams(
    onboarding: KeyResult, bob: Membership, *, crosses: bool
) -> None:
    sponsor = build.member(onboarding.engagement, "Sam", Role.SPONSOR)
    post(onboarding, bob, actual=RED, confidence=2)

    answered(onboarding, bob, now=TUESDAY, crosses_teams=crosses)

    notices = Notice.objects.filter(rule="crosses_teams")
    assert [one.person for one in notices] == ([sponsor] if crosses else [])
