from __future__ import annotations

import html
import re
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from engagements.models import Engagement, Membership, Role
from metrics.models import Metric
from okrs.models import ContributionLink, KeyResult, KeyResultAudit, Objective
from tenancy.scoping import scope
from tests import build
from tests.okrs.views.forms import HTMX, only, typed, url_of

pytestmark = pytest.mark.django_db


def test_it_drafts_with_numbers_as_typed(
    client: Client, engagement: Engagement, drafted: Objective
) -> None:
    answer = client.post(
        url_of(drafted, "key-result-create"), typed(baseline="9,5", target="1.234,5")
    )

    key_result = only(engagement)
    assert answer.headers["Location"] == url_of(drafted, "objective-detail")
    assert (key_result.baseline, key_result.target) == (Decimal("9.5"), Decimal("1234.5"))


def test_start_and_goal_alike_are_refused(client: Client, drafted: Objective) -> None:
    answer = client.post(
        url_of(drafted, "key-result-create"), typed(baseline="9", target="9"), headers=HTMX
    )

    assert answer.status_code == 422
    assert "<html" not in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_only_metrics_in_use_can_be_chosen(
    client: Client, engagement: Engagement, drafted: Objective
) -> None:
    build.metric(engagement, "Churn")
    build.metric(engagement, "Old churn", archived_at="2026-01-01T00:00Z")

    page = client.get(url_of(drafted, "key-result-create"))

    assert "Churn, days" in page.text
    assert "Old churn" not in page.text


def test_checks_are_shown_as_people_type(client: Client, drafted: Objective) -> None:
    part = client.post(
        url_of(drafted, "key-result-check"),
        typed(title="Hold 12 workshops", baseline="0", target="12"),
        headers=HTMX,
    )

    assert 'name="reason-activity"' in part.text
    assert "<html" not in part.text


def test_a_share_is_not_taken_for_a_count_of_things_made(
    client: Client, engagement: Engagement, drafted: Objective
) -> None:
    metric = build.metric(engagement, "On-time parts", unit="percent")
    title = "Spare-part orders delivered on the two main sites"
    form = {"title": title, "baseline": "61.5", "target": "85"}

    share = client.post(
        url_of(drafted, "key-result-check"), typed(**form, metric=metric.public_id), headers=HTMX
    )
    count = client.post(url_of(drafted, "key-result-check"), typed(**form), headers=HTMX)

    assert 'name="reason-activity"' not in share.text
    assert 'name="reason-activity"' in count.text


def test_what_a_commit_froze_is_shown_and_cannot_be_typed(
    client: Client, engagement: Engagement, drafted: Objective
) -> None:
    key_result = build.live_key_result(drafted, build.metric(engagement))

    page = client.get(url_of(key_result, "key-result-update"))

    assert 'name="target"' not in page.text
    assert "Frozen at commit" in page.text


def test_after_commit_the_owner_can_still_change(
    client: Client, engagement: Engagement, drafted: Objective, bob: Membership
) -> None:
    key_result = build.live_key_result(drafted, title="Median onboarding time")
    dana = build.member(engagement, "Dana", Role.CONTRIBUTOR)

    client.post(
        url_of(key_result, "key-result-update"),
        {"version": 1, "title": "Median onboarding time", "owner": dana.public_id, "target": "1"},
    )

    changed = only(engagement)
    assert (changed.owner_id, changed.target) == (dana.pk, Decimal(4))


def test_a_stale_edit_shows_both_versions(client: Client, drafted: Objective) -> None:
    key_result = build.key_result(drafted, title="Median onboarding time")
    url = url_of(key_result, "key-result-update")
    client.post(url, typed(version=1, baseline="9", target="5"))

    stale = client.post(url, typed(version=1, baseline="9", target="3"))

    assert stale.status_code == 409
    assert "<mark>5</mark>" in stale.text
    assert "<mark>3</mark>" in stale.text


def test_the_audit_keeps_the_two_answers(
    client: Client, engagement: Engagement, drafted: Objective
) -> None:
    key_result = build.key_result(drafted)

    client.post(
        url_of(key_result, "key-result-audit"),
        {"version": 1, "refresh_confirmed": "on", "ambitious": "on", "note": "22 % above trend"},
    )

    with scope(engagement.id):
        answers = KeyResultAudit.objects.get()
    assert (answers.refresh_confirmed, answers.ambitious) == (True, True)
    assert answers.note == "22 % above trend"


def test_htmx_gets_the_audited_card(client: Client, drafted: Objective) -> None:
    key_result = build.key_result(drafted)

    part = client.post(
        url_of(key_result, "key-result-audit"), {"version": 1, "ambitious": "on"}, headers=HTMX
    )

    assert part.text.strip().startswith("<article")
    assert f'<details id="audit-{key_result.public_id}" open>' in part.text
    assert 'id="commit-problems" class="mt-4" hx-swap-oob="true"' in part.text


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_an_audit_of_a_goal_that_changed_meanwhile_is_asked_again(
    client: Client, engagement: Engagement, drafted: Objective, headers: dict[str, str]
) -> None:
    key_result = build.key_result(drafted, title="Median onboarding time", version=2)

    answer = client.post(
        url_of(key_result, "key-result-audit"),
        {"version": 1, "ambitious": "on", "note": "22 % above trend"},
        headers=headers,
    )

    assert answer.status_code == 409
    assert "changed this key result while you were reading" in answer.text
    assert 'name="ambitious" checked' in answer.text
    assert "22 % above trend" in answer.text
    assert 'name="version" value="2"' in answer.text
    with scope(engagement.id):
        assert not KeyResultAudit.objects.exists()


def test_a_draft_is_dropped_with_all_that_hangs_on_it(
    client: Client, engagement: Engagement, drafted: Objective, bob: Membership
) -> None:
    key_result = build.audited(build.key_result(drafted), by=bob)

    page = client.get(url_of(key_result, "key-result-update"))
    answer = client.post(url_of(key_result, "key-result-discard"))

    assert url_of(key_result, "key-result-discard") in page.text
    assert answer.headers["Location"] == url_of(drafted, "objective-detail")
    with scope(engagement.id):
        assert not KeyResult.objects.exists()


def test_what_is_committed_cannot_be_dropped(client: Client, drafted: Objective) -> None:
    key_result = build.live_key_result(drafted)

    page = client.get(url_of(key_result, "key-result-update"))
    answer = client.post(url_of(key_result, "key-result-discard"))

    assert "Delete draft" not in page.text
    assert answer.status_code == 422
    assert "is committed. Only an approved change can withdraw it." in answer.text


def test_the_audit_is_closed_after_commit(client: Client, drafted: Objective) -> None:
    key_result = build.live_key_result(drafted)

    answer = client.post(url_of(key_result, "key-result-audit"), {"version": 1, "ambitious": "on"})

    assert answer.status_code == 422
    assert "so its audit is closed." in answer.text


def test_it_links_a_contribution_and_takes_it_back(
    client: Client, engagement: Engagement, drafted: Objective, bob: Membership
) -> None:
    ours = build.key_result(drafted)
    above = build.key_result(build.objective(bob, drafted.cycle, title="Keep every client"))
    link = {"source": ours.public_id, "target": above.public_id, "how": "Fewer leave early"}

    client.post(url_of(drafted, "contribution-create"), link)

    page = client.get(url_of(drafted, "objective-detail"))
    assert "Fewer leave early" in page.text
    with scope(engagement.id):
        kept = ContributionLink.objects.get()
    client.post(reverse("okrs:contribution-delete", args=[engagement.slug, kept.public_id]))
    with scope(engagement.id):
        assert not ContributionLink.objects.exists()


def test_a_loop_is_refused_with_the_words_kept(
    client: Client, engagement: Engagement, drafted: Objective, bob: Membership
) -> None:
    ours = build.key_result(drafted)
    other = build.objective(bob, drafted.cycle, title="Keep every client")
    above = build.key_result(other)
    there = {"source": above.public_id, "target": ours.public_id}
    client.post(url_of(other, "contribution-create"), there)

    answer = client.post(
        url_of(drafted, "contribution-create"),
        {"source": ours.public_id, "target": above.public_id, "how": "Both ways"},
        headers=HTMX,
    )

    assert answer.status_code == 422
    assert "already contributes to" in answer.text
    assert 'value="Both ways"' in answer.text


def test_the_form_says_what_is_needed_at_commit(client: Client, drafted: Objective) -> None:
    page = client.get(url_of(drafted, "key-result-create")).text

    needed = re.findall(r'for="id_(\w+)">[^<]*<span class="label">\(needed at commit\)', page)
    assert set(needed) == {
        *("metric", "metric_source", "metric_refresh"),
        *("baseline", "target", "owner", "due_on"),
    }


def ladder(*rungs: tuple[str, str]) -> dict[str, str]:
    cells = [cell for rung in rungs for cell in rung]
    return {f"ladder_{at}": cell for at, cell in enumerate(cells)}


def test_it_drafts_a_ladder_and_leaves_empty_rows_out(
    client: Client, engagement: Engagement, drafted: Objective
) -> None:
    rungs = ladder(("4", "1,0"), ("6", "0.7"), ("8", "0.3"))

    client.post(url_of(drafted, "key-result-create"), typed(method="ladder", **rungs))

    assert only(engagement).ladder == [["4", "1.00"], ["6", "0.70"], ["8", "0.30"]]


def test_a_ladder_that_rises_is_refused_at_its_rungs(client: Client, drafted: Objective) -> None:
    rungs = ladder(("6", "0.7"), ("4", "1.0"))

    answer = client.post(url_of(drafted, "key-result-create"), typed(method="ladder", **rungs))

    assert answer.status_code == 422
    assert "1.00 follows 0.70. Put the best rung first" in answer.text
    assert 'name="ladder_0" value="6"' in answer.text


def test_half_a_rung_is_refused(client: Client, drafted: Objective) -> None:
    answer = client.post(
        url_of(drafted, "key-result-create"), typed(method="ladder", **ladder(("6", "")))
    )

    assert answer.status_code == 422
    assert "Rung 1 is incomplete." in answer.text


RUNGS = [["7", "1.00"], ["8", "0.90"], ["9.5", "0.80"], ["10", "0.70"], ["11", "0.60"]]
RUNGS += [["12", "0.50"], ["13", "0.40"]]


@pytest.mark.parametrize("count", [1, 3, 7])
def test_a_ladder_is_shown_and_saved_as_it_stands(
    client: Client, engagement: Engagement, drafted: Objective, count: int
) -> None:
    key_result = build.key_result(
        drafted, title="Median onboarding time", method="ladder", ladder=RUNGS[:count]
    )
    url = url_of(key_result, "key-result-update")

    shown = re.findall(r'name="(ladder_[0-9]+)"(?: value="([^"]*)")?', client.get(url).text)
    answer = client.post(
        url, typed(version=1, method="ladder", baseline="9", target="4", **dict(shown))
    )

    assert len(shown) >= 2 * (count + 1)  # room for one more
    assert answer.status_code == 302
    assert only(engagement).ladder == RUNGS[:count]


def marked(text: str) -> list[str]:
    cells = re.findall(r'<input[^>]*name="(ladder_\d+)"[^>]*>', text)
    return [one for one in cells if re.search(rf'name="{one}"[^>]*aria-invalid="true"', text)]


@pytest.mark.parametrize(
    ("rungs", "cells"),
    [
        (["20", "0.7", "16", "1"], ["ladder_0", "ladder_1", "ladder_2", "ladder_3"]),
        (["20", "1", "16"], ["ladder_2", "ladder_3"]),
    ],
)
def test_only_the_rungs_that_are_amiss_are_marked(
    client: Client, drafted: Objective, rungs: list[str], cells: list[str]
) -> None:
    sent = {f"ladder_{at}": cell for at, cell in enumerate(rungs)}

    answer = client.post(url_of(drafted, "key-result-create"), typed(method="ladder", **sent))

    assert answer.status_code == 422
    assert marked(answer.text) == cells


NEW = {
    "metric_name": "Onboarding time",
    "metric_unit": "days",
    "metric_source": "Loyalty system",
    "metric_refresh": "weekly",
}


def metrics(lead: Membership) -> list[Metric]:
    with scope(lead.engagement_id):
        return list(Metric.objects.filter(engagement=lead.engagement))


def test_a_new_metric_comes_with_its_key_result(
    client: Client, lead: Membership, objective: Objective
) -> None:
    owned = typed(owner=lead.public_id, baseline="9", target="4", **NEW)

    answer = client.post(url_of(objective, "key-result-create"), owned)

    assert answer.status_code == 302
    (metric,) = metrics(lead)
    said = (metric.name, metric.unit, metric.source, metric.refresh)
    assert said == ("Onboarding time", "days", "Loyalty system", "weekly")
    assert {metric.owner_id, metric.steward_id} == {lead.pk}
    assert only(lead.engagement).metric_id == metric.pk


def test_a_draft_can_be_given_one_later(
    client: Client, lead: Membership, objective: Objective
) -> None:
    row = build.key_result(objective, title="Median onboarding time")

    client.post(url_of(row, "key-result-update"), typed(version=1, **NEW))

    with scope(lead.engagement_id):
        row = KeyResult.objects.select_related("metric").get()
        assert str(row.metric) == "Onboarding time"


def test_a_name_that_is_taken_is_pointed_out_and_nothing_is_written(
    client: Client, lead: Membership, objective: Objective
) -> None:
    build.metric(lead.engagement, "ONBOARDING time")

    page = client.post(url_of(objective, "key-result-create"), typed(**NEW))

    assert page.status_code == 422
    assert "“ONBOARDING time” already has this name." in html.unescape(page.text)
    assert 'value="Loyalty system"' in page.text
    assert len(metrics(lead)) == 1
    with scope(lead.engagement_id):
        assert not KeyResult.objects.exists()


def test_a_key_result_that_is_refused_makes_no_metric(
    client: Client, lead: Membership, objective: Objective
) -> None:
    build.key_result(objective, title="Median onboarding time")

    page = client.post(url_of(objective, "key-result-create"), typed(**NEW))

    assert page.status_code == 422
    assert metrics(lead) == []


@pytest.mark.parametrize("said", ["both", "no name"])
def test_one_metric_is_meant(
    client: Client, lead: Membership, objective: Objective, said: str
) -> None:
    metric = build.metric(lead.engagement, "Delivery time")
    fields = {"both": {**NEW, "metric": metric.public_id}, "no name": {"metric_unit": "days"}}

    page = client.post(url_of(objective, "key-result-create"), typed(**fields[said]))

    wanted = {"both": "not both", "no name": "Enter a name for the new metric."}
    assert page.status_code == 422
    assert wanted[said] in page.text


def test_the_checks_count_a_new_metric_as_one(
    client: Client, lead: Membership, objective: Objective
) -> None:
    whole = typed(owner=lead.public_id, baseline="9", target="4", **NEW)

    told = client.post(url_of(objective, "key-result-check"), whole)
    without = client.post(
        url_of(objective, "key-result-check"), {**whole, **dict.fromkeys(NEW, "")}
    )

    assert "Looks good." in told.text
    assert "Looks good." not in without.text
