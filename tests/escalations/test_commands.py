"""What people do about an escalation: activate it, meet, answer it, decide (M7.2 to M7.4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from engagements.models import Membership, Role
from escalations.commands import activate_escalation, decide_escalation, record_outcome, set_huddle
from escalations.models import Escalation, EscalationState
from notifications.models import Notice
from okrs.models import KeyResult
from tenancy.locks import StaleEdit
from tests import build
from tests.checkins.posting import TUESDAY, code
from tests.escalations.escalating import HOUR, escalated

DAY = dt.timedelta(days=1)
TODAY = dt.date(2026, 3, 10)
LATER = TUESDAY + HOUR
TOO_LATE = LATER + 15 * DAY
MINUTES = "https://example.test/minutes"
NO_NAME, NO_LINK = {"word_of": "", "evidence_url": MINUTES}, {"evidence_url": "", "word_of": "Sam"}
CHECKPOINT = "checkpoint_on"
WATCHING, ACTIVE, ANSWERED, RAISED, DECIDED, RECOVERED = EscalationState
People = dict[str, Membership]
Act = Callable[..., Escalation]


@pytest.fixture
def people(alice: Membership, bob: Membership) -> People:
    """Alice leads and owns the objective, Bob the key result; Carla is a champion, Sam sponsor."""
    others = {"Carla": Role.CHAMPION, "Sam": Role.SPONSOR, "Vera": Role.VIEWER}
    made = {name: build.member(alice.engagement, name, role) for name, role in others.items()}
    return {"Alice": alice, "Bob": bob, **made}


@pytest.fixture
def watched(onboarding: KeyResult, bob: Membership) -> Escalation:
    build.change(onboarding, early_until=TODAY)
    return escalated(onboarding, bob, state=WATCHING)


@pytest.fixture
def active(onboarding: KeyResult, bob: Membership) -> Escalation:
    """Alice and Bob were notified of it."""
    return escalated(onboarding, bob)


@pytest.fixture
def raised(onboarding: KeyResult, bob: Membership) -> Escalation:
    return escalated(onboarding, bob, state=RAISED)


def activate(escalation: Escalation, by: Membership, **fields: Any) -> Escalation:
    return activate_escalation(**{"escalation": escalation, "by": by, "now": LATER, **fields})


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


def notified(rule: str) -> set[str]:
    return {notice.person.name for notice in Notice.objects.filter(rule=rule)}


def test_those_responsible_are_notified_of_an_activation_by_hand(
    watched: Escalation, people: People
) -> None:
    row = activate(watched, people["Carla"])
    row.refresh_from_db()

    assert row.state is ACTIVE
    assert (row.cause, row.activated_by, row.activated_at) == ("by_hand", people["Carla"], LATER)
    assert row.huddle_due_at == LATER + 48 * HOUR
    assert notified("escalation_active") == {"Alice", "Bob"}


def test_a_champion_sets_the_huddle_and_moves_it(active: Escalation, people: People) -> None:
    first = huddle(active, people["Carla"])

    moved = huddle(first, people["Carla"], at=TUESDAY + 2 * DAY, now=LATER + HOUR)
    moved.refresh_from_db()

    assert (moved.huddle_at, moved.huddle_set_by) == (TUESDAY + 2 * DAY, people["Carla"])
    assert moved.huddle_set_at == LATER  # when it was first set
    assert moved.state is ACTIVE


def test_the_owner_of_the_objective_records_the_outcome(
    active: Escalation, alice: Membership, bob: Membership
) -> None:
    plan = {"plan": "  Ask for two data days ", "plan_owner": bob, "outcome": "ask_help"}
    row = outcome(active, alice, **plan)
    row.refresh_from_db()

    assert row.state is ANSWERED
    assert (row.outcome, row.plan, row.plan_owner) == ("ask_help", "Ask for two data days", bob)
    assert (row.answered_by, row.answered_at) == (alice, LATER)
    assert row.checkpoint_on == TODAY + 14 * DAY


@pytest.mark.parametrize(
    ("act", "fields"),
    [
        pytest.param(huddle, {"at": LATER, "now": LATER + DAY}, id="M7.3-huddle-held-before"),
        pytest.param(outcome, {"now": TUESDAY + 5 * DAY}, id="M7.3-after-the-huddle-was-due"),
        pytest.param(outcome, {"checkpoint_on": TODAY + 28 * DAY}, id="M7.3-four-weeks"),
    ],
)
def test_the_limits_of_huddle_and_outcome_are_wide(
    active: Escalation, people: People, act: Act, fields: dict[str, Any]
) -> None:
    assert act(active, people["Carla"], **fields).version == active.version + 1


def test_a_sponsor_decides_and_closes_it(raised: Escalation, people: People) -> None:
    row = verdict(raised, people["Sam"], word_of="Someone else")
    row.refresh_from_db()

    assert row.state is DECIDED
    assert (row.verdict, row.verdict_note) == ("resources", "A second data person from March on.")
    assert (row.decided_by, row.decided_at, row.word_of) == (people["Sam"], LATER, "")


def test_a_lead_decides_for_the_sponsor_with_name_and_evidence(
    raised: Escalation, alice: Membership
) -> None:
    row = verdict(raised, alice, word_of=" Sam Sponsor ", evidence_url=MINUTES)
    row.refresh_from_db()

    assert (row.decided_by, row.word_of, row.evidence_url) == (alice, "Sam Sponsor", MINUTES)
    assert notified("escalation_decided") == {"Bob"}  # those responsible except the author


@pytest.mark.parametrize(
    ("act", "state", "by", "fields", "expected"),
    [
        pytest.param(activate, ACTIVE, "Alice", {}, "active", id="M7.2-active"),
        pytest.param(activate, RECOVERED, "Alice", {}, "recovered", id="M7.2-closed"),
        pytest.param(activate, WATCHING, "Bob", {}, "no_right", id="M7.2-contributor"),
        pytest.param(huddle, ACTIVE, "Bob", {}, "no_right", id="M7.3-contributor-huddle"),
        pytest.param(outcome, ACTIVE, "Bob", {}, "no_right", id="M7.3-contributor-outcome"),
        pytest.param(verdict, RAISED, "Bob", {}, "no_right", id="M9.5-contributor"),
        pytest.param(verdict, ACTIVE, "Sam", {}, "active", id="M7.4-not-raised"),
        pytest.param(huddle, ACTIVE, "Carla", {"at": TUESDAY - HOUR}, "in_past", id="M7.3-past"),
        pytest.param(huddle, ACTIVE, "Carla", {"at": TOO_LATE}, "too_far", id="M7.3-two-weeks"),
        pytest.param(outcome, ACTIVE, "Carla", {CHECKPOINT: 0}, "in_past", id="M7.3-today"),
        pytest.param(outcome, ACTIVE, "Carla", {CHECKPOINT: 29}, "too_far", id="M7.3-29-days"),
        pytest.param(outcome, ACTIVE, "Carla", {"plan_owner": "Vera"}, "owner", id="M7.3-viewer"),
        pytest.param(verdict, RAISED, "Alice", NO_NAME, "required", id="M9.5-without-name"),
        pytest.param(verdict, RAISED, "Alice", NO_LINK, "required", id="M9.5-without-evidence"),
        *(
            pytest.param(act, state, "Carla", {}, state.value, id=f"M7.3-{act.__name__}-{state}")
            for act in (huddle, outcome)
            for state in (WATCHING, ANSWERED, RAISED, DECIDED, RECOVERED)
        ),
    ],
)
def test_acts_that_do_not_fit_are_refused(
    onboarding: KeyResult,
    people: People,
    *,
    act: Act,
    state: EscalationState,
    by: str,
    fields: dict[str, Any],
    expected: str,
) -> None:
    """The error is of the first field given; days of the checkpoint count from today."""
    row = escalated(onboarding, people["Bob"], state=state)
    known = dict(fields)
    if CHECKPOINT in fields:
        known[CHECKPOINT] = TODAY + fields[CHECKPOINT] * DAY
    if "plan_owner" in fields:
        known["plan_owner"] = people[fields["plan_owner"]]

    with pytest.raises(ValidationError) as refused:
        act(row, people[by], **known)

    assert code(refused.value, field=next(iter(fields), "")) == expected
    row.refresh_from_db()
    assert row.state is state


@pytest.mark.parametrize("act", [huddle, outcome])
def test_a_stale_form_meets_the_saved_row(active: Escalation, people: People, act: Act) -> None:
    theirs = huddle(active, people["Carla"])

    with pytest.raises(StaleEdit) as stale:
        act(active, people["Carla"], version=1)

    assert stale.value.current == theirs


@pytest.mark.parametrize(
    ("plan_owner", "silent", "expected"),
    [
        pytest.param("Alice", "", {"Bob"}, id="those-notified-before-except-the-author"),
        pytest.param("Carla", "", {"Bob", "Carla"}, id="the-plan-owner-too"),
        pytest.param("Alice", "Bob", set(), id="no-one-who-wants-no-digests"),
    ],
)
def test_a_plan_notifies(
    active: Escalation, people: People, *, plan_owner: str, silent: str, expected: set[str]
) -> None:
    if silent:
        build.change(people[silent].user, wants_digests=False)

    outcome(active, people["Alice"], plan_owner=people[plan_owner])

    assert notified("escalation_answered") == expected
