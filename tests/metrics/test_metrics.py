"""The metric dictionary (M4.4): commands and queries; one name, one formula, frozen meanings (M5.10)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from engagements.models import Membership, Role
from metrics.commands import archive_metric, create_metric, update_metric
from metrics.models import Metric
from metrics.queries import key_results_of, metric_list
from okrs.models import Objective, Stage
from tenancy.locks import StaleEdit
from tenancy.scoping import scope
from tests import build
from tests.okrs.refusals import refused
from tests.query_counts import assert_constant_queries

ARCHIVED_AT = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)


def create(by: Membership, name: str = "Churn", **fields: Any) -> Metric:
    return create_metric(engagement=by.engagement, by=by, name=name, **fields)


def update(metric: Metric, by: Membership, **fields: Any) -> Metric:
    same = {"version": metric.version, "name": metric.name}
    return update_metric(metric=metric, by=by, **{**same, **fields})


def test_it_enters_a_metric(lead: Membership) -> None:
    metric = create(lead, " Churn  rate ", unit="percent", steward=lead, valid_low=Decimal(0))

    assert (metric.name, metric.unit, metric.steward) == ("Churn rate", "percent", lead)
    assert metric.data_questions_open == ["source", "refresh", "who has access", "who collects it"]


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        pytest.param("Churn", "Churn", "“Churn” already has this name.", id="M4.4-name"),
        pytest.param("Churn", "CHURN", "“Churn” already has this name.", id="M4.4-case"),
        pytest.param("Churn", " churn ", "“Churn” already has this name.", id="M4.4-spaces"),
        pytest.param("Über", "über", "“Über” already has this name.", id="M4.4-umlaut"),
        pytest.param("Churn", "Loss", "“Churn” already has this formula.", id="M4.4-formula"),
    ],
)
def test_a_second_metric_of_that_name_or_formula_is_refused(
    lead: Membership, first: str, second: str, message: str
) -> None:
    create(lead, first, technical_definition="lost / all")
    formula = " Lost /  all\n" if second == "Loss" else "lost"

    with refused("duplicate") as refusal:
        create(lead, second, technical_definition=formula)
    assert refusal.value.messages[0].startswith(message)


def test_an_archived_metric_is_archived_once_and_its_name_stays_taken(lead: Membership) -> None:
    metric = create(lead)
    create(lead, "Loss")  # also without a formula
    archive_metric(metric=metric, by=lead, now=ARCHIVED_AT)

    again = archive_metric(metric=metric, by=lead, now=ARCHIVED_AT + dt.timedelta(days=1))
    assert (again.archived_at, again.archived_by) == (ARCHIVED_AT, lead)
    with refused("duplicate") as refusal:
        create(lead, "churn")
    assert refusal.value.messages[0].startswith("“Churn” (archived) already has")


def test_another_client_may_have_the_same_metric_in_its_own_list(lead: Membership) -> None:
    ours = create(lead)
    stranger = build.member(build.engagement("Harbor Clinics"), "Charlie")

    with scope(stranger.engagement_id):
        assert create(stranger).name == ours.name
    with scope(lead.engagement_id, stranger.engagement_id):
        assert list(metric_list(lead.engagement)) == [ours]


def test_a_range_rises_and_a_viewer_is_no_steward(lead: Membership) -> None:
    viewer = build.member(lead.engagement, "Vera", Role.VIEWER)

    with refused("range"):
        create(lead, valid_low=Decimal(5), valid_high=Decimal(5))
    with refused("owner"):
        create(lead, steward=viewer)


def test_an_update_changes_what_it_is_given_once(lead: Membership) -> None:
    metric = create(lead, unit="percent", technical_definition="lost / all")
    other = create(lead, "Loss")

    changed = update(metric, lead, name="churn", unit="share")

    assert (changed.name, changed.unit, changed.version) == ("churn", "share", 2)
    assert changed.technical_definition == "lost / all"
    with pytest.raises(StaleEdit):
        update(metric, lead, version=1)
    with refused("duplicate"):
        update(other, lead, name="Churn")


def test_a_steward_who_left_does_not_stop_other_edits(lead: Membership) -> None:
    leaver = build.member(lead.engagement, "Leo", Role.CONTRIBUTOR, removed_at=ARCHIVED_AT)
    metric = build.metric(lead.engagement, steward=leaver)

    assert update(metric, lead, steward=leaver, unit="hours").unit == "hours"


@pytest.fixture
def read(lead: Membership, objective: Objective) -> Metric:
    """A metric that a committed key result reads."""
    metric = create(lead, unit="percent", technical_definition="lost / all")
    build.live_key_result(objective, metric, title="Share of clients lost")
    return metric


@pytest.mark.parametrize("field", ["unit", "technical_definition"])
def test_what_is_committed_keeps_its_meaning(lead: Membership, read: Metric, field: str) -> None:
    with pytest.raises(ValidationError, match="“Share of clients lost”") as refusal:
        update(read, lead, **{field: "share"})

    assert list(refusal.value.message_dict) == [field]


@pytest.mark.parametrize(
    ("stage", "before", "change"),
    [
        pytest.param("committed", {}, {"definition": "Who leaves"}, id="M5.10-another-field"),
        pytest.param("committed", {"unit": ""}, {"unit": "percent"}, id="M5.10-it-was-blank"),
        pytest.param("draft", {}, {"unit": "share"}, id="M5.10-draft"),
        pytest.param("closed", {}, {"unit": "share"}, id="M5.10-closed"),
    ],
)
def test_all_else_can_still_change(
    lead: Membership, read: Metric, stage: str, before: dict[str, str], change: dict[str, str]
) -> None:
    read.key_results.update(stage=stage)
    Metric.objects.update(**{"source": "Ours", **before})

    changed = update(read, lead, **change)

    assert {name: getattr(changed, name) for name in change} == change


def test_archived_metrics_come_last_with_counts(lead: Membership, objective: Objective) -> None:
    build.metric(lead.engagement, "Bounce", archived_at=ARCHIVED_AT)
    churn = build.metric(lead.engagement, "Churn")
    build.metric(lead.engagement, "NPS")
    build.key_result(objective, churn)
    build.live_key_result(objective, churn)
    build.live_key_result(objective, churn, stage=Stage.WITHDRAWN)

    rows = metric_list(lead.engagement)

    assert [(row.name, row.key_result_count) for row in rows] == [
        ("Churn", 2),
        ("NPS", 0),
        ("Bounce", 0),
    ]


@pytest.mark.parametrize("sought", ["chur", "leaves", "BILLING"])
def test_it_is_found_by_name_meaning_or_source(lead: Membership, sought: str) -> None:
    build.metric(lead.engagement, "NPS")
    build.metric(lead.engagement, "Churn", definition="Who leaves", source="Billing")

    assert [row.name for row in metric_list(lead.engagement, query=sought)] == ["Churn"]


def test_the_page_takes_one_query(lead: Membership, objective: Objective) -> None:
    metric = build.metric(lead.engagement)

    def add(number: int) -> None:
        build.key_result(objective, metric)

    def read() -> None:
        for key_result in key_results_of(metric):
            assert key_result.objective.cycle.name
            assert key_result.owner.name

    assert_constant_queries(read, add=add, name="metric_page")
