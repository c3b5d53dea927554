from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.core.exceptions import ValidationError
from django.db import connections
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
from engagements.models import Engagement, Invitation, Membership, Role
from mail.delivery import Delivered, deliver_due
from mail.models import OutboxMessage, Priority
from tenancy.scoping import scope
from tests import build
from tests.build import PASSWORD
from tests.smtp import MailServer, mail_server, text_of

__all__ = ["mail_server"]
PEOPLE = {f"p{number}@x.test": f"Person {number}" for number in range(20)}


@pytest.fixture
def invitation(engagement: Engagement, alice: Membership) -> Invitation:
    with scope(engagement.id):
        bob = build.member(engagement, "Bob", Role.CONTRIBUTOR, user=None, email="bob@example.test")
        return send_invitation(membership=bob, by=alice)


def test_inviting_names_a_placeholder_and_makes_one_link(
    engagement: Engagement, alice: Membership
) -> None:
    with scope(engagement.id):
        bob = invite_member(
            engagement=engagement, email="bob@example.test", name="Bob", role="viewer", by=alice
        )
        invitation = Invitation.objects.get()
        assert (invitation.membership, invitation.sent_by, bob.is_placeholder) == (bob, alice, True)
    assert invitation.expires_at - invitation.sent_at == dt.timedelta(days=14)


def test_the_link_is_found_by_its_hash_alone(invitation: Invitation) -> None:
    token = links.invitation_token(invitation)

    assert len(token) == 43  # 256 bits
    assert token not in str(vars(invitation))
    assert links.find_invitation(token) == invitation
    assert links.find_invitation(token[:-1] + "x") is None


def test_the_link_is_derived_from_the_stored_row_and_the_secret(
    invitation: Invitation, settings: Settings
) -> None:
    token = links.invitation_token(invitation)
    with scope(invitation.engagement_id):
        stored = Invitation.objects.get(pk=invitation.pk)

    assert links.invitation_token(stored) == token
    settings.SECRET_KEY = "another-secret"
    assert links.invitation_token(stored) != token


def test_a_newer_link_replaces_the_older(invitation: Invitation, alice: Membership) -> None:
    with scope(invitation.engagement_id):
        newer = send_invitation(membership=invitation.membership, by=alice)
        invitation.refresh_from_db()

    assert invitation.revoked_at
    with pytest.raises(ValidationError):
        accept_invitation(token=links.invitation_token(invitation), name="Bob", password=PASSWORD)
    assert accept_invitation(token=links.invitation_token(newer), name="Bob", password=PASSWORD)


def test_nobody_who_joined_is_invited_again(engagement: Engagement, alice: Membership) -> None:
    with scope(engagement.id), pytest.raises(ValidationError) as refusal:
        send_invitation(membership=alice, by=alice)

    assert refusal.value.code == "not_a_placeholder"


def test_accepting_makes_the_account_and_joins_it(invitation: Invitation) -> None:
    user = accept_invitation(
        token=links.invitation_token(invitation), name="Bob Stone", password=PASSWORD
    )

    with scope(invitation.engagement_id):
        bob = Membership.objects.get(pk=invitation.membership_id)
        invitation.refresh_from_db()
    assert (bob.user, bob.name, bob.role) == (user, "Bob Stone", Role.CONTRIBUTOR)
    assert user.check_password(PASSWORD)
    assert invitation.accepted_at


@pytest.mark.parametrize("end", ["accepted", "expired", "removed"])
def test_a_link_works_once_for_fourteen_days_until_its_person_is_removed(
    invitation: Invitation, alice: Membership, end: str
) -> None:
    token = links.invitation_token(invitation)
    with scope(invitation.engagement_id):
        match end:
            case "accepted":
                accept_invitation(token=token, name="Bob", password=PASSWORD)
            case "expired":
                Invitation.objects.update(expires_at=timezone.now())
            case "removed":
                remove_member(membership=invitation.membership, by=alice)

    with pytest.raises(ValidationError) as refusal:
        accept_invitation(token=token, name="Bob", password=PASSWORD)
    assert refusal.value.code == "invitation_gone"


def test_an_address_with_an_account_signs_in_first(invitation: Invitation) -> None:
    build.user("Bob")

    with pytest.raises(ValidationError) as refusal:
        accept_invitation(token=links.invitation_token(invitation), name="Bob", password=PASSWORD)
    assert refusal.value.code == "has_account"


def test_an_account_joins_with_its_own_name(invitation: Invitation) -> None:
    bob = build.user("Robert", email="bob@example.test")

    accept_as_user(token=links.invitation_token(invitation), user=bob)

    with scope(invitation.engagement_id):
        joined = Membership.objects.get(pk=invitation.membership_id)
    assert (joined.user, joined.name) == (bob, "Robert")


def test_an_account_with_another_address_does_not_join(invitation: Invitation) -> None:
    charlie = build.user("Charlie")

    with pytest.raises(ValidationError) as refusal:
        accept_as_user(token=links.invitation_token(invitation), user=charlie)
    assert refusal.value.code == "other_address"


def test_the_history_names_who_joined(invitation: Invitation) -> None:
    user = accept_invitation(
        token=links.invitation_token(invitation), name="Bob", password=PASSWORD
    )

    with scope(invitation.engagement_id):
        latest = invitation.membership.events.latest("pgh_id")
    assert latest.pgh_context == {"user": user.pk}


def invite_bob() -> Invitation:
    engagement = build.engagement()
    alice = build.member(engagement, "Alice")
    with scope(engagement.id):
        invite_member(
            engagement=engagement, email="bob@example.test", name="Bob", role="viewer", by=alice
        )
        return Invitation.objects.get()


def test_the_worker_writes_the_link_into_the_mail(committed: str, mail_server: MailServer) -> None:
    invitation = invite_bob()

    assert deliver_due() == Delivered(sent=1)

    (mail,) = mail_server.messages
    assert mail["To"] == "bob@example.test"
    assert mail["Subject"] == "Alice invites you to Northwind SaaS"
    assert links.invitation_url(invitation) in text_of(mail)


def test_the_outbox_holds_ids_that_go_first_and_never_the_link(committed: str) -> None:
    invitation = invite_bob()

    (message,) = OutboxMessage.objects.using("sweep").all()
    assert message.payload == {
        "engagement": invitation.engagement_id,
        "invitation": invitation.pk,
    }
    assert message.priority == Priority.AWAITED


def test_a_link_that_was_taken_back_is_not_mailed(committed: str, mail_server: MailServer) -> None:
    invitation = invite_bob()
    with scope(invitation.engagement_id):
        Invitation.objects.update(revoked_at=timezone.now())

    assert deliver_due() == Delivered(cancelled=1)
    assert mail_server.messages == []
    assert User.objects.count() == 1


@pytest.fixture
def leads(committed: str) -> list[Membership]:
    engagement = build.engagement()
    return [build.member(engagement, name) for name in ("Alice", "Bob")]


def open_links(engagement: Engagement) -> list[str]:
    with scope(engagement.id):
        links = Invitation.objects.filter(engagement=engagement).unanswered()
        return sorted(links.values_list("membership__email", flat=True))


def test_two_leads_who_send_one_list_at_once_both_come_through(leads: list[Membership]) -> None:
    start = Barrier(2)

    def sent(lead: Membership) -> int:
        people = dict(sorted(PEOPLE.items(), reverse=lead == leads[0]))
        try:
            start.wait()
            with scope(lead.engagement_id):
                invited = invite_members(
                    engagement=lead.engagement, people=people, role=Role.VIEWER, by=lead
                )
        finally:
            connections.close_all()
        return len(invited)

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(sent, leads)) == [len(PEOPLE)] * 2

    assert open_links(leads[0].engagement) == sorted(PEOPLE)


def test_two_leads_who_name_one_person_at_once_name_them_once(leads: list[Membership]) -> None:
    start = Barrier(2)

    def named(lead: Membership) -> list[str]:
        refusals = []
        for email, name in PEOPLE.items():
            start.wait()
            try:
                with scope(lead.engagement_id):
                    add_placeholder(
                        engagement=lead.engagement, email=email, name=name, role="viewer", by=lead
                    )
            except ValidationError as refusal:
                refusals.append(str(refusal.code))
            except BaseException:
                start.abort()
                raise
        connections.close_all()
        return refusals

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(named, leads)

    assert first + second == ["already_member"] * len(PEOPLE)


def test_who_waits_is_mailed_once_by_two_leads(leads: list[Membership]) -> None:
    engagement, start = leads[0].engagement, Barrier(2)
    for email, name in PEOPLE.items():
        build.member(engagement, name, user=None, email=email)

    def sent(lead: Membership) -> int:
        try:
            start.wait()
            with scope(engagement.id):
                return len(invite_waiting(engagement=engagement, by=lead))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(sent, leads)) == [0, len(PEOPLE)]
