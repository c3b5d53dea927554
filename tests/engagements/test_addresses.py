from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db.models.signals import pre_save
from django.test import Client
from django.utils import timezone

from accounts.commands import VALID_FOR, link_to
from accounts.models import User
from engagements.commands.invitations import accept_as_user, invite_member
from engagements.commands.members import remove_member
from engagements.commands.profiles import ask_for_address, change_address
from engagements.links import invitation_token
from engagements.models import Invitation, Membership, Role
from mail.delivery import deliver_due
from tenancy.scoping import scope
from tests import build
from tests.accounts.signing_in import mailed
from tests.build import PASSWORD
from tests.checkins.posting import refused
from tests.smtp import MailServer, mail_server, text_of

__all__ = ["mail_server"]
NEW = "alice@new.test"
URL = "/profile/address/"


@pytest.fixture
def alice(db: None) -> User:
    return build.user("Alice")


def asked(user: User, email: str = NEW) -> str:
    """The token of the link that the mail to the new address holds."""
    ask_for_address(user=user, email=email)
    return link_to(user, new=email.lower()).rstrip("/").rsplit("/", 1)[1]


def test_a_new_address_is_theirs_everywhere_once_its_link_is_followed(alice: User) -> None:
    clients = [build.engagement("Northwind"), build.engagement("Harbor")]
    for client in clients:
        build.member(client, role=Role.CONTRIBUTOR, user=alice)

    change_address(user=alice, token=asked(alice))

    alice.refresh_from_db()
    with scope(*(client.pk for client in clients)):
        assert {alice.email, *Membership.objects.values_list("email", flat=True)} == {NEW}


@pytest.mark.parametrize("link", ["followed", "of someone else", "a day old", "made up"])
def test_a_link_works_once_for_a_day_for_the_person_who_asked(alice: User, link: str) -> None:
    token, user, now = asked(alice), alice, timezone.now()
    match link:
        case "followed":
            change_address(user=alice, token=token)
        case "of someone else":
            user = build.user("Bob")
        case "a day old":
            now += dt.timedelta(days=1, minutes=1)
        case "made up":
            token = f"{token[:-1]}{'a' if token[-1] != 'a' else 'b'}"

    with time_machine.travel(now), pytest.raises(ValidationError, match="no longer works"):
        change_address(user=user, token=token)


@pytest.mark.parametrize("moment", ["before it is saved", "while it is saved"])
@pytest.mark.parametrize("by", ["an account", "a client"])
def test_an_address_that_was_taken_since_is_not_taken_over(
    alice: User, monkeypatch: pytest.MonkeyPatch, by: str, moment: str
) -> None:
    client = build.engagement()
    build.member(client, role=Role.CONTRIBUTOR, user=alice)
    token = asked(alice)

    def take(*_: object, **__: object) -> None:
        pre_save.disconnect(take, sender=User)
        if by == "an account":
            build.user("Other", email=NEW)
        else:
            build.member(client, "Alicia", Role.VIEWER, user=None, email=NEW)

    if moment == "before it is saved":
        take()
    elif by == "an account":
        pre_save.connect(take, sender=User)
    else:
        monkeypatch.setattr("engagements.commands.profiles.require_unlisted_address", take)
    assert refused(change_address, user=alice, token=token) == "taken"
    alice.refresh_from_db()
    assert alice.email == "alice@example.test"


@pytest.fixture
def lead(db: None) -> Membership:
    return build.member(build.engagement(), "Lea")


def removed(lead: Membership, **fields: Any) -> Membership:
    member = build.member(lead.engagement, role=Role.CONTRIBUTOR, **fields)
    with scope(lead.engagement_id):
        remove_member(membership=member, by=lead, now=timezone.now())
    return member


def test_the_address_of_somebody_removed_is_free(alice: User, lead: Membership) -> None:
    build.member(lead.engagement, role=Role.CONTRIBUTOR, user=alice)
    mistyped = removed(lead, name="Alicia", user=None, email=NEW)

    change_address(user=alice, token=asked(alice))

    with scope(lead.engagement_id):
        assert Membership.objects.get(email=NEW).user == alice
        mistyped.refresh_from_db()
    assert (mistyped.name, mistyped.email.endswith("@removed.invalid")) == ("Alicia", True)


def test_a_former_member_does_not_hold_an_address_they_left(alice: User, lead: Membership) -> None:
    build.member(lead.engagement, role=Role.CONTRIBUTOR, user=alice)
    removed(lead, name="Alan", email=NEW)
    User.objects.filter(name="Alan").update(email="alan@new.test")

    change_address(user=alice, token=asked(alice))

    alice.refresh_from_db()
    assert alice.email == NEW


def test_somebody_removed_comes_back_under_the_new_address(alice: User, lead: Membership) -> None:
    removed(lead, user=alice)
    alice = change_address(user=alice, token=asked(alice))
    with scope(lead.engagement_id):
        person = {"email": NEW, "name": "Alice", "role": "viewer"}
        invite_member(engagement=lead.engagement, by=lead, now=timezone.now(), **person)
        link = Invitation.objects.select_related("membership").get()

    accept_as_user(token=invitation_token(link), user=alice, now=timezone.now())

    with scope(lead.engagement_id):
        assert Membership.objects.active().get(user=alice) == link.membership


class TestMails:
    @pytest.fixture
    def alice(self, committed: str) -> User:
        return build.user("Alice")

    def test_the_new_address_gets_the_link_the_old_one_the_news(
        self, alice: User, mail_server: MailServer
    ) -> None:
        ask_for_address(user=alice, email=NEW)
        deliver_due()
        (confirm,) = mail_server.messages
        found = re.search(r"/profile/address/(\S+)/", text_of(confirm))
        assert found
        assert confirm["To"] == NEW

        change_address(user=alice, token=found[1])
        deliver_due()

        told = mail_server.messages[-1]
        assert told["To"] == "alice@example.test"
        assert NEW in text_of(told)

    def test_a_taken_address_gets_no_link(self, alice: User, mail_server: MailServer) -> None:
        build.user("Other", email=NEW)

        ask_for_address(user=alice, email=NEW)
        deliver_due()

        (mail,) = mail_server.messages
        assert "It already has an account" in text_of(mail)
        assert "/profile/address/" not in text_of(mail)


@pytest.fixture
def signed_in(db: None, client: Client) -> User:
    user = build.user("Alice")
    client.force_login(user)
    return user


def path(user: User, new: str = NEW) -> str:
    return link_to(user, new=new).removeprefix("http://localhost:8000")


@pytest.mark.parametrize("end", ["a day is over", "it is followed", "the old address is gone"])
def test_a_profile_names_it_until_its_link_ends(client: Client, signed_in: User, end: str) -> None:
    client.post(URL, {"email": NEW, "password": PASSWORD})
    assert f"To change it to {NEW}, sign in and follow the link" in client.get("/profile/").text
    now = timezone.now()
    match end:
        case "a day is over":
            now += VALID_FOR
        case "it is followed":
            client.post(path(signed_in))
        case "the old address is gone":
            User.objects.filter(pk=signed_in.pk).update(email="alice@elsewhere.test")

    with time_machine.travel(now, tick=False):
        assert "follow the link" not in client.get("/profile/").text


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"email": build.LONG_ADDRESS, "password": PASSWORD}, "email"),
        ({"email": " ALICE@example.test ", "password": PASSWORD}, "email"),
        ({"email": NEW, "password": "a-wrong-password"}, "password"),
    ],
)
def test_it_refuses_at_the_field(
    client: Client, signed_in: User, typed: dict[str, str], field: str
) -> None:
    answer = client.post(URL, typed)

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert f'value="{typed["email"]}"' in answer.text


def test_guesses_at_the_password_end(client: Client, signed_in: User) -> None:
    answers = [client.post(URL, {"email": NEW, "password": "wrong"}) for _ in range(11)]

    assert [answer.status_code for answer in answers] == [422] * 10 + [429]


def test_who_signs_in_by_codes_alone_sets_a_password_first(client: Client, signed_in: User) -> None:
    signed_in.set_unusable_password()
    signed_in.save()
    client.force_login(signed_in)

    assert "Set a password first" in client.get(URL).text
    client.post(URL, {"email": NEW, "password": ""})
    signed_in.refresh_from_db()
    assert signed_in.email == "alice@example.test"


def test_the_link_asks_and_changes_it_by_a_post(client: Client, signed_in: User) -> None:
    assert client.get(path(signed_in)).context["new"] == NEW

    answer = client.post(path(signed_in))

    assert answer["Location"] == "/profile/"
    assert Client().login(email=NEW, password=PASSWORD)
    assert not Client().login(email="alice@example.test", password=PASSWORD)
    assert mailed(signed_in)["subject"] == "Your email address was changed"


def test_a_refusal_says_why(client: Client, signed_in: User) -> None:
    build.user("Other", email=NEW)

    answer = client.post(path(signed_in))

    assert (answer.status_code, "Another account" in answer.text) == (422, True)


def test_a_link_of_somebody_else_leads_nowhere(client: Client, signed_in: User) -> None:
    bob = build.user("Bob")

    for answer in (client.get(path(bob)), client.post(path(bob)), client.get(f"{URL}nothing/")):
        assert (answer.status_code, "This link no longer works." in answer.text) == (404, True)


def test_the_token_stays_out_of_logs_and_the_form_still_sends(signed_in: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(signed_in)
    page = client.get(path(signed_in))
    # By `no-referrer` browsers would send the form from the origin "null", which is refused.
    assert page["Referrer-Policy"] == "strict-origin"

    answer = client.post(
        path(signed_in),
        {"csrfmiddlewaretoken": page.context["csrf_token"]},
        headers={"origin": "http://testserver"},
    )

    assert answer["Referrer-Policy"] == "strict-origin"
    signed_in.refresh_from_db()
    assert signed_in.email == NEW
