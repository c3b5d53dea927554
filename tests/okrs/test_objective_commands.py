"""Objectives: links (M2.1), collaborators (M9.3), commit (M4.3, M5.10, M9.4) and deletion."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from engagements.models import Engagement, Membership, Role
from metrics.models import Metric
from okrs.commands import (
    answer_audit,
    commit_objective,
    discard_key_result,
    discard_objective,
    draft_objective,
    link_contribution,
    update_key_result,
    update_objective,
)
from okrs.commands.objectives import set_collaborators, versions_of
from okrs.models import Cycle, KeyResult, Objective, Stage
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


def test_an_objective_is_drafted(lead: Membership, bob: Membership, cycle: Cycle) -> None:
    objective = draft(
        lead, cycle, "  Earn\n trust ", owner=bob, why_now="They left.", collaborators=[lead, bob]
    )

    assert objective.title == "Earn trust"
    assert objective.created_by == lead
    assert objective.committed_at is None
    assert [named.member for named in objective.collaborators.all()] == [lead]


@pytest.mark.parametrize(("title", "code"), [(" ", "empty"), ("earn  TRUST.", "said_twice")])
def test_a_draft_with_a_blocking_problem_is_refused(
    lead: Membership, cycle: Cycle, title: str, code: str
) -> None:
    draft(lead, cycle)

    with refused(code):
        draft(lead, cycle, title)


def test_another_cycle_can_have_the_same_title(lead: Membership, cycle: Cycle) -> None:
    draft(lead, cycle)
    later = build.cycle(lead.engagement, "2026-Q2", ends_on=dt.date(2026, 6, 30))

    assert draft(lead, later).title == "Earn trust"


def test_reasons_are_stored_without_blank_ones(lead: Membership, cycle: Cycle) -> None:
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


ON = dt.date(2026, 1, 5)
COMMITTED = {"committed_at": dt.datetime(2026, 1, 5, tzinfo=dt.UTC)}
AUDIT = (
    "source_named",
    "baseline_measured",
    "answerable",
    "refresh_confirmed",
    "one_owner",
    "ambitious",
)


def audited(objective: Objective, metric: Metric | None = None, **fields: Any) -> KeyResult:
    read = metric or Metric.objects.first() or build.metric(objective.engagement)
    key_result = build.key_result(objective, read, **fields)
    answer_audit(key_result=key_result, refresh_confirmed=True, ambitious=True, by=objective.owner)
    return key_result


@pytest.fixture
def ready(objective: Objective) -> Objective:
    """An objective with two audited drafts."""
    audited(objective, indicator="leading")
    audited(objective, indicator="lagging")
    return objective


def commit(objective: Objective, by: Membership | None = None) -> list[KeyResult]:
    return commit_objective(objective=objective, on=ON, by=by or objective.owner)


def test_a_commit_covers_the_objective_and_its_drafts(ready: Objective) -> None:
    committed = commit(ready)

    ready.refresh_from_db()
    assert ready.committed_at is not None
    assert ready.committed_by == ready.owner
    assert len(committed) == 2
    for key_result in ready.key_results.all():
        assert key_result.stage == Stage.COMMITTED
        assert key_result.committed_at is not None
        assert key_result.committed_by == ready.owner
        assert key_result.data_gap_until is None


def test_a_committed_key_result_cannot_lose_its_target(ready: Objective) -> None:
    first, _ = commit(ready)

    with refused("frozen"):
        update_key_result(
            key_result=first, version=first.version, by=ready.owner, title="Other", target=None
        )


def test_committing_twice_commits_once(ready: Objective) -> None:
    commit(ready)
    ready.refresh_from_db()
    at = ready.committed_at

    assert commit(ready) == []
    ready.refresh_from_db()
    assert ready.committed_at == at


def test_a_later_draft_is_committed_by_itself(ready: Objective) -> None:
    commit(ready)
    later = audited(ready)

    assert commit(ready) == [later]


def test_a_refused_commit_lists_all_problems_at_once(lead: Membership, cycle: Cycle) -> None:
    objective = build.objective(lead, cycle, title="Raise renewals to 92 %")
    build.key_result(
        objective, title="Publish 12 guides", baseline=None, target=None, owner_id=None
    )

    with refused("measure", "key_results_count", "activity", *AUDIT) as refusal:
        commit(objective)

    about = [text for text in refusal.messages if text.startswith("Publish 12 guides: ")]
    assert len(about) == 7
    assert not KeyResult.objects.exclude(stage=Stage.DRAFT).exists()


def test_a_reason_overrules_a_writing_check(lead: Membership, cycle: Cycle) -> None:
    objective = build.objective(
        lead, cycle, title="Raise renewals to 92 %", reasons={"measure": "The board asked."}
    )
    audited(objective, title="Publish 12 guides", reasons={"activity": "Nothing else yet."})
    audited(objective)

    assert len(commit(objective)) == 2


def test_an_open_data_question_becomes_a_data_gap(objective: Objective) -> None:
    partly_known = build.metric(objective.engagement, "NPS", access="", fetched_by="")
    audited(objective, partly_known)
    audited(objective, build.metric(objective.engagement))

    first, second = commit(objective)

    assert first.data_gap_until == dt.date(2026, 1, 19)
    assert second.data_gap_until is None


def test_a_metric_without_refresh_blocks_the_commit(objective: Objective) -> None:
    unsaid = build.metric(objective.engagement, "NPS", refresh="")
    audited(objective, unsaid)
    audited(objective, build.metric(objective.engagement))

    with refused("refresh_confirmed") as refusal:
        commit(objective)
    assert "Add how often “NPS” is refreshed, then confirm it." in refusal.messages[0]


@pytest.mark.parametrize("gone", [{"role": Role.VIEWER}, {"removed_at": COMMITTED["committed_at"]}])
def test_owners_must_still_be_able_to_answer(
    ready: Objective, bob: Membership, gone: dict[str, Any]
) -> None:
    Objective.objects.update(owner=bob)
    KeyResult.objects.filter(indicator="leading").update(owner=bob)
    Membership.objects.filter(pk=bob.pk).update(**gone)

    with refused("owner", "owner") as refusal:
        commit(ready, by=ready.owner)
    assert refusal.messages[0].startswith("Bob ")
    assert ": Bob " in refusal.messages[1]


def test_a_metric_archived_since_is_not_frozen_in(ready: Objective) -> None:
    Metric.objects.update(archived_at=COMMITTED["committed_at"])

    with refused("archived", "archived"):
        commit(ready)


def test_a_draft_due_before_it_starts_is_not_committed(ready: Objective) -> None:
    KeyResult.objects.filter(indicator="leading").update(starts_on=dt.date(2026, 3, 31))

    with refused("due_on"):
        commit(ready)


def test_the_versions_that_were_read_are_committed(ready: Objective) -> None:
    read = versions_of(ready, ready.key_results.all())

    assert len(commit_objective(objective=ready, on=ON, by=ready.owner, versions=read)) == 2


def test_nothing_is_committed_that_changed_since_it_was_read(ready: Objective) -> None:
    read = versions_of(ready, ready.key_results.all())
    audited(ready)

    with pytest.raises(StaleEdit):
        commit_objective(objective=ready, on=ON, by=ready.owner, versions=read)


def test_a_withdrawn_key_result_does_not_count(ready: Objective) -> None:
    for _ in range(3):
        build.live_key_result(ready, stage=Stage.WITHDRAWN)

    assert len(commit(ready)) == 2


@pytest.mark.parametrize("count", [1, 5])
def test_too_few_and_too_many_key_results_block(objective: Objective, count: int) -> None:
    for _ in range(count):
        audited(objective)

    with refused("key_results_count"):
        commit(objective)


def test_a_fifth_company_objective_blocks(ready: Objective) -> None:
    for title in ("One", "Two", "Three", "Four"):
        build.objective(
            ready.owner, ready.cycle, title=title, committed_by=ready.owner, **COMMITTED
        )

    with refused("objectives_most"):
        commit(ready)


def test_drafts_and_other_teams_do_not_count_against_the_most(ready: Objective) -> None:
    team = build.team(ready.engagement)
    for title in ("One", "Two", "Three", "Four"):
        build.objective(
            ready.owner, ready.cycle, title=title, team=team, committed_by=ready.owner, **COMMITTED
        )
        build.objective(ready.owner, ready.cycle, title=f"{title}, drafted")

    assert len(commit(ready)) == 2


def test_an_annual_set_has_at_least_three(lead: Membership) -> None:
    year = build.cycle(lead.engagement, "2026", kind="annual", ends_on=dt.date(2026, 12, 31))
    objective = build.objective(lead, year)
    audited(objective)
    audited(objective)

    with refused("objectives_fewest"):
        commit(objective)
    for title in ("Earn trust", "Make work calm"):
        build.objective(lead, year, title=title)
    assert len(commit(objective)) == 2


def test_a_micro_objective_needs_the_key_result_that_it_is_for(
    lead: Membership, ready: Objective
) -> None:
    weeks = build.cycle(lead.engagement, "Try", kind="micro", ends_on=dt.date(2026, 1, 28))
    objective = build.objective(lead, weeks)
    key_result = audited(objective)

    with refused("micro_parent"):
        commit(objective)
    parent = ready.key_results.all()[0]
    link_contribution(source=key_result, target=parent, how="", by=lead)
    assert commit(objective) == [key_result]


@pytest.fixture
def team_objective(northwind: Engagement, lead: Membership, cycle: Cycle) -> Objective:
    champion = build.member(northwind, "Lena Cho", Role.CHAMPION)
    team = build.team(northwind, champion=champion)
    objective = build.objective(lead, cycle, team=team, title="Make work calm")
    audited(objective)
    audited(objective)
    return objective


def test_a_champion_commits_for_their_own_team(team_objective: Objective) -> None:
    champion = team_objective.team.champion

    with identity(user_id=champion.user_id):
        assert len(commit(team_objective, by=champion)) == 2


def test_the_lead_commits_for_any_team(team_objective: Objective, lead: Membership) -> None:
    assert len(commit(team_objective, by=lead)) == 2


def test_no_one_else_can_commit(
    team_objective: Objective, ready: Objective, bob: Membership
) -> None:
    other = build.member(bob.engagement, "Omar", Role.CHAMPION)

    with refused("no_right"):
        commit(team_objective, by=bob)
    with refused("gate") as refusal:
        commit(team_objective, by=other)
    assert refusal.messages == ["Only Lena Cho or the program lead can commit this."]
    with refused("gate"):
        commit(ready, by=other)


def test_a_deleted_draft_leaves_its_history(objective: Objective, bob: Membership) -> None:
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
