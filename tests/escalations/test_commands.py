"""What people do about an escalation: activate it, meet, answer it, decide (M7.2 to M7.4)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from engagements.models import Membership, Role
from escalations.commands import (
    activate_escalation,
    decide_escalation,
    record_outcome,
    set_huddle,
)
from escalations.models import Escalation, EscalationState
from notifications.models import Notice
from okrs.models import KeyResult
from tenancy.locks import StaleEdit
from tests import build
from tests.checkins.posting import TUESDAY, code
from tests.escalations.escalating import escalated

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
TODAY = dt.date(2026, 3, 10)
LATER = TUESDAY + HOUR
MINUTES = "https://example.test/minutes"


@pytest.fixture
def carla(alice: Membership) -> Membership:
    return build.member(alice.engagement, "Carla", Role.CHAMPION)


@pytest.fixture
def sam(alice: Membership) -> Membership:
    return build.member(alice.engagement, "Sam", Role.SPONSOR)


@pytest.fixture
def watched(onboarding: KeyResult, bob: Membership) -> Escalation:
    """Nobody was told of it yet."""
    onboarding.early_until = TODAY
    onboarding.save(update_fields=["early_until"])
    return escalated(onboarding, bob, state=EscalationState.WATCHING)


@pytest.fixture
def active(onboarding: KeyResult, bob: Membership) -> Escalation:
    """Bob's key result, Alice's objective; both were told."""
    return escalated(onboarding, bob)


@pytest.fixture
def raised(onboarding: KeyResult, bob: Membership) -> Escalation:
    return escalated(onboarding, bob, state=EscalationState.RAISED)


def huddle(escalation: Escalation, by: Membership, **fields: Any) -> Escalation:
    values = {"version": escalation.version, "at": TUESDAY + DAY, "now": LATER, **fields}
    return set_huddle(escalation=escalation, by=by, **values)


def outcome(escalation: Escalation, by: Membership, **fields: Any) -> Escalation:
    values: dict[str, Any] = {
        "version": escalation.version,
        "outcome": "change_bet",
        "plan": "Offer the session before the contract is signed",
        "plan_owner": by,
        "checkpoint_on": TODAY + 14 * DAY,
        "now": LATER,
        **fields,
    }
    return record_outcome(escalation=escalation, by=by, **values)


def verdict(escalation: Escalation, by: Membership, **fields: Any) -> Escalation:
    values: dict[str, Any] = {
        "version": escalation.version,
        "verdict": "resources",
        "note": "A second data person from March on.",
        "now": LATER,
        **fields,
    }
    return decide_escalation(escalation=escalation, by=by, **values)


def told(rule: str) -> set[str]:
    return {notice.person.name for notice in Notice.objects.filter(rule=rule)}


# By hand.


def test_a_watched_one_is_made_active_by_hand(watched: Escalation, carla: Membership) -> None:
    row = activate_escalation(escalation=watched, by=carla, now=LATER)
    row.refresh_from_db()

    assert row.state is EscalationState.ACTIVE
    assert (row.cause, row.activated_by, row.activated_at) == ("by_hand", carla, LATER)
    assert row.huddle_due_at == LATER + 48 * HOUR


def test_its_clock_stands_still_at_weekends_where_the_client_has_it_so(
    watched: Escalation, alice: Membership
) -> None:
    alice.engagement.pauses_weekends = True
    alice.engagement.save(update_fields=["pauses_weekends"])
    friday = TUESDAY + 3 * DAY

    row = activate_escalation(escalation=watched, by=alice, now=friday)

    assert row.huddle_due_at == friday + 96 * HOUR


def test_one_that_is_active_is_not_activated_again(active: Escalation, alice: Membership) -> None:
    with pytest.raises(ValidationError) as refused:
        activate_escalation(escalation=active, by=alice, now=LATER)

    assert code(refused.value) == "active"


# The huddle.


def test_a_champion_sets_the_huddle_and_moves_it(active: Escalation, carla: Membership) -> None:
    first = huddle(active, carla)

    moved = huddle(first, carla, at=TUESDAY + 2 * DAY, now=LATER + HOUR)
    moved.refresh_from_db()

    assert (moved.huddle_at, moved.huddle_set_by) == (TUESDAY + 2 * DAY, carla)
    assert moved.huddle_set_at == LATER  # as of any day: when it was first set
    assert moved.state is EscalationState.ACTIVE


def test_a_huddle_that_was_held_can_be_noted_afterwards(
    active: Escalation, carla: Membership
) -> None:
    assert huddle(active, carla, at=LATER, now=LATER + DAY).huddle_at == LATER


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (TUESDAY - HOUR, "in_past"),
        (LATER + 15 * DAY, "too_far"),
    ],
)
def test_a_huddle_needs_a_time_that_can_be(
    active: Escalation, carla: Membership, at: dt.datetime | None, expected: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        huddle(active, carla, at=at)

    assert code(refused.value, field="at") == expected


# The outcome.


def test_the_owner_of_the_objective_records_the_outcome(
    active: Escalation, alice: Membership, bob: Membership
) -> None:
    row = outcome(
        active, alice, plan="  Ask for two data days ", plan_owner=bob, outcome="ask_help"
    )
    row.refresh_from_db()

    assert row.state is EscalationState.ANSWERED
    assert (row.outcome, row.plan, row.plan_owner) == ("ask_help", "Ask for two data days", bob)
    assert (row.answered_by, row.answered_at) == (alice, LATER)
    assert row.checkpoint_on == TODAY + 14 * DAY


def test_it_may_come_after_the_huddle_was_due(active: Escalation, carla: Membership) -> None:
    assert outcome(active, carla, now=TUESDAY + 5 * DAY).answered_at == TUESDAY + 5 * DAY


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("checkpoint_on", TODAY, "in_past"),
        ("checkpoint_on", TODAY + 29 * DAY, "too_far"),
    ],
)
def test_a_plan_must_be_whole(
    active: Escalation, carla: Membership, field: str, value: Any, expected: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        outcome(active, carla, **{field: value})

    assert code(refused.value, field=field) == expected
    active.refresh_from_db()
    assert active.state is EscalationState.ACTIVE


def test_a_plan_takes_its_checkpoint_up_to_28_days_ahead(
    active: Escalation, carla: Membership
) -> None:
    assert outcome(active, carla, checkpoint_on=TODAY + 28 * DAY).answered_at == LATER


def test_a_plan_is_carried_out_by_a_member_who_is_there(
    active: Escalation, carla: Membership, alice: Membership
) -> None:
    viewer = build.member(alice.engagement, "Vera", Role.VIEWER)

    with pytest.raises(ValidationError) as refused:
        outcome(active, carla, plan_owner=viewer)

    assert code(refused.value, field="plan_owner") == "owner"


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (EscalationState.WATCHING, "watching"),
        (EscalationState.ANSWERED, "answered"),
        (EscalationState.RAISED, "raised"),
        (EscalationState.DECIDED, "closed"),
        (EscalationState.RECOVERED, "closed"),
    ],
)
@pytest.mark.parametrize("act", [huddle, outcome])
def test_only_an_active_one_waits_for_huddle_and_outcome(
    onboarding: KeyResult,
    bob: Membership,
    carla: Membership,
    act: Any,
    state: EscalationState,
    expected: str,
) -> None:
    row = escalated(onboarding, bob, state=state)

    with pytest.raises(ValidationError) as refused:
        act(row, carla)

    assert code(refused.value) == expected


# The sponsor.


def test_a_sponsor_decides_and_closes_it(raised: Escalation, sam: Membership) -> None:
    row = verdict(raised, sam, word_of="Somebody else")
    row.refresh_from_db()

    assert row.state is EscalationState.DECIDED
    assert (row.verdict, row.verdict_note) == ("resources", "A second data person from March on.")
    assert (row.decided_by, row.decided_at, row.word_of) == (sam, LATER, "")


def test_a_lead_records_the_sponsors_word_with_name_and_evidence(
    raised: Escalation, alice: Membership
) -> None:
    row = verdict(raised, alice, word_of=" Sam Sponsor ", evidence_url=MINUTES)
    row.refresh_from_db()

    assert (row.decided_by, row.word_of, row.evidence_url) == (alice, "Sam Sponsor", MINUTES)


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("word_of", "", "required"),
        ("evidence_url", "", "required"),
    ],
)
def test_a_word_on_somebodys_behalf_must_be_whole(
    raised: Escalation, alice: Membership, field: str, value: str, expected: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        verdict(raised, alice, **{"word_of": "Sam", "evidence_url": MINUTES, field: value})

    assert code(refused.value, field=field) == expected


def test_what_was_not_raised_is_not_decided(active: Escalation, sam: Membership) -> None:
    with pytest.raises(ValidationError) as refused:
        verdict(active, sam)

    assert code(refused.value) == "not_raised"


# Rights, stale forms, other clients.


@pytest.mark.parametrize("act", [huddle, outcome, verdict])
def test_others_are_refused(active: Escalation, bob: Membership, act: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        act(active, bob)

    assert code(refused.value) == "no_right"


def test_others_make_nothing_active(watched: Escalation, bob: Membership) -> None:
    with pytest.raises(ValidationError) as refused:
        activate_escalation(escalation=watched, by=bob, now=LATER)

    assert code(refused.value) == "no_right"


@pytest.mark.parametrize("act", [huddle, outcome])
def test_a_stale_form_meets_what_stands(active: Escalation, carla: Membership, act: Any) -> None:
    theirs = huddle(active, carla)

    with pytest.raises(StaleEdit) as stale:
        act(active, carla, version=1)

    assert stale.value.current == theirs


# Who is told.


def test_whoever_answers_for_it_is_told_that_it_is_active(
    watched: Escalation, carla: Membership, onboarding: KeyResult
) -> None:
    activate_escalation(escalation=watched, by=carla, now=LATER)

    (notice, _) = Notice.objects.filter(rule="escalation_active")
    assert told("escalation_active") == {"Alice", "Bob"}
    assert (notice.subject, notice.period) == (watched.pk, onboarding.red_since)
    assert (notice.created_at, notice.due_at) == (LATER, LATER)


def test_whoever_was_told_of_it_is_told_of_the_plan_bar_who_recorded_it(
    active: Escalation, alice: Membership
) -> None:
    outcome(active, alice)

    assert told("escalation_active") == {"Alice", "Bob"}
    assert told("escalation_answered") == {"Bob"}


def test_whoever_wants_no_digests_is_not_told_of_the_plan(
    active: Escalation, alice: Membership, bob: Membership
) -> None:
    assert bob.user is not None
    bob.user.wants_digests = False
    bob.user.save(update_fields=["wants_digests"])

    outcome(active, alice)

    assert told("escalation_answered") == set()


def test_the_decision_is_told_to_whoever_answers_for_it_bar_who_recorded_it(
    raised: Escalation, alice: Membership, sam: Membership
) -> None:
    verdict(raised, alice, word_of="Sam", evidence_url=MINUTES)

    assert told("escalation_decided") == {"Bob"}


def test_whoever_carries_the_plan_out_is_told_of_it_and_of_what_comes_of_it(
    active: Escalation, alice: Membership, carla: Membership
) -> None:
    outcome(active, alice, plan_owner=carla)

    assert told("escalation_active") == {"Alice", "Bob"}
    assert told("escalation_answered") == {"Bob", "Carla"}
