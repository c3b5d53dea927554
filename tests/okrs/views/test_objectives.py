from __future__ import annotations

import re

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from engagements.models import Membership, Role
from metrics.models import GAP_FOR, Metric
from okrs.commands.objectives import set_collaborators
from okrs.models import Cycle, Objective
from okrs.templatetags.cards import short_day
from tenancy.scoping import scope
from tests import build
from tests.okrs.views.forms import HTMX, NUMBER_IN_TITLE, typed_objective, url_of
from tests.query_counts import assert_constant_queries

REASON = {"reason-measure": "The board’s own words"}


def test_it_drafts_an_objective_with_reasons(client: Client, cycle: Cycle, bob: Membership) -> None:
    dana = build.member(bob.engagement, "Dana", Role.CONTRIBUTOR)
    fields = {"title": NUMBER_IN_TITLE, "collaborators": [dana.public_id], **REASON}

    answer = client.post(url_of(cycle, "objective-create"), typed_objective(bob, **fields))

    with scope(bob.engagement_id):
        objective = Objective.objects.get()
        assert [helper.member for helper in objective.collaborators.all()] == [dana]
    assert answer.headers["Location"] == url_of(objective)
    page = client.get(url_of(objective)).text
    assert "The board’s own words" in page
    assert "move the number to a key result" not in page


def metric_url(metric: Metric, name: str = "metric-detail") -> str:
    return reverse(f"metrics:{name}", args=[metric.engagement.slug, metric.public_id])


def test_the_page_explains_scores_and_links_data_gaps_to_their_metric(
    client: Client, lead: Membership, cycle: Cycle
) -> None:
    objective = build.objective(lead, cycle, why_now="<b>now</b>")
    metric = build.metric(lead.engagement, access="")
    measured = {"latest_value": 6, "score": "0.60", "data_gap_until": cycle.ends_on}
    build.live_key_result(objective, metric, **measured)

    page = client.get(url_of(objective)).text

    assert "(6 − 9) ÷ (4 − 9) = 0.60" in page
    assert "&lt;b&gt;now" in page
    assert f'<a class="flag" data-kind="quiet" href="{metric_url(metric)}">data gap until' in page


def test_key_results_add_no_queries(client: Client, objective: Objective, cycle: Cycle) -> None:
    engagement, metric = objective.owner.engagement, build.metric(objective.owner.engagement)
    other = build.objective(objective.owner, cycle, title="Calm", team=build.team(engagement))

    def add(number: int) -> None:
        make = build.key_result if number % 2 else build.live_key_result
        key_result, above = make(objective, metric), build.key_result(other, metric)
        build.contribution(key_result, above)
        with scope(engagement.id):
            helper = build.member(engagement, f"Helper {number}")
            set_collaborators([helper], key_result=key_result)

    url = url_of(objective)
    assert_constant_queries(lambda: client.get(url), add=add, name="objective-detail")


def read(client: Client, objective: Objective) -> dict[str, str]:
    """The versions in the commit form."""
    page = client.get(url_of(objective)).text
    return dict(re.findall(r'name="(version-\w+)" value="(\d+)"', page))


def test_the_lead_commits_what_was_read_once(client: Client, objective: Objective) -> None:
    metric = build.metric(objective.owner.engagement)
    for version, indicator in enumerate(("leading", "lagging"), start=1):
        draft = build.key_result(objective, metric, indicator=indicator, version=version)
        build.audited(draft, by=objective.owner)
    url, known = url_of(objective, "objective-commit"), read(client, objective)

    answer = client.post(url, known)
    again = client.post(url, known, follow=True)

    assert sorted(known.values()) == ["1", "1", "2"]
    assert answer.headers["Location"] == url_of(objective)
    assert "This is already committed." in again.text
    with scope(objective.engagement_id):
        assert Objective.objects.get().committed_by == objective.owner


def test_all_targets_are_confirmed_at_once_and_undone(client: Client, drafted: Objective) -> None:
    build.key_result(drafted)
    build.key_result(drafted)
    url, known = url_of(drafted, "objective-audit"), read(client, drafted)

    client.post(url, {**known, "ambitious": "on"})
    confirmed = client.get(url_of(drafted)).text
    answer = client.post(url, known)
    undone = client.get(url_of(drafted)).text

    assert "All 2 targets are confirmed" in confirmed
    assert answer.headers["Location"] == url_of(drafted)
    assert "Confirm 2 targets" in undone


def test_targets_that_changed_are_not_confirmed_unread(client: Client, drafted: Objective) -> None:
    draft = build.key_result(drafted)
    known = read(client, drafted)
    build.change(draft, version=2)

    answer = client.post(url_of(drafted, "objective-audit"), {**known, "ambitious": "on"})

    assert answer.status_code == 409
    assert "Check the targets again." in answer.text
    with scope(drafted.engagement_id):
        assert not draft.audits.exists()


def test_a_refused_confirmation_gives_its_own_reason(client: Client, drafted: Objective) -> None:
    committed = build.live_key_result(drafted)
    known = {f"version-{committed.public_id}": "1"}

    answer = client.post(url_of(drafted, "objective-audit"), {**known, "ambitious": "on"})

    assert (answer.status_code, "its audit is closed" in answer.text) == (422, True)


def test_a_commit_of_what_changed_lists_the_changes(client: Client, objective: Objective) -> None:
    first = build.key_result(objective, title="Days until first value")
    known = read(client, objective)
    build.key_result(objective, title="Orders a month")
    build.change(first, version=2)

    for headers in ({}, HTMX):
        answer = client.post(url_of(objective, "objective-commit"), known, headers=headers)

        assert answer.status_code == 409
        changed = ["“Days until first value” was changed.", "“Orders a month” was added."]
        assert answer.context["changed"] == changed
        assert f'href="{url_of(objective)}"' in answer.text


def test_a_blocked_commit_lists_every_problem(client: Client, objective: Objective) -> None:
    build.key_result(objective, baseline=None)
    url, known = url_of(objective, "objective-commit"), read(client, objective)

    page, part = (client.post(url, known, headers=headers) for headers in ({}, HTMX))

    for answer in (page, part):
        assert answer.status_code == 422
        for problem in ("Not committed yet.", "Choose a metric.", "Measure the baseline"):
            assert problem in answer.text
    assert part.text.strip().startswith('<section id="commit"')
    assert "<html" in page.text


def test_a_draft_lists_what_to_fix_and_where(client: Client, objective: Objective) -> None:
    metric = build.metric(objective.owner.engagement, source="")
    draft = build.key_result(objective, metric)
    audit = f"audit-{draft.public_id}"

    page = client.get(url_of(objective)).text
    linked = client.get(f"{url_of(objective)}?audit={draft.public_id}").text

    fix = f"?audit={draft.public_id}#{audit}"
    for shown in (metric_url(metric, "metric-update"), fix, f'<details id="{audit}">'):
        assert shown in page
    assert f'<details id="{audit}" open>' in linked


def test_open_data_questions_are_listed_in_advance(client: Client, objective: Objective) -> None:
    engagement = objective.owner.engagement
    open_one = build.metric(engagement, "Open <one>", access="", fetched_by="")
    for metric in (open_one, open_one, build.metric(engagement, "Answered")):
        build.key_result(objective, metric)

    page = client.get(url_of(objective)).text

    until = short_day(engagement.today(timezone.now()) + GAP_FOR).replace("\xa0", " ")
    text = " ".join(page.partition('id="commit"')[2].partition("</section>")[0].split())
    assert f"leave a data gap until {until}:" in text
    link = f'<a href="{metric_url(open_one)}">Open &lt;one&gt;</a>: who has access, who collects it'
    assert text.count(link) == 1
    assert ">Answered</a>" not in text


def test_a_new_objective_can_lead_to_its_first_key_result(
    client: Client, cycle: Cycle, bob: Membership
) -> None:
    answer = client.post(url_of(cycle, "objective-create"), typed_objective(bob, also="on"))

    with scope(bob.engagement_id):
        objective = Objective.objects.get()
    assert answer.headers["Location"] == url_of(objective, "key-result-create")
