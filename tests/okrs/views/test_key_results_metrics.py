from __future__ import annotations

import html

import pytest
from django.test import Client

from engagements.models import Membership
from metrics.models import Metric
from okrs.models import KeyResult, Objective
from tenancy.scoping import scope
from tests import build
from tests.okrs.views.key_results import only, typed, url_of

pytestmark = pytest.mark.django_db
NEW = {
    "metric_name": "Onboarding time",
    "metric_unit": "days",
    "metric_source": "Loyalty system",
    "metric_refresh": "weekly",
}


@pytest.fixture
def lead(client: Client) -> Membership:
    return build.sign_in(client, build.engagement())


@pytest.fixture
def drafted(lead: Membership) -> Objective:
    return build.objective(lead, build.cycle(lead.engagement))


def metrics(lead: Membership) -> list[Metric]:
    with scope(lead.engagement_id):
        return list(Metric.objects.filter(engagement=lead.engagement))


def test_a_new_metric_comes_with_its_key_result(
    client: Client, lead: Membership, drafted: Objective
) -> None:
    owned = typed(owner=lead.public_id, baseline="9", target="4", **NEW)

    answer = client.post(url_of(drafted, "key-result-create"), owned)

    assert answer.status_code == 302
    (metric,) = metrics(lead)
    said = (metric.name, metric.unit, metric.source, metric.refresh)
    assert said == ("Onboarding time", "days", "Loyalty system", "weekly")
    assert {metric.owner_id, metric.steward_id} == {lead.pk}
    assert only(lead.engagement).metric_id == metric.pk


def test_a_draft_can_be_given_one_later(
    client: Client, lead: Membership, drafted: Objective
) -> None:
    row = build.key_result(drafted, title="Median onboarding time")

    client.post(url_of(row, "key-result-update"), typed(version=1, **NEW))

    with scope(lead.engagement_id):
        row = KeyResult.objects.select_related("metric").get()
        assert str(row.metric) == "Onboarding time"


def test_a_name_that_is_taken_is_pointed_out_and_nothing_is_written(
    client: Client, lead: Membership, drafted: Objective
) -> None:
    build.metric(lead.engagement, "ONBOARDING time")

    page = client.post(url_of(drafted, "key-result-create"), typed(**NEW))

    assert page.status_code == 422
    assert "“ONBOARDING time” already has this name." in html.unescape(page.text)
    assert 'value="Loyalty system"' in page.text
    assert len(metrics(lead)) == 1
    with scope(lead.engagement_id):
        assert not KeyResult.objects.exists()


def test_a_key_result_that_is_refused_makes_no_metric(
    client: Client, lead: Membership, drafted: Objective
) -> None:
    build.key_result(drafted, title="Median onboarding time")

    page = client.post(url_of(drafted, "key-result-create"), typed(**NEW))

    assert page.status_code == 422
    assert metrics(lead) == []


@pytest.mark.parametrize("said", ["both", "no name"])
def test_one_metric_is_meant(
    client: Client, lead: Membership, drafted: Objective, said: str
) -> None:
    metric = build.metric(lead.engagement, "Delivery time")
    fields = {"both": {**NEW, "metric": metric.public_id}, "no name": {"metric_unit": "days"}}

    page = client.post(url_of(drafted, "key-result-create"), typed(**fields[said]))

    wanted = {"both": "not both", "no name": "Enter a name for the new metric."}
    assert page.status_code == 422
    assert wanted[said] in page.text


def test_the_checks_count_a_new_metric_as_one(
    client: Client, lead: Membership, drafted: Objective
) -> None:
    whole = typed(owner=lead.public_id, baseline="9", target="4", **NEW)

    told = client.post(url_of(drafted, "key-result-check"), whole)
    without = client.post(url_of(drafted, "key-result-check"), {**whole, **dict.fromkeys(NEW, "")})

    assert "Looks good." in told.text
    assert "Looks good." not in without.text
