"""Objectives: links (M2.1), collaborators (M9.3), commit (M4.3, M5.10, M9.4) and deletion."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from engagements.models import Membership, Role
from metrics.models import Metric
from okrs.commands.key_results import discard_key_result
from okrs.commands.objectives import (
    commit_objective,
    discard_objective,
    draft_objective,
    set_collaborators,
    update_objective,
    versions_of,
)
from okrs.models import Cycle, KeyResult, Objective, Stage
from tenancy.locks import StaleEdit
from tenancy.scoping import identity
from tests import build
from tests.build import COMMITTED_AT
from tests.okrs.refusals import refused

OF_SOURCE = ["source_named", "baseline_measured", "answerable"]
AUDIT = [*OF_SOURCE, "refresh_confirmed", "one_owner", "ambitious"]


def draft(by: Membership, cycle: Cycle, title: str = "Earn trust", **fields: Any) -> Objective:
    return draft_objective(cycle=cycle, title=title, by=by, **{"owner": by, **fields})


def update(objective: Objective, by: Membership, **fields: Any) -> Objective:
    same = {"version": objective.version, "title": objective.title, "owner": objective.owner}
    return update_objective(objective=objective, by=by, **{**same, **fields})


def test_an_objective_is_drafted(lead: Membership, bob: Membership, cycle: Cycle) -> None:
    objective = draft(
        lead,
        cycle,
        "  Earn\n trust ",
        owner=bob,
        collaborators=[lead, bob],
        reasons={"measure": " The board asked. ", "project": " "},
    )

    assert objective.title == "Earn trust"
    assert objective.created_by == lead
    assert objective.committed_at is None
    assert objective.reasons == {"measure": "The board asked."}
    assert [named.member for named in objective.collaborators.all()] == [lead]


def test_a_title_is_needed_and_unique_in_its_cycle(lead: Membership, cycle: Cycle) -> None:
    """M3."""
    draft(lead, cycle)
    other = draft(lead, cycle, "Make work calm")
    later = build.cycle(lead.engagement, "2026-Q2", ends_on=dt.date(2026, 6, 30))

    for title, code in ((" ", "empty"), ("earn  TRUST.", "repeated")):
        with refused(code):
            draft(lead, cycle, title)
        with refused(code):
            update(other, lead, title=title)
    assert draft(lead, later).title == "Earn trust"


GONE = [{"role": Role.VIEWER}, {"removed_at": COMMITTED_AT}]


@pytest.mark.parametrize("gone", GONE, ids=["viewer", "leaver"])
def test_only_a_member_can_own(lead: Membership, cycle: Cycle, gone: dict[str, Any]) -> None:
    owner = build.member(lead.engagement, "Vera", **gone)

    with refused("owner"):
        draft(lead, cycle, owner=owner)
    with refused("owner"):
        draft(lead, cycle, collaborators=[owner])
    with identity():  # before they left
        objective = build.objective(owner, cycle)
    assert update(objective, lead, why_now="They left.").why_now == "They left."


def test_a_team_objective_links_to_one_of_the_company(lead: Membership, cycle: Cycle) -> None:
    team = build.team(lead.engagement)
    company = draft(lead, cycle)
    linked = draft(lead, cycle, "Make work calm", team=team, parent=company)

    assert linked.parent == company
    with refused("parent"):
        draft(lead, cycle, "Make work fun", team=team, parent=linked)
    with refused("parent"):
        update(company, lead, team=team)


def test_a_company_objective_links_to_an_annual_one(lead: Membership, cycle: Cycle) -> None:
    year = build.cycle(lead.engagement, "2026", kind="annual", ends_on=dt.date(2026, 12, 31))
    direction = draft(lead, year, "Become the first choice")

    assert draft(lead, cycle, parent=direction).parent == direction
    with refused("parent"):
        draft(lead, year, "Become loved", parent=direction)
    with refused("parent"):
        draft(lead, cycle, "Earn more trust", parent=draft(lead, cycle, "Earn respect"))


def test_an_update_changes_what_it_names(lead: Membership, bob: Membership, cycle: Cycle) -> None:
    carla = build.member(lead.engagement, "Carla", Role.CONTRIBUTOR)
    objective = draft(lead, cycle, why_now="They left.", collaborators=[bob])

    changed = update(objective, lead, title="Earn their trust")
    assert [named.member for named in changed.collaborators.all()] == [bob]
    changed = update(changed, lead, collaborators=[carla])

    assert (changed.title, changed.why_now) == ("Earn their trust", "They left.")
    assert changed.version == 3
    assert [named.member for named in changed.collaborators.all()] == [carla]


def test_a_committed_objective_stays_with_its_team(lead: Membership, cycle: Cycle) -> None:
    objective = build.objective(lead, cycle, committed=True)

    with refused("frozen"):
        update(objective, lead, team=build.team(lead.engagement))
    assert update(objective, lead, title="Earn trust").title == "Earn trust"


def audited(objective: Objective, metric: Metric | None = None, **fields: Any) -> KeyResult:
    used = metric or Metric.objects.first() or build.metric(objective.engagement)
    return build.audited(build.key_result(objective, used, **fields), by=objective.owner)


@pytest.fixture
def ready(objective: Objective) -> Objective:
    """An objective with two audited drafts."""
    audited(objective, indicator="leading")
    audited(objective, indicator="lagging")
    return objective


def commit(objective: Objective, by: Membership | None = None, **read: Any) -> list[KeyResult]:
    return commit_objective(objective=objective, by=by or objective.owner, now=COMMITTED_AT, **read)


@pytest.mark.parametrize(
    ("starts_on", "committed_on", "expected"),
    [
        pytest.param(None, "2026-02-03", "2026-02-03", id="M5.11-the-day-of-the-commit"),
        pytest.param(None, "2025-12-20", "2026-01-01", id="M5.11-never-before-the-cycle"),
        pytest.param("2026-01-12", "2026-02-03", "2026-01-12", id="M5.11-set-before-commit"),
    ],
)
def test_a_commit_freezes_the_start(
    objective: Objective, starts_on: str | None, committed_on: str, expected: str
) -> None:
    start = dt.date.fromisoformat(starts_on) if starts_on else None
    audited(objective, indicator="leading", starts_on=start)
    audited(objective, indicator="lagging", starts_on=start)
    now = dt.datetime.fromisoformat(f"{committed_on}T12:00").replace(tzinfo=dt.UTC)

    committed = commit_objective(objective=objective, by=objective.owner, now=now)

    for key_result in committed:
        key_result.refresh_from_db()
        assert key_result.starts_on == dt.date.fromisoformat(expected)
        assert key_result.early_until is not None
        assert key_result.early_until > key_result.starts_on


def others(objective: Objective, **fields: Any) -> None:
    """Add four objectives to the same cycle."""
    for _ in range(4):
        title = f"Objective {uuid4()}"
        build.objective(objective.owner, objective.cycle, title=title, **fields)


def test_a_commit_covers_the_objective_and_its_drafts_once(ready: Objective) -> None:
    for _ in range(3):
        build.live_key_result(ready, stage=Stage.WITHDRAWN)  # they do not count

    committed = commit(ready, versions=versions_of(ready, ready.key_results.filter(stage="draft")))
    later = audited(ready, build.metric(ready.engagement, "NPS", access=""))

    assert [key_result.data_gap_until for key_result in committed] == [None, None]
    ready.refresh_from_db()
    at = ready.committed_at
    (also,) = commit(ready)
    assert (also, also.data_gap_until) == (later, dt.date(2026, 1, 19))  # an open data question
    assert commit(ready) == []
    ready.refresh_from_db()
    assert ready.committed_at == at
    assert {row.committed_by for row in (*committed, also)} == {ready.committed_by}
    assert ready.committed_by == ready.owner
    assert all(row.committed_at for row in (*committed, also))


def test_a_refused_commit_lists_all_problems_at_once(lead: Membership, cycle: Cycle) -> None:
    objective = build.objective(lead, cycle, title="Raise renewals to 92 %")
    fields = {"baseline": None, "target": None, "owner_id": None}
    build.key_result(objective, title="Publish 12 guides", **fields)

    with refused("measure", "key_results_count", "activity", *AUDIT) as refusal:
        commit(objective)

    about = [text for text in refusal.value.messages if text.startswith("Publish 12 guides: ")]
    assert len(about) == 7
    assert not KeyResult.objects.exclude(stage=Stage.DRAFT).exists()


def test_a_reason_overrules_a_writing_check(lead: Membership, cycle: Cycle) -> None:
    reasons = {"measure": "The board asked."}
    objective = build.objective(lead, cycle, title="Raise renewals to 92 %", reasons=reasons)
    audited(objective, title="Publish 12 guides", reasons={"activity": "Nothing else yet."})
    audited(objective)

    assert len(commit(objective)) == 2


@pytest.mark.parametrize("gone", GONE, ids=["viewer", "leaver"])
def test_owners_must_be_members(ready: Objective, bob: Membership, gone: dict[str, Any]) -> None:
    Objective.objects.update(owner=bob)
    KeyResult.objects.filter(indicator="leading").update(owner=bob)
    Membership.objects.filter(pk=bob.pk).update(**gone)

    with refused("owner", "owner") as refusal:
        commit(ready, by=ready.owner)
    assert all("Bob " in message for message in refusal.value.messages)


@pytest.mark.parametrize(
    ("model", "change", "code"),
    [
        pytest.param(Metric, {"archived_at": COMMITTED_AT}, "archived", id="M4.4-archived-metrics"),
        pytest.param(
            KeyResult, {"starts_on": dt.date(2026, 3, 31)}, "starts_on", id="M5.11-due-at-start"
        ),
    ],
)
def test_drafts_that_became_invalid_are_not_committed(
    ready: Objective, model: Any, change: dict[str, Any], code: str
) -> None:
    model.objects.update(**change)

    with refused(code, code):
        commit(ready)


def test_nothing_is_committed_that_changed_since_it_was_read(ready: Objective) -> None:
    read = versions_of(ready, ready.key_results.all())
    audited(ready)

    with pytest.raises(StaleEdit):
        commit(ready, versions=read)


def test_only_committed_objectives_of_the_set_count_against_the_most(ready: Objective) -> None:
    others(ready)
    others(ready, team=build.team(ready.engagement), committed=True)
    first = audited(build.objective(ready.owner, ready.cycle, title="First")).objective
    audited(first)

    assert len(commit(first)) == 2
    others(ready, committed=True)
    with refused("objectives_most"):
        commit(ready)


def test_a_micro_objective_needs_a_key_result_above_it(lead: Membership, ready: Objective) -> None:
    weeks = build.cycle(lead.engagement, "Try", kind="micro", ends_on=dt.date(2026, 1, 28))
    objective = build.objective(lead, weeks)
    key_result = audited(objective)

    with refused("micro_parent"):
        commit(objective)
    build.contribution(key_result, ready.key_results.all()[0])
    assert commit(objective) == [key_result]


def test_the_lead_or_the_champion_of_the_team_commits(ready: Objective, bob: Membership) -> None:
    champion = build.member(ready.engagement, "Lena", Role.CHAMPION)
    other = build.member(ready.engagement, "Omar", Role.CHAMPION)
    team = build.team(ready.engagement, champion=champion)
    of_team = build.objective(ready.owner, ready.cycle, team=team, title="Make work calm")
    audited(of_team)
    audited(of_team)

    with refused("no_right"):
        commit(of_team, by=bob)
    with refused("gate"):
        commit(of_team, by=other)
    with refused("gate"):
        commit(ready, by=champion)
    with identity(user_id=champion.user_id):
        assert len(commit(of_team, by=champion)) == 2
    later = audited(of_team)
    assert commit(of_team, by=ready.owner) == [later]


def test_a_deleted_draft_leaves_its_history(objective: Objective, bob: Membership) -> None:
    lead = objective.owner
    draft, other = audited(objective), build.key_result(objective)
    set_collaborators([bob], key_result=draft)
    build.contribution(draft, other)
    pk, events = draft.pk, type(draft).objects.get(pk=draft.pk).events.model  # type: ignore[attr-defined]

    discard_key_result(key_result=draft, by=lead)

    assert list(KeyResult.objects.all()) == [other]
    told = events.objects.filter(pgh_obj_id=pk).order_by("pgh_id")
    assert [event.pgh_label for event in told] == ["insert", "delete"]


def test_what_is_committed_is_not_deleted(lead: Membership, objective: Objective) -> None:
    live = build.live_key_result(objective)
    empty = build.objective(lead, objective.cycle, title="Earn trust", committed=True)

    with refused("frozen"):
        discard_key_result(key_result=live, by=lead)
    for kept in (objective, empty):
        with refused("frozen"):
            discard_objective(objective=kept, by=lead)


@pytest.mark.parametrize("table", ["okrs_objective", "okrs_keyresult"])
def test_the_database_keeps_what_is_committed(objective: Objective, table: str) -> None:
    lead, cycle = objective.owner, objective.cycle
    committed = build.objective(lead, cycle, title="Earn trust", committed=True)
    empty = build.objective(lead, cycle, title="Make work calm")
    draft, kept = {
        "okrs_objective": (empty.pk, committed.pk),
        "okrs_keyresult": (build.key_result(objective).pk, build.live_key_result(objective).pk),
    }[table]

    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE id = %s", [draft])
        assert cursor.rowcount == 1
        with pytest.raises(DatabaseError, match=r"committed .* stays"), transaction.atomic():
            cursor.execute(f"DELETE FROM {table} WHERE id = %s", [kept])


def test_an_objective_that_others_link_to_stays(objective: Objective, lead: Membership) -> None:
    team = build.team(lead.engagement)
    build.objective(lead, objective.cycle, title="Make work calm", team=team, parent=objective)

    with refused("children") as refusal:
        discard_objective(objective=objective, by=lead)
    assert "“Make work calm”" in refusal.value.messages[0]
