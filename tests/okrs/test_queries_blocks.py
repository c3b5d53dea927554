from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from engagements.models import Membership
from okrs.commands import answer_audit, commit_objective
from okrs.models import KeyResult, Objective
from okrs.queries import Blocked, in_the_way, objective_page
from tests import build

pytestmark = pytest.mark.django_db

TODAY = dt.date(2026, 2, 2)


def test_the_page_lists_what_the_commit_would_be_refused_for(
    lead: Membership, objective: Objective
) -> None:
    build.key_result(objective, None, title="Days until first value", baseline=None)

    listed = objective_page(objective, today=TODAY).in_the_way
    with pytest.raises(ValidationError) as refused:
        commit_objective(objective=objective, on=TODAY, by=lead)

    assert refused.value.messages == [
        f"{one.before}{block.message}" for one in listed for block in one.blocks
    ]


def places(blocked: list[Blocked]) -> dict[str, str]:
    return {block.code: block.place for one in blocked for block in one.blocks}


def of(objective: Objective, draft: KeyResult) -> dict[str, str]:
    return places([one for one in in_the_way(objective, [draft]) if one.key_result])


def test_each_block_says_where_it_is_mended(objective: Objective) -> None:
    metric = build.metric(objective.engagement, source="")
    draft = build.key_result(objective, metric, baseline=None)

    assert of(objective, draft) == {
        "source_named": "metric",
        "baseline_measured": "key_result",
        "refresh_confirmed": "audit",
        "ambitious": "audit",
    }


def test_a_refresh_that_nobody_named_is_mended_at_the_metric(objective: Objective) -> None:
    draft = build.key_result(objective, build.metric(objective.engagement, refresh=""))

    assert of(objective, draft)["refresh_confirmed"] == "metric"


def test_too_few_key_results_lead_to_the_key_results(objective: Objective) -> None:
    draft = build.key_result(objective)

    assert places(in_the_way(objective, [draft]))["key_results_count"] == "key_results"


def test_a_ready_key_result_has_nothing_in_the_way(lead: Membership, objective: Objective) -> None:
    draft = build.key_result(objective, build.metric(objective.engagement))
    answer_audit(
        key_result=draft, version=1, refresh_confirmed=True, ambitious=True, note="", by=lead
    )

    assert of(objective, draft) == {}
