"""A message of the day that could not go on its day rides the next one: never two a day (M6.4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine

from engagements.models import Membership, Role
from mail.delivery import Delivered, claim, deliver_due
from mail.models import OutboxMessage
from notifications import rules as notice_rules
from notifications.digests import build_digests
from notifications.models import Notice
from tenancy.scoping import scope
from tests import build
from tests.notifications.noticing import HOUR, NINE, carried, envelopes, keys, notify, read, rule
from tests.smtp import MailServer, mail_server, text_of

__all__ = ["mail_server"]

DAY = dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)
FRIDAY = NINE + 4 * DAY


@pytest.fixture(autouse=True)
def rules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    known = {"parcel": rule(), "alarm": rule(is_urgent=True)}
    monkeypatch.setattr(notice_rules, "_rules", known)
    monkeypatch.setattr(notice_rules, "registered_asides", [])
    with time_machine.travel(NINE, tick=False):
        yield


@pytest.fixture
def bob(committed: str, mail_server: MailServer) -> Membership:
    """In Berlin, told at nine, quiet from eight in the evening to seven."""
    return build.member(build.engagement(), "Bob", Role.CONTRIBUTOR)


def live(*, since: dt.datetime, until: dt.datetime) -> None:
    """Gather and deliver as beat has it, by the hour."""
    at = since
    while at <= until:
        with time_machine.travel(at, tick=False):
            build_digests(now=at)
            deliver_due(now=at)
        at += HOUR


def change(envelope: OutboxMessage, **fields: object) -> None:
    OutboxMessage.objects.using("sweep").filter(pk=envelope.pk).update(**fields)


def test_what_the_mail_server_put_off_rides_the_next_working_days(
    bob: Membership, mail_server: MailServer
) -> None:
    mail_server.deferred.add("bob@example.test")
    old = notify(bob, 1, due_at=FRIDAY)
    live(since=FRIDAY, until=FRIDAY + 60 * HOUR)
    mail_server.deferred.clear()
    new = notify(bob, 2, due_at=FRIDAY + DAY)

    live(since=FRIDAY + 61 * HOUR, until=FRIDAY + 3 * DAY + 10 * HOUR)

    (mail,) = mail_server.messages
    assert "Parcel 1" in text_of(mail)
    assert "Parcel 2" in text_of(mail)
    assert read(old).sent_at == read(new).sent_at == FRIDAY + 3 * DAY
    assert [one.cancelled_at for one in envelopes()] == [FRIDAY + 3 * DAY, None]


def test_who_is_told_just_before_the_quiet_hours_gets_one_a_day_too(
    bob: Membership, mail_server: MailServer
) -> None:
    assert bob.user is not None
    bob.user.message_at = dt.time(19, 59)
    bob.user.save()
    last_minute = NINE + 11 * HOUR - MINUTE
    notify(bob, 1)
    build_digests(now=last_minute)  # and the worker comes a minute later
    notify(bob, 2, due_at=NINE + HOUR + DAY)

    live(since=last_minute + MINUTE, until=last_minute + DAY)
    live(since=last_minute + DAY, until=last_minute + DAY)

    (mail,) = mail_server.messages
    assert "Parcel 1" in text_of(mail)
    assert "Parcel 2" in text_of(mail)


def test_it_is_made_anew_on_the_next_day_where_nothing_else_is_told(
    bob: Membership, mail_server: MailServer
) -> None:
    mail_server.deferred.add("bob@example.test")
    notify(bob, 1)
    live(since=NINE, until=NINE + 14 * HOUR)
    mail_server.deferred.clear()

    live(since=NINE + 15 * HOUR, until=NINE + DAY + HOUR)

    assert len(mail_server.messages) == 1
    assert keys()[-1] == f"daily:{bob.user_id}:2026-03-10"


def test_it_takes_along_what_waits_at_every_client(
    bob: Membership, mail_server: MailServer
) -> None:
    there = build.member(build.engagement("Harbor Retail"), "Bob", user=bob.user)
    notify(bob, 1)
    notify(there, 2)
    build_digests(now=NINE)
    notify(there, 3)

    build_digests(now=NINE + DAY)

    assert [carried(one) for one in envelopes()] == [[], [1, 2, 3]]


def test_what_a_worker_has_in_hand_is_left_to_it(bob: Membership, mail_server: MailServer) -> None:
    notify(bob, 1)
    build_digests(now=NINE)
    notify(bob, 2)
    tomorrow = NINE + DAY
    with time_machine.travel(tomorrow, tick=False):
        claim(now=tomorrow, limit=20)

        build_digests(now=tomorrow)

    assert [carried(one) for one in envelopes()] == [[1], [2]]
    assert [one.cancelled_at for one in envelopes()] == [None, None]


def test_a_worker_that_lost_its_lease_loses_its_claim(
    bob: Membership, mail_server: MailServer
) -> None:
    notify(bob, 1)
    build_digests(now=NINE)
    claim(now=NINE, limit=20)

    with time_machine.travel(NINE + DAY, tick=False):
        build_digests(now=NINE + DAY)

    assert [carried(one) for one in envelopes()] == [[], [1]]
    assert envelopes()[0].claim_token is None


@pytest.mark.parametrize("end", ["accepted_at", "sent_at", "cancelled_at", "dead_at"])
def test_what_has_come_to_its_end_stays_there(
    bob: Membership, mail_server: MailServer, end: str
) -> None:
    notify(bob, 1)
    build_digests(now=NINE)
    change(envelopes()[0], **{end: NINE})
    notify(bob, 2)

    build_digests(now=NINE + DAY)

    assert [carried(one) for one in envelopes()] == [[1], [2]]


def test_what_was_told_or_dropped_is_not_told_again(
    bob: Membership, mail_server: MailServer
) -> None:
    told, dropped = notify(bob, 1), notify(bob, 2)
    build_digests(now=NINE)
    (envelope,) = envelopes()
    for notice, ending in ((told, "sent_at"), (dropped, "dropped_at")):
        with scope(bob.engagement_id):
            Notice.objects.filter(pk=notice.pk).update(**{ending: NINE})
    notify(bob, 3)

    build_digests(now=NINE + DAY)

    assert [carried(one) for one in envelopes()] == [[1, 2], [3]]
    assert envelopes()[0].pk == envelope.pk


def test_what_is_urgent_stays_in_its_own(bob: Membership, mail_server: MailServer) -> None:
    notify(bob, 1, rule="alarm")
    build_digests(now=NINE)
    notify(bob, 2)

    build_digests(now=NINE + DAY)

    assert sorted(carried(one) for one in envelopes()) == [[1], [2]]


def test_a_mailbox_that_never_takes_anything_is_given_up_all_the_same(
    bob: Membership, mail_server: MailServer
) -> None:
    """Its attempts go along: the leads hear of it as soon as ever."""
    mail_server.deferred.add("bob@example.test")
    notice = notify(bob, 1)

    live(since=NINE, until=NINE + 3 * DAY)

    assert read(notice).failed_at


def test_without_a_late_one_a_message_begins_with_no_attempts(bob: Membership) -> None:
    notify(bob, 1)
    build_digests(now=NINE)

    assert [(one.attempts, one.due_at) for one in envelopes()] == [(0, NINE)]
    assert deliver_due(now=NINE) == Delivered(sent=1)
