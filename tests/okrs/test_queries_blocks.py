from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from engagements.models import Membership
from okrs.commands import answer_audit, commit_objective
from okrs.models import KeyResult, Objective
from okrs.queries.findings import ProblemGroup, commit_problems
from okrs.queries.objectives import objective_page
from tests import build

pytestmark = pytest.mark.django_db

TODAY = dt.date(2026, 2, 2)


def test_the_page_lists_every_problem_that_a_commit_reports(
    lead: Membership, objective: Objective
) -> None:
    build.key_result(objective, None, title="Days until first value", baseline=None)

    groups = objective_page(objective, today=TODAY).problems
    with pytest.raises(ValidationError) as refused:
        commit_objective(objective=objective, on=TODAY, by=lead)

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
