from __future__ import annotations

import pytest
from django.test import Client

from engagements.commands import close_engagement
from engagements.models import Engagement, Membership, Role
from tenancy.scoping import scope
from tests import build
from tests.engagements.sharing import share

URL = "/e/northwind/settings/"
CLOSE, REOPEN = f"{URL}close/", f"{URL}reopen/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def lead(db: None, client: Client) -> Membership:
    return build.sign_in(client, build.engagement())


@pytest.fixture
def closed(lead: Membership) -> Membership:
    with scope(lead.engagement_id):
        close_engagement(engagement=lead.engagement, by=lead)
    return lead


def is_closed(member: Membership) -> bool:
    with scope(member.engagement_id):
        return Engagement.objects.get(pk=member.engagement_id).is_closed


def test_closing_asks_first(client: Client, lead: Membership) -> None:
    page = client.get(CLOSE)

    assert "Close Northwind SaaS?" in page.text
    assert not is_closed(lead)


def test_a_lead_closes_it_and_opens_it_again(client: Client, lead: Membership) -> None:
    shut = client.post(CLOSE, follow=True)
    assert is_closed(lead)
    assert "Reopen engagement" in shut.text
    assert "Closed by Lead." in shut.text

    again = client.post(REOPEN, follow=True)
    assert not is_closed(lead)
    assert "Northwind SaaS has been reopened." in again.text


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CONTRIBUTOR, Role.CHAMPION, Role.SPONSOR])
def test_nobody_else_does(client: Client, lead: Membership, role: str) -> None:
    build.sign_in(client, lead.engagement, role)

    assert client.post(CLOSE).status_code == 403
    assert client.post(REOPEN).status_code == 403
    assert not is_closed(lead)


def test_nothing_in_it_is_changed_and_all_is_read(client: Client, closed: Membership) -> None:
    cycle = build.cycle(closed.engagement)
    key_result = build.live_key_result(build.objective(closed, cycle))
    here = "/e/northwind/"
    pages = [
        client.get(f"{here}{path}")
        for path in (
            "",
            "board/",
            "cycles/",
            f"cycles/{cycle.public_id}/",
            f"key-results/{key_result.public_id}/",
            "status/",
            "members/",
            "teams/",
            "settings/",
            "reminders/",
            "decisions/",
        )
    ]

    assert {page.status_code for page in pages} == {200}
    assert all("<strong>Closed on " in page.text for page in pages)
    for path in ("settings/", "cycles/new/", f"key-results/{key_result.public_id}/check-in/"):
        answer = client.post(f"{here}{path}", {})
        assert (answer.status_code, "Northwind SaaS is closed." in answer.text) == (403, True)


@pytest.mark.parametrize("path", ["cycles/new/", "teams/new/", "metrics/new/", "reviews/new/"])
def test_no_form_is_shown_that_would_be_refused(
    client: Client, closed: Membership, path: str
) -> None:
    answer = client.get(f"/e/northwind/{path}")

    assert (answer.status_code, "Northwind SaaS is closed." in answer.text) == (403, True)


def test_a_page_from_before_is_read_anew(client: Client, closed: Membership) -> None:
    answer = client.post(URL, {}, headers=HTMX)

    assert answer["HX-Refresh"] == "true"


def test_a_check_in_that_was_open_before_is_refused(client: Client, closed: Membership) -> None:
    key_result = build.live_key_result(build.objective(closed, build.cycle(closed.engagement)))

    page = client.get(f"/e/northwind/key-results/{key_result.public_id}/").text

    assert "Check in" not in page.split("<main")[1].split("</main>")[0]


def test_its_people_and_links_are_still_looked_after(client: Client, closed: Membership) -> None:
    bob = build.member(closed.engagement, "Bob", Role.CONTRIBUTOR)
    link = share(closed)

    several = {"people": "ana@x.test, ben@x.test", "role": "viewer"}
    invited = client.post("/e/northwind/members/invite-several/", several)
    waiting = client.post("/e/northwind/members/invite-waiting/")
    removed = client.post(f"/e/northwind/members/{bob.public_id}/remove/")
    revoked = client.post(f"/e/northwind/share-links/{link.public_id}/revoke/")

    answers = (invited, waiting, removed, revoked)
    assert [answer.status_code for answer in answers] == [302] * 4


@pytest.mark.parametrize(
    ("path", "still"),
    [
        ("", False),
        ("teams/", False),
        ("members/", True),
        ("members/invite-several/", True),
        ("share-links/", True),
    ],
)
def test_the_banner_says_what_can_still_be_changed(
    client: Client, closed: Membership, path: str, still: bool
) -> None:
    text = client.get(f"/e/northwind/{path}").text

    assert (
        "Only members and share links can be changed. Everything else is read-only." in text
    ) == still
    assert ("Everything stays readable, but nothing can be changed." in text) != still


def test_the_banner_promises_no_changes_to_those_who_make_none(
    client: Client, closed: Membership
) -> None:
    build.sign_in(client, closed.engagement, Role.CHAMPION)

    assert (
        "Everything stays readable, but nothing can be changed."
        in client.get("/e/northwind/members/").text
    )


def test_it_leaves_my_week_and_stays_in_the_profile(client: Client, closed: Membership) -> None:
    week, profile = client.get("/").text, client.get("/profile/").text

    assert "Northwind SaaS" not in week
    assert "All your engagements are closed." in week
    assert '<a href="/e/northwind/">Northwind SaaS</a>' in profile
    assert "Closed on " in profile


def test_the_others_stay_on_my_week(client: Client, closed: Membership) -> None:
    build.member(build.engagement("Harbor"), "Lead", user=closed.user)

    week = client.get("/").text

    assert "Harbor" in week
    assert "Northwind SaaS" not in week


def test_its_lead_may_open_the_next_one(client: Client, closed: Membership) -> None:
    build.user("Somebody else")

    assert client.get("/engagements/new/").status_code == 200


def test_its_viewers_go_on_reading_its_status_page(client: Client, closed: Membership) -> None:
    build.sign_in(client, closed.engagement, Role.VIEWER)

    answer = client.get("/")

    assert answer["Location"] == "/e/northwind/status/"
    assert client.get("/e/northwind/status/").status_code == 200
