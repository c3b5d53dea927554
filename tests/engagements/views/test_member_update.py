from __future__ import annotations

import pytest
from django.test import Client

from engagements.commands import remove_member
from engagements.commands.invitations import issue_invitation
from engagements.models import Engagement, Invitation, Membership, Role
from tenancy.scoping import scope
from tests import build

URL = "/e/northwind/members/"
HTMX = {"HX-Request": "true"}
TYPED = {"name": "Robert", "email": "robert@example.test", "version": "1"}


@pytest.fixture
def engagement(db: None) -> Engagement:
    return build.engagement()


@pytest.fixture
def lead(engagement: Engagement, client: Client) -> Membership:
    return build.sign_in(client, engagement)


@pytest.fixture
def bob(engagement: Engagement) -> Membership:
    return build.member(engagement, "Bob", Role.VIEWER, user=None, email="bob@example.test")


def edit(member: Membership) -> str:
    return f"{URL}{member.public_id}/edit/"


def saved(member: Membership) -> Membership:
    with scope(member.engagement_id):
        return Membership.objects.get(pk=member.pk)


def invite(member: Membership, by: Membership) -> None:
    with scope(member.engagement_id):
        issue_invitation(membership=member, by=by)


def invitations(member: Membership) -> list[tuple[bool, int]]:
    """Of each whether it still works, the oldest first."""
    with scope(member.engagement_id):
        found = Invitation.objects.filter(membership=member).order_by("pk")
        return [(one.revoked_at is None, one.pk) for one in found]


def test_a_lead_mends_name_and_address(client: Client, lead: Membership, bob: Membership) -> None:
    answer = client.post(edit(bob), TYPED)

    assert (answer.status_code, answer["Location"]) == (302, URL)
    now = saved(bob)
    assert (now.name, now.email, now.version) == ("Robert", "robert@example.test", 2)
    assert invitations(bob) == []


def test_another_address_ends_the_link_that_was_sent_and_is_sent_one(
    client: Client, lead: Membership, bob: Membership
) -> None:
    invite(bob, lead)

    client.post(edit(bob), TYPED)

    assert [works for works, _ in invitations(bob)] == [False, True]


def test_another_name_alone_leaves_the_link_as_it_is(
    client: Client, lead: Membership, bob: Membership
) -> None:
    invite(bob, lead)

    client.post(edit(bob), {**TYPED, "email": "BOB@example.test"})

    assert [works for works, _ in invitations(bob)] == [True]


def test_a_stale_form_shows_both_versions(
    client: Client, lead: Membership, bob: Membership
) -> None:
    client.post(edit(bob), TYPED)

    answer = client.post(edit(bob), {**TYPED, "name": "Bobby"}, headers=HTMX)

    assert answer.status_code == 409
    assert [row.label for row in answer.context["differences"]] == ["Name"]
    again = client.post(edit(bob), {**TYPED, "name": "Bobby", "version": "2"})
    assert (again.status_code, saved(bob).name) == (302, "Bobby")


@pytest.mark.parametrize(
    ("field", "typed"), [("name", ""), ("email", "robert@"), ("email", build.LONG_ADDRESS)]
)
def test_a_bad_form_keeps_what_was_typed(
    client: Client, lead: Membership, bob: Membership, field: str, typed: str
) -> None:
    answer = client.post(edit(bob), {**TYPED, field: typed})

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert saved(bob).name == "Bob"


def test_an_address_of_a_member_or_of_one_who_was_is_refused(
    client: Client, lead: Membership, bob: Membership
) -> None:
    eve = build.member(lead.engagement, "Eve")
    taken = client.post(edit(bob), {**TYPED, "email": eve.email.upper()})
    with scope(lead.engagement_id):
        remove_member(membership=eve, by=lead)
    gone = client.post(edit(bob), {**TYPED, "email": eve.email})

    assert "is already a member" in taken.context["form"].errors["email"][0]
    assert "Invite that address instead" in gone.context["form"].errors["email"][0]


def test_whoever_has_joined_sees_to_it_alone(client: Client, lead: Membership) -> None:
    eve = build.member(lead.engagement, "Eve")

    answers = [client.get(edit(eve), follow=True), client.post(edit(eve), TYPED, follow=True)]

    assert all("Eve has joined" in answer.text for answer in answers)
    assert saved(eve).name == "Eve"


def test_an_invitation_is_withdrawn_and_its_person_stays(
    client: Client, lead: Membership, bob: Membership
) -> None:
    invite(bob, lead)

    answer = client.post(f"{URL}{bob.public_id}/withdraw-invitation/", headers=HTMX)

    assert "Not invited yet" in answer.text
    assert "Withdraw" not in answer.text
    assert [works for works, _ in invitations(bob)] == [False]
    assert saved(bob).removed_at is None


def test_what_each_role_may_do_stands_below_the_members(client: Client, lead: Membership) -> None:
    text = " ".join(client.get(URL).text.split())

    table = text.split("What each role can do</caption>")[1].split("</table>")[0]
    rows = {row.split("</th>")[0]: row.count("<td>yes</td>") for row in table.split('="row">')[1:]}
    assert rows["Read the status page"] == 5
    assert rows["Check in"] == 3
    assert rows["Change settings, close the engagement"] == 1


def test_the_owner_of_the_workflow_who_leaves_owns_it_no_longer(
    client: Client, lead: Membership
) -> None:
    eve, olga = build.member(lead.engagement, "Eve"), build.member(lead.engagement, "Olga")
    with scope(lead.engagement_id):
        here = Engagement.objects.filter(pk=lead.engagement_id)
        here.update(workflow_owner=eve, context_owner=olga)

    client.post(f"{URL}{eve.public_id}/remove/")
    client.post(f"{URL}{olga.public_id}/role/", {"role": Role.VIEWER})

    with scope(lead.engagement_id):
        now = Engagement.objects.get(pk=lead.engagement_id)
    assert (now.workflow_owner_id, now.context_owner_id, now.version) == (None, None, 3)
