from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from engagements.models import Engagement, Membership, Role
from okrs.models import Cycle, Team
from tenancy.scoping import scope
from tests import build
from tests.query_counts import assert_constant_queries

pytestmark = pytest.mark.django_db

QUARTER = {
    "name": "2026-Q2",
    "kind": "quarterly",
    "starts_on": "2026-04-01",
    "ends_on": "2026-06-30",
}


def test_the_empty_list_offers_the_first_cycle(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    page = client.get(reverse("okrs:cycle-list", args=[engagement.slug]))

    assert "No cycles yet" in page.text
    assert reverse("okrs:cycle-create", args=[engagement.slug]) in page.text


def test_it_adds_a_cycle(client: Client, engagement: Engagement, lead: Membership) -> None:
    answer = client.post(reverse("okrs:cycle-create", args=[engagement.slug]), QUARTER)

    with scope(engagement.id):
        cycle = Cycle.objects.get()
    assert cycle.ends_on == dt.date(2026, 6, 30)
    assert answer.headers["Location"].endswith(f"/cycles/{cycle.public_id}/")


def test_dates_out_of_order_are_refused_and_kept(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    typed = {**QUARTER, "ends_on": "2026-03-01"}

    answer = client.post(reverse("okrs:cycle-create", args=[engagement.slug]), typed)

    assert answer.status_code == 422
    assert "Choose a last day after the first day." in answer.text
    assert 'value="2026-03-01"' in answer.text


def test_htmx_gets_the_form_alone(client: Client, engagement: Engagement, lead: Membership) -> None:
    build.cycle(engagement, "2026-Q2")
    url = reverse("okrs:cycle-create", args=[engagement.slug])

    answer = client.post(url, QUARTER, headers={"HX-Request": "true"})

    assert answer.status_code == 422
    assert "<html" not in answer.text
    assert "A cycle named “2026-Q2” exists." in answer.text


def test_a_stale_edit_shows_both_versions(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    cycle = build.cycle(engagement, "2026-Q2")
    url = reverse("okrs:cycle-update", args=[engagement.slug, cycle.public_id])
    client.post(url, {**QUARTER, "version": 1, "name": "Spring"})

    stale = client.post(url, {**QUARTER, "version": 1, "name": "Second quarter"})

    assert stale.status_code == 409
    assert "<mark>Spring</mark>" in stale.text
    assert "<mark>Second quarter</mark>" in stale.text


def test_an_empty_cycle_asks_for_an_objective(
    client: Client, engagement: Engagement, bob: Membership
) -> None:
    cycle = build.cycle(engagement)

    page = client.get(reverse("okrs:cycle-detail", args=[engagement.slug, cycle.public_id]))

    assert "No objectives yet" in page.text
    assert reverse("okrs:objective-create", args=[engagement.slug, cycle.public_id]) in page.text


def test_the_set_stands_at_a_glance(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    cycle = build.cycle(engagement)
    objective = build.objective(lead, cycle)
    build.live_key_result(objective, build.metric(engagement), title="Days until first value")

    page = client.get(reverse("okrs:cycle-detail", args=[engagement.slug, cycle.public_id]))

    assert "Make first-time buyers want to return" in page.text
    assert "Days until first value" in page.text
    assert "60" in page.text


def test_two_key_results_on_one_metric_overlap(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    cycle = build.cycle(engagement)
    objective = build.objective(lead, cycle)
    metric = build.metric(engagement, "Onboarding time")
    build.key_result(objective, metric, title="Days until first value")
    build.key_result(objective, metric, title="Days until second value")

    page = client.get(reverse("okrs:cycle-detail", args=[engagement.slug, cycle.public_id]))

    assert "Overlap" in page.text


def test_a_team_objective_without_a_link_is_shown_as_unaligned(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    cycle = build.cycle(engagement)
    build.objective(lead, cycle, team=build.team(engagement))

    page = client.get(reverse("okrs:cycle-detail", args=[engagement.slug, cycle.public_id]))

    assert "Unaligned" in page.text


def test_twenty_rows_take_as_many_queries_as_ten(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    cycle = build.cycle(engagement)
    metric = build.metric(engagement)
    url = reverse("okrs:cycle-detail", args=[engagement.slug, cycle.public_id])

    def ten_more() -> None:
        for _ in range(10):
            objective = build.objective(lead, cycle, title=f"Objective {uuid4()}")
            build.live_key_result(objective, metric)

    ten_more()
    assert_constant_queries(lambda: client.get(url), grow=ten_more, most=12)


def test_the_empty_list_offers_the_first_team(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    page = client.get(reverse("okrs:team-list", args=[engagement.slug]))

    assert "No teams yet" in page.text
    assert reverse("okrs:team-create", args=[engagement.slug]) in page.text


def test_a_contributor_sees_no_button_to_add_one(
    client: Client, engagement: Engagement, bob: Membership
) -> None:
    page = client.get(reverse("okrs:team-list", args=[engagement.slug]))

    assert reverse("okrs:team-create", args=[engagement.slug]) not in page.text


def test_it_adds_a_team(client: Client, engagement: Engagement, lead: Membership) -> None:
    url = reverse("okrs:team-create", args=[engagement.slug])

    answer = client.post(url, {"name": "Growth", "champion": lead.public_id})

    assert answer.headers["Location"] == reverse("okrs:team-list", args=[engagement.slug])
    with scope(engagement.id):
        assert Team.objects.get().champion == lead


def test_htmx_is_sent_onward(client: Client, engagement: Engagement, lead: Membership) -> None:
    url = reverse("okrs:team-create", args=[engagement.slug])

    answer = client.post(url, {"name": "Growth"}, headers={"HX-Request": "true"})

    assert answer.headers["HX-Redirect"] == reverse("okrs:team-list", args=[engagement.slug])


def test_a_champion_without_the_role_is_refused_and_the_words_stay(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    bob = build.member(engagement, "Bob", Role.CONTRIBUTOR)
    url = reverse("okrs:team-create", args=[engagement.slug])

    answer = client.post(url, {"name": "Growth", "champion": bob.public_id})

    assert answer.status_code == 422
    assert "Bob can’t commit objectives" in answer.text
    assert 'value="Growth"' in answer.text


def test_a_stale_edit_shows_both_versions_and_saving_again_wins(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    team = build.team(engagement, "Platform")
    url = reverse("okrs:team-update", args=[engagement.slug, team.public_id])
    client.post(url, {"version": 1, "name": "Platform East"})

    stale = client.post(url, {"version": 1, "name": "Platform West"})

    assert stale.status_code == 409
    assert "Lead saved this while you were writing." in stale.text
    assert "<mark>East</mark>" in stale.text
    assert "<mark>West</mark>" in stale.text
    assert 'name="version" value="2"' in stale.text
    client.post(url, {"version": 2, "name": "Platform West"})
    with scope(engagement.id):
        assert Team.objects.get().name == "Platform West"
