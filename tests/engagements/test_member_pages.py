from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from engagements.commands import remove_member
from engagements.commands.invitations import issue_invitation
from engagements.models import Engagement, Invitation, Membership, Role
from tenancy.scoping import scope
from tests import build

URL = "/e/northwind/members/"
HTMX = {"HX-Request": "true"}
CLAIRE = {"name": "Claire", "email": "claire@example.test", "role": "viewer"}
TYPED = {"name": "Robert", "email": "robert@example.test", "version": "1"}
SAID = "The only program lead. To change this role"


@pytest.fixture
def bob(engagement: Engagement) -> Membership:
    return build.member(engagement, "Bob", Role.VIEWER, user=None, email="bob@example.test")


def named(engagement: Engagement, **fields: str) -> Membership | None:
    with scope(engagement.id):
        return Membership.objects.filter(**fields).first()


def test_it_shows_who_takes_part_and_how_far_they_are(
    client: Client, lead: Membership, bob: Membership
) -> None:
    with scope(lead.engagement_id):
        issue_invitation(membership=build.member(lead.engagement, "Eve", user=None), by=lead)

    text = " ".join(client.get(URL).text.split())

    assert "3 members. 2 haven’t joined yet." in text
    assert "Not invited yet" in text
    assert "Invited " in text
    assert bob.email in text


def test_one_member_alone_is_told_so(client: Client, lead: Membership) -> None:
    assert "You’re the only member so far." in client.get(URL).content.decode()


def test_it_needs_the_same_queries_for_ten_and_for_twenty(client: Client, lead: Membership) -> None:
    counts = []
    for number in range(20):
        somebody = build.member(lead.engagement, f"Person {number}", user=None)
        with scope(lead.engagement_id):
            issue_invitation(membership=somebody, by=lead)
        if number in (9, 19):
            with CaptureQueriesContext(
                connection,
            ) as captured:
                client.get(URL)
            counts.append(len(captured))

    assert counts[0] == counts[1]


@pytest.mark.parametrize("role", [Role.CONTRIBUTOR, Role.CHAMPION, Role.SPONSOR])
def test_members_read_it_without_addresses_or_buttons(
    client: Client, engagement: Engagement, bob: Membership, role: str
) -> None:
    build.sign_in(client, engagement, role)

    text = client.get(URL).content.decode()

    assert "Bob" in text
    assert bob.email not in text
    assert "<select" not in text


def test_inviting_goes_back_to_the_list(client: Client, lead: Membership) -> None:
    answer = client.post(f"{URL}invite/", CLAIRE)

    assert (answer.status_code, answer["Location"]) == (302, URL)
    claire = named(lead.engagement, email="claire@example.test")
    assert claire
    assert (claire.name, claire.role) == ("Claire", Role.VIEWER)


def test_inviting_by_htmx_swaps_list_and_form(client: Client, lead: Membership) -> None:
    answer = client.post(f"{URL}invite/", CLAIRE, headers=HTMX)

    text = answer.content.decode()
    assert (answer.status_code, text.startswith('<div id="members"')) == (200, True)
    assert "Claire" in text
    assert 'value="claire@example.test"' not in text
    assert "toast" in answer["HX-Trigger"]


def test_an_address_that_is_too_long_is_refused(client: Client, lead: Membership) -> None:
    answer = client.post(f"{URL}invite/", {**CLAIRE, "email": build.LONG_ADDRESS})

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["email"])


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_bad_invitation_keeps_what_was_typed(
    client: Client, lead: Membership, headers: dict[str, str]
) -> None:
    answer = client.post(f"{URL}invite/", {**CLAIRE, "email": "claire@"}, headers=headers)

    text = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="Claire"' in text
    assert 'value="claire@"' in text
    assert ("<html" in text) is not bool(headers)


def test_an_address_that_is_taken_is_said_at_its_field(client: Client, lead: Membership) -> None:
    answer = client.post(f"{URL}invite/", {**CLAIRE, "email": lead.email})

    assert answer.status_code == 422
    assert "is already a member" in answer.context["form"].errors["email"][0]


def test_a_placeholder_is_sent_an_invitation(
    client: Client, lead: Membership, bob: Membership
) -> None:
    answer = client.post(f"{URL}{bob.public_id}/send-invitation/", headers=HTMX)

    assert answer.content.decode().startswith(f'<li id="member-{bob.public_id}"')
    with scope(lead.engagement_id):
        assert Invitation.objects.get().membership == bob


def test_a_member_is_sent_none(client: Client, lead: Membership) -> None:
    answer = client.post(f"{URL}{lead.public_id}/send-invitation/", headers=HTMX)

    assert (answer.status_code, "needs no invitation" in answer.content.decode()) == (422, True)


@pytest.mark.parametrize(("headers", "status"), [({}, 302), (HTMX, 200)])
def test_a_role_is_changed(
    client: Client, lead: Membership, bob: Membership, headers: dict[str, str], status: int
) -> None:
    answer = client.post(f"{URL}{bob.public_id}/role/", {"role": "champion"}, headers=headers)

    assert answer.status_code == status
    changed = named(lead.engagement, name="Bob")
    assert changed
    assert changed.role == Role.CHAMPION


def test_a_role_that_does_not_exist_is_refused(
    client: Client, lead: Membership, bob: Membership
) -> None:
    answer = client.post(f"{URL}{bob.public_id}/role/", {"role": "king"}, headers=HTMX)

    assert answer.status_code == 422


def test_the_last_lead_keeps_the_role_and_is_told_so(client: Client, lead: Membership) -> None:
    by_htmx = client.post(f"{URL}{lead.public_id}/role/", {"role": "viewer"}, headers=HTMX)
    plain = client.post(f"{URL}{lead.public_id}/role/", {"role": "viewer"}, follow=True)

    assert by_htmx.status_code == 422
    for answer in (by_htmx, plain):
        assert "is the only program lead" in answer.content.decode()


def test_removing_asks_first_and_counts_what_they_answer_for(
    client: Client, lead: Membership, bob: Membership
) -> None:
    objective = build.objective(bob, build.cycle(lead.engagement))
    build.key_result(objective)
    build.key_result(objective)

    text = client.get(f"{URL}{bob.public_id}/remove/").content.decode()

    assert "Bob owns 2 key results, owns 1 objective." in " ".join(text.split())
    assert named(lead.engagement, name="Bob", removed_at=None)  # type: ignore[arg-type]


def test_removal_ends_access_with_the_next_request(client: Client, lead: Membership) -> None:
    dana = build.member(lead.engagement, "Dana", Role.CONTRIBUTOR)
    hers = Client()
    assert dana.user
    hers.force_login(dana.user)
    assert hers.get(URL).status_code == 200

    answer = client.post(f"{URL}{dana.public_id}/remove/")

    assert answer["Location"] == URL
    assert hers.get(URL).status_code == 404


def test_the_last_lead_cannot_leave(client: Client, lead: Membership) -> None:
    answer = client.post(f"{URL}{lead.public_id}/remove/")

    assert (answer.status_code, "Not removed" in answer.content.decode()) == (422, True)


def test_whoever_leaves_lands_where_they_may_be(client: Client, lead: Membership) -> None:
    build.member(lead.engagement, "Other")

    assert client.post(f"{URL}{lead.public_id}/remove/")["Location"] == "/"


def test_another_engagements_member_is_not_found_here(client: Client, lead: Membership) -> None:
    charlie = build.member(build.engagement("Harbor"), "Charlie")

    for action in ("send-invitation", "role", "remove"):
        assert client.post(f"{URL}{charlie.public_id}/{action}/").status_code == 404


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


@pytest.fixture
def champion(engagement: Engagement) -> Membership:
    return build.member(engagement, "Bob", Role.CHAMPION)


def change(row: Membership) -> str:
    return f'action="{URL}{row.public_id}/role/"'


def test_their_line_and_the_page_of_removal_say_it_and_hold_no_button(
    client: Client, lead: Membership, champion: Membership
) -> None:
    text = client.get(URL).text
    page = client.get(f"{URL}{lead.public_id}/remove/").text

    assert text.count(SAID) == 1
    assert change(lead) not in text
    assert change(champion) in text
    assert "is the only program lead. Make someone else program lead first." in page
    assert f"Remove {lead.name}</button>" not in page


def test_another_lead_frees_the_line_at_once_and_one_without_account_does_not(
    client: Client, lead: Membership, champion: Membership
) -> None:
    build.member(lead.engagement, "Named", Role.LEAD, user=None)
    alone = client.get(URL).text

    answer = client.post(f"{URL}{champion.public_id}/role/", {"role": "lead"}, headers=HTMX)

    assert SAID in alone
    assert SAID not in answer.text
    assert change(lead) in answer.text
    assert (answer["HX-Retarget"], answer["HX-Reswap"]) == ("#members", "outerHTML")
