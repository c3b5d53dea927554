from __future__ import annotations

import datetime as dt

import pytest

from engagements.models import Membership
from metrics.models import Metric
from metrics.queries import metric_list, metric_page
from okrs.models import Objective, Stage
from tenancy.scoping import scope
from tests import build
from tests.query_counts import assert_constant_queries

ARCHIVED_AT = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)


@pytest.fixture
def objective(lead: Membership) -> Objective:
    return build.objective(lead, build.cycle(lead.engagement))


def test_it_counts_the_key_results_that_read_each(lead: Membership, objective: Objective) -> None:
    read = build.metric(lead.engagement, "Churn")
    build.metric(lead.engagement, "NPS")
    build.key_result(objective, read)
    build.live_key_result(objective, read)
    build.live_key_result(objective, read, stage=Stage.WITHDRAWN)

    rows = metric_list(lead.engagement)

    assert [(row.name, row.key_result_count) for row in rows] == [("Churn", 2), ("NPS", 0)]


def test_archived_ones_stand_last(lead: Membership) -> None:
    build.metric(lead.engagement, "Churn", archived_at=ARCHIVED_AT)
    build.metric(lead.engagement, "NPS")

    assert [row.name for row in metric_list(lead.engagement)] == ["NPS", "Churn"]


@pytest.mark.parametrize("sought", ["chur", "leaves", "BILLING"])
def test_it_is_found_by_name_meaning_or_source(lead: Membership, sought: str) -> None:
    build.metric(lead.engagement, "NPS")
    build.metric(lead.engagement, "Churn", definition="Who leaves", source="Billing")

    assert [row.name for row in metric_list(lead.engagement, query=sought)] == ["Churn"]


def test_it_names_the_open_data_questions(lead: Membership) -> None:
    metric = build.metric(lead.engagement, access="", fetched_by="")

    assert metric_page(metric).open_questions == ["who has access", "who collects it"]


def test_another_clients_metrics_are_not_listed(lead: Membership) -> None:
    other = build.engagement("Harbor Clinics")
    build.metric(other, "Churn")

    with scope(lead.engagement_id, other.id):
        assert not metric_list(lead.engagement)


def test_the_list_takes_one_query(lead: Membership, objective: Objective) -> None:
    def grow() -> None:
        for _ in range(10):
            metric = build.metric(lead.engagement, f"Metric {Metric.objects.count()}", owner=lead)
            build.key_result(objective, metric)

    grow()

    assert_constant_queries(lambda: list(metric_list(lead.engagement)), grow=grow, most=1)


def test_the_page_takes_one_query(lead: Membership, objective: Objective) -> None:
    metric = build.metric(lead.engagement)

    def grow() -> None:
        for _ in range(10):
            build.key_result(objective, metric)

    def read() -> None:
        for key_result in metric_page(metric).key_results:
            assert key_result.objective.cycle.name
            assert key_result.owner.name

    grow()

    assert_constant_queries(read, grow=grow, most=1)
