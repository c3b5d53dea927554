"""Prompts of a band behind or on pace, and the answers that end them (M5.9)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from checkins.commands import answer_prompt, answer_with_plan, undo_check_in
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
    ("between", "is_asked"),
    [
        pytest.param([], False, id="M5.9-a-plan-stands-while-it-stays-red"),
        pytest.param([AMBER], True, id="M5.9-a-new-streak-needs-a-new-answer"),
    ],
)
def test_a_recovery_plan_stands_when_pace_changes(
    onboarding: KeyResult, bob: Membership, between: list[str], *, is_asked: bool
) -> None:
    first_day = onboarding.objective.cycle.starts_on
    post(onboarding, bob, actual=RED, confidence=5, measured_on=first_day)
    assert asked(onboarding, now=TUESDAY) is None  # red, but on pace
    onboarding.refresh_from_db()
    checkpoint = dt.date(2026, 3, 30)
    answer_with_plan(
        key_result=onboarding, plan="The form goes.", checkpoint_on=checkpoint, by=bob, now=TUESDAY
    )

    later = TUESDAY
    for value in [*between, RED]:
        later += WEEK * HOUR
        post(onboarding, bob, actual=value, confidence=2, now=later)

    assert (asked(onboarding, now=later) is not None) is is_asked
    assert asked(onboarding, now=at("2026-03-31T00:01")) is not None


@pytest.mark.parametrize(
    ("before", "undone"),
    [
        pytest.param((AMBER, 2), (RED, 2), id="another-band"),
        pytest.param((GREEN, 2), (GREEN, 5), id="another-pace"),
    ],
)
def test_an_answer_to_what_was_undone_ends_no_other_prompt(
    onboarding: KeyResult, bob: Membership, before: tuple[str, int], undone: tuple[str, int]
) -> None:
    post(onboarding, bob, actual=before[0], confidence=before[1])
    first, later = asked(onboarding, now=TUESDAY), TUESDAY + WEEK * HOUR
    second = post(onboarding, bob, actual=undone[0], confidence=undone[1], now=later)
    answered(onboarding, bob, now=later)

    undo_check_in(check_in=second, by=bob, now=later)

    found = asked(onboarding, now=TUESDAY)
    assert found is not None
    assert found == first


def test_the_next_checkpoint_is_after_today(onboarding: KeyResult, bob: Membership) -> None:
    post(onboarding, bob, actual=AMBER, confidence=2)

    found = refused(
        answered,
        onboarding,
        bob,
        now=TUESDAY,
        checkpoint_on=TUESDAY.date(),
        field="checkpoint_on",
    )
    assert found == "in_past"


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
