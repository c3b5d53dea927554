from __future__ import annotations

import datetime as dt
import re

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db.models.signals import pre_save
from django.utils import timezone

from accounts.addresses import link_to
from accounts.models import User
from engagements.commands import (
    accept_as_user,
    ask_for_address,
    change_address,
    invite_member,
    remove_member,
)
from engagements.links import invitation_token
from engagements.models import Invitation, Membership, Role
from mail.delivery import deliver_due
from tenancy.scoping import scope
from tests import build
from tests.smtp import MailServer, mail_server, text_of

__all__ = ["mail_server"]

NEW = "alice@new.test"


@pytest.fixture
def alice(db: None) -> User:
    return build.user("Alice")


def asked(user: User, email: str = NEW) -> str:
    """The token of the link that the mail to the new address holds."""
    ask_for_address(user=user, email=email)
    return link_to(user, new=email.lower()).rstrip("/").rsplit("/", 1)[1]


def test_a_new_address_is_theirs_once_its_link_is_followed(alice: User) -> None:
    change_address(user=alice, token=asked(alice))

    alice.refresh_from_db()
    assert alice.email == NEW


def test_every_engagement_lists_the_new_address(alice: User) -> None:
    clients = [build.engagement("Northwind"), build.engagement("Harbor")]
    members = [build.member(client, role=Role.CONTRIBUTOR, user=alice) for client in clients]

    change_address(user=alice, token=asked(alice))

    with scope(*(client.pk for client in clients)):
        listed = Membership.objects.filter(pk__in=[one.pk for one in members])
        assert set(listed.values_list("email", flat=True)) == {NEW}


def test_a_link_works_once(alice: User) -> None:
    token = asked(alice)
    change_address(user=alice, token=token)

    with pytest.raises(ValidationError, match="no longer works"):
        change_address(user=alice, token=token)


def test_a_link_is_of_the_person_who_asked(alice: User) -> None:
    token = asked(alice)

    with pytest.raises(ValidationError, match="no longer works"):
        change_address(user=build.user("Bob"), token=token)


def test_a_link_lasts_a_day(alice: User) -> None:
    token = asked(alice)

    with (
        time_machine.travel(timezone.now() + dt.timedelta(days=1, minutes=1)),
        pytest.raises(ValidationError, match="no longer works"),
    ):
        change_address(user=alice, token=token)


def test_a_made_up_link_changes_nothing(alice: User) -> None:
    token = asked(alice)

    with pytest.raises(ValidationError, match="no longer works"):
        change_address(user=alice, token=f"{token[:-1]}{'a' if token[-1] != 'a' else 'b'}")


def test_the_own_address_is_no_new_one(alice: User) -> None:
    with pytest.raises(ValidationError, match="already"):
        ask_for_address(user=alice, email=" ALICE@example.test ")


def test_an_address_that_got_an_account_meanwhile_is_not_taken_over(alice: User) -> None:
    token = asked(alice)
    build.user("Other", email=NEW)

    with pytest.raises(ValidationError, match="Another account"):
        change_address(user=alice, token=token)


def test_an_address_under_which_a_client_lists_somebody_else_is_refused(alice: User) -> None:
    client = build.engagement()
    build.member(client, role=Role.CONTRIBUTOR, user=alice)
    build.member(client, "Alicia", Role.VIEWER, user=None, email=NEW)

    with pytest.raises(ValidationError, match="Northwind SaaS lists Alicia"):
        change_address(user=alice, token=asked(alice))

    alice.refresh_from_db()
    assert alice.email == "alice@example.test"


def test_an_address_under_which_somebody_removed_stands_is_free(alice: User) -> None:
    lead = build.member(build.engagement(), "Lea")
    build.member(lead.engagement, role=Role.CONTRIBUTOR, user=alice)
    mistyped = build.member(lead.engagement, "Alicia", Role.VIEWER, user=None, email=NEW)
    with scope(lead.engagement_id):
        remove_member(membership=mistyped, by=lead)

    change_address(user=alice, token=asked(alice))

    with scope(lead.engagement_id):
        assert Membership.objects.get(email=NEW).user == alice
        mistyped.refresh_from_db()
    assert (mistyped.name, mistyped.email.endswith("@removed.invalid")) == ("Alicia", True)


def test_a_former_member_does_not_hold_an_address_they_left(alice: User) -> None:
    lead = build.member(build.engagement(), "Lea")
    build.member(lead.engagement, role=Role.CONTRIBUTOR, user=alice)
    former = build.member(lead.engagement, "Alan", Role.VIEWER, email=NEW)
    with scope(lead.engagement_id):
        remove_member(membership=former, by=lead)
    assert former.user
    User.objects.filter(pk=former.user.pk).update(email="alan@new.test")

    change_address(user=alice, token=asked(alice))

    alice.refresh_from_db()
    assert alice.email == NEW


def test_an_address_that_gets_an_account_while_it_is_saved_is_refused_alike(alice: User) -> None:
    token = asked(alice)

    def be_quicker(instance: User, **_: object) -> None:
        pre_save.disconnect(be_quicker, sender=User)
        build.user("Other", email=NEW)

    pre_save.connect(be_quicker, sender=User)
    with pytest.raises(ValidationError, match="Another account") as refused:
        change_address(user=alice, token=token)

    assert refused.value.code == "taken"
    alice.refresh_from_db()
    assert alice.email == "alice@example.test"


def test_an_address_that_a_client_lists_while_it_is_saved_is_refused_alike(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = build.engagement()
    build.member(client, role=Role.CONTRIBUTOR, user=alice)
    token = asked(alice)

    def be_quicker(*_: object, **__: object) -> None:
        build.member(client, "Alicia", Role.VIEWER, user=None, email=NEW)

    monkeypatch.setattr("engagements.commands.addresses._refuse_where_listed", be_quicker)
    with pytest.raises(ValidationError) as refused:
        change_address(user=alice, token=token)

    assert refused.value.code == "taken"


def test_somebody_removed_comes_back_under_the_new_address(alice: User) -> None:
    lead = build.member(build.engagement(), "Lea")
    former = build.member(lead.engagement, role=Role.CONTRIBUTOR, user=alice)
    with scope(lead.engagement_id):
        remove_member(membership=former, by=lead)
    alice = change_address(user=alice, token=asked(alice))
    with scope(lead.engagement_id):
        invited = invite_member(
            engagement=lead.engagement, email=NEW, name="Alice", role="viewer", by=lead
        )
        link = Invitation.objects.get(membership=invited)

    accept_as_user(token=invitation_token(link), user=alice)

    with scope(lead.engagement_id):
        assert Membership.objects.active().get(user=alice) == invited


class TestMails:
    @pytest.fixture
    def alice(self, committed: str) -> User:
        return build.user("Alice")

    def test_the_mail_holds_the_link_and_the_old_address_hears_of_the_change(
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

    def test_a_taken_address_is_said_there_alone_and_gets_no_link(
        self, alice: User, mail_server: MailServer
    ) -> None:
        build.user("Other", email=NEW)

        ask_for_address(user=alice, email=NEW)
        deliver_due()

        (mail,) = mail_server.messages
        assert "It already has an account" in text_of(mail)
        assert "/profile/address/" not in text_of(mail)
