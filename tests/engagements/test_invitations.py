from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models.signals import pre_save
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import User
from engagements import links
from engagements.commands.invitations import (
    accept_as_user,
    accept_invitation,
    invite_member,
    invite_members,
    invite_waiting,
    send_invitation,
)
from engagements.commands.members import add_placeholder, remove_member
from engagements.models import Engagement, Invitation, Membership, Role, unknown_address
from mail.delivery import Delivered, deliver_due
from mail.models import OutboxMessage, Priority
from tenancy.scoping import scope
from tests import build
from tests.build import PASSWORD
from tests.checkins.posting import refused
from tests.engagements.conftest import saved
from tests.smtp import MailServer, mail_server, text_of
from tests.walls.racing import at_once

__all__ = ["mail_server"]
PEOPLE = {f"p{number}@x.test": f"Person {number}" for number in range(20)}


@pytest.fixture
def invitation(engagement: Engagement, alice: Membership) -> Invitation:
    with scope(engagement.id):
        bob = build.member(engagement, "Bob", Role.CONTRIBUTOR, user=None, email="bob@example.test")
        return send_invitation(membership=bob, by=alice, now=timezone.now())


def invite_bob(by: Membership) -> Invitation:
    bob = {"email": "bob@example.test", "name": "Bob", "role": "viewer"}
    with scope(by.engagement_id):
        person = invite_member(engagement=by.engagement, by=by, **bob, now=timezone.now())
        return person.invitations.get()


def invite_all(people: dict[str, str], *, by: Membership) -> list[Membership]:
    known: dict[str, Any] = {"engagement": by.engagement, "by": by, "now": timezone.now()}
    return invite_members(people=people, role=Role.VIEWER, **known)


def accept(invitation: Invitation) -> User:
    token = links.invitation_token(invitation)
    return accept_invitation(token=token, name="Bob Stone", password=PASSWORD, now=timezone.now())


def test_no_row_is_locked_to_hash(invitation: Invitation, monkeypatch: pytest.MonkeyPatch) -> None:
    before: list[dict[str, str]] = []

    def count(password: str) -> str:
        before.extend(captured)
        return make_password(password)

    monkeypatch.setattr("engagements.commands.invitations.make_password", count)
    with CaptureQueriesContext(connection) as captured:
        user = accept(invitation)

    assert not [query["sql"] for query in before if " FOR " in query["sql"]]
    assert [query["sql"] for query in captured if " FOR " in query["sql"]]
    assert user.check_password(PASSWORD)


def test_inviting_makes_one_link_for_two_weeks(alice: Membership) -> None:
    invitation = invite_bob(alice)

    assert (invitation.membership.name, invitation.sent_by_id) == ("Bob", alice.pk)
    assert invitation.membership.is_placeholder
    assert invitation.expires_at - invitation.sent_at == dt.timedelta(days=14)


def test_a_link_is_found_by_its_hash_alone(invitation: Invitation, settings: Settings) -> None:
    token = links.invitation_token(invitation)

    assert len(token) == 43  # 256 bits
    assert token not in str(vars(invitation))
    assert links.find_invitation(token) == invitation
    assert links.find_invitation(token[:-1] + "x") is None
    assert links.invitation_token(saved(invitation)) == token
    settings.SECRET_KEY = "another-secret"
    assert links.invitation_token(invitation) != token


def test_a_newer_link_replaces_the_older(invitation: Invitation, alice: Membership) -> None:
    with scope(invitation.engagement_id):
        newer = send_invitation(membership=invitation.membership, by=alice, now=timezone.now())

    assert saved(invitation).revoked_at
    with pytest.raises(ValidationError):
        accept(invitation)
    assert accept(newer)


def test_of_several_the_named_keep_name_and_role(engagement: Engagement, alice: Membership) -> None:
    dana = build.member(engagement, "Dana", Role.SPONSOR, user=None, email="dana@x.test")

    with scope(engagement.id):
        invite_all({"Dana@x.test": "D", "ana@x.test": "Ana"}, by=alice)
        named = Membership.objects.exclude(pk=alice.pk).values_list("email", "name", "role")
        assert set(named) == {("dana@x.test", "Dana", "sponsor"), ("ana@x.test", "Ana", "viewer")}
    assert (open_links(engagement), saved(dana).role) == (["ana@x.test", "dana@x.test"], "sponsor")


def test_members_among_several_are_each_refused(engagement: Engagement, alice: Membership) -> None:
    ben = build.member(engagement, "Ben", Role.SPONSOR)
    people = dict.fromkeys(("a@x.test", ben.email, alice.email), "Name")

    with scope(engagement.id), pytest.raises(ValidationError) as refusal:
        invite_all(people, by=alice)

    assert [error.code for error in refusal.value.error_list] == ["already_member"] * 2
    assert open_links(engagement) == []


def test_who_has_no_open_link_is_invited_once(engagement: Engagement, alice: Membership) -> None:
    waiting = {
        name: build.member(engagement, name, user=None) for name in ("Ana", "Ben", "Cem", "Dora")
    }
    with scope(engagement.id):
        for name in ("Ben", "Cem"):
            send_invitation(membership=waiting[name], by=alice, now=timezone.now())
        Invitation.objects.filter(membership=waiting["Ben"]).update(expires_at=timezone.now())

        invite = partial(invite_waiting, engagement=engagement, by=alice, now=timezone.now())
        invited = [invite(), invite()]

    assert invited == [[waiting["Ana"], waiting["Ben"], waiting["Dora"]], []]
    assert open_links(engagement) == sorted(one.email for one in waiting.values())


def test_someone_without_an_address_is_invited_once_they_have_one(
    engagement: Engagement, alice: Membership
) -> None:
    sam = build.member(engagement, "Sam", user=None, email=unknown_address())
    with scope(engagement.id):
        assert invite_waiting(engagement=engagement, by=alice, now=timezone.now()) == []
        with pytest.raises(ValidationError) as refused:
            send_invitation(membership=sam, by=alice, now=timezone.now())

    assert refused.value.code == "no_address"
    assert not sam.has_address


def test_accepting_makes_the_account_and_joins_it(invitation: Invitation) -> None:
    user = accept(invitation)

    bob = saved(invitation.membership)
    assert (bob.user, bob.name, bob.role) == (user, "Bob Stone", Role.CONTRIBUTOR)
    assert user.check_password(PASSWORD)
    assert saved(invitation).accepted_at
    with scope(invitation.engagement_id):
        latest = invitation.membership.events.latest("pgh_id")
    assert latest.pgh_context == {"user": user.pk}


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("accepted", "invitation_gone"),
        ("expired", "invitation_gone"),
        ("removed", "invitation_gone"),
        ("has an account", "has_account"),
    ],
)
def test_a_link_works_once_until_it_ends_or_its_person_is_removed(
    invitation: Invitation, alice: Membership, end: str, code: str
) -> None:
    with scope(invitation.engagement_id):
        match end:
            case "accepted":
                accept(invitation)
            case "expired":
                Invitation.objects.update(expires_at=timezone.now())
            case "removed":
                remove_member(membership=invitation.membership, by=alice, now=timezone.now())
            case "has an account":
                build.user("Bob")

    assert refused(accept, invitation) == code


def test_an_account_that_was_made_meanwhile_is_not_made_again(invitation: Invitation) -> None:
    def take(*_: object, **__: object) -> None:
        pre_save.disconnect(take, sender=User)
        build.user("Bob", email="bob@example.test")

    pre_save.connect(take, sender=User)
    with pytest.raises(ValidationError) as refusal:
        accept(invitation)

    assert refusal.value.error_list[0].code == "taken"
    assert User.objects.filter(email="bob@example.test").count() == 0  # rolled back with the other


def test_an_account_of_the_address_alone_joins_with_its_own_name(invitation: Invitation) -> None:
    bob, token = build.user("Robert", email="bob@example.test"), links.invitation_token(invitation)

    now, charlie = timezone.now(), build.user("Charlie")
    assert refused(accept_as_user, token=token, user=charlie, now=now) == "other_address"
    accept_as_user(token=token, user=bob, now=now)

    joined = saved(invitation.membership)
    assert (joined.user, joined.name) == (bob, "Robert")


def test_the_worker_mails_the_link_before_others(committed: str, mail_server: MailServer) -> None:
    invitation = invite_bob(build.member(build.engagement()))
    (message,) = OutboxMessage.objects.using("sweep").all()
    assert message.payload == {"engagement": invitation.engagement_id, "invitation": invitation.pk}
    assert message.priority == Priority.AWAITED

    assert deliver_due() == Delivered(sent=1)

    (mail,) = mail_server.messages
    assert mail["To"] == "bob@example.test"
    assert mail["Subject"] == "Alice invites you to Northwind SaaS"
    assert links.invitation_url(invitation) in text_of(mail)


def test_a_link_that_was_taken_back_is_not_mailed(committed: str, mail_server: MailServer) -> None:
    with scope(invite_bob(build.member(build.engagement())).engagement_id):
        Invitation.objects.update(revoked_at=timezone.now())

    assert deliver_due() == Delivered(cancelled=1)
    assert mail_server.messages == []


@pytest.fixture
def leads(committed: str) -> list[Membership]:
    engagement = build.engagement()
    return [build.member(engagement, name) for name in ("Alice", "Bob")]


def open_links(engagement: Engagement) -> list[str]:
    with scope(engagement.id):
        links = Invitation.objects.waiting(now=timezone.now())
        return sorted(links.values_list("membership__email", flat=True))


def test_two_leads_who_send_one_list_at_once_both_come_through(leads: list[Membership]) -> None:
    engagement, people = leads[0].engagement, sorted(PEOPLE.items())
    sides = zip((people, people[::-1]), leads, strict=True)
    works = [partial(invite_all, dict(side), by=lead) for side, lead in sides]

    assert [len(invited) for invited in at_once(engagement.pk, *works)] == [len(PEOPLE)] * 2
    assert open_links(leads[0].engagement) == sorted(PEOPLE)


def test_two_leads_who_name_one_person_at_once_name_them_once(leads: list[Membership]) -> None:
    ana: dict[str, Any] = {"engagement": leads[0].engagement, "name": "Ana", "role": "viewer"}
    for email in PEOPLE:
        name = partial(add_placeholder, email=email, **ana)
        outcomes = at_once(leads[0].engagement_id, *[partial(name, by=lead) for lead in leads])
        codes = [getattr(outcome, "code", "named") for outcome in outcomes]
        assert sorted(codes) == ["already_member", "named"]


def test_who_waits_is_mailed_once_by_two_leads(leads: list[Membership]) -> None:
    for email, name in PEOPLE.items():
        build.member(leads[0].engagement, name, user=None, email=email)

    invite = partial(invite_waiting, engagement=leads[0].engagement, now=timezone.now())
    invited = at_once(leads[0].engagement_id, *[partial(invite, by=lead) for lead in leads])
    assert sorted(map(len, invited)) == [0, len(PEOPLE)]
