from __future__ import annotations

import pytest
from django.test import Client

from engagements.models import Engagement, Role
from tenancy.scoping import unscoped
from tests import build

pytestmark = pytest.mark.django_db

URL = "/engagements/new/"
HARBOR = {"client_name": "Harbor Freight", "time_zone": "Europe/Oslo", "country": "NO"}


def test_a_lead_opens_the_next_one_and_leads_it(client: Client) -> None:
    build.sign_in(client, build.engagement())
    assert client.get(URL).status_code == 200

    answer = client.post(URL, HARBOR)

    assert (answer.status_code, answer["Location"]) == (302, "/e/harbor-freight/")
    page = client.get("/e/harbor-freight/settings/")
    assert page.context["engagement"].time_zone == "Europe/Oslo"


def test_the_first_person_of_an_installation_may(client: Client) -> None:
    client.force_login(build.user("Alice"))

    assert client.post(URL, HARBOR).status_code == 302


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CONTRIBUTOR, Role.CHAMPION, Role.SPONSOR])
def test_other_members_may_not(client: Client, role: str) -> None:
    engagement = build.engagement()
    build.member(engagement, "Somebody else")
    build.sign_in(client, engagement, role)

    assert client.get(URL).status_code == 403
    assert client.post(URL, HARBOR).status_code == 403


def test_a_bad_form_keeps_what_was_typed(client: Client) -> None:
    build.sign_in(client, build.engagement())

    answer = client.post(URL, {**HARBOR, "time_zone": "Europe/Atlantis"})

    assert answer.status_code == 422
    assert 'value="Harbor Freight"' in answer.content.decode()
    with unscoped():
        assert not Engagement.objects.filter(client_name="Harbor Freight").exists()


def test_visitors_are_asked_to_sign_in(client: Client) -> None:
    assert client.get(URL).status_code == 302


def test_a_second_engagement_of_the_same_client_needs_a_name_of_its_own(client: Client) -> None:
    build.sign_in(client, build.engagement("Harbor Freight"))

    answer = client.post(URL, {**HARBOR, "client_name": "harbor FREIGHT"})

    assert answer.status_code == 422
    assert "You’re already in an engagement with Harbor Freight." in answer.content.decode()
    assert client.post(URL, {**HARBOR, "client_name": "Harbor Freight East"}).status_code == 302


def test_the_same_name_behind_another_wall_is_nobodys_business(client: Client) -> None:
    build.engagement("Harbor Freight")
    build.sign_in(client, build.engagement())

    assert client.post(URL, HARBOR).status_code == 302


def test_it_says_where_the_new_one_is(client: Client) -> None:
    build.sign_in(client, build.engagement())

    page = client.post(URL, HARBOR, follow=True)

    assert "is open at /e/harbor-freight/." in page.content.decode()
