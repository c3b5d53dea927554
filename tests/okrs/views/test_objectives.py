from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from engagements.models import Engagement, Membership, Role
from metrics.models import GAP_FOR
from okrs.models import Cycle, KeyResult, Objective
from okrs.templatetags.cards import short_day
from tenancy.scoping import scope
from tests import build
from tests.okrs.views.forms import HTMX, url_of
from tests.query_counts import assert_constant_queries

pytestmark = pytest.mark.django_db


def create_url(cycle: Cycle) -> str:
    return reverse("okrs:objective-create", args=[cycle.engagement.slug, cycle.public_id])


def check_url(cycle: Cycle) -> str:
    return reverse("okrs:objective-check", args=[cycle.engagement.slug, cycle.public_id])


def typed(owner: Membership, **fields: Any) -> dict[str, Any]:
    return {
        "title": "Make first-time buyers want to return",
        "owner": owner.public_id,
        "origin": "top_down",
        **fields,
    }


def test_it_drafts_an_objective(
    client: Client, engagement: Engagement, cycle: Cycle, bob: Membership
) -> None:
    dana = build.member(engagement, "Dana", Role.CONTRIBUTOR)

    answer = client.post(create_url(cycle), typed(bob, collaborators=[dana.public_id]))

    with scope(engagement.id):
        objective = Objective.objects.get()
        assert [helper.member for helper in objective.collaborators.all()] == [dana]
    assert answer.headers["Location"].endswith(f"/objectives/{objective.public_id}/")


def test_without_an_owner_it_is_refused_and_kept(
    client: Client, cycle: Cycle, bob: Membership
) -> None:
    answer = client.post(create_url(cycle), {**typed(bob), "owner": "", "why_now": "They leave us"})

    assert answer.status_code == 422
    assert "They leave us" in answer.text


def test_the_same_sentence_twice_is_refused(client: Client, cycle: Cycle, bob: Membership) -> None:
    build.objective(bob, cycle)

    answer = client.post(create_url(cycle), typed(bob), headers=HTMX)

    assert answer.status_code == 422
    assert "This title exists already" in answer.text


def test_checks_are_shown_as_people_type(client: Client, cycle: Cycle, bob: Membership) -> None:
    part = client.post(
        check_url(cycle), typed(bob, title="Raise renewals from 84 to 92 %"), headers=HTMX
    )

    assert "<html" not in part.text
    assert "move the number to a key result" in part.text
    assert 'name="reason-measure"' in part.text


def test_a_check_saves_nothing(
    client: Client, engagement: Engagement, cycle: Cycle, bob: Membership
) -> None:
    client.post(check_url(cycle), typed(bob), headers=HTMX)

    with scope(engagement.id):
        assert not Objective.objects.exists()


def test_a_reason_is_kept(
    client: Client, engagement: Engagement, cycle: Cycle, bob: Membership
) -> None:
    title = "Raise renewals from 84 to 92 %"

    client.post(
        create_url(cycle), typed(bob, title=title, **{"reason-measure": "The board’s own words"})
    )

    with scope(engagement.id):
        assert Objective.objects.get().reasons == {"measure": "The board’s own words"}


def test_a_stale_edit_shows_both_versions(client: Client, cycle: Cycle, bob: Membership) -> None:
    objective = build.objective(bob, cycle)
    url = url_of(objective, "objective-update")
    client.post(url, typed(bob, version=1, title="Make shy buyers want to return"))

    stale = client.post(url, typed(bob, version=1, title="Make old buyers want to return"))

    assert stale.status_code == 409
    assert "<mark>shy</mark>" in stale.text
    assert "<mark>old</mark>" in stale.text
    assert 'name="version" value="2"' in stale.text


def test_an_objective_is_dropped_with_its_drafts(
    client: Client, engagement: Engagement, cycle: Cycle
) -> None:
    objective = build.objective(build.sign_in(client, engagement, Role.CONTRIBUTOR), cycle)
    build.key_result(objective)

    page = client.get(url_of(objective, "objective-update"))
    answer = client.post(url_of(objective, "objective-discard"))

    assert url_of(objective, "objective-discard") in page.text
    assert answer.headers["Location"].endswith(f"/cycles/{cycle.public_id}/")
    with scope(engagement.id):
        assert not Objective.objects.exists()


def test_a_committed_objective_cannot_be_dropped(client: Client, objective: Objective) -> None:
    build.live_key_result(objective)

    answer = client.post(url_of(objective, "objective-discard"))

    assert answer.status_code == 422
    assert "This is committed." in answer.text


def test_an_objective_without_key_results_asks_for_one(
    client: Client, objective: Objective
) -> None:
    page = client.get(url_of(objective))

    assert "No key results yet." in page.text


def test_the_sum_of_a_score_stands_beside_it(
    client: Client, engagement: Engagement, objective: Objective
) -> None:
    build.live_key_result(objective, build.metric(engagement), latest_value=6, score="0.60")

    page = client.get(url_of(objective))

    assert "(6 − 9) ÷ (4 − 9) = 0.60" in page.text


def test_twenty_key_results_take_as_many_queries_as_ten(
    client: Client, engagement: Engagement, objective: Objective
) -> None:
    metric = build.metric(engagement)

    def ten_more() -> None:
        for number in range(10):
            (build.key_result if number % 2 else build.live_key_result)(objective, metric)

    ten_more()
    url = url_of(objective)
    assert_constant_queries(lambda: client.get(url), grow=ten_more, most=23)


def test_a_reason_that_was_given_stands_in_place_of_the_finding(
    client: Client, cycle: Cycle, lead: Membership
) -> None:
    objective = build.objective(
        lead,
        cycle,
        title="Raise renewals from 84 to 92 %",
        reasons={"measure": "The board’s own words"},
    )

    page = client.get(url_of(objective))

    assert "The board’s own words" in page.text
    assert "move the number to a key result" not in page.text


def test_its_text_is_never_markup(client: Client, engagement: Engagement, cycle: Cycle) -> None:
    objective = build.objective(build.sign_in(client, engagement), cycle, why_now="<b>now</b>")

    page = client.get(url_of(objective))

    assert "&lt;b&gt;now" in page.text


def read(objective: Objective) -> dict[str, int]:
    """The versions that the commit form carries."""
    with scope(objective.engagement_id):
        rows = [objective, *objective.key_results.all()]
    return {f"version-{row.public_id}": row.version for row in rows}


def test_the_commit_form_carries_what_was_read(client: Client, objective: Objective) -> None:
    draft = build.key_result(objective, version=3)

    page = client.get(url_of(objective))

    assert f'name="version-{objective.public_id}" value="1"' in page.text
    assert f'name="version-{draft.public_id}" value="3"' in page.text


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_commit_of_what_changed_meanwhile_says_what(
    client: Client, engagement: Engagement, headers: dict[str, str], objective: Objective
) -> None:
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
    client: Client, engagement: Engagement, lead: Membership, objective: Objective
) -> None:
    metric = build.metric(engagement)
    for indicator in ("leading", "lagging"):
        build.audited(build.key_result(objective, metric, indicator=indicator), by=lead)
    known = read(objective)
    client.post(url_of(objective, "objective-commit"), known)

    again = client.post(url_of(objective, "objective-commit"), known, follow=True)

    assert again.status_code == 200
    assert "This is already committed." in again.text


def test_a_commit_that_is_blocked_lists_everything_in_the_way(
    client: Client, objective: Objective
) -> None:
    build.key_result(objective, None, title="Days until first value", baseline=None)

    answer = client.post(url_of(objective, "objective-commit"), read(objective))

    assert answer.status_code == 422
    assert "Not committed yet." in answer.text
    assert "Choose a metric." in answer.text
    assert "Measure the baseline" in answer.text


def test_a_draft_lists_what_stands_in_the_way_before_anybody_commits(
    client: Client, engagement: Engagement, objective: Objective
) -> None:
    metric = build.metric(engagement, source="")
    draft = build.key_result(objective, metric, title="Days until first value")

    page = client.get(url_of(objective)).text

    assert "Fix before committing" in page
    assert reverse("metrics:metric-update", args=[engagement.slug, metric.public_id]) in page
    assert f"?audit={draft.public_id}#audit-{draft.public_id}" in page
    assert f'<details id="audit-{draft.public_id}">' in page


def test_an_audit_that_is_linked_stands_open(client: Client, objective: Objective) -> None:
    draft = build.key_result(objective)

    page = client.get(f"{url_of(objective)}?audit={draft.public_id}").text

    assert f'<details id="audit-{draft.public_id}" open>' in page


def test_htmx_gets_the_refusal_alone(client: Client, objective: Objective) -> None:
    answer = client.post(url_of(objective, "objective-commit"), read(objective), headers=HTMX)

    assert answer.status_code == 422
    assert answer.text.strip().startswith('<section id="commit"')


def test_the_lead_commits(
    client: Client, engagement: Engagement, lead: Membership, objective: Objective
) -> None:
    metric = build.metric(engagement)
    for indicator in ("leading", "lagging"):
        build.audited(build.key_result(objective, metric, indicator=indicator), by=lead)

    answer = client.post(url_of(objective, "objective-commit"), read(objective))

    assert answer.headers["Location"] == url_of(objective)
    with scope(engagement.id):
        assert Objective.objects.get().committed_by == lead


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
    client: Client, engagement: Engagement, objective: Objective
) -> None:
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
    client: Client, engagement: Engagement, cycle: Cycle, objective: Objective
) -> None:
    metric = build.metric(engagement, access="")
    build.live_key_result(objective, metric, data_gap_until=cycle.ends_on)

    page = client.get(url_of(objective)).text

    where = reverse("metrics:metric-detail", args=[engagement.slug, metric.public_id])
    flag = f'<a class="flag" data-kind="quiet" href="{where}">data gap until'
    assert flag in page
