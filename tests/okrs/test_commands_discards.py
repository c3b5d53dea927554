from __future__ import annotations

import datetime as dt

from engagements.models import Membership
from okrs.commands import discard_key_result, discard_objective, link_contribution
from okrs.commands.objectives import set_collaborators
from okrs.models import Cycle, KeyResult, Objective
from tests import build
from tests.okrs.refusals import refused


def test_a_draft_goes_and_its_history_stays(objective: Objective, bob: Membership) -> None:
    lead = objective.owner
    draft = build.audited(build.key_result(objective), by=lead)
    other = build.key_result(build.objective(lead, objective.cycle, title="Keep every client"))
    set_collaborators([bob], key_result=draft)
    link_contribution(source=draft, target=other, how="", by=lead)
    pk, events = draft.pk, type(draft).objects.get(pk=draft.pk).events.model  # type: ignore[attr-defined]

    discard_key_result(key_result=draft, by=lead)

    assert list(KeyResult.objects.all()) == [other]
    told = events.objects.filter(pgh_obj_id=pk).order_by("pgh_id")
    assert [event.pgh_label for event in told] == ["insert", "delete"]


def test_a_committed_key_result_stays(objective: Objective) -> None:
    live = build.live_key_result(objective)

    with refused("frozen"):
        discard_key_result(key_result=live, by=objective.owner)


def test_an_objective_goes_with_its_drafts(objective: Objective) -> None:
    build.key_result(objective)
    build.key_result(objective)

    discard_objective(objective=objective, by=objective.owner)

    assert not Objective.objects.exists()
    assert not KeyResult.objects.exists()


def test_an_objective_that_was_committed_stays(lead: Membership, cycle: Cycle) -> None:
    at = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
    committed = build.objective(lead, cycle, committed_at=at, committed_by=lead)

    with refused("frozen"):
        discard_objective(objective=committed, by=lead)


def test_an_objective_that_others_link_to_stays_and_names_them(
    objective: Objective, lead: Membership
) -> None:
    team = build.team(lead.engagement)
    build.objective(lead, objective.cycle, title="Make work calm", team=team, parent=objective)

    with refused("children") as refusal:
        discard_objective(objective=objective, by=lead)
    assert refusal.messages == [
        "Other objectives link to this one: “Make work calm”. Link them elsewhere first."
    ]
