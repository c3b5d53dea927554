from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from engagements import links
from engagements.commands import accept_invitation
from engagements.commands.invitations import issue_invitation
from engagements.models import Invitation, Membership, Role
from tenancy.scoping import scope
from tests import build
from tests.build import PASSWORD

ACCOUNT = {"name": "Bob Stone", "password": PASSWORD}


@pytest.fixture
def invitation(db: None) -> Invitation:
    engagement = build.engagement()
    alice = build.member(engagement, "Alice")
    with scope(engagement.id):
        bob = build.member(engagement, "Bob", Role.CHAMPION, user=None, email="bob@example.test")
        return issue_invitation(membership=bob, by=alice)


@pytest.fixture
def url(invitation: Invitation) -> str:
    return f"/invitations/{links.invitation_token(invitation)}/"


def joined(invitation: Invitation) -> Membership:
    with scope(invitation.engagement_id):
        return Membership.objects.select_related("user").get(pk=invitation.membership_id)


def test_it_says_who_invites_whom_where_and_as_what(client: Client, url: str) -> None:
    text = client.get(url).content.decode()

    for words in ("Alice", "bob@example.test", "Northwind SaaS", "champion", 'value="Bob"'):
        assert words in text


def test_looking_writes_nothing(client: Client, url: str) -> None:
    with CaptureQueriesContext(connection) as captured:
        client.get(url)

    verbs = {query["sql"].split()[0] for query in captured}
    assert verbs <= {"SELECT", "SAVEPOINT", "RELEASE", "BEGIN"}


def test_accepting_makes_the_account_and_signs_in(
    client: Client, url: str, invitation: Invitation
) -> None:
    answer = client.post(url, ACCOUNT)

    assert (answer.status_code, answer["Location"]) == (302, "/")
    bob = joined(invitation)
    assert (bob.name, bob.user) == ("Bob Stone", User.objects.get(email="bob@example.test"))
    assert client.get("/e/northwind/members/").status_code == 200


def test_a_weak_password_is_refused_and_the_name_kept(client: Client, url: str) -> None:
    answer = client.post(url, {"name": "Bob Stone", "password": "short"})

    assert (answer.status_code, 'value="Bob Stone"' in answer.content.decode()) == (422, True)
    assert "password" in answer.context["form"].errors
    assert not User.objects.filter(email="bob@example.test").exists()


def test_a_refusal_speaks_of_joining(client: Client, url: str) -> None:
    text = client.post(url, {"name": "", "password": ""}).content.decode()

    assert "Not joined yet." in text
    assert "Not saved yet." not in text


def test_a_password_made_of_the_address_is_refused(client: Client, url: str) -> None:
    answer = client.post(url, {"name": "Bob", "password": "bob@example.test"})

    assert answer.status_code == 422


def test_somebody_with_an_account_signs_in_to_accept(client: Client, url: str) -> None:
    build.user("Bob")

    text = client.get(url).content.decode()

    assert f"/accounts/login/?next={url}" in text
    assert client.post(url, ACCOUNT).status_code == 422


def test_an_account_is_attached_by_one_button(
    client: Client, url: str, invitation: Invitation
) -> None:
    bob = build.user("Bob")
    client.force_login(bob)
    assert "<input" in client.get(url).content.decode()

    assert client.post(url)["Location"] == "/"
    assert joined(invitation).user == bob


def test_another_account_is_told_so_and_stays_outside(
    client: Client, url: str, invitation: Invitation
) -> None:
    client.force_login(build.user("Charlie"))

    for answer in (client.get(url), client.post(url)):
        assert answer.status_code == 403
        assert "for another email address" in answer.content.decode()
    assert joined(invitation).is_placeholder


def test_an_unknown_link_is_not_found(client: Client, invitation: Invitation) -> None:
    answer = client.get("/invitations/never-sent/")

    assert (answer.status_code, "no longer works" in answer.content.decode()) == (404, True)


def test_a_used_link_is_gone(client: Client, url: str, invitation: Invitation) -> None:
    token = links.invitation_token(invitation)
    accept_invitation(token=token, name="Bob", password=PASSWORD)

    for answer in (client.get(url), client.post(url, ACCOUNT)):
        assert (answer.status_code, "no longer works" in answer.content.decode()) == (410, True)


@pytest.mark.parametrize("field", ["expires_at", "revoked_at"])
def test_an_old_or_replaced_link_is_gone(
    client: Client, url: str, invitation: Invitation, field: str
) -> None:
    with scope(invitation.engagement_id):
        Invitation.objects.update(**{field: timezone.now()})

    assert client.get(url).status_code == 410


def test_the_page_is_kept_out_of_referrers_caches_and_indexes(client: Client, url: str) -> None:
    for answer in (client.get(url), client.get("/invitations/never-sent/")):
        assert answer["Referrer-Policy"] == "same-origin"
        assert "noindex" in answer["X-Robots-Tag"]
        assert answer["Cache-Control"] == "no-store"


def test_the_session_is_a_new_one(client: Client, url: str) -> None:
    session = client.session
    session["visited"] = "before"
    session.save()
    before = session.session_key
    client.cookies["__Host-session"] = before or ""

    client.post(url, ACCOUNT)

    assert client.cookies["__Host-session"].value != before
    assert not Session.objects.filter(session_key=before).exists()
