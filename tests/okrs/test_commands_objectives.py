"""Objectives, which link to the company's or the year's (M2.1), and their collaborators (M9.3)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from engagements.models import Membership, Role
from okrs.commands import draft_objective, update_objective
from okrs.models import Cycle, Objective
from tenancy.locks import StaleEdit
from tenancy.scoping import identity
from tests import build
from tests.okrs.refusals import refused

COMMITTED_AT = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)


def draft(by: Membership, cycle: Cycle, title: str = "Earn trust", **fields: Any) -> Objective:
    return draft_objective(cycle=cycle, title=title, by=by, **{"owner": by, **fields})


def update(objective: Objective, by: Membership, **fields: Any) -> Objective:
    same = {"version": objective.version, "title": objective.title, "owner": objective.owner}
    return update_objective(objective=objective, by=by, **{**same, **fields})


def test_it_writes_an_objective_down(lead: Membership, bob: Membership, cycle: Cycle) -> None:
    objective = draft(
        lead, cycle, "  Earn\n trust ", owner=bob, why_now="They left.", collaborators=[lead, bob]
    )

    assert objective.title == "Earn trust"
    assert objective.created_by == lead
    assert objective.committed_at is None
    assert [named.member for named in objective.collaborators.all()] == [lead]


@pytest.mark.parametrize(("title", "code"), [(" ", "empty"), ("earn  TRUST.", "said_twice")])
def test_it_blocks_what_even_a_draft_must_not_be(
    lead: Membership, cycle: Cycle, title: str, code: str
) -> None:
    draft(lead, cycle)

    with refused(code):
        draft(lead, cycle, title)


def test_the_same_sentence_may_stand_in_another_cycle(lead: Membership, cycle: Cycle) -> None:
    draft(lead, cycle)
    later = build.cycle(lead.engagement, "2026-Q2", ends_on=dt.date(2026, 6, 30))

    assert draft(lead, later).title == "Earn trust"


def test_reasons_are_kept_and_blank_ones_dropped(lead: Membership, cycle: Cycle) -> None:
    objective = draft(lead, cycle, reasons={"measure": " The board asked. ", "project": " "})

    assert objective.reasons == {"measure": "The board asked."}


@pytest.mark.parametrize("who", ["viewer", "leaver"])
def test_only_a_member_can_own(lead: Membership, cycle: Cycle, who: str) -> None:
    viewer = build.member(lead.engagement, "Vera", Role.VIEWER)
    leaver = build.member(lead.engagement, "Leo", Role.CONTRIBUTOR, removed_at=COMMITTED_AT)
    owner = viewer if who == "viewer" else leaver

    with refused("owner"):
        draft(lead, cycle, owner=owner)
    with refused("owner"):
        draft(lead, cycle, collaborators=[owner])


def test_an_owner_who_left_does_not_stop_other_edits(lead: Membership, cycle: Cycle) -> None:
    leaver = build.member(lead.engagement, "Leo", Role.CONTRIBUTOR, removed_at=COMMITTED_AT)
    with identity():  # before they left
        objective = build.objective(leaver, cycle)

    assert update(objective, lead, why_now="They left.").why_now == "They left."


def test_a_team_objective_links_to_one_of_the_company(lead: Membership, cycle: Cycle) -> None:
    team = build.team(lead.engagement)
    company = draft(lead, cycle)
    linked = draft(lead, cycle, "Make work calm", team=team, parent=company)

    assert linked.parent == company
    with refused("parent"):
        draft(lead, cycle, "Make work fun", team=team, parent=linked)


def test_a_company_objective_links_to_an_annual_one(lead: Membership, cycle: Cycle) -> None:
    year = build.cycle(lead.engagement, "2026", kind="annual", ends_on=dt.date(2026, 12, 31))
    direction = draft(lead, year, "Become the first choice")

    assert draft(lead, cycle, parent=direction).parent == direction
    with refused("parent"):
        draft(lead, year, "Become loved", parent=direction)
    with refused("parent"):
        draft(lead, cycle, "Earn more trust", parent=draft(lead, cycle, "Earn respect"))


def test_a_linked_company_objective_stays_with_the_company(lead: Membership, cycle: Cycle) -> None:
    team = build.team(lead.engagement)
    company = draft(lead, cycle)
    draft(lead, cycle, "Make work calm", team=team, parent=company)

    with refused("parent"):
        update(company, lead, team=team)


def test_an_update_changes_what_it_is_given(
    lead: Membership, bob: Membership, cycle: Cycle
) -> None:
    objective = draft(lead, cycle, why_now="They left.", collaborators=[bob])

    changed = update(objective, lead, title="Earn their trust")

    assert (changed.title, changed.why_now, changed.version) == (
        "Earn their trust",
        "They left.",
        2,
    )
    assert changed.collaborators.count() == 1


def test_collaborators_are_replaced_as_a_set(
    lead: Membership, bob: Membership, objective: Objective
) -> None:
    carla = build.member(lead.engagement, "Carla", Role.CONTRIBUTOR)
    update(objective, lead, collaborators=[bob])

    objective.refresh_from_db()
    update(objective, lead, collaborators=[carla])

    assert [named.member for named in objective.collaborators.all()] == [carla]


def test_an_update_may_not_repeat_another_sentence(lead: Membership, cycle: Cycle) -> None:
    draft(lead, cycle)
    other = draft(lead, cycle, "Make work calm")

    with refused("said_twice"):
        update(other, lead, title="Earn trust")


def test_a_committed_objective_stays_with_its_team(lead: Membership, cycle: Cycle) -> None:
    objective = build.objective(lead, cycle, committed_at=COMMITTED_AT, committed_by=lead)

    with refused("frozen"):
        update(objective, lead, team=build.team(lead.engagement))
    assert update(objective, lead, title="Earn trust").title == "Earn trust"


def test_a_stale_edit_is_told_and_changes_nothing(lead: Membership, objective: Objective) -> None:
    update(objective, lead, title="Earn trust")

    with pytest.raises(StaleEdit):
        update(objective, lead, title="Earn respect", version=1)
    objective.refresh_from_db()
    assert objective.title == "Earn trust"
