"""Commits: what they freeze (M5.10), data gaps (M4.3), the gate (M9.4)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from engagements.models import Engagement, Membership, Role
from metrics.models import Metric
from okrs.commands import answer_audit, commit_objective, link_contribution, update_key_result
from okrs.commands.objectives import versions_of
from okrs.models import Cycle, KeyResult, Objective, Stage
from tenancy.locks import StaleEdit
from tenancy.scoping import identity
from tests import build
from tests.okrs.refusals import refused

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


def test_it_commits_the_objective_and_its_drafts(ready: Objective) -> None:
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


def test_what_is_committed_is_frozen(ready: Objective) -> None:
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


def test_it_names_everything_in_the_way_at_once(lead: Membership, cycle: Cycle) -> None:
    objective = build.objective(lead, cycle, title="Raise renewals to 92 %")
    build.key_result(
        objective, title="Publish 12 guides", baseline=None, target=None, owner_id=None
    )

    with refused("measure", "key_results_count", "activity", *AUDIT) as refusal:
        commit(objective)

    about = [text for text in refusal.messages if text.startswith("Publish 12 guides: ")]
    assert len(about) == 7
    assert not KeyResult.objects.exclude(stage=Stage.DRAFT).exists()


def test_a_reason_lets_it_pass(lead: Membership, cycle: Cycle) -> None:
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


def test_a_figure_whose_refresh_nobody_said_waits_for_it(objective: Objective) -> None:
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


def test_it_commits_what_was_read(ready: Objective) -> None:
    read = versions_of(ready, ready.key_results.all())

    assert len(commit_objective(objective=ready, on=ON, by=ready.owner, versions=read)) == 2


def test_it_commits_nothing_that_changed_since_it_was_read(ready: Objective) -> None:
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


def test_nobody_else_passes_the_gate(
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
