from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from engagements.models import Engagement, Membership, Role
from metrics.models import Metric
from okrs.models import ContributionLink, KeyResultAudit, Objective
from tenancy.scoping import scope
from tests import build
from tests.okrs.views.forms import HTMX, ladder, only, typed, url_of

pytestmark = pytest.mark.django_db

NEW = {
    "metric_name": "Onboarding time",
    "metric_unit": "days",
    "metric_source": "Loyalty system",
    "metric_refresh": "weekly",
}


def test_it_drafts_with_numbers_as_typed(
    client: Client, engagement: Engagement, drafted: Objective
) -> None:
    answer = client.post(
        url_of(drafted, "key-result-create"), typed(baseline="9,5", target="1.234,5")
    )

    key_result = only(engagement)
    assert answer.headers["Location"] == url_of(drafted)
    assert (key_result.baseline, key_result.target) == (Decimal("9.5"), Decimal("1234.5"))


def test_what_a_commit_froze_is_shown_and_only_the_rest_can_change(
    client: Client, engagement: Engagement, drafted: Objective
) -> None:
    key_result = build.live_key_result(drafted, title="Median onboarding time")
    dana = build.member(engagement, "Dana", Role.CONTRIBUTOR)
    url = url_of(key_result, "key-result-update")

    page = client.get(url).text
    client.post(url, typed(version=1, title=key_result.title, owner=dana.public_id, target="1"))

    assert "Frozen at commit" in page
    assert 'name="target"' not in page
    changed = only(engagement)
    assert (changed.owner_id, changed.target) == (dana.pk, Decimal(4))


ANSWERS = {"version": 1, "refresh_confirmed": "on", "ambitious": "on", "note": "22 % above trend"}


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_the_audit_keeps_the_two_answers_and_htmx_gets_the_card(
    client: Client, engagement: Engagement, drafted: Objective, headers: dict[str, str]
) -> None:
    key_result = build.key_result(drafted)

    answer = client.post(url_of(key_result, "key-result-audit"), ANSWERS, headers=headers)

    assert answer.status_code == (200 if headers else 302)
    if headers:
        assert answer.text.strip().startswith("<article")
        assert f'<details id="audit-{key_result.public_id}" open>' in answer.text
        assert 'id="commit-problems" class="mt-4" hx-swap-oob="true"' in answer.text
    with scope(engagement.id):
        answers = KeyResultAudit.objects.get()
    assert (answers.refresh_confirmed, answers.ambitious) == (True, True)
    assert answers.note == "22 % above trend"


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_an_audit_of_a_target_that_changed_meanwhile_is_asked_again(
    client: Client, engagement: Engagement, drafted: Objective, headers: dict[str, str]
) -> None:
    key_result = build.key_result(drafted, title="Median onboarding time", version=2)

    answer = client.post(url_of(key_result, "key-result-audit"), ANSWERS, headers=headers)

    assert answer.status_code == 409
    assert 'name="ambitious" checked' in answer.text
    assert "22 % above trend" in answer.text
    assert 'name="version" value="2"' in answer.text
    with scope(engagement.id):
        assert not KeyResultAudit.objects.exists()


def test_it_links_a_contribution_and_removes_it(
    client: Client, engagement: Engagement, drafted: Objective, bob: Membership
) -> None:
    ours = build.key_result(drafted)
    above = build.key_result(build.objective(bob, drafted.cycle, title="Keep every client"))
    link = {"source": ours.public_id, "target": above.public_id, "how": "Fewer leave early"}

    client.post(url_of(drafted, "contribution-create"), link)

    assert "Fewer leave early" in client.get(url_of(drafted)).text
    with scope(engagement.id):
        kept = ContributionLink.objects.get()
    client.post(reverse("okrs:contribution-delete", args=[engagement.slug, kept.public_id]))
    with scope(engagement.id):
        assert not ContributionLink.objects.exists()


def test_a_loop_is_refused_and_the_input_kept(client: Client, drafted: Objective) -> None:
    ours = build.key_result(drafted).public_id

    answer = client.post(
        url_of(drafted, "contribution-create"),
        {"source": ours, "target": ours, "how": "Both ways"},
        headers=HTMX,
    )

    assert answer.status_code == 422
    assert answer.text.strip().startswith('<section id="contributions"')
    assert 'value="Both ways"' in answer.text


RUNGS = [["7", "1.00"], ["8", "0.90"], ["9.5", "0.80"], ["10", "0.70"], ["11", "0.60"]]
RUNGS += [["12", "0.50"], ["13", "0.40"]]


@pytest.mark.parametrize("count", [1, 3, 7])
def test_a_ladder_is_shown_and_saved_unchanged(
    client: Client, engagement: Engagement, drafted: Objective, count: int
) -> None:
    key_result = build.key_result(drafted, method="ladder", ladder=RUNGS[:count])
    url = url_of(key_result, "key-result-update")

    shown = re.findall(r'name="(ladder_[0-9]+)"(?: value="([^"]*)")?', client.get(url).text)
    answer = client.post(url, typed(version=1, method="ladder", **dict(shown)))

    assert len(shown) >= 2 * (count + 1)  # room for one more
    assert answer.status_code == 302
    assert only(engagement).ladder == RUNGS[:count]


@pytest.mark.parametrize(
    ("rungs", "marked"),
    [
        pytest.param(["20", "0.7", "16", "1"], [0, 1, 2, 3], id="M5.3-not-best-first"),
        pytest.param(["20", "1", "16"], [2, 3], id="half-a-rung"),
    ],
)
def test_only_the_rungs_with_an_error_are_marked(
    client: Client, drafted: Objective, rungs: list[str], marked: list[int]
) -> None:
    answer = client.post(
        url_of(drafted, "key-result-create"), typed(method="ladder", **ladder(*rungs))
    )

    assert answer.status_code == 422
    assert 'name="ladder_0" value="20"' in answer.text
    cells = re.findall(r'<input[^>]*name="ladder_(\d+)"[^>]*aria-invalid="true"', answer.text)
    assert [int(cell) for cell in cells] == marked


@pytest.mark.parametrize("later", [False, True])
def test_a_new_metric_comes_with_its_key_result(
    client: Client, lead: Membership, objective: Objective, *, later: bool
) -> None:
    url = url_of(objective, "key-result-create")
    if later:
        url = url_of(build.key_result(objective), "key-result-update")

    client.post(url, typed(version=1, owner=lead.public_id, baseline="9", target="4", **NEW))

    metric = only(lead.engagement).metric
    fields = (metric.name, metric.unit, metric.source, metric.refresh)
    assert fields == ("Onboarding time", "days", "Loyalty system", "weekly")
    assert {metric.owner_id, metric.steward_id} == {lead.pk}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        pytest.param({**NEW, "metric_name": "CHURN"}, "metric_name", id="M4.4-name-taken"),
        pytest.param({"metric_unit": "days"}, "metric_name", id="M4.4-no-name"),
        pytest.param({**NEW, "metric": "churn"}, "metric_name", id="M4.4-two-metrics"),
        pytest.param({**NEW, "title": "Time to order"}, "title", id="M3-key-result-refused"),
        pytest.param({"baseline": "9", "target": "9"}, "target", id="M3-target-is-baseline"),
    ],
)
def test_of_a_refused_form_nothing_is_written_and_the_input_kept(
    client: Client, lead: Membership, objective: Objective, fields: dict[str, Any], field: str
) -> None:
    churn = build.metric(lead.engagement, "Churn")
    build.key_result(objective, title="Time to order")
    if "metric" in fields:
        fields = {**fields, "metric": churn.public_id}

    answer = client.post(url_of(objective, "key-result-create"), typed(**fields), headers=HTMX)

    assert answer.status_code == 422
    assert "<html" not in answer.text
    assert list(answer.context["form"].errors) == [field]
    assert 'aria-invalid="true"' in answer.text
    assert f'value="{fields.get("metric_unit", "9")}"' in answer.text
    with scope(lead.engagement_id):
        assert Metric.objects.get() == churn
        assert only(lead.engagement).title == "Time to order"
