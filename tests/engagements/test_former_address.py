"""An address that was changed away from opens nothing any more, whatever allauth still lists."""

from __future__ import annotations

import re
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.db import connection
from django.test import Client

from engagements.addresses import link_to
from engagements.commands import accept_invitation, change_address, disable_user, invite_member
from engagements.invitations import token_of
from engagements.models import Invitation, User
from engagements.scoping import scope
from notifications import outbox
from tests import build
from tests.build import PASSWORD
from tests.engagements.signing_in import CODE, CONFIRM, RESET, code_for, mailed, typed

OLD, NEW = "alice@example.test", "alice@new.test"
migration: Any = import_module("engagements.migrations.0005_former_addresses")


@pytest.fixture
def mails(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Whom a mail was written to."""
    sent: list[str] = []
    write = outbox.enqueue

    def noted(**mail: Any) -> None:
        if mail["payload"].get("context") != {}:  # else a worker cancels it
            sent.append(mail["recipient"])
        write(**mail)

    monkeypatch.setattr(outbox, "enqueue", noted)
    return sent


def listed(user: User, email: str = OLD) -> EmailAddress:
    """A row as earlier versions left it: by a reset, then made the first by a code."""
    return EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)


def moved(user: User) -> User:
    return change_address(user=user, token=link_to(user, new=NEW).rstrip("/").rsplit("/", 1)[1])


def who(client: Client) -> str | None:
    found = client.session.get("_auth_user_id")
    return str(found) if found else None


def by_code(user: User, email: str) -> str | None:
    """Who is signed in by the code that was mailed to this person."""
    client = Client()
    client.post(CODE, {"email": email})
    client.post(CONFIRM, {"code": code_for(user)})
    return who(client)


def reset_and_sign_in_by_code(alice: User) -> None:
    Client().post(RESET, {"email": OLD})
    assert by_code(alice, OLD) == str(alice.pk)


def test_neither_a_reset_nor_a_code_lists_an_address(alice: User) -> None:
    reset_and_sign_in_by_code(alice)

    assert not EmailAddress.objects.exists()


def test_the_old_mailbox_gets_neither_code_nor_link(alice: User, mails: list[str]) -> None:
    reset_and_sign_in_by_code(alice)
    moved(alice)
    mails.clear()

    for url in (CODE, RESET):
        Client().post(url, {"email": OLD})

    assert mails == []
    alice.refresh_from_db()
    assert alice.email == NEW


def test_what_earlier_versions_listed_goes_with_the_change(alice: User, mails: list[str]) -> None:
    listed(alice)
    moved(alice)
    mails.clear()

    for url in (CODE, RESET):
        Client().post(url, {"email": OLD})

    assert (mails, EmailAddress.objects.count()) == ([], 0)


@pytest.mark.parametrize("earlier", [True, False])
def test_the_next_person_with_the_address_signs_in_as_themselves(
    alice: User, *, earlier: bool
) -> None:
    if earlier:
        listed(alice)
    else:
        reset_and_sign_in_by_code(alice)
    moved(alice)
    bob = User.objects.create_user(email=OLD, name="Bob", password=PASSWORD)

    assert {by_code(bob, OLD) for _ in range(2)} == {str(bob.pk)}
    client = Client()
    client.post("/accounts/login/", typed(OLD))
    assert who(client) == str(bob.pk)
    alice.refresh_from_db()
    assert alice.email == NEW


def test_a_code_that_was_mailed_before_the_change_is_of_no_use(client: Client, alice: User) -> None:
    client.post(CODE, {"email": OLD})
    code = code_for(alice)
    moved(alice)

    client.post(CONFIRM, {"code": code})

    assert who(client) is None


def test_a_reset_link_that_was_mailed_before_the_change_is_of_no_use(
    client: Client, alice: User
) -> None:
    client.post(RESET, {"email": OLD})
    found = re.search(
        r"/accounts/password/reset/key/\S+", mailed(alice)["context"]["password_reset_url"]
    )
    assert found
    moved(alice)

    answer = client.get(found[0], follow=True)

    assert answer.context["token_fail"]


def test_who_accepts_an_invitation_signs_in_as_themselves(alice: User) -> None:
    listed(alice, "bob@example.test")
    lead = build.member(build.engagement(), "Lea")
    with scope(lead.engagement_id):
        member = invite_member(
            engagement=lead.engagement, email="bob@example.test", name="Bob", role="viewer", by=lead
        )
        token = token_of(Invitation.objects.get(membership=member))
    bob = accept_invitation(token=token, name="Bob", password=PASSWORD)

    assert by_code(bob, "bob@example.test") == str(bob.pk)


def test_whoever_is_disabled_holds_nobody_elses_address(alice: User) -> None:
    listed(alice, "bob@example.test")
    disable_user(user=alice)
    bob = build.user("Bob", email="bob@example.test")

    assert by_code(bob, "bob@example.test") == str(bob.pk)


def test_the_migration_keeps_the_rows_that_are_their_users_own(alice: User) -> None:
    own = listed(alice, OLD)
    listed(build.user("Bob"), "elsewhere@example.test")

    migration.forget_former_addresses(apps, SimpleNamespace(connection=connection))

    assert list(EmailAddress.objects.all()) == [own]
