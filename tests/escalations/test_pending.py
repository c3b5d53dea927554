"""Which escalations wait for a person: to convene, to record an outcome, to decide (M7.3, M7.4)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from engagements.models import Membership, Role
from escalations.models import EscalationState
from escalations.pending import tasks_for
from escalations.rule import Deadline
from okrs.models import KeyResult, Objective, Team
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import TUESDAY
from tests.escalations.escalating import HOUR, escalated
from tests.query_counts import queries_of

HUDDLE, OUTCOME, VERDICT, PLAN = Deadline.HUDDLE, Deadline.OUTCOME, Deadline.VERDICT, Deadline.PLAN


def wanted_of(*members: Membership, now: dt.datetime = TUESDAY) -> list[Deadline]:
    with scope(*(one.engagement_id for one in members)):
        return [one.deadline for one in tasks_for(memberships=members, now=now)]


@pytest.fixture
def sofia(alice: Membership) -> Membership:
    return build.member(alice.engagement, "Sofia", Role.CHAMPION)


@pytest.fixture
def owner(alice: Membership) -> Membership:
    return build.member(alice.engagement, "Olga", Role.CONTRIBUTOR)


@pytest.fixture
def row(onboarding: KeyResult, sofia: Membership, owner: Membership) -> KeyResult:
    """Of Sofia's team; its objective is Olga's."""
    team = build.team(onboarding.engagement, champion=sofia)
    with scope(onboarding.engagement_id):
        Objective.objects.update(team=team, owner=owner)
    return onboarding


def test_the_champion_of_the_team_is_the_one_who_convenes(
    row: KeyResult, bob: Membership, sofia: Membership, alice: Membership, owner: Membership
) -> None:
    escalated(row, bob)
    other = build.member(row.engagement, "Una", Role.CHAMPION)

    found = {one.name: wanted_of(one) for one in (sofia, alice, owner, bob, other)}

    assert found == {"Sofia": [HUDDLE], "Alice": [], "Olga": [OUTCOME], "Bob": [], "Una": []}


@pytest.mark.parametrize("gone", ["no team", "no champion", "removed", "locked out", "no role"])
def test_without_a_champion_who_can_the_leads_convene(
    row: KeyResult, bob: Membership, sofia: Membership, alice: Membership, *, gone: str
) -> None:
    escalated(row, bob)
    with scope(row.engagement_id):
        if gone == "no team":
            Objective.objects.update(team=None)
        elif gone == "no champion":
            Team.objects.update(champion=None)
        elif gone == "removed":
            Membership.objects.filter(pk=sofia.pk).update(removed_at=TUESDAY)
        elif gone == "locked out":
            assert sofia.user is not None
            sofia.user.is_active = False
            sofia.user.save()
        else:
            sofia.role = Role.CONTRIBUTOR
            sofia.save(update_fields=["role"])

    assert wanted_of(alice) == [HUDDLE]
    assert wanted_of(sofia) == []


@pytest.mark.parametrize("when", ["at once", "set", "over"])
def test_the_owner_of_the_objective_is_asked_from_the_start_by_the_clock_of_the_plan(
    row: KeyResult, bob: Membership, sofia: Membership, owner: Membership, *, when: str
) -> None:
    fields: dict[str, dict[str, Any]] = {
        "at once": {},
        "set": {"huddle_at": TUESDAY},
        "over": {"huddle_due_at": TUESDAY - HOUR},
    }
    escalated(row, bob, **fields[when])

    with scope(row.engagement_id):
        found = tasks_for(memberships=[owner], now=TUESDAY)

    assert [one.deadline for one in found] == [OUTCOME]
    assert found[0].clock.text.startswith("left to record a recovery plan")
    assert wanted_of(sofia) == ([] if when == "set" else [HUDDLE])


def test_a_plan_that_runs_waits_for_whoever_carries_it_out(
    row: KeyResult, bob: Membership, sofia: Membership, alice: Membership, owner: Membership
) -> None:
    escalated(row, sofia, state=EscalationState.ANSWERED, plan_owner=bob)

    found = [wanted_of(one) for one in (bob, sofia, alice, owner)]

    assert found == [[PLAN], [], [], []]
    with scope(row.engagement_id):
        first = tasks_for(memberships=[bob], now=TUESDAY)[0]
    assert first.clock.text == "to the checkpoint,"


def test_who_convenes_and_owns_it_is_asked_one_thing_after_the_other(
    row: KeyResult, bob: Membership, sofia: Membership
) -> None:
    with scope(row.engagement_id):
        Objective.objects.update(owner=sofia)
    first = escalated(row, bob, huddle_due_at=TUESDAY - HOUR)
    assert wanted_of(sofia) == [HUDDLE]

    with scope(row.engagement_id):
        type(first).objects.filter(pk=first.pk).update(huddle_at=TUESDAY)

    assert wanted_of(sofia) == [OUTCOME]


def test_a_raised_one_waits_for_sponsors_and_without_any_for_leads(
    row: KeyResult, bob: Membership, sofia: Membership, alice: Membership, owner: Membership
) -> None:
    escalated(row, bob, state=EscalationState.RAISED)
    assert (wanted_of(alice), wanted_of(sofia), wanted_of(owner)) == ([VERDICT], [], [])

    priya = build.member(row.engagement, "Priya", Role.SPONSOR)

    assert (wanted_of(alice), wanted_of(priya)) == ([], [VERDICT])


@pytest.mark.parametrize(
    "state",
    [
        EscalationState.WATCHING,
        EscalationState.DECIDED,
        EscalationState.RECOVERED,
    ],
)
def test_the_others_wait_for_nobody(
    row: KeyResult,
    bob: Membership,
    sofia: Membership,
    alice: Membership,
    owner: Membership,
    *,
    state: EscalationState,
) -> None:
    escalated(row, bob, state=state)

    assert [wanted_of(one) for one in (sofia, alice, owner, bob)] == [[], [], [], []]


def test_a_viewer_is_asked_nothing(row: KeyResult, bob: Membership, owner: Membership) -> None:
    escalated(row, bob, huddle_at=TUESDAY)
    owner.role = Role.VIEWER

    assert wanted_of(owner) == []


def test_what_is_over_time_comes_first_then_by_the_clock(
    row: KeyResult, bob: Membership, alice: Membership
) -> None:
    with scope(row.engagement_id):
        Objective.objects.update(team=None)
    later, sooner, over = (
        build.live_key_result(row.objective, row.metric, title=name)
        for name in ("later", "sooner", "over")
    )
    escalated(later, bob)
    escalated(sooner, bob, huddle_due_at=TUESDAY + HOUR)
    escalated(over, bob, huddle_due_at=TUESDAY - HOUR)

    with scope(row.engagement_id):
        found = tasks_for(memberships=[alice], now=TUESDAY)

    assert [one.escalation.key_result.title for one in found] == ["over", "sooner", "later"]


def test_two_queries_read_those_of_all_clients(row: KeyResult, bob: Membership) -> None:
    escalated(row, bob)
    elsewhere = build.member(build.engagement("Harbor Retail"), "Hugo")
    with scope(elsewhere.engagement_id):
        objective = build.objective(elsewhere, build.cycle(elsewhere.engagement))
        escalated(build.live_key_result(objective), elsewhere)
    here = build.member(row.engagement, "Hugo", Role.LEAD, user=None)
    with scope(row.engagement_id):
        Objective.objects.update(team=None)

    with scope(row.engagement_id, elsewhere.engagement_id):
        sent = queries_of(
            lambda: [
                (one.weeks, one.clock, one.escalation.key_result.engagement.client_name, one.label)
                for one in tasks_for(memberships=[here, elsewhere], now=TUESDAY)
            ]
        )

    assert len(sent) == 2
    assert wanted_of(here, elsewhere) == [HUDDLE, HUDDLE]
