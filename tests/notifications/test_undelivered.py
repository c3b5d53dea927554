"""Whom mail does not reach: the leads hear of it, the ledger keeps why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine

from engagements.commands.invitations import invite_member
from engagements.models import Membership, Role
from mail import delivery, email_types
from mail.delivery import Delivered, deliver_due
from mail.outbox import resend_dead
from notifications.commands import UNDELIVERED, mark_dead, notify_leads_undelivered
from notifications.digests import build_digests
from notifications.emails import UNDELIVERED_RULE, undelivered
from notifications.models import Notice
from notifications.rules import DigestItem
from tenancy.scoping import identity, scope
from tests import build
from tests.notifications.noticing import NINE, deliver, envelopes, notify, read, rule, use_rules
from tests.query_counts import assert_constant_queries
from tests.smtp import MailServer, mail_server, text_of

__all__ = ["mail_server"]

DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def given_up_at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(delivery, "MAX_ATTEMPTS", 1)
    use_rules(monkeypatch, parcel=rule(), undelivered=UNDELIVERED_RULE)
    with time_machine.travel(NINE, tick=False):
        yield


@pytest.fixture
def alice(committed: str, mail_server: MailServer) -> Membership:
    """The program lead of Northwind."""
    return build.member(build.engagement())


@pytest.fixture
def bob(alice: Membership, mail_server: MailServer) -> Membership:
    """His mailbox is gone."""
    mail_server.refused.add("bob@example.test")
    return build.member(alice.engagement, "Bob", Role.CONTRIBUTOR)


def told(person: Membership) -> list[Notice]:
    with scope(person.engagement_id):
        return list(Notice.objects.filter(person=person, rule=UNDELIVERED))


def said(notice: Notice) -> dict[int, DigestItem]:
    with scope(notice.engagement_id):
        found = Notice.objects.select_related("engagement", "person").get(pk=notice.pk)
        return undelivered([found], NINE)


def test_what_could_not_be_delivered_is_marked_with_why_and_the_leads_are_told(
    alice: Membership, bob: Membership, mail_server: MailServer
) -> None:
    failed = notify(bob)

    assert deliver() == Delivered(dead=1)

    failed = read(failed)
    assert (failed.failed_at, failed.sent_at, "550" in failed.error) == (NINE, None, True)
    (notice,) = told(alice)
    assert (notice.subject, notice.period) == (bob.pk, dt.date(2026, 3, 9))
    assert deliver(NINE + DAY) == Delivered(sent=1)
    (mail,) = mail_server.messages
    assert (mail["To"], mail["Subject"]) == (
        "alice@example.test",
        "Northwind SaaS: Bob can’t be reached by email",
    )
    assert "/e/northwind/members/" in text_of(mail)


def test_leads_hear_of_others_not_of_themselves(alice: Membership, mail_server: MailServer) -> None:
    other = build.member(alice.engagement, "Carol")
    mail_server.refused.add("alice@example.test")
    notify(alice)

    deliver()

    assert told(alice) == []
    assert [one.subject for one in told(other)] == [alice.pk]


def test_leads_are_told_once_a_week_however_much_fails(alice: Membership, bob: Membership) -> None:
    for days in range(3):
        notify(bob, days, due_at=NINE + days * DAY)
        deliver(NINE + days * DAY)

    assert len(told(alice)) == 1
    with time_machine.travel(NINE + 7 * DAY, tick=False), scope(bob.engagement_id):
        notify_leads_undelivered(bob, now=NINE + 7 * DAY)
    assert len(told(alice)) == 2


def test_every_engagement_of_the_envelope_hears_of_it(alice: Membership, bob: Membership) -> None:
    hank = build.member(build.engagement("Harbor Retail"), "Hank")
    there = build.member(hank.engagement, "Bob", Role.CONTRIBUTOR, user=bob.user)
    unconcerned = build.member(build.engagement("Third Client"), "Tess")
    build.member(unconcerned.engagement, "Bob", Role.CONTRIBUTOR, user=bob.user)
    notify(bob)
    notify(there)

    deliver()

    assert [one.subject for one in told(alice)] == [bob.pk]
    assert [one.subject for one in told(hank)] == [there.pk]
    assert told(unconcerned) == []


def test_what_is_sent_after_all_never_failed(bob: Membership, mail_server: MailServer) -> None:
    notice = notify(bob)
    deliver()
    assert read(notice).failed_at
    mail_server.refused.clear()

    resend_dead(now=NINE)

    assert (read(notice).failed_at, read(notice).error) == (None, "")
    deliver_due(now=NINE)
    assert read(notice).sent_at == NINE


def test_it_may_run_twice(alice: Membership, bob: Membership) -> None:
    notice = notify(bob)
    build_digests(now=NINE)
    (envelope,) = envelopes()

    for error in ("550 first", "550 second"):
        mark_dead(envelope.payload, error)

    assert read(notice).error == "550 first"
    assert len(told(alice)) == 1


@pytest.mark.parametrize("end", ["reached", "left"])
def test_who_is_reached_or_left_is_no_news(alice: Membership, bob: Membership, end: str) -> None:
    with scope(bob.engagement_id):
        notify_leads_undelivered(bob, now=NINE - DAY)
    (notice,) = told(alice)
    assert said(notice)

    if end == "reached":
        notify(bob, sent_at=NINE)
    else:
        build.change(bob, removed_at=NINE)

    assert said(notice) == {}


def invite(alice: Membership) -> Membership:
    with scope(alice.engagement_id), identity(user_id=alice.user_id):
        person = {"email": "robin@example.test", "name": "Robin New", "role": Role.CONTRIBUTOR}
        return invite_member(engagement=alice.engagement, by=alice, now=NINE, **person)


def test_leads_hear_of_an_invitation_that_dies(alice: Membership, mail_server: MailServer) -> None:
    mail_server.refused.add("robin@example.test")
    robin = invite(alice)

    assert deliver_due(now=NINE) == Delivered(dead=1)

    (notice,) = told(alice)
    assert notice.subject == robin.pk
    (item,) = said(notice).values()
    assert item.title == "Robin New"
    assert item.text.endswith("Check the address, then send the invitation again.")


def test_an_invitation_of_someone_removed_meanwhile_dies_in_silence(alice: Membership) -> None:
    robin = invite(alice)
    (envelope,) = envelopes()
    build.change(robin, removed_at=NINE)

    email_types.find("invitation").on_dead(envelope.payload, "550")

    assert told(alice) == []


def test_who_is_out_of_reach_costs_the_same_queries_for_one_and_for_ten(alice: Membership) -> None:
    def lose(number: int) -> None:
        person = build.member(alice.engagement, "Somebody", Role.CONTRIBUTOR, user=None)
        with scope(alice.engagement_id):
            notify_leads_undelivered(person, now=NINE)

    def describe() -> None:
        with scope(alice.engagement_id):
            rows = Notice.objects.filter(person=alice).select_related("engagement", "person")
            undelivered(list(rows), NINE)

    assert_constant_queries(describe, add=lose, name="undelivered")
