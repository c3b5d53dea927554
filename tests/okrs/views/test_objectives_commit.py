from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from engagements.models import Engagement, Role
from metrics.models import GAP_FOR
from okrs.models import Cycle, KeyResult, Objective
from okrs.templatetags.cards import short_day
from tenancy.scoping import scope
from tests import build
from tests.okrs.views.objectives import HTMX, url_of

pytestmark = pytest.mark.django_db


def read(objective: Objective) -> dict[str, int]:
    """The versions that the commit form carries."""
    with scope(objective.engagement_id):
        rows = [objective, *objective.key_results.all()]
    return {f"version-{row.public_id}": row.version for row in rows}


def test_the_commit_form_carries_what_was_read(
    client: Client, engagement: Engagement, cycle: Cycle
) -> None:
    objective = build.objective(build.sign_in(client, engagement), cycle)
    draft = build.key_result(objective, version=3)

    page = client.get(url_of(objective))

    assert f'name="version-{objective.public_id}" value="1"' in page.text
    assert f'name="version-{draft.public_id}" value="3"' in page.text


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_commit_of_what_changed_meanwhile_says_what(
    client: Client, engagement: Engagement, cycle: Cycle, headers: dict[str, str]
) -> None:
    lead = build.sign_in(client, engagement)
    objective = build.objective(lead, cycle)
    build.key_result(objective, title="Days until first value")
    known = read(objective)
    build.key_result(objective, title="Orders a month")
    with scope(engagement.id):
        KeyResult.objects.filter(title="Days until first value").update(version=2)

    answer = client.post(url_of(objective, "objective-commit"), known, headers=headers)

    assert answer.status_code == 409
    assert "“Days until first value” was changed." in answer.text
    assert "“Orders a month” was added." in answer.text
    assert f'href="{url_of(objective)}"' in answer.text


def test_a_second_click_commits_nothing_more(
    client: Client, engagement: Engagement, cycle: Cycle
) -> None:
    lead = build.sign_in(client, engagement)
    objective = build.objective(lead, cycle)
    metric = build.metric(engagement)
    for indicator in ("leading", "lagging"):
        build.audited(build.key_result(objective, metric, indicator=indicator), by=lead)
    known = read(objective)
    client.post(url_of(objective, "objective-commit"), known)

    again = client.post(url_of(objective, "objective-commit"), known, follow=True)

    assert again.status_code == 200
    assert "This is already committed." in again.text


def test_a_commit_that_is_blocked_lists_everything_in_the_way(
    client: Client, engagement: Engagement, cycle: Cycle
) -> None:
    lead = build.sign_in(client, engagement)
    objective = build.objective(lead, cycle)
    build.key_result(objective, None, title="Days until first value", baseline=None)

    answer = client.post(url_of(objective, "objective-commit"), read(objective))

    assert answer.status_code == 422
    assert "Not committed yet." in answer.text
    assert "Choose a metric." in answer.text
    assert "Measure the baseline" in answer.text


def test_a_draft_lists_what_stands_in_the_way_before_anybody_commits(
    client: Client, engagement: Engagement, cycle: Cycle
) -> None:
    objective = build.objective(build.sign_in(client, engagement), cycle)
    metric = build.metric(engagement, source="")
    draft = build.key_result(objective, metric, title="Days until first value")

    page = client.get(url_of(objective)).text

    assert "Fix before committing" in page
    assert reverse("metrics:metric-update", args=[engagement.slug, metric.public_id]) in page
    assert f"?audit={draft.public_id}#audit-{draft.public_id}" in page
    assert f'<details id="audit-{draft.public_id}">' in page


def test_an_audit_that_is_linked_stands_open(
    client: Client, engagement: Engagement, cycle: Cycle
) -> None:
    objective = build.objective(build.sign_in(client, engagement), cycle)
    draft = build.key_result(objective)

    page = client.get(f"{url_of(objective)}?audit={draft.public_id}").text

    assert f'<details id="audit-{draft.public_id}" open>' in page


def test_htmx_gets_the_refusal_alone(client: Client, engagement: Engagement, cycle: Cycle) -> None:
    lead = build.sign_in(client, engagement)
    objective = build.objective(lead, cycle)

    answer = client.post(url_of(objective, "objective-commit"), read(objective), headers=HTMX)

    assert answer.status_code == 422
    assert answer.text.strip().startswith('<section id="commit"')


def test_the_lead_commits(client: Client, engagement: Engagement, cycle: Cycle) -> None:
    lead = build.sign_in(client, engagement)
    objective = build.objective(lead, cycle)
    metric = build.metric(engagement)
    for indicator in ("leading", "lagging"):
        build.audited(build.key_result(objective, metric, indicator=indicator), by=lead)

    answer = client.post(url_of(objective, "objective-commit"), read(objective))

    assert answer.headers["Location"] == url_of(objective)
    with scope(engagement.id):
        assert Objective.objects.get().committed_by == lead


@pytest.mark.parametrize("role", [Role.CONTRIBUTOR, Role.SPONSOR, Role.VIEWER])
def test_only_the_gate_commits(
    client: Client, engagement: Engagement, cycle: Cycle, role: Role
) -> None:
    objective = build.objective(build.member(engagement, "Olive"), cycle)
    build.sign_in(client, engagement, role)

    assert client.post(url_of(objective, "objective-commit")).status_code == 403


def test_the_champion_of_another_team_is_told_who_commits(
    client: Client, engagement: Engagement, cycle: Cycle
) -> None:
    sofia = build.member(engagement, "Sofia", Role.CHAMPION)
    objective = build.objective(sofia, cycle, team=build.team(engagement, champion=sofia))
    build.sign_in(client, engagement, Role.CHAMPION)

    answer = client.post(url_of(objective, "objective-commit"), read(objective))

    assert answer.status_code == 422
    assert "Only Sofia or the program lead can commit this." in answer.text


def test_open_data_questions_are_said_before_the_commit(
    client: Client, engagement: Engagement, cycle: Cycle
) -> None:
    objective = build.objective(build.sign_in(client, engagement), cycle)
    open_one = build.metric(engagement, "Open <one>", access="", fetched_by="")
    build.key_result(objective, metric=open_one)
    build.key_result(objective, metric=open_one)
    build.key_result(objective, metric=build.metric(engagement, "Answered"))

    page = client.get(url_of(objective)).text

    until = short_day(engagement.today(timezone.now()) + GAP_FOR)
    said = " ".join(page.partition('id="commit"')[2].partition("</section>")[0].split())
    assert f"leave a data gap until {until}:".replace("\xa0", " ") in said
    where = reverse("metrics:metric-detail", args=[engagement.slug, open_one.public_id])
    assert (
        said.count(f'<a href="{where}">Open &lt;one&gt;</a>: who has access, who collects it') == 1
    )
    assert ">Answered</a>" not in said


def test_the_flag_of_a_data_gap_leads_to_the_metric(
    client: Client, engagement: Engagement, cycle: Cycle
) -> None:
    objective = build.objective(build.sign_in(client, engagement), cycle)
    metric = build.metric(engagement, access="")
    build.live_key_result(objective, metric, data_gap_until=cycle.ends_on)

    page = client.get(url_of(objective)).text

    where = reverse("metrics:metric-detail", args=[engagement.slug, metric.public_id])
    flag = f'<a class="flag" data-kind="quiet" href="{where}">data gap until'
    assert flag in page
