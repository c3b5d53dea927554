from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client

from engagements.commands.invitations import issue_invitation
from engagements.commands.members import remove_member
from engagements.models import Engagement, Invitation, Membership, Role
from tenancy.scoping import scope
from tests import build
from tests.query_counts import assert_constant_queries

URL = "/e/northwind/members/"
HTMX = {"HX-Request": "true"}
CLAIRE = {"name": "Claire", "email": "claire@example.test", "role": "viewer"}
TYPED = {"name": "Robert", "email": "robert@example.test", "version": "1"}
SAID = "The only program lead. To change this role"


@pytest.fixture
def bob(engagement: Engagement) -> Membership:
    """A viewer who has not joined yet."""
    return build.member(engagement, "Bob", Role.VIEWER, user=None, email="bob@example.test")


def path(member: Membership, action: str) -> str:
    return f"{URL}{member.public_id}/{action}/"


def saved(member: Membership) -> Membership:
    with scope(member.engagement_id):
        return Membership.objects.get(pk=member.pk)


def invite(member: Membership, by: Membership) -> None:
    with scope(member.engagement_id):
        issue_invitation(membership=member, by=by)


def open_links(member: Membership) -> list[bool]:
    """Whether each invitation still works, the oldest first."""
    with scope(member.engagement_id):
        found = Invitation.objects.filter(membership=member).order_by("pk")
        return [one.revoked_at is None for one in found]


def test_it_shows_each_member_and_whether_they_have_joined(
    client: Client, lead: Membership, bob: Membership
) -> None:
    invite(build.member(lead.engagement, "Eve", user=None), lead)

    text = " ".join(client.get(URL).text.split())

    for words in ("3 members. 2 haven’t joined yet.", "Not invited yet", "Invited ", bob.email):
        assert words in text


def test_a_lead_alone_reads_so(client: Client, lead: Membership) -> None:
    assert "You’re the only member so far." in client.get(URL).text


def test_its_queries_do_not_grow(client: Client, lead: Membership) -> None:
    def ten_more() -> None:
        for _ in range(10):
            invite(build.member(lead.engagement, f"Person {uuid4().hex[:6]}", user=None), lead)

    ten_more()
    assert_constant_queries(lambda: client.get(URL), grow=ten_more, most=6)


@pytest.mark.parametrize("role", [Role.CONTRIBUTOR, Role.CHAMPION, Role.SPONSOR])
def test_members_read_it_without_addresses_or_buttons(
    client: Client, engagement: Engagement, bob: Membership, role: str
) -> None:
    build.sign_in(client, engagement, role)

    text = client.get(URL).text

    assert ("Bob" in text, bob.email in text, "<select" in text) == (True, False, False)


def test_inviting_goes_back_to_the_list(client: Client, lead: Membership) -> None:
    answer = client.post(f"{URL}invite/", CLAIRE)

    assert (answer.status_code, answer["Location"]) == (302, URL)
    with scope(lead.engagement_id):
        claire = Membership.objects.get(email="claire@example.test")
    assert (claire.name, claire.role) == ("Claire", Role.VIEWER)


def test_inviting_by_htmx_swaps_list_and_form(client: Client, lead: Membership) -> None:
    answer = client.post(f"{URL}invite/", CLAIRE, headers=HTMX)

    assert (answer.status_code, answer.text.startswith('<div id="members"')) == (200, True)
    assert "Claire" in answer.text
    assert 'value="claire@example.test"' not in answer.text
    assert "toast" in answer["HX-Trigger"]


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
@pytest.mark.parametrize(
    ("email", "error"),
    [
        ("claire@", "Enter a valid email address"),
        (build.LONG_ADDRESS, "254"),
        ("lead@example.test", "is already a member"),
    ],
)
def test_a_refused_invitation_keeps_what_was_typed(
    client: Client, lead: Membership, email: str, error: str, headers: dict[str, str]
) -> None:
    answer = client.post(f"{URL}invite/", {**CLAIRE, "email": email}, headers=headers)

    assert answer.status_code == 422
    assert error in answer.context["form"].errors["email"][0]
    assert 'value="Claire"' in answer.text
    assert f'value="{email}"' in answer.text
    assert ("<html" in answer.text) is not bool(headers)


def test_only_people_who_have_not_joined_are_sent_an_invitation(
    client: Client, lead: Membership, bob: Membership
) -> None:
    sent = client.post(path(bob, "send-invitation"), headers=HTMX)
    refused = client.post(path(lead, "send-invitation"), headers=HTMX)

    assert sent.text.startswith(f'<li id="member-{bob.public_id}"')
    assert open_links(bob) == [True]
    assert (refused.status_code, "needs no invitation" in refused.text) == (422, True)


@pytest.mark.parametrize(("headers", "status"), [({}, 302), (HTMX, 200)])
def test_a_role_is_changed(
    client: Client, lead: Membership, bob: Membership, headers: dict[str, str], status: int
) -> None:
    answer = client.post(path(bob, "role"), {"role": "champion"}, headers=headers)

    assert (answer.status_code, saved(bob).role) == (status, Role.CHAMPION)
    assert client.post(path(bob, "role"), {"role": "king"}, headers=HTMX).status_code == 422


def test_the_last_lead_keeps_the_role_and_cannot_leave(client: Client, lead: Membership) -> None:
    by_htmx = client.post(path(lead, "role"), {"role": "viewer"}, headers=HTMX)
    plain = client.post(path(lead, "role"), {"role": "viewer"}, follow=True)
    leaving = client.post(path(lead, "remove"))

    assert (by_htmx.status_code, leaving.status_code) == (422, 422)
    assert all("is the only program lead" in answer.text for answer in (by_htmx, plain))
    assert "Not removed" in leaving.text


def test_removing_asks_first_and_counts_what_they_own(
    client: Client, lead: Membership, bob: Membership
) -> None:
    objective = build.objective(bob, build.cycle(lead.engagement))
    build.key_result(objective)
    build.key_result(objective)

    text = client.get(path(bob, "remove")).text

    assert "Bob owns 2 key results, owns 1 objective." in " ".join(text.split())
    assert saved(bob).removed_at is None


def test_removal_ends_access_with_the_next_request(client: Client, lead: Membership) -> None:
    dana = build.member(lead.engagement, "Dana", Role.CONTRIBUTOR)
    hers = Client()
    assert dana.user
    hers.force_login(dana.user)
    assert hers.get(URL).status_code == 200

    answer = client.post(path(dana, "remove"))

    assert answer["Location"] == URL
    assert hers.get(URL).status_code == 404


def test_a_lead_who_leaves_lands_on_my_week(client: Client, lead: Membership) -> None:
    build.member(lead.engagement, "Other")

    assert client.post(path(lead, "remove"))["Location"] == "/"


def test_another_engagements_member_is_not_found_here(client: Client, lead: Membership) -> None:
    charlie = build.member(build.engagement("Harbor"), "Charlie")

    for action in ("send-invitation", "role", "remove"):
        assert client.post(path(charlie, action)).status_code == 404


@pytest.mark.parametrize(
    ("email", "links"),
    [
        pytest.param("robert@example.test", [False, True], id="another-address"),
        pytest.param("BOB@example.test", [True], id="another-name"),
    ],
)
def test_another_address_ends_the_link_that_was_sent_and_is_sent_one(
    client: Client, lead: Membership, bob: Membership, email: str, links: list[bool]
) -> None:
    invite(bob, lead)

    answer = client.post(path(bob, "edit"), {**TYPED, "email": email})

    now = saved(bob)
    assert (answer.status_code, answer["Location"]) == (302, URL)
    assert (now.name, now.email, now.version) == ("Robert", email.lower(), 2)
    assert open_links(bob) == links


def test_no_link_is_sent_to_people_who_had_none(
    client: Client, lead: Membership, bob: Membership
) -> None:
    client.post(path(bob, "edit"), TYPED)

    assert (saved(bob).email, open_links(bob)) == ("robert@example.test", [])


def test_a_stale_form_shows_both_versions(
    client: Client, lead: Membership, bob: Membership
) -> None:
    client.post(path(bob, "edit"), TYPED)

    answer = client.post(path(bob, "edit"), {**TYPED, "name": "Bobby"}, headers=HTMX)

    assert answer.status_code == 409
    assert [row.label for row in answer.context["differences"]] == ["Name"]
    again = client.post(path(bob, "edit"), {**TYPED, "name": "Bobby", "version": "2"})
    assert (again.status_code, saved(bob).name) == (302, "Bobby")


@pytest.mark.parametrize(
    ("field", "typed"), [("name", ""), ("email", "robert@"), ("email", build.LONG_ADDRESS)]
)
def test_a_bad_form_changes_nothing(
    client: Client, lead: Membership, bob: Membership, field: str, typed: str
) -> None:
    answer = client.post(path(bob, "edit"), {**TYPED, field: typed})

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert saved(bob).name == "Bob"


def test_an_address_of_a_member_or_of_a_removed_one_is_refused(
    client: Client, lead: Membership, bob: Membership
) -> None:
    eve = build.member(lead.engagement, "Eve")
    taken = client.post(path(bob, "edit"), {**TYPED, "email": eve.email.upper()})
    with scope(lead.engagement_id):
        remove_member(membership=eve, by=lead)
    gone = client.post(path(bob, "edit"), {**TYPED, "email": eve.email})

    assert "is already a member" in taken.context["form"].errors["email"][0]
    assert "Invite that address instead" in gone.context["form"].errors["email"][0]


def test_members_who_have_joined_change_it_themselves(client: Client, lead: Membership) -> None:
    edit = path(eve := build.member(lead.engagement, "Eve"), "edit")

    answers = [client.get(edit, follow=True), client.post(edit, TYPED, follow=True)]

    assert all("Eve has joined" in answer.text for answer in answers)
    assert saved(eve).name == "Eve"


def test_an_invitation_is_withdrawn_and_its_person_stays(
    client: Client, lead: Membership, bob: Membership
) -> None:
    invite(bob, lead)

    answer = client.post(path(bob, "withdraw-invitation"), headers=HTMX)

    assert ("Not invited yet" in answer.text, "Withdraw" in answer.text) == (True, False)
    assert (open_links(bob), saved(bob).removed_at) == ([False], None)


def test_a_table_shows_the_permissions_of_each_role(client: Client, lead: Membership) -> None:
    """M9.6."""
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

    client.post(path(eve, "remove"))
    client.post(path(olga, "role"), {"role": Role.VIEWER})

    with scope(lead.engagement_id):
        now = Engagement.objects.get(pk=lead.engagement_id)
    assert (now.workflow_owner_id, now.context_owner_id, now.version) == (None, None, 3)


@pytest.fixture
def champion(engagement: Engagement) -> Membership:
    return build.member(engagement, "Bob", Role.CHAMPION)


def test_their_line_and_the_page_of_removal_say_it_and_hold_no_button(
    client: Client, lead: Membership, champion: Membership
) -> None:
    text = client.get(URL).text
    page = client.get(path(lead, "remove")).text

    assert text.count(SAID) == 1
    assert f'action="{path(lead, "role")}"' not in text
    assert f'action="{path(champion, "role")}"' in text
    assert "is the only program lead. Make someone else program lead first." in page
    assert f"Remove {lead.name}</button>" not in page


def test_another_lead_frees_the_line_at_once_and_one_without_account_does_not(
    client: Client, lead: Membership, champion: Membership
) -> None:
    build.member(lead.engagement, "Named", Role.LEAD, user=None)
    alone = client.get(URL).text

    answer = client.post(path(champion, "role"), {"role": "lead"}, headers=HTMX)

    assert SAID in alone
    assert SAID not in answer.text
    assert f'action="{path(lead, "role")}"' in answer.text
    assert (answer["HX-Retarget"], answer["HX-Reswap"]) == ("#members", "outerHTML")
