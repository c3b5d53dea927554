from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from engagements.links import share_link_token, share_link_url
from engagements.models import Engagement, Membership, Role, ShareLink
from tenancy.scoping import scope
from tests import build
from tests.engagements.conftest import HTMX, saved
from tests.query_counts import assert_constant_queries

URL = "/e/northwind/share-links/"
NEW = f"{URL}new/"


def in_days(days: int, by: Membership) -> str:
    """On the client's calendar, which may be a day ahead of ours."""
    return (by.engagement.today(timezone.now()) + dt.timedelta(days=days)).isoformat()


def links(by: Membership) -> list[ShareLink]:
    with scope(by.engagement_id):
        return list(ShareLink.objects.all())


def edit(link: ShareLink) -> str:
    return f"{URL}{link.public_id}/edit/"


def typed(by: Membership, **fields: str) -> dict[str, str]:
    return {"label": "Board", "expires_on": in_days(365, by), "version": "1", **fields}


def test_it_shows_the_address_of_open_links_alone(client: Client, lead: Membership) -> None:
    link = build.share(lead, label="Board of <Northwind>")
    ended = [build.share_revoked(lead), build.share_expired(lead)]

    page = client.get(URL)

    shown = {state: len(links) for state, links in page.context["links"].items()}
    assert shown == {"open": 1, "ended": 2}
    assert "Board of &lt;Northwind&gt;" in page.text
    assert share_link_url(link) in page.text
    assert f'value="{in_days(90, lead)}"' in page.text
    assert [link for link in ended if share_link_url(link) in page.text] == []


def test_other_members_see_who_reads_but_no_address(client: Client, engagement: Engagement) -> None:
    link = build.share(build.member(engagement, "Alice"))
    build.sign_in(client, engagement, Role.CHAMPION)

    text = client.get(URL).text

    assert link.label in text
    assert not [words for words in ("/s/", "Revoke", "Create link") if words in text]


def test_its_queries_do_not_grow(client: Client, lead: Membership) -> None:
    def add(number: int) -> None:
        build.share(lead)
        build.share_revoked(lead)

    assert_constant_queries(lambda: client.get(URL), add=add, name="share-link-list", rows=5)


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_a_link_is_made(client: Client, lead: Membership, headers: dict[str, str]) -> None:
    typed = {"label": "Board", "expires_on": in_days(30, lead)}

    answer = client.post(NEW, typed, headers=headers)

    (link,) = links(lead)
    page = answer if headers else client.get(answer["Location"])
    assert ("<html" in page.text) is not bool(headers)
    assert share_link_url(link) in page.text
    assert f'value="{in_days(90, lead)}"' in page.text  # an empty form


@pytest.mark.parametrize(
    ("field", "label", "days"), [("label", "", 30), ("expires_on", "Board", 800)]
)
def test_a_refused_form_keeps_the_text(
    client: Client, lead: Membership, field: str, label: str, days: int
) -> None:
    form = {"label": label, "expires_on": in_days(days, lead)}

    answer = client.post(NEW, form, headers=HTMX)

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert f'value="{form["expires_on"]}"' in answer.text
    assert links(lead) == []


def test_revoking_ends_a_link_and_again_is_harmless(client: Client, lead: Membership) -> None:
    link = build.share(lead)

    answer = client.post(f"{URL}{link.public_id}/revoke/")
    again = client.post(f"{URL}{link.public_id}/revoke/", headers=HTMX)

    assert (answer.status_code, answer["Location"]) == (302, URL)
    assert client.get(share_link_url(link)).status_code == 404
    assert (again.status_code, "1 ended" in again.text) == (200, True)


def test_a_later_last_day_opens_an_expired_link_again(client: Client, lead: Membership) -> None:
    link = build.share_expired(lead)
    assert f'value="{in_days(90 - 200, lead)}"' in client.get(edit(link)).text
    assert Client().get(f"/s/{share_link_token(link)}/").status_code == 404

    answer = client.post(edit(link), typed(lead, label="The board"))

    now = saved(link)
    assert (answer.status_code, answer["Location"]) == (302, URL)
    assert (now.label, now.expires_on.isoformat()) == ("The board", in_days(365, lead))
    assert Client().get(f"/s/{share_link_token(link)}/").status_code == 200


def test_a_stale_form_shows_what_differs(client: Client, lead: Membership) -> None:
    link = build.share(lead)
    client.post(edit(link), typed(lead))

    answer = client.post(edit(link), typed(lead, label="The board"))

    assert answer.status_code == 409
    assert [row.label for row in answer.context["differences"]] == ["Recipient"]
    assert saved(link).label == "Board"
