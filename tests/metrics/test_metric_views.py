from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from engagements.models import Engagement, Membership
from metrics.models import Metric
from tenancy.scoping import scope
from tests import build
from tests.query_counts import assert_constant_queries


@pytest.fixture
def lead(client: Client, db: None) -> Membership:
    return build.sign_in(client, build.engagement())


def url_in(engagement: Engagement, name: str = "metric-list") -> str:
    return reverse(f"metrics:{name}", args=[engagement.slug])


def url_of(metric: Metric, name: str = "metric-detail") -> str:
    return reverse(f"metrics:{name}", args=[metric.engagement.slug, metric.public_id])


def test_the_list_can_be_searched(client: Client, lead: Membership) -> None:
    build.metric(lead.engagement, "Churn")
    build.metric(lead.engagement, "Onboarding time")

    page = client.get(url_in(lead.engagement), {"q": "onb"})
    part = client.get(url_in(lead.engagement), {"q": "chu"}, headers={"HX-Request": "true"})

    assert [name in page.text for name in ("Onboarding time", "Churn")] == [True, False]
    assert [name in part.text for name in ("Churn", "<html")] == [True, False]


def test_it_adds_a_metric_as_typed_and_archives_it(client: Client, lead: Membership) -> None:
    fields = {"name": "Churn", "refresh": "weekly", "valid_low": "0", "valid_high": "12,5"}
    answer = client.post(url_in(lead.engagement, "metric-create"), fields)

    with scope(lead.engagement_id):
        metric = Metric.objects.get()
        assert str(metric.valid_high) == "12.500000"
        assert answer.headers["Location"] == url_of(metric)
        client.post(url_of(metric, "metric-archive"))
        metric.refresh_from_db()
    assert metric.archived_at is not None


def test_a_name_that_is_taken_links_to_its_metric(client: Client, lead: Membership) -> None:
    first, url = build.metric(lead.engagement, "Churn, %"), url_in(lead.engagement, "metric-create")

    typed = {"name": "churn, %", "refresh": "weekly", "unit": "percent"}
    twice = client.post(url, typed)
    ambiguous = client.post(url, {**typed, "valid_high": "12.500"})

    assert (twice.status_code, ambiguous.status_code) == (422, 422)
    assert f'href="{url_of(first)}"' in twice.text
    assert 'value="percent"' in twice.text
    assert 'value="12.500"' in ambiguous.text
    assert 'name="answer_valid_high" value="12500"' in ambiguous.text


def test_a_stale_edit_shows_both_versions(client: Client, lead: Membership) -> None:
    url = url_of(build.metric(lead.engagement, "Churn"), "metric-update")
    typed = {"version": 1, "refresh": "weekly"}
    client.post(url, {**typed, "name": "Client churn"})

    stale = client.post(url, {**typed, "name": "User churn"})

    assert stale.status_code == 409
    assert "<mark>Client</mark>" in stale.text
    assert "<mark>User</mark>" in stale.text


def test_a_frozen_unit_is_refused_at_its_field(client: Client, lead: Membership) -> None:
    metric = build.metric(lead.engagement, unit="days", technical_definition="a\nb")
    build.live_key_result(build.objective(lead, build.cycle(lead.engagement)), metric)
    typed = {"version": 1, "name": metric.name, "technical_definition": "a\r\nb"}
    url = url_of(metric, "metric-update")

    answer = client.post(url, {**typed, "unit": "hours"})

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["unit"]
    assert "The unit is frozen because committed key results use it" in answer.text
    assert client.post(url, {**typed, "unit": "days"}).status_code == 302


def test_twenty_metrics_take_as_many_queries_as_ten(client: Client, lead: Membership) -> None:
    url = url_in(lead.engagement)
    objective = build.objective(lead, build.cycle(lead.engagement))

    def add(number: int) -> None:
        build.key_result(objective, build.metric(lead.engagement, f"Metric {number}", owner=lead))

    assert_constant_queries(lambda: client.get(url), add=add, name="metric-list")


@pytest.mark.parametrize(
    ("missing", "hint"),
    [
        pytest.param("source", "Add source and refresh", id="M4.2-source"),
        pytest.param("refresh", "Add source and refresh", id="M4.2-refresh"),
        pytest.param("access", "has a data gap", id="M4.3-access"),
        pytest.param("fetched_by", "has a data gap", id="M4.3-who-collects-it"),
    ],
)
def test_the_page_names_what_reads_it_and_what_an_open_question_does(
    client: Client, lead: Membership, missing: str, hint: str
) -> None:
    metric = build.metric(lead.engagement, **{missing: ""})
    build.key_result(
        build.objective(lead, build.cycle(lead.engagement)), metric, title="First value"
    )

    page = client.get(url_of(metric)).text

    assert "First value" in page
    assert [text for text in ("Add source and refresh", "has a data gap") if text in page] == [hint]
