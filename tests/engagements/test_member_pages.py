from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from engagements.commands.invitations import issue_invitation
from engagements.models import Engagement, Invitation, Membership, Role
from tenancy.scoping import scope
from tests import build
from tests.engagements.conftest import HTMX, saved
from tests.query_counts import assert_constant_queries

URL = "/e/northwind/members/"
CLAIRE = {"name": "Claire", "email": "claire@example.test", "role": "viewer"}
TYPED = {"name": "Robert", "email": "robert@example.test", "version": "1"}


@pytest.fixture
def bob(engagement: Engagement) -> Membership:
    """A viewer who has not joined yet."""
    return build.member(engagement, "Bob", Role.VIEWER, user=None, email="bob@example.test")


def path(member: Membership, action: str) -> str:
    return f"{URL}{member.public_id}/{action}/"


def guest(lead: Membership, name: str) -> None:
    """Someone who has been invited and has not joined."""
    member = build.member(lead.engagement, name, user=None)
    with scope(lead.engagement_id):
        issue_invitation(membership=member, by=lead, now=timezone.now())


def test_it_shows_who_has_joined(client: Client, lead: Membership, bob: Membership) -> None:
    guest(lead, "Eve")

    page = client.get(URL)

    assert [row.membership.name for row in page.context["members"]] == ["Bob", "Eve", "Lead"]
    assert (page.context["to_join"], page.context["to_invite"]) == (2, 1)
    for words in ("Not invited yet", "Invited ", bob.email):
        assert words in page.text


def test_its_queries_do_not_grow(client: Client, lead: Membership) -> None:
    def add(number: int) -> None:
        guest(lead, f"Guest {number}")

    assert_constant_queries(lambda: client.get(URL), add=add, name="member-list")


def test_members_read_it_without_addresses(
    client: Client, engagement: Engagement, bob: Membership
) -> None:
    build.sign_in(client, engagement, Role.CHAMPION)

    text = client.get(URL).text

    assert ("Bob" in text, bob.email in text, "<select" in text) == (True, False, False)


def test_a_table_shows_the_permissions_of_each_role(client: Client, lead: Membership) -> None:
    """M9.6."""
    text = " ".join(client.get(URL).text.split())

    table = text.split("What each role can do</caption>")[1].split("</table>")[0]
    rows = {row.split("</th>")[0]: row.count("<td>yes</td>") for row in table.split('="row">')[1:]}
    assert rows["Read the status page"] == 5
    assert rows["Check in"] == 3
    assert rows["Change settings, close the engagement"] == 1


@pytest.mark.parametrize("email", ["claire@", build.LONG_ADDRESS, "LEAD@example.test"])
def test_a_refused_invitation_keeps_the_text(client: Client, lead: Membership, email: str) -> None:
    answer = client.post(f"{URL}invite/", {**CLAIRE, "email": email}, headers=HTMX)

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["email"])
    assert 'value="Claire"' in answer.text
    assert f'value="{email}"' in answer.text


def test_invitations_go_out_and_back(client: Client, lead: Membership, bob: Membership) -> None:
    sent = client.post(path(bob, "send-invitation"), headers=HTMX)
    refused = client.post(path(lead, "send-invitation"), headers=HTMX)
    withdrawn = client.post(path(bob, "withdraw-invitation"), headers=HTMX)

    assert sent.text.startswith(f'<li id="member-{bob.public_id}"')
    assert (refused.status_code, "needs no invitation" in refused.text) == (422, True)
    assert ("Withdraw" in sent.text, "Withdraw" in withdrawn.text) == (True, False)
    with scope(lead.engagement_id):
        assert Invitation.objects.get().revoked_at
    assert saved(bob).removed_at is None


@pytest.mark.usefixtures("lead", "bob")
def test_all_who_wait_are_invited_by_one_press(client: Client) -> None:
    answers = [client.post(f"{URL}invite-waiting/", follow=True) for _ in range(2)]

    assert [answer.context["to_invite"] for answer in answers] == [0, 0]
    assert "The invitation for Bob is on its way." in answers[0].text


@pytest.mark.parametrize(("headers", "status"), [({}, 302), (HTMX, 200)])
def test_a_role_is_changed(
    client: Client, lead: Membership, bob: Membership, headers: dict[str, str], status: int
) -> None:
    answer = client.post(path(bob, "role"), {"role": "champion"}, headers=headers)

    assert (answer.status_code, saved(bob).role) == (status, Role.CHAMPION)
    assert client.post(path(bob, "role"), {"role": "king"}, headers=HTMX).status_code == 422


def test_the_last_lead_neither_leaves_nor_changes_role(
    client: Client, lead: Membership, bob: Membership
) -> None:
    listed, asked = client.get(URL).text, client.get(path(lead, "remove")).text
    by_htmx = client.post(path(lead, "role"), {"role": "viewer"}, headers=HTMX)
    plain = client.post(path(lead, "role"), {"role": "viewer"}, follow=True)
    leaving = client.post(path(lead, "remove"))

    assert f'action="{path(lead, "role")}"' not in listed
    assert f'action="{path(bob, "role")}"' in listed
    assert f"Remove {lead.name}</button>" not in asked
    assert (by_htmx.status_code, leaving.status_code) == (422, 422)
    assert all("is the only program lead" in page.text for page in (by_htmx, plain, leaving))


def test_another_lead_frees_the_line_at_once(client: Client, lead: Membership) -> None:
    champion = build.member(lead.engagement, "Bob", Role.CHAMPION)

    answer = client.post(path(champion, "role"), {"role": "lead"}, headers=HTMX)

    assert f'action="{path(lead, "role")}"' in answer.text
    assert (answer["HX-Retarget"], answer["HX-Reswap"]) == ("#members", "outerHTML")


def test_removing_counts_what_they_own(client: Client, lead: Membership, bob: Membership) -> None:
    today = timezone.now().date()
    cycle = build.cycle(lead.engagement, starts_on=today, ends_on=today + dt.timedelta(days=90))
    objective = build.objective(bob, cycle)
    build.key_result(objective)
    build.key_result(objective)

    page = client.get(path(bob, "remove"))

    assert [str(one) for one in page.context["held"]] == ["owns 2 key results", "owns 1 objective"]
    assert saved(bob).removed_at is None


def test_who_leaves_is_led_out_and_others_back_to_the_list(
    client: Client, lead: Membership, bob: Membership
) -> None:
    build.member(lead.engagement, "Other")

    removed, left = (client.post(path(member, "remove")) for member in (bob, lead))

    assert (removed["Location"], left["Location"]) == (URL, "/")
    assert client.get(URL).status_code == 404  # with the next request


def test_a_stale_edit_shows_what_differs(client: Client, lead: Membership, bob: Membership) -> None:
    first = client.post(path(bob, "edit"), TYPED)
    stale = client.post(path(bob, "edit"), {**TYPED, "name": "Bobby"}, headers=HTMX)
    again = client.post(path(bob, "edit"), {**TYPED, "name": "Bobby", "version": "2"})

    assert (first.status_code, first["Location"]) == (302, URL)
    assert stale.status_code == 409
    assert [row.label for row in stale.context["differences"]] == ["Name"]
    assert (again.status_code, saved(bob).name) == (302, "Bobby")


@pytest.mark.parametrize(
    ("field", "typed"),
    [("name", ""), ("email", build.LONG_ADDRESS), ("email", "lead@example.test")],
)
def test_a_bad_correction_changes_nothing(
    client: Client, lead: Membership, bob: Membership, field: str, typed: str
) -> None:
    answer = client.post(path(bob, "edit"), {**TYPED, field: typed})

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert saved(bob).name == "Bob"


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_inviting_shows_the_list_and_an_empty_form(
    client: Client, lead: Membership, headers: dict[str, str]
) -> None:
    answer = client.post(f"{URL}invite/", CLAIRE, headers=headers)

    page = answer if headers else client.get(URL)
    assert headers or answer["Location"] == URL
    assert page.text.startswith('<div id="members"') is bool(headers)
    assert 'value="claire@example.test"' not in page.text
    with scope(lead.engagement_id):
        claire = Membership.objects.get(email="claire@example.test")
    assert (claire.name, claire.role) == ("Claire", Role.VIEWER)
