from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from engagements.models import Engagement, Role
from okrs.models import Team
from tenancy.scoping import scope
from tests import build

pytestmark = pytest.mark.django_db


@pytest.fixture
def engagement() -> Engagement:
    return build.engagement()


def test_the_empty_list_offers_the_first_team(client: Client, engagement: Engagement) -> None:
    build.sign_in(client, engagement)

    page = client.get(reverse("okrs:team-list", args=[engagement.slug]))

    assert "No teams yet" in page.text
    assert reverse("okrs:team-create", args=[engagement.slug]) in page.text


def test_a_contributor_sees_no_button_to_add_one(client: Client, engagement: Engagement) -> None:
    build.sign_in(client, engagement, Role.CONTRIBUTOR)

    page = client.get(reverse("okrs:team-list", args=[engagement.slug]))

    assert reverse("okrs:team-create", args=[engagement.slug]) not in page.text


def test_it_adds_a_team(client: Client, engagement: Engagement) -> None:
    lead = build.sign_in(client, engagement)
    url = reverse("okrs:team-create", args=[engagement.slug])

    answer = client.post(url, {"name": "Growth", "champion": lead.public_id})

    assert answer.headers["Location"] == reverse("okrs:team-list", args=[engagement.slug])
    with scope(engagement.id):
        assert Team.objects.get().champion == lead


def test_htmx_is_sent_onward(client: Client, engagement: Engagement) -> None:
    build.sign_in(client, engagement)
    url = reverse("okrs:team-create", args=[engagement.slug])

    answer = client.post(url, {"name": "Growth"}, headers={"HX-Request": "true"})

    assert answer.headers["HX-Redirect"] == reverse("okrs:team-list", args=[engagement.slug])


def test_a_champion_without_the_role_is_refused_and_the_words_stay(
    client: Client, engagement: Engagement
) -> None:
    build.sign_in(client, engagement)
    bob = build.member(engagement, "Bob", Role.CONTRIBUTOR)
    url = reverse("okrs:team-create", args=[engagement.slug])

    answer = client.post(url, {"name": "Growth", "champion": bob.public_id})

    assert answer.status_code == 422
    assert "Bob can’t commit objectives" in answer.text
    assert 'value="Growth"' in answer.text


def test_a_stale_edit_shows_both_versions_and_saving_again_wins(
    client: Client, engagement: Engagement
) -> None:
    build.sign_in(client, engagement)
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


@pytest.mark.parametrize("role", [Role.CONTRIBUTOR, Role.CHAMPION, Role.SPONSOR, Role.VIEWER])
def test_only_the_lead_adds_teams(client: Client, engagement: Engagement, role: Role) -> None:
    build.sign_in(client, engagement, role)

    answer = client.post(reverse("okrs:team-create", args=[engagement.slug]), {"name": "Growth"})

    assert answer.status_code == 403


def test_a_stranger_finds_nothing(client: Client, engagement: Engagement) -> None:
    team = build.team(engagement)
    build.sign_in(client, build.engagement("Harbor Retail"))

    there = client.get(reverse("okrs:team-update", args=[engagement.slug, team.public_id]))
    here = client.get(reverse("okrs:team-update", args=["harbor", team.public_id]))

    assert (there.status_code, here.status_code) == (404, 404)
