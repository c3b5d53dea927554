from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from engagements.commands.share_links import count_share_link_views
from engagements.links import share_link_token, share_link_url
from engagements.models import Engagement, Membership, Role, ShareLink
from tenancy.scoping import scope
from tests import build
from tests.query_counts import assert_constant_queries

URL = "/e/northwind/share-links/"
NEW = f"{URL}new/"
HTMX = {"HX-Request": "true"}


def in_days(days: int) -> str:
    """On the client's calendar, which may be a day ahead of ours."""
    today = timezone.localdate(timezone=ZoneInfo("Europe/Berlin"))
    return f"{today + dt.timedelta(days=days):%Y-%m-%d}"


def links(engagement: Engagement) -> list[ShareLink]:
    with scope(engagement.id):
        return list(ShareLink.objects.all())


def test_without_a_link_it_says_what_one_is_for(client: Client, lead: Membership) -> None:
    page = client.get(URL)

    assert "No link yet." in page.text
    assert f'value="{in_days(90)}"' in page.text


def test_it_shows_each_open_link_with_its_address_and_its_views(
    client: Client, lead: Membership
) -> None:
    link = build.share(lead, label="Board of <Northwind>")
    with scope(lead.engagement_id):
        count_share_link_views(
            engagement_id=lead.engagement_id,
            share_link_id=link.pk,
            views=12,
            last_viewed_at=timezone.now(),
        )

    text = client.get(URL).text

    for words in (
        "Board of &lt;Northwind&gt;",
        share_link_url(link),
        "12 views, last on",
        "Created by",
    ):
        assert words in text
    assert "1 link shows the status page." in text


def test_ended_links_are_folded_below_without_their_addresses(
    client: Client, lead: Membership
) -> None:
    ended = [
        build.share_revoked(lead, label="Old board"),
        build.share_expired(lead, label="Last year"),
    ]

    text = client.get(URL).text

    for words in ("2 ended", "revoked by Lead", "expired on", "No link yet."):
        assert words in text
    assert [link for link in ended if share_link_url(link) in text] == []


@pytest.mark.parametrize("role", [Role.CONTRIBUTOR, Role.CHAMPION, Role.SPONSOR])
def test_other_members_see_who_reads_but_no_address_and_no_button(
    client: Client, engagement: Engagement, role: str
) -> None:
    link = build.share(build.member(engagement, "Alice"))
    build.sign_in(client, engagement, role)

    text = client.get(URL).text

    assert link.label in text
    for words in ("/s/", "Revoke", "Create link"):
        assert words not in text


def test_its_queries_do_not_grow(client: Client, lead: Membership) -> None:
    for _ in range(10):
        build.share(lead)

    def ten_more() -> None:
        for _ in range(5):
            build.share(lead)
            build.share_revoked(lead)

    assert_constant_queries(lambda: client.get(URL), grow=ten_more, most=3)


def test_a_link_is_made_and_shown(client: Client, lead: Membership) -> None:
    answer = client.post(NEW, {"label": "Board", "expires_on": in_days(30)})

    assert (answer.status_code, answer["Location"]) == (302, URL)
    (link,) = links(lead.engagement)
    text = client.get(URL).text
    assert "The link for Board is ready." in text
    assert share_link_url(link) in text


def test_with_htmx_the_list_comes_back_with_an_empty_form(client: Client, lead: Membership) -> None:
    answer = client.post(NEW, {"label": "Board", "expires_on": in_days(30)}, headers=HTMX)

    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert share_link_url(links(lead.engagement)[0]) in answer.text
    assert f'value="{in_days(90)}"' in answer.text
    assert "is ready" in answer["HX-Trigger"]


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
@pytest.mark.parametrize(
    ("label", "days", "refusal"),
    [
        ("", 30, "This field is required."),
        ("Board", -1, "This day is in the past."),
        ("Board", 800, "A link can last two years at most."),
    ],
)
def test_a_refused_form_keeps_what_was_typed(
    client: Client,
    lead: Membership,
    label: str,
    days: int,
    refusal: str,
    headers: dict[str, str],
) -> None:
    answer = client.post(NEW, {"label": label, "expires_on": in_days(days)}, headers=headers)

    assert answer.status_code == 422
    assert refusal in answer.text
    assert f'value="{in_days(days)}"' in answer.text
    assert links(lead.engagement) == []


def test_revoking_ends_a_link(client: Client, lead: Membership) -> None:
    link = build.share(lead)

    answer = client.post(f"{URL}{link.public_id}/revoke/")

    assert (answer.status_code, answer["Location"]) == (302, URL)
    assert "The link for Board no longer works." in client.get(URL).text
    assert client.get(share_link_url(link)).status_code == 404


def test_revoking_with_htmx_brings_the_list_back_and_again_is_harmless(
    client: Client, lead: Membership
) -> None:
    link = build.share(lead)

    answers = [client.post(f"{URL}{link.public_id}/revoke/", headers=HTMX) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert "1 ended" in answers[1].text


def test_a_link_is_found_only_in_its_own_engagement(client: Client, lead: Membership) -> None:
    theirs = build.share(build.member(build.engagement("Harbor Retail"), "Charlie"))

    assert client.post(f"{URL}{theirs.public_id}/revoke/").status_code == 404


def test_a_link_whose_address_no_longer_fits_says_so(client: Client, lead: Membership) -> None:
    build.share(lead)
    with scope(lead.engagement_id):
        ShareLink.objects.update(token_hash="of another key")

    text = client.get(URL).text

    assert "secret key has changed" in text
    assert "/s/" not in text


def test_members_and_settings_lead_to_it(client: Client, lead: Membership) -> None:
    for page in ("members", "settings"):
        assert f'href="{URL}"' in client.get(f"/e/northwind/{page}/").text


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
    link, form = build.share(lead), typed()

    answer = client.post(edit(link), form)

    now = saved(link)
    assert (answer.status_code, answer["Location"]) == (302, URL)
    assert (now.label, share_link_token(now)) == ("Board", share_link_token(link))
    last = now.engagement.today(now.expires_at - dt.timedelta(seconds=1))
    assert last.isoformat() == form["expires_on"]


def test_the_form_shows_the_last_day_on_the_clients_calendar(
    client: Client, lead: Membership
) -> None:
    link = build.share(lead)
    last = lead.engagement.today(link.expires_at - dt.timedelta(seconds=1))

    assert f'value="{last.isoformat()}"' in client.get(edit(link)).text


def test_one_that_has_expired_works_again(client: Client, lead: Membership) -> None:
    link = build.share_expired(lead)
    assert "Reactivate link" in client.get(URL).text
    assert Client().get(f"/s/{share_link_token(link)}/").status_code == 404

    client.post(edit(link), typed())

    assert Client().get(f"/s/{share_link_token(link)}/").status_code == 200


def test_one_that_was_revoked_does_not(client: Client, lead: Membership) -> None:
    link = build.share_revoked(lead)

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
    link = build.share(lead)

    answer = client.post(edit(link), typed(**{field: value}), headers=HTMX)

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert saved(link).version == 1


def test_a_stale_form_shows_both_versions(client: Client, lead: Membership) -> None:
    link = build.share(lead)
    client.post(edit(link), typed())

    answer = client.post(edit(link), typed(label="The board"))

    assert answer.status_code == 409
    assert [row.label for row in answer.context["differences"]] == ["Recipient"]
    assert saved(link).label == "Board"
