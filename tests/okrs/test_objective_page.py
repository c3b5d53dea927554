"""The page of an objective: score, links, checks, and the problems before a commit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from engagements.models import Membership
from okrs.commands.key_results import update_key_result
from okrs.commands.objectives import commit_objective, set_collaborators
from okrs.models import Cycle, KeyResult, Objective, Stage
from okrs.queries.changes import changes
from okrs.queries.findings import commit_problems
from okrs.queries.objectives import Alignment, ObjectivePage, objective_page
from okrs.states import KeyResultState
from okrs.writing import Finding
from scoring import Rag
from tenancy.scoping import identity
from tests import build
from tests.query_counts import assert_constant_queries

TODAY = dt.date(2026, 2, 15)
NOW = dt.datetime(2026, 2, 15, 12, tzinfo=dt.UTC)


def page_of(objective: Objective) -> ObjectivePage:
    beside = ("engagement", "cycle", "team", "parent", "owner")
    fresh = Objective.objects.select_related(*beside).get(pk=objective.pk)
    return objective_page(fresh, today=TODAY)


def codes(findings: Sequence[Finding]) -> list[str]:
    return [finding.code for finding in findings]


@pytest.fixture
def team_objective(lead: Membership, cycle: Cycle) -> Objective:
    return build.objective(lead, cycle, title="Make work calm", team=build.team(lead.engagement))


def test_the_score_is_the_weighted_mean_and_names_what_has_no_data(objective: Objective) -> None:
    green: dict[str, Any] = {"stage": "on_track", "score": "1.00", "weight": 3}
    build.live_key_result(objective, rag="green", **green)
    build.live_key_result(objective, stage="at_risk", rag="red", score="0.00")
    build.live_key_result(objective, title="Silent so far")
    build.live_key_result(objective, stage="withdrawn", score=Decimal("0.10"))
    assert page_of(objective).row.stage == "at_risk"
    build.key_result(objective, title="Still a draft")

    row = page_of(objective).row

    assert (row.score, row.rag, row.stage) == (Decimal("0.75"), Rag.GREEN, "draft")
    assert row.no_data == ["Silent so far"]
    assert len(row.cards) == 4


def test_links_show_both_ways(objective: Objective, team_objective: Objective) -> None:
    above = build.key_result(objective, title="Above")
    below = build.key_result(team_objective, title="Below")
    build.contribution(below, above, "Fewer steps")

    (upper,) = page_of(objective).row.cards
    (lower,) = page_of(team_objective).row.cards

    assert [link.source for link in upper.key_result.contributions.all()] == [below]
    (link,) = lower.key_result.contributes_to.all()
    assert (link.target, link.how) == (above, "Fewer steps")


@pytest.mark.parametrize(
    ("link", "alignment"),
    [
        pytest.param("none", Alignment.UNALIGNED, id="M2.2-no-link"),
        pytest.param("reason", Alignment.DIVERGES, id="M2.2-reason-to-diverge"),
        pytest.param("contribution", Alignment.ALIGNED, id="M2.2-contribution"),
        pytest.param("parent", Alignment.ALIGNED, id="M2.2-parent"),
    ],
)
def test_a_team_objective_is_aligned_by_a_link_to_the_company(
    objective: Objective, team_objective: Objective, link: str, alignment: Alignment
) -> None:
    if link == "reason":
        build.change(team_objective, divergence_reason="A bet of our own.")
    if link == "parent":
        build.change(team_objective, parent=objective)
    if link == "contribution":
        build.contribution(build.key_result(team_objective), build.key_result(objective))

    assert page_of(team_objective).row.alignment is alignment
    assert page_of(objective).row.alignment is Alignment.COMPANY


def test_the_page_shows_checks_and_guardrails(lead: Membership, cycle: Cycle) -> None:
    objective = build.objective(lead, cycle, title="Raise renewals to 92 %")
    build.key_result(objective, indicator="leading")
    for title in ("One", "Two", "Three", "Four"):
        build.objective(lead, cycle, title=title)

    page = page_of(objective)

    assert codes(page.findings) == ["measure", "no_lagging", "sole_author"]
    assert codes(page.guardrails) == ["objectives_most", "key_results_count"]
    assert page.row.drafts


def test_a_reviewer_and_only_author_is_a_hint(objective: Objective, bob: Membership) -> None:
    lead, cycle = objective.owner, objective.cycle
    alone = build.objective(lead, cycle, title="Earn trust", reviewer=lead)
    reviewed = build.objective(lead, cycle, title="Make work calm", reviewer=bob)
    set_collaborators([bob], objective=objective)

    hinted = ["sole_author" in codes(page_of(one).findings) for one in (alone, reviewed, objective)]

    assert hinted == [True, False, False]


def test_the_page_lists_who_else_uses_its_metrics(lead: Membership, cycle: Cycle) -> None:
    metric = build.metric(lead.engagement)
    ours, theirs = (build.objective(lead, cycle, title=title) for title in ("Ours", "Theirs"))
    build.key_result(ours, metric)

    assert page_of(theirs).overlaps == []
    other = build.key_result(theirs, metric)
    assert page_of(ours).overlaps == [other]


def test_the_page_lists_each_problem_of_a_commit(lead: Membership, objective: Objective) -> None:
    build.key_result(objective, baseline=None)

    groups = page_of(objective).problems
    with pytest.raises(ValidationError) as refused:
        commit_objective(objective=objective, by=lead, now=NOW)

    assert refused.value.messages == [
        f"{group.key_result}: {problem.message}" if group.key_result else problem.message
        for group in groups
        for problem in group.problems
    ]


@pytest.mark.parametrize(
    ("metric", "places"),
    [
        pytest.param({}, {}, id="M4.2-audit"),
        pytest.param({"source": ""}, {"source_named": "metric"}, id="M4.2-source"),
        pytest.param({"refresh": ""}, {"refresh_confirmed": "metric"}, id="M4.2-refresh"),
    ],
)
def test_each_problem_links_to_the_place_where_it_is_fixed(
    objective: Objective, metric: dict[str, str], places: dict[str, str]
) -> None:
    draft = build.key_result(objective, build.metric(objective.engagement, **metric))
    asked = {"key_results_count": "key_results", "ambitious": "audit"}

    groups = commit_problems(objective, [draft])

    assert {one.code: one.place for group in groups for one in group.problems} == asked | places


def test_it_asks_for_the_ambition_of_targets_that_exist(
    lead: Membership, objective: Objective
) -> None:
    ready = build.key_result(objective, indicator="leading")
    build.key_result(objective, target=None)
    answered = build.audited(build.key_result(objective), by=lead)
    build.live_key_result(objective)

    page = page_of(objective)

    assert (page.unanswered, page.answered) == ([ready], [answered])


@pytest.mark.parametrize(
    ("values", "hint"),
    [
        pytest.param(["7", "7", "7.0", "7"], True, id="M3-four-equal-values"),
        pytest.param(["7", "7", "7"], False, id="M3-three-values"),
        pytest.param(["9", "7", None, "7", "7", "7"], True, id="M3-moved-before"),
        pytest.param(["9", "7", None, "7", "7"], False, id="M3-moved-among-the-last-four"),
    ],
)
def test_a_metric_that_does_not_move_is_a_hint(
    lead: Membership, objective: Objective, values: list[str | None], *, hint: bool
) -> None:
    metric = build.metric(lead.engagement)
    last = build.live_key_result(build.objective(lead, objective.cycle, title="Last"), metric)
    trail = [[f"2025-10-{day:02}", value, None] for day, value in enumerate(values, start=1)]
    build.change(last, trail=trail)
    build.key_result(objective, metric)

    (card,) = page_of(objective).row.cards

    assert ("not_moving" in codes(card.findings)) is hint


def log(key_result: KeyResult) -> list[tuple[str, str, str, str]]:
    return [(each.who, each.field, each.old, each.new) for each in changes(key_result)]


def update(key_result: KeyResult, by: Membership, **fields: object) -> None:
    current = KeyResult.objects.get(pk=key_result.pk)
    same = {"version": current.version, "title": current.title}
    update_key_result(key_result=current, by=by, **{**same, **fields})  # type: ignore[arg-type]


def test_the_log_names_who_changed_which_field_from_what_to_what(
    lead: Membership, bob: Membership, objective: Objective
) -> None:
    key_result = build.key_result(objective, title="Onboarding")
    update(key_result, lead, target=Decimal("4.5"), metric=build.metric(lead.engagement))
    with identity(user_id=bob.user_id):
        update(key_result, bob, owner=bob, title="Median onboarding time")
    update(key_result, lead, method="ladder", ladder=[(4, "1"), (8, "0.3")])

    assert log(key_result) == [
        ("Alice", "Ladder", "–", "4: 1.00, 8: 0.30"),
        ("Alice", "Method", "Linear", "Threshold ladder"),
        ("Bob", "Owner", "Alice", "Bob"),
        ("Bob", "Title", "Onboarding", "Median onboarding time"),
        ("Alice", "Target", "4", "4.5"),
        ("Alice", "Metric", "–", "Onboarding time"),
    ]


def test_a_commit_is_a_change_and_a_check_in_is_none(objective: Objective) -> None:
    key_result = build.key_result(objective)
    assert changes(key_result) == []
    build.change(key_result, stage=Stage.COMMITTED, committed_at=NOW)
    good = KeyResultState(
        value=Decimal(5),
        score=Decimal("0.80"),
        rag=Rag.GREEN,
        confidence=4,
        measured_on=NOW.date(),
    )

    build.set_state(key_result=key_result, state=good, by=objective.owner, now=NOW)

    assert key_result.stage == Stage.ON_TRACK
    assert log(key_result) == [("Alice", "Stage", "Draft", "Committed")]


def test_the_log_takes_three_queries_however_long(lead: Membership, objective: Objective) -> None:
    key_result = build.key_result(objective, build.metric(lead.engagement))

    def add(number: int) -> None:
        update(key_result, lead, target=Decimal(number) / 4)

    assert_constant_queries(lambda: changes(key_result), add=add, name="changes")
