from __future__ import annotations

import re
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from engagements.models import Engagement, Membership, Role
from metrics.models import GAP_FOR
from okrs.commands.objectives import set_collaborators
from okrs.models import Cycle, KeyResult, Objective
from okrs.templatetags.cards import short_day
from tenancy.scoping import scope
from tests import build
from tests.okrs.views.forms import HTMX, NUMBER_IN_TITLE, typed_objective, url_of
from tests.query_counts import assert_constant_queries

pytestmark = pytest.mark.django_db
REASON = {"reason-measure": "The board’s own words"}


def test_it_drafts_an_objective_with_a_reason(
    client: Client, engagement: Engagement, cycle: Cycle, bob: Membership
) -> None:
    dana = build.member(engagement, "Dana", Role.CONTRIBUTOR)
    fields = {"title": NUMBER_IN_TITLE, "collaborators": [dana.public_id], **REASON}

    answer = client.post(url_of(cycle, "objective-create"), typed_objective(bob, **fields))

    with scope(engagement.id):
        objective = Objective.objects.get()
        assert [helper.member for helper in objective.collaborators.all()] == [dana]
    assert objective.reasons == {"measure": "The board’s own words"}
    assert answer.headers["Location"] == url_of(objective)
    page = client.get(url_of(objective)).text
    assert "The board’s own words" in page
    assert "move the number to a key result" not in page


def test_without_an_owner_it_is_refused_and_kept(
    client: Client, cycle: Cycle, bob: Membership
) -> None:
    fields = typed_objective(bob, why_now="They leave us") | {"owner": ""}

    answer = client.post(url_of(cycle, "objective-create"), fields)

    assert answer.status_code == 422
    assert "They leave us" in answer.text


def test_the_page_explains_scores_and_links_data_gaps_to_their_metric(
    client: Client, engagement: Engagement, lead: Membership, cycle: Cycle
) -> None:
    objective = build.objective(lead, cycle, why_now="<b>now</b>")
    metric = build.metric(engagement, access="")
    build.live_key_result(
        objective, metric, latest_value=6, score="0.60", data_gap_until=cycle.ends_on
    )

    page = client.get(url_of(objective)).text

    assert "(6 − 9) ÷ (4 − 9) = 0.60" in page
    assert "&lt;b&gt;now" in page
    where = reverse("metrics:metric-detail", args=[engagement.slug, metric.public_id])
    assert f'<a class="flag" data-kind="quiet" href="{where}">data gap until' in page


def test_twenty_key_results_take_as_many_queries_as_ten(
    client: Client, engagement: Engagement, lead: Membership, objective: Objective, cycle: Cycle
) -> None:
    metric = build.metric(engagement)
    other = build.objective(lead, cycle, title="Make work calm", team=build.team(engagement))
    url = url_of(objective)

    def ten_more() -> None:
        for number in range(10):
            make = build.key_result if number % 2 else build.live_key_result
            key_result, above = make(objective, metric), build.key_result(other, metric)
            build.contribution(key_result, above)
            with scope(engagement.id):
                set_collaborators([build.member(engagement, uuid4().hex)], key_result=key_result)

    ten_more()
    assert_constant_queries(lambda: client.get(url), grow=ten_more, name="objective-detail")


def read(client: Client, objective: Objective) -> dict[str, str]:
    """The versions in the commit form."""
    page = client.get(url_of(objective)).text
    return dict(re.findall(r'name="(version-\w+)" value="(\d+)"', page))


def test_the_lead_commits_what_was_read_once(
    client: Client, engagement: Engagement, lead: Membership, objective: Objective
) -> None:
    metric = build.metric(engagement)
    for version, indicator in enumerate(("leading", "lagging"), start=1):
        draft = build.key_result(objective, metric, indicator=indicator, version=version)
        build.audited(draft, by=lead)
    url, known = url_of(objective, "objective-commit"), read(client, objective)

    answer = client.post(url, known)
    again = client.post(url, known, follow=True)

    assert sorted(known.values()) == ["1", "1", "2"]
    assert answer.headers["Location"] == url_of(objective)
    assert "This is already committed." in again.text
    with scope(engagement.id):
        assert Objective.objects.get().committed_by == lead


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_commit_of_what_changed_meanwhile_lists_the_changes(
    client: Client, engagement: Engagement, headers: dict[str, str], objective: Objective
) -> None:
    first = build.key_result(objective, title="Days until first value")
    known = read(client, objective)
    build.key_result(objective, title="Orders a month")
    with scope(engagement.id):
        KeyResult.objects.filter(pk=first.pk).update(version=2)

    answer = client.post(url_of(objective, "objective-commit"), known, headers=headers)

    assert answer.status_code == 409
    assert answer.context["changed"] == [
        "“Days until first value” was changed.",
        "“Orders a month” was added.",
    ]
    assert f'href="{url_of(objective)}"' in answer.text


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_blocked_commit_lists_every_problem(
    client: Client, objective: Objective, headers: dict[str, str]
) -> None:
    build.key_result(objective, None, title="Days until first value", baseline=None)

    answer = client.post(
        url_of(objective, "objective-commit"), read(client, objective), headers=headers
    )

    assert answer.status_code == 422
    assert answer.text.strip().startswith('<section id="commit"') is bool(headers)
    for problem in ("Not committed yet.", "Choose a metric.", "Measure the baseline"):
        assert problem in answer.text


def test_a_draft_lists_before_the_commit_what_to_fix_and_where(
    client: Client, engagement: Engagement, objective: Objective
) -> None:
    metric = build.metric(engagement, source="")
    draft = build.key_result(objective, metric, title="Days until first value")
    audit = f"audit-{draft.public_id}"

    page = client.get(url_of(objective)).text
    linked = client.get(f"{url_of(objective)}?audit={draft.public_id}").text

    assert reverse("metrics:metric-update", args=[engagement.slug, metric.public_id]) in page
    assert f"?audit={draft.public_id}#{audit}" in page
    assert f'<details id="{audit}">' in page
    assert f'<details id="{audit}" open>' in linked


def test_open_data_questions_are_listed_before_the_commit(
    client: Client, engagement: Engagement, objective: Objective
) -> None:
    open_one = build.metric(engagement, "Open <one>", access="", fetched_by="")
    for metric in (open_one, open_one, build.metric(engagement, "Answered")):
        build.key_result(objective, metric=metric)

    page = client.get(url_of(objective)).text

    until = short_day(engagement.today(timezone.now()) + GAP_FOR).replace("\xa0", " ")
    text = " ".join(page.partition('id="commit"')[2].partition("</section>")[0].split())
    assert f"leave a data gap until {until}:" in text
    where = reverse("metrics:metric-detail", args=[engagement.slug, open_one.public_id])
    link = f'<a href="{where}">Open &lt;one&gt;</a>: who has access, who collects it'
    assert text.count(link) == 1
    assert ">Answered</a>" not in text
