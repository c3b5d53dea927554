from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from engagements.models import Engagement, Membership, Role
from metrics.models import Metric
from tenancy.scoping import scope
from tests import build
from tests.query_counts import assert_constant_queries

pytestmark = pytest.mark.django_db


@pytest.fixture
def engagement() -> Engagement:
    return build.engagement()


@pytest.fixture
def bob(client: Client, engagement: Engagement) -> Membership:
    return build.sign_in(client, engagement, Role.CONTRIBUTOR)


@pytest.fixture
def lead(client: Client, engagement: Engagement) -> Membership:
    return build.sign_in(client, engagement)


def list_url(engagement: Engagement) -> str:
    return reverse("metrics:metric-list", args=[engagement.slug])


def create_url(engagement: Engagement) -> str:
    return reverse("metrics:metric-create", args=[engagement.slug])


def url_of(metric: Metric, name: str = "metric-detail") -> str:
    return reverse(f"metrics:{name}", args=[metric.engagement.slug, metric.public_id])


def test_the_empty_dictionary_offers_the_first_entry(
    client: Client, engagement: Engagement, bob: Membership
) -> None:
    page = client.get(list_url(engagement))

    assert "No metrics yet" in page.text
    assert create_url(engagement) in page.text


def test_the_list_can_be_searched(client: Client, engagement: Engagement, bob: Membership) -> None:
    build.metric(engagement, "Churn")
    build.metric(engagement, "Onboarding time")

    page = client.get(list_url(engagement), {"q": "onb"})
    part = client.get(list_url(engagement), {"q": "chu"}, headers={"HX-Request": "true"})
    none = client.get(list_url(engagement), {"q": "harbr"})

    assert "Onboarding time" in page.text
    assert "Churn" not in page.text
    assert "<html" not in part.text
    assert "Churn" in part.text
    assert "No metric matches “harbr”" in none.text


def test_it_adds_a_metric_with_numbers_as_typed(
    client: Client, engagement: Engagement, bob: Membership
) -> None:
    answer = client.post(
        create_url(engagement),
        {"name": "Churn", "refresh": "weekly", "valid_low": "0", "valid_high": "12,5"},
    )

    with scope(engagement.id):
        metric = Metric.objects.get()
    assert str(metric.valid_high) == "12.500000"
    assert answer.headers["Location"].endswith(f"/metrics/{metric.public_id}/")


def test_a_second_one_of_the_name_is_refused_with_a_link_to_the_first(
    client: Client, engagement: Engagement, bob: Membership
) -> None:
    first = build.metric(engagement, "Churn, %")

    answer = client.post(
        create_url(engagement), {"name": "churn, %", "refresh": "weekly", "unit": "percent"}
    )

    assert answer.status_code == 422
    assert f'href="{url_of(first)}"' in answer.text
    assert 'value="percent"' in answer.text


def test_what_is_no_number_is_refused_and_kept(
    client: Client, engagement: Engagement, bob: Membership
) -> None:
    answer = client.post(
        create_url(engagement), {"name": "Churn", "refresh": "weekly", "valid_high": "12,5k"}
    )

    assert answer.status_code == 422
    assert "“12,5k” is not a number. Enter 12500." in answer.text
    assert 'value="12,5k"' in answer.text


def test_the_page_names_the_key_results_that_read_it(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    metric = build.metric(engagement)
    build.key_result(
        build.objective(lead, build.cycle(engagement)), metric, title="Days until first value"
    )

    page = client.get(url_of(metric))

    assert "Days until first value" in page.text


def test_a_stale_edit_shows_both_versions(
    client: Client, engagement: Engagement, bob: Membership
) -> None:
    metric = build.metric(engagement, "Churn")
    typed = {"version": 1, "refresh": "weekly"}
    client.post(url_of(metric, "metric-update"), {**typed, "name": "Client churn"})

    stale = client.post(url_of(metric, "metric-update"), {**typed, "name": "User churn"})

    assert stale.status_code == 409
    assert "<mark>Client</mark>" in stale.text
    assert "<mark>User</mark>" in stale.text


def test_it_archives(client: Client, engagement: Engagement, bob: Membership) -> None:
    metric = build.metric(engagement)

    client.post(url_of(metric, "metric-archive"))

    with scope(engagement.id):
        assert Metric.objects.get().archived_at is not None


def test_a_unit_that_a_committed_key_result_reads_is_refused_at_its_field(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    metric = build.metric(engagement, unit="days", technical_definition="a\nb")
    objective = build.objective(lead, build.cycle(engagement))
    build.live_key_result(objective, metric, title="Median onboarding time")
    edit = reverse("metrics:metric-update", args=[engagement.slug, metric.public_id])
    typed = {"version": 1, "name": metric.name, "technical_definition": "a\r\nb"}

    answer = client.post(edit, {**typed, "unit": "hours"})

    assert answer.status_code == 422
    assert "The unit is frozen because committed key results use it" in answer.text
    assert "The formula is frozen" not in answer.text
    assert client.post(edit, {**typed, "unit": "days"}).status_code == 302


def test_twenty_metrics_take_as_many_queries_as_ten(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    def ten_more() -> None:
        for _ in range(10):
            build.metric(engagement, f"Metric {uuid4()}")

    ten_more()
    assert_constant_queries(
        lambda: client.get(list_url(engagement)), grow=ten_more, name="metric-list"
    )


def test_archiving_says_how_many_key_results_read_it(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    metric = build.metric(engagement)
    build.key_result(build.objective(lead, build.cycle(engagement)), metric)

    page = client.get(url_of(metric)).text

    assert "<summary>Archive metric</summary>" in page
    assert "1 key result uses it." in " ".join(page.split())


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("source", "Add source and refresh"),
        ("refresh", "Add source and refresh"),
        ("access", "has a data gap"),
        ("fetched_by", "has a data gap"),
    ],
)
def test_the_page_says_what_an_open_question_does(
    client: Client, engagement: Engagement, missing: str, said: str, lead: Membership
) -> None:
    page = client.get(url_of(build.metric(engagement, **{missing: ""}))).text

    assert [text for text in ("Add source and refresh", "has a data gap") if text in page] == [said]
