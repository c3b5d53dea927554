"""The metric dictionary (M4.4): commands and queries; one name, one formula, frozen meanings (M5.10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
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
from tests.query_counts import assert_constant_queries


@pytest.fixture
def lead(db: None) -> Iterator[Membership]:
    """Alice, who leads; the test runs inside her engagement."""
    alice = build.member(build.engagement())
    with scope(alice.engagement_id):
        yield alice


ARCHIVED_AT = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)


def create(by: Membership, name: str = "Churn", **fields: Any) -> Metric:
    return create_metric(engagement=by.engagement, by=by, name=name, **fields)


def update(metric: Metric, by: Membership, **fields: Any) -> Metric:
    same = {"version": metric.version, "name": metric.name}
    return update_metric(metric=metric, by=by, **{**same, **fields})


def refusal(by: Membership, **fields: Any) -> tuple[str, str]:
    with pytest.raises(ValidationError) as caught:
        create(by, **fields)
    return str(caught.value.code), caught.value.messages[0]


def test_it_enters_a_metric(lead: Membership) -> None:
    metric = create(lead, " Churn  rate ", unit="percent", steward=lead, valid_low=Decimal(0))

    assert (metric.name, metric.unit, metric.steward) == ("Churn rate", "percent", lead)
    assert metric.data_questions_open[1] == "refresh"


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        pytest.param({}, {"name": "Churn"}, "“Churn” already has this name.", id="M4.4-name"),
        pytest.param({}, {"name": "CHURN"}, "“Churn” already has this name.", id="M4.4-case"),
        pytest.param({}, {"name": " churn "}, "“Churn” already has this name.", id="M4.4-spaces"),
        pytest.param(
            {"name": "Überfällig"}, {"name": "überfällig"}, "“Überfällig” already", id="M4.4-umlaut"
        ),
        pytest.param(
            {"technical_definition": "lost / all"},
            {"name": "Loss", "technical_definition": " Lost /  all\n"},
            "“Churn” already has this formula.",
            id="M4.4-formula",
        ),
    ],
)
def test_a_second_metric_of_that_name_or_formula_is_refused(
    lead: Membership, first: dict[str, Any], second: dict[str, Any], message: str
) -> None:
    create(lead, **first)

    code, text = refusal(lead, **second)

    assert code == "duplicate"
    assert text.startswith(message)


def test_an_archived_metric_is_archived_once_and_its_name_stays_taken(lead: Membership) -> None:
    metric = create(lead)
    create(lead, "Loss")  # also without a formula
    first = archive_metric(metric=metric, by=lead)

    assert archive_metric(metric=metric, by=lead).archived_at == first.archived_at
    assert first.archived_by == lead
    assert refusal(lead, name="churn")[1].startswith("“Churn” (archived) already has")


def test_another_client_may_have_the_same_metric(lead: Membership) -> None:
    create(lead)
    stranger = build.member(build.engagement("Harbor Clinics"), "Charlie")

    with scope(stranger.engagement_id):
        assert create(stranger).name == "Churn"


def test_a_range_rises_and_a_viewer_is_no_steward(lead: Membership) -> None:
    viewer = build.member(lead.engagement, "Vera", Role.VIEWER)

    assert refusal(lead, valid_low=Decimal(5), valid_high=Decimal(5))[0] == "range"
    assert refusal(lead, steward=viewer)[0] == "owner"


def test_an_update_changes_what_it_is_given_once(lead: Membership) -> None:
    metric = create(lead, unit="percent", source="Billing")

    changed = update(metric, lead, name="Churn rate", source="Warehouse")

    assert (changed.name, changed.unit, changed.source) == ("Churn rate", "percent", "Warehouse")
    assert changed.version == 2
    with pytest.raises(StaleEdit):
        update(metric, lead, unit="share", version=1)


def test_an_update_may_keep_its_own_name_but_not_take_another(lead: Membership) -> None:
    churn = create(lead, technical_definition="lost / all")
    other = create(lead, "Loss")

    assert update(churn, lead, name="churn").name == "churn"
    with pytest.raises(ValidationError, match="“churn” already has this name"):
        update(other, lead, name="Churn")


def test_a_steward_who_left_does_not_stop_other_edits(lead: Membership) -> None:
    leaver = build.member(lead.engagement, "Leo", Role.CONTRIBUTOR, removed_at=ARCHIVED_AT)
    metric = build.metric(lead.engagement, steward=leaver)

    assert update(metric, lead, steward=leaver, unit="hours").unit == "hours"


@pytest.fixture
def read(lead: Membership) -> Metric:
    """A metric that a committed key result reads."""
    metric = create(lead, unit="percent", technical_definition="lost / all")
    objective = build.objective(lead, build.cycle(lead.engagement))
    build.live_key_result(objective, metric, title="Share of clients lost")
    return metric


@pytest.mark.parametrize("field", ["unit", "technical_definition"])
def test_what_a_committed_key_result_reads_keeps_its_meaning(
    lead: Membership, read: Metric, field: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        update(read, lead, **{field: "share"})

    assert list(refused.value.message_dict) == [field]
    assert "“Share of clients lost”" in refused.value.messages[0]


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


@pytest.fixture
def objective(lead: Membership) -> Objective:
    return build.objective(lead, build.cycle(lead.engagement))


def test_the_list_counts_key_results_and_ends_with_archived_metrics(
    lead: Membership, objective: Objective
) -> None:
    build.metric(lead.engagement, "Bounce", archived_at=ARCHIVED_AT)
    churn = build.metric(lead.engagement, "Churn")
    build.metric(lead.engagement, "NPS")
    build.key_result(objective, churn)
    build.live_key_result(objective, churn)
    build.live_key_result(objective, churn, stage=Stage.WITHDRAWN)

    rows = metric_list(lead.engagement)

    counts = [(row.name, row.key_result_count) for row in rows]
    assert counts == [("Churn", 2), ("NPS", 0), ("Bounce", 0)]


@pytest.mark.parametrize("sought", ["chur", "leaves", "BILLING"])
def test_it_is_found_by_name_meaning_or_source(lead: Membership, sought: str) -> None:
    build.metric(lead.engagement, "NPS")
    build.metric(lead.engagement, "Churn", definition="Who leaves", source="Billing")

    assert [row.name for row in metric_list(lead.engagement, query=sought)] == ["Churn"]


def test_another_clients_metrics_are_not_listed(lead: Membership) -> None:
    other = build.engagement("Harbor Clinics")
    build.metric(other, "Churn")

    with scope(lead.engagement_id, other.id):
        assert not metric_list(lead.engagement)


def test_the_page_takes_one_query(lead: Membership, objective: Objective) -> None:
    metric = build.metric(lead.engagement, access="", fetched_by="")
    assert metric.data_questions_open == ["who has access", "who collects it"]

    def grow() -> None:
        for _ in range(10):
            build.key_result(objective, metric)

    def read() -> None:
        for key_result in key_results_of(metric):
            assert key_result.objective.cycle.name
            assert key_result.owner.name

    grow()

    assert_constant_queries(read, grow=grow, name="metric_page")
