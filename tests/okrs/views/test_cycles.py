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
from tests.okrs.views.forms import HTMX, url_of
from tests.query_counts import assert_constant_queries

pytestmark = pytest.mark.django_db

QUARTER = {
    "name": "2026-Q2",
    "kind": "quarterly",
    "starts_on": "2026-04-01",
    "ends_on": "2026-06-30",
}


def test_it_adds_a_cycle(client: Client, engagement: Engagement, lead: Membership) -> None:
    answer = client.post(reverse("okrs:cycle-create", args=[engagement.slug]), QUARTER)

    with scope(engagement.id):
        cycle = Cycle.objects.get()
    assert cycle.ends_on == dt.date(2026, 6, 30)
    assert answer.headers["Location"] == url_of(cycle, "cycle-detail")


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_dates_out_of_order_are_refused_and_kept(
    client: Client, engagement: Engagement, lead: Membership, headers: dict[str, str]
) -> None:
    typed = {**QUARTER, "ends_on": "2026-03-01"}

    answer = client.post(
        reverse("okrs:cycle-create", args=[engagement.slug]), typed, headers=headers
    )

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["ends_on"]
    assert 'value="2026-03-01"' in answer.text
    assert ("<html" in answer.text) is not bool(headers)


def test_a_stale_edit_of_a_cycle_shows_both_versions(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    url = url_of(build.cycle(engagement, "2026-Q2"), "cycle-update")
    client.post(url, {**QUARTER, "version": 1, "name": "Spring"})

    stale = client.post(url, {**QUARTER, "version": 1, "name": "Second quarter"})

    assert stale.status_code == 409
    assert "<mark>Spring</mark>" in stale.text
    assert "<mark>Second quarter</mark>" in stale.text


def test_the_page_shows_the_sets_with_what_overlaps_and_is_not_linked(
    client: Client, engagement: Engagement, lead: Membership, cycle: Cycle
) -> None:
    objective = build.objective(lead, cycle, team=build.team(engagement))
    metric = build.metric(engagement, "Onboarding time")
    for title in ("Days until first value", "Days until second value"):
        build.live_key_result(objective, metric, title=title)

    page = client.get(url_of(cycle, "cycle-detail")).text

    assert "Make first-time buyers want to return" in page
    assert "Days until first value" in page
    assert "Overlaps" in page
    assert '<span class="flag">Unaligned</span>' in page


@pytest.mark.parametrize("name", ["cycle-list", "team-list", "cycle-detail"])
def test_twenty_rows_take_as_many_queries_as_ten(
    client: Client, engagement: Engagement, lead: Membership, cycle: Cycle, name: str
) -> None:
    metric = build.metric(engagement)
    args = [engagement.slug, *([cycle.public_id] if name == "cycle-detail" else [])]
    url = reverse(f"okrs:{name}", args=args)

    def ten_more() -> None:
        for _ in range(10):
            build.cycle(engagement, f"Cycle {uuid4()}")
            team = build.team(engagement, f"Team {uuid4()}", champion=lead)
            objective = build.objective(lead, cycle, title=f"Objective {uuid4()}", team=team)
            one, two = build.key_result(objective, metric), build.live_key_result(objective, metric)
            build.contribution(one, two)

    ten_more()
    assert_constant_queries(lambda: client.get(url), grow=ten_more, name=name)


@pytest.mark.parametrize(
    ("headers", "onward"), [({}, "Location"), (HTMX, "HX-Redirect")], ids=["page", "htmx"]
)
def test_it_adds_a_team(
    client: Client, engagement: Engagement, lead: Membership, headers: dict[str, str], onward: str
) -> None:
    url = reverse("okrs:team-create", args=[engagement.slug])

    answer = client.post(url, {"name": "Growth", "champion": lead.public_id}, headers=headers)

    assert answer.headers[onward] == reverse("okrs:team-list", args=[engagement.slug])
    with scope(engagement.id):
        assert Team.objects.get().champion == lead


def test_a_champion_without_the_role_is_refused_and_the_input_kept(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    bob = build.member(engagement, "Bob", Role.CONTRIBUTOR)
    url = reverse("okrs:team-create", args=[engagement.slug])

    answer = client.post(url, {"name": "Growth", "champion": bob.public_id})

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["champion"]
    assert 'value="Growth"' in answer.text


def test_a_stale_edit_of_a_team_shows_both_versions_and_saving_again_wins(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    url = url_of(build.team(engagement, "Platform"), "team-update")
    client.post(url, {"version": 1, "name": "Platform East"})

    stale = client.post(url, {"version": 1, "name": "Platform West"})

    assert stale.status_code == 409
    assert stale.context["saved_by"] == "Lead"
    assert "<mark>East</mark>" in stale.text
    assert "<mark>West</mark>" in stale.text
    assert 'name="version" value="2"' in stale.text
    client.post(url, {"version": 2, "name": "Platform West"})
    with scope(engagement.id):
        assert Team.objects.get().name == "Platform West"
