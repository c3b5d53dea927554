"""Which escalations wait for a person: to convene, to record an outcome, to decide (M7.3, M7.4)."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from engagements.models import Membership, Role
from escalations.models import EscalationAct, EscalationState
from escalations.pending import tasks_for
from okrs.models import KeyResult, Objective, Team
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import TUESDAY
from tests.escalations.escalating import HOUR, escalated
from tests.query_counts import queries_of

HUDDLE, OUTCOME = EscalationAct.HUDDLE, EscalationAct.ANSWER
VERDICT, PLAN = EscalationAct.DECIDE, EscalationAct.PLAN
WATCHING, ANSWERED = EscalationState.WATCHING, EscalationState.ANSWERED
RAISED = EscalationState.RAISED


def deadlines(*members: Membership) -> list[EscalationAct | None]:
    with scope(*(member.engagement_id for member in members)):
        return [task.deadline for task in tasks_for(memberships=members, now=TUESDAY)]


@pytest.fixture
def people(alice: Membership, bob: Membership) -> dict[str, Membership]:
    """Alice leads, Bob owns the key result, Sofia champions the team, Olga owns the objective."""
    sofia = build.member(alice.engagement, "Sofia", Role.CHAMPION)
    olga = build.member(alice.engagement, "Olga", Role.CONTRIBUTOR)
    una = build.member(alice.engagement, "Una", Role.CHAMPION)
    return {"alice": alice, "bob": bob, "sofia": sofia, "olga": olga, "una": una}


@pytest.fixture
def row(onboarding: KeyResult, people: dict[str, Membership]) -> KeyResult:
    """Of Sofia's team; its objective is Olga's."""
    team = build.team(onboarding.engagement, champion=people["sofia"])
    with scope(onboarding.engagement_id):
        Objective.objects.update(team=team, owner=people["olga"])
    return onboarding


@pytest.mark.parametrize(
    ("fields", "waits"),
    [
        pytest.param({"state": WATCHING}, {}, id="M7.2-watched"),
        pytest.param({}, {"sofia": HUDDLE, "olga": OUTCOME}, id="M7.3-active"),
        pytest.param({"huddle_at": TUESDAY}, {"olga": OUTCOME}, id="M7.3-huddle-set"),
        pytest.param(
            {"huddle_due_at": TUESDAY - HOUR},
            {"sofia": HUDDLE, "olga": OUTCOME},
            id="M7.3-huddle-overdue",
        ),
        pytest.param({"state": ANSWERED, "plan_owner": "bob"}, {"bob": PLAN}, id="M7.3-plan"),
        pytest.param({"state": RAISED}, {"alice": VERDICT}, id="M7.4-raised-without-a-sponsor"),
        pytest.param(
            {"state": RAISED, "sponsor": True}, {"priya": VERDICT}, id="M7.4-raised-to-a-sponsor"
        ),
        pytest.param({"state": EscalationState.DECIDED}, {}, id="M7.4-decided"),
        pytest.param({"state": EscalationState.RECOVERED}, {}, id="M7.8-recovered"),
    ],
)
def test_each_state_waits_on_those_who_act_next(
    row: KeyResult,
    people: dict[str, Membership],
    fields: dict[str, Any],
    waits: dict[str, EscalationAct],
) -> None:
    known = dict(fields)
    if known.pop("sponsor", False):
        people["priya"] = build.member(row.engagement, "Priya", Role.SPONSOR)
    if "plan_owner" in known:
        known["plan_owner"] = people[known["plan_owner"]]
    escalated(row, people["sofia"], **known)

    found = {name: deadlines(person) for name, person in people.items()}

    assert found == {name: [waits[name]] if name in waits else [] for name in people}


@pytest.mark.parametrize(
    ("model", "gone"),
    [
        pytest.param(Objective, {"team": None}, id="no-team"),
        pytest.param(Team, {"champion": None}, id="no-champion"),
        pytest.param(Membership, {"removed_at": TUESDAY}, id="removed"),
        pytest.param(User, {"is_active": False}, id="locked-out"),
        pytest.param(Membership, {"role": Role.CONTRIBUTOR}, id="no-role"),
    ],
)
def test_without_a_champion_who_can_the_leads_convene(
    row: KeyResult, people: dict[str, Membership], *, model: Any, gone: dict[str, Any]
) -> None:
    sofia = people["sofia"]
    assert sofia.user is not None
    escalated(row, people["bob"])
    with scope(row.engagement_id):
        own = {Membership: {"pk": sofia.pk}, User: {"pk": sofia.user.pk}}.get(model, {})
        model.objects.filter(**own).update(**gone)

    assert deadlines(people["alice"]) == [HUDDLE]
    assert deadlines(sofia) == []


def test_who_convenes_and_owns_it_is_asked_for_the_huddle_first(
    row: KeyResult, people: dict[str, Membership]
) -> None:
    with scope(row.engagement_id):
        Objective.objects.update(owner=people["sofia"])
    first = escalated(row, people["bob"], huddle_due_at=TUESDAY - HOUR)
    assert deadlines(people["sofia"]) == [HUDDLE]

    build.change(first, huddle_at=TUESDAY)

    assert deadlines(people["sofia"]) == [OUTCOME]


def test_a_viewer_is_asked_for_nothing(row: KeyResult, people: dict[str, Membership]) -> None:
    escalated(row, people["bob"], huddle_at=TUESDAY)
    people["olga"].role = Role.VIEWER

    assert deadlines(people["olga"]) == []


def test_overdue_ones_come_first_then_by_the_clock(
    row: KeyResult, bob: Membership, alice: Membership
) -> None:
    with scope(row.engagement_id):
        Objective.objects.update(team=None)
    due = {"later": 48, "sooner": 1, "over": -1}
    for title, hours in due.items():
        other = build.live_key_result(row.objective, row.metric, title=title)
        escalated(other, bob, huddle_due_at=TUESDAY + hours * HOUR)

    with scope(row.engagement_id):
        found = tasks_for(memberships=[alice], now=TUESDAY)

    assert [one.key_result.title for one in found] == ["over", "sooner", "later"]


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
                (task.weeks, task.clock, task.key_result.engagement.client_name)
                for task in tasks_for(memberships=[here, elsewhere], now=TUESDAY)
            ]
        )

    assert len(sent) == 2
    assert deadlines(here, elsewhere) == [HUDDLE, HUDDLE]
