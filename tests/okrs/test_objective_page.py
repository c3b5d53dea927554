"""The page of an objective: score, links, checks, and the problems before a commit."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from engagements.models import Membership
from okrs.commands import answer_audit, commit_objective, draft_objective, link_contribution
from okrs.commands.objectives import set_collaborators
from okrs.models import Cycle, KeyResult, Objective
from okrs.queries.findings import ProblemGroup, commit_problems
from okrs.queries.objectives import ObjectivePage, objective_page
from okrs.queries.sets import Alignment
from okrs.states import KeyResultState
from scoring import Rag, rag
from tests import build
from tests.query_counts import assert_constant_queries

TODAY = dt.date(2026, 2, 15)
NOW = dt.datetime(2026, 2, 15, 12, tzinfo=dt.UTC)


def page_of(objective: Objective) -> ObjectivePage:
    beside = ("engagement", "cycle", "team", "parent", "owner")
    fresh = Objective.objects.select_related(*beside).get(pk=objective.pk)
    return objective_page(fresh, today=TODAY)


def scored(objective: Objective, score: str, **fields: Any) -> KeyResult:
    state = KeyResultState(value=Decimal(6), score=Decimal(score), rag=rag(score), confidence=4)
    live = build.live_key_result(objective, **fields)
    return build.set_state(key_result=live, state=state, by=live.objective.owner, now=NOW)


@pytest.fixture
def team_objective(lead: Membership, cycle: Cycle) -> Objective:
    return build.objective(lead, cycle, title="Make work calm", team=build.team(lead.engagement))


def test_the_score_is_the_mean_of_its_key_results(objective: Objective) -> None:
    for score in ("0.60", "0.92", "0.60"):
        scored(objective, score)

    row = page_of(objective).row

    assert (row.score, row.rag) == (Decimal("0.71"), Rag.GREEN)
    assert row.no_data == []


def test_weights_count_and_what_has_no_data_is_named(objective: Objective) -> None:
    scored(objective, "1.00", weight=Decimal(3))
    scored(objective, "0.00")
    build.live_key_result(objective, title="Silent so far")
    build.key_result(objective, title="Still a draft")

    row = page_of(objective).row

    assert row.score == Decimal("0.75")
    assert row.no_data == ["Silent so far"]


def test_it_shows_the_weakest_stage(objective: Objective) -> None:
    assert page_of(objective).row.stage == "draft"
    scored(objective, "0.70")
    scored(objective, "0.10")

    assert page_of(objective).row.stage == "at_risk"


def test_withdrawn_key_results_are_left_out(objective: Objective) -> None:
    scored(objective, "0.70")
    build.live_key_result(objective, stage="withdrawn", score=Decimal("0.10"))

    row = page_of(objective).row

    assert (row.score, len(row.cards)) == (Decimal("0.70"), 1)


def test_links_show_both_ways(objective: Objective, team_objective: Objective) -> None:
    above = build.key_result(objective, title="Above")
    below = build.key_result(team_objective, title="Below")
    link_contribution(source=below, target=above, how="Fewer steps", by=objective.owner)

    (upper,) = page_of(objective).row.cards
    (lower,) = page_of(team_objective).row.cards

    assert [link.source for link in upper.contributions] == [below]
    assert [link.target for link in lower.contributes_to] == [above]
    assert lower.contributes_to[0].how == "Fewer steps"


def test_a_team_objective_is_unaligned_until_linked_or_meant(team_objective: Objective) -> None:
    assert page_of(team_objective).row.alignment is Alignment.UNALIGNED

    Objective.objects.filter(pk=team_objective.pk).update(divergence_reason="A bet of our own.")

    assert page_of(team_objective).row.alignment is Alignment.DIVERGES


def test_a_contribution_to_a_company_key_result_aligns(
    objective: Objective, team_objective: Objective
) -> None:
    link_contribution(
        source=build.key_result(team_objective),
        target=build.key_result(objective),
        how="",
        by=objective.owner,
    )

    assert page_of(team_objective).row.alignment is Alignment.ALIGNED
    assert page_of(objective).row.alignment is Alignment.COMPANY


def test_a_parent_aligns(lead: Membership, cycle: Cycle, objective: Objective) -> None:
    linked = draft_objective(
        cycle=cycle,
        title="Make work calm",
        owner=lead,
        by=lead,
        team=build.team(lead.engagement),
        parent=objective,
    )

    assert page_of(linked).row.alignment is Alignment.ALIGNED


def test_it_shows_the_checks_and_the_guardrails(lead: Membership, cycle: Cycle) -> None:
    objective = build.objective(lead, cycle, title="Raise renewals to 92 %")
    build.key_result(objective, indicator="leading")

    page = page_of(objective)

    assert [finding.code for finding in page.findings] == ["measure", "no_lagging", "sole_author"]
    assert [finding.code for finding in page.guardrails] == ["key_results_count"]
    assert page.drafts


def test_a_reviewer_who_wrote_it_alone_is_a_hint(
    lead: Membership, bob: Membership, cycle: Cycle
) -> None:
    alone = build.objective(lead, cycle, reviewer=lead)
    reviewed = build.objective(lead, cycle, title="Make work calm", reviewer=bob)
    helped = build.objective(lead, cycle, title="Keep every client")
    set_collaborators([bob], objective=helped)

    told = [
        "sole_author" in [finding.code for finding in page_of(one).findings]
        for one in (alone, reviewed, helped)
    ]
    assert told == [True, False, False]


def test_a_fifth_draft_is_warned_of(lead: Membership, cycle: Cycle, objective: Objective) -> None:
    for _ in range(2):
        build.key_result(objective)
    for title in ("One", "Two", "Three", "Four"):
        build.objective(lead, cycle, title=title)

    assert [finding.code for finding in page_of(objective).guardrails] == ["objectives_most"]


def test_it_shows_who_else_reads_its_metrics(
    objective: Objective, team_objective: Objective
) -> None:
    metric = build.metric(objective.engagement)
    build.key_result(objective, metric)
    other = build.key_result(team_objective, metric)

    assert page_of(objective).overlaps == [other]


def test_the_page_takes_the_same_queries_however_many(
    lead: Membership, objective: Objective, team_objective: Objective
) -> None:
    metric = build.metric(lead.engagement)

    def grow() -> None:
        for index in range(10):
            make = build.key_result if index % 2 else build.live_key_result
            source = make(team_objective, metric, indicator="lagging")
            target = build.key_result(objective, metric)
            link_contribution(source=source, target=target, how="", by=lead)
            objective.collaborators.model.objects.create(
                engagement=lead.engagement, key_result=source, member=lead
            )

    def read() -> None:
        page = page_of(team_objective)
        for card in page.row.cards:
            assert card.owner == lead
            assert [one.name for one in card.collaborators] == ["Alice"]
            assert [link.target.objective.title for link in card.contributes_to]
        for other in page.overlaps:
            assert other.objective.title

    grow()

    assert_constant_queries(read, grow=grow, most=16)


pytestmark = pytest.mark.django_db

CHECKED_ON = dt.date(2026, 2, 2)


def test_the_page_lists_every_problem_that_a_commit_reports(
    lead: Membership, objective: Objective
) -> None:
    build.key_result(objective, None, title="Days until first value", baseline=None)

    groups = objective_page(objective, today=CHECKED_ON).problems
    with pytest.raises(ValidationError) as refused:
        commit_objective(objective=objective, on=CHECKED_ON, by=lead)

    assert refused.value.messages == [
        f"{group.key_result}: {problem.message}" if group.key_result else problem.message
        for group in groups
        for problem in group.problems
    ]


def places(groups: list[ProblemGroup]) -> dict[str, str]:
    return {problem.code: problem.place for group in groups for problem in group.problems}


def of(objective: Objective, draft: KeyResult) -> dict[str, str]:
    return places([group for group in commit_problems(objective, [draft]) if group.key_result])


def test_each_problem_links_to_the_place_where_it_is_fixed(objective: Objective) -> None:
    metric = build.metric(objective.engagement, source="")
    draft = build.key_result(objective, metric, baseline=None)

    assert of(objective, draft) == {
        "source_named": "metric",
        "baseline_measured": "key_result",
        "refresh_confirmed": "audit",
        "ambitious": "audit",
    }


def test_a_missing_refresh_is_fixed_at_the_metric(objective: Objective) -> None:
    draft = build.key_result(objective, build.metric(objective.engagement, refresh=""))

    assert of(objective, draft)["refresh_confirmed"] == "metric"


def test_too_few_key_results_lead_to_the_key_results(objective: Objective) -> None:
    draft = build.key_result(objective)

    assert places(commit_problems(objective, [draft]))["key_results_count"] == "key_results"


def test_a_ready_key_result_has_no_problems(lead: Membership, objective: Objective) -> None:
    draft = build.key_result(objective, build.metric(objective.engagement))
    answer_audit(
        key_result=draft, version=1, refresh_confirmed=True, ambitious=True, note="", by=lead
    )

    assert of(objective, draft) == {}
