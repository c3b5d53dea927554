from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from engagements.links import share_link_token
from engagements.models import Membership, ShareLink
from tenancy.scoping import scope
from tests import build
from tests.engagements.sharing import share, share_expired, share_revoked

URL = "/e/northwind/share-links/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def lead(db: None, client: Client) -> Membership:
    return build.sign_in(client, build.engagement())


def typed(**fields: str) -> dict[str, str]:
    in_a_year = timezone.now().date() + dt.timedelta(days=365)
    return {"label": "Board", "expires_on": in_a_year.isoformat(), "version": "1", **fields}


def edit(link: ShareLink) -> str:
    return f"{URL}{link.public_id}/edit/"


def saved(link: ShareLink) -> ShareLink:
    with scope(link.engagement_id):
        return ShareLink.objects.select_related("engagement").get(pk=link.pk)


def test_its_name_and_its_last_day_change_and_its_address_stays(
    client: Client, lead: Membership
) -> None:
    link, form = share(lead), typed()

    answer = client.post(edit(link), form)

    now = saved(link)
    assert (answer.status_code, answer["Location"]) == (302, URL)
    assert (now.label, share_link_token(now)) == ("Board", share_link_token(link))
    last = now.engagement.today(now.expires_at - dt.timedelta(seconds=1))
    assert last.isoformat() == form["expires_on"]


def test_the_form_shows_the_last_day_on_the_clients_calendar(
    client: Client, lead: Membership
) -> None:
    link = share(lead)
    last = lead.engagement.today(link.expires_at - dt.timedelta(seconds=1))

    assert f'value="{last.isoformat()}"' in client.get(edit(link)).text


def test_one_that_has_expired_works_again(client: Client, lead: Membership) -> None:
    link = share_expired(lead)
    assert "Reactivate link" in client.get(URL).text
    assert Client().get(f"/s/{share_link_token(link)}/").status_code == 404

    client.post(edit(link), typed())

    assert Client().get(f"/s/{share_link_token(link)}/").status_code == 200


def test_one_that_was_revoked_does_not(client: Client, lead: Membership) -> None:
    link = share_revoked(lead)

    answer = client.post(edit(link), typed())

    assert (answer.status_code, "was revoked" in answer.text) == (422, True)
    assert Client().get(f"/s/{share_link_token(link)}/").status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [("label", " "), ("expires_on", "2020-01-01"), ("expires_on", "2199-01-01")],
)
def test_a_bad_form_keeps_what_was_typed(
    client: Client, lead: Membership, field: str, value: str
) -> None:
    link = share(lead)

    answer = client.post(edit(link), typed(**{field: value}), headers=HTMX)

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert saved(link).version == 1


def test_a_stale_form_shows_both_versions(client: Client, lead: Membership) -> None:
    link = share(lead)
    client.post(edit(link), typed())

    answer = client.post(edit(link), typed(label="The board"))

    assert answer.status_code == 409
    assert [row.label for row in answer.context["differences"]] == ["Recipient"]
    assert saved(link).label == "Board"
