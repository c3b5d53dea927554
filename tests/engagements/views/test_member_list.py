from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from engagements.commands.invitations import issue_invitation
from engagements.models import Engagement, Invitation, Membership, Role
from tenancy.scoping import scope
from tests import build

URL = "/e/northwind/members/"
HTMX = {"HX-Request": "true"}
CLAIRE = {"name": "Claire", "email": "claire@example.test", "role": "viewer"}


@pytest.fixture
def engagement(db: None) -> Engagement:
    return build.engagement()


@pytest.fixture
def lead(engagement: Engagement, client: Client) -> Membership:
    return build.sign_in(client, engagement)


@pytest.fixture
def bob(engagement: Engagement) -> Membership:
    return build.member(engagement, "Bob", Role.VIEWER, user=None)


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


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CONTRIBUTOR, Role.CHAMPION, Role.SPONSOR])
def test_only_leads_manage_members(
    client: Client, engagement: Engagement, bob: Membership, role: str
) -> None:
    build.sign_in(client, engagement, role)

    answers = [
        client.post(f"{URL}invite/", CLAIRE),
        client.post(f"{URL}{bob.public_id}/send-invitation/"),
        client.post(f"{URL}{bob.public_id}/role/", {"role": "lead"}),
        client.post(f"{URL}{bob.public_id}/remove/"),
        client.get(f"{URL}{bob.public_id}/remove/"),
    ]

    assert [answer.status_code for answer in answers] == [403] * 5


def test_viewers_do_not_read_it(client: Client, engagement: Engagement) -> None:
    build.sign_in(client, engagement, Role.VIEWER)

    assert client.get(URL).status_code == 403


def test_strangers_find_nothing(client: Client, engagement: Engagement, bob: Membership) -> None:
    build.sign_in(client, build.engagement("Harbor"))

    assert client.get(URL).status_code == 404
    assert client.post(f"{URL}{bob.public_id}/remove/").status_code == 404


def test_visitors_are_asked_to_sign_in(client: Client, engagement: Engagement) -> None:
    answer = client.get(URL)

    assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={URL}")


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
