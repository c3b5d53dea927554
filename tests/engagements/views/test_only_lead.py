"""Whoever leads alone can neither leave nor stop leading, and reads so before they press."""

from __future__ import annotations

import pytest
from django.test import Client

from engagements.models import Engagement, Membership, Role
from tests import build

URL = "/e/northwind/members/"
HTMX = {"HX-Request": "true"}
SAID = "The only program lead. To change this role"


@pytest.fixture
def engagement(db: None) -> Engagement:
    return build.engagement()


@pytest.fixture
def lead(engagement: Engagement, client: Client) -> Membership:
    return build.sign_in(client, engagement)


@pytest.fixture
def bob(engagement: Engagement) -> Membership:
    return build.member(engagement, "Bob", Role.CHAMPION)


def change(row: Membership) -> str:
    return f'action="{URL}{row.public_id}/role/"'


def test_their_line_and_the_page_of_removal_say_it_and_hold_no_button(
    client: Client, lead: Membership, bob: Membership
) -> None:
    text = client.get(URL).text
    page = client.get(f"{URL}{lead.public_id}/remove/").text

    assert text.count(SAID) == 1
    assert change(lead) not in text
    assert change(bob) in text
    assert "is the only program lead. Make someone else program lead first." in page
    assert f"Remove {lead.name}</button>" not in page


def test_another_lead_frees_the_line_at_once_and_one_without_account_does_not(
    client: Client, lead: Membership, bob: Membership
) -> None:
    build.member(lead.engagement, "Named", Role.LEAD, user=None)
    alone = client.get(URL).text

    answer = client.post(f"{URL}{bob.public_id}/role/", {"role": "lead"}, headers=HTMX)

    assert SAID in alone
    assert SAID not in answer.text
    assert change(lead) in answer.text
    assert (answer["HX-Retarget"], answer["HX-Reswap"]) == ("#members", "outerHTML")
