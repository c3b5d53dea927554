"""Who may do what about an escalation, in which state (M7.2 to M7.4, M9.5, M9.6)."""

from __future__ import annotations

import datetime as dt

import pytest

from engagements.models import Engagement, Membership, Role
from escalations.models import Escalation
from escalations.rule import EscalationAct, acts_of, speaks_for_sponsor
from okrs.models import KeyResult, Objective

NOW = dt.datetime(2026, 3, 10, tzinfo=dt.UTC)
OWNER = 7
WATCHED = Escalation()
ACTIVE = Escalation(activated_at=NOW)
ANSWERED = Escalation(activated_at=NOW, answered_at=NOW)
RAISED = Escalation(activated_at=NOW, raised_at=NOW)
RAISED_WITH_PLAN = Escalation(activated_at=NOW, answered_at=NOW, raised_at=NOW)
DECIDED = Escalation(activated_at=NOW, raised_at=NOW, decided_at=NOW)
RECOVERED = Escalation(activated_at=NOW, recovered_at=NOW)
HUDDLE_AND_ANSWER = {EscalationAct.HUDDLE, EscalationAct.ANSWER}


def acts(escalation: Escalation, *, role: Role, owns: bool = False) -> set[EscalationAct]:
    objective = Objective(owner_id=OWNER)
    escalation.key_result = KeyResult(objective=objective)
    by = Membership(pk=OWNER if owns else 8, role=role, engagement=Engagement())
    return set(acts_of(escalation, by=by))


@pytest.mark.parametrize("role", [Role.CHAMPION, Role.LEAD])
def test_champions_and_leads_run_the_huddle_and_its_outcome(role: Role) -> None:
    assert acts(WATCHED, role=role) == {EscalationAct.ACTIVATE}
    assert acts(ACTIVE, role=role) == HUDDLE_AND_ANSWER


def test_the_owner_of_the_objective_activates_and_records_the_outcome() -> None:
    assert acts(WATCHED, role=Role.CONTRIBUTOR, owns=True) == {EscalationAct.ACTIVATE}
    assert acts(ACTIVE, role=Role.CONTRIBUTOR, owns=True) == {EscalationAct.ANSWER}


@pytest.mark.parametrize("role", [Role.SPONSOR, Role.LEAD])
@pytest.mark.parametrize("escalation", [RAISED, RAISED_WITH_PLAN])
def test_the_sponsor_decides_or_the_lead_on_their_behalf(
    role: Role, escalation: Escalation
) -> None:
    assert acts(escalation, role=role) == {EscalationAct.DECIDE}


def test_a_lead_speaks_for_the_sponsor_and_a_sponsor_for_themselves() -> None:
    assert speaks_for_sponsor(Membership(role=Role.LEAD))
    assert not speaks_for_sponsor(Membership(role=Role.SPONSOR))


@pytest.mark.parametrize("escalation", [ANSWERED, DECIDED, RECOVERED])
@pytest.mark.parametrize("role", list(Role))
def test_nothing_is_to_be_done_while_a_plan_runs_or_once_it_is_closed(
    role: Role, escalation: Escalation
) -> None:
    assert acts(escalation, role=role, owns=True) == set()


@pytest.mark.parametrize(
    ("escalation", "role"),
    [
        (WATCHED, Role.CONTRIBUTOR),
        (ACTIVE, Role.CONTRIBUTOR),
        (ACTIVE, Role.SPONSOR),
        (RAISED, Role.CONTRIBUTOR),
        (RAISED, Role.CHAMPION),
    ],
)
def test_others_look_on(escalation: Escalation, role: Role) -> None:
    assert acts(escalation, role=role) == set()


@pytest.mark.parametrize("escalation", [WATCHED, ACTIVE, RAISED])
def test_a_viewer_does_nothing_whatever_they_own(escalation: Escalation) -> None:
    assert acts(escalation, role=Role.VIEWER, owns=True) == set()
