"""An envelope on its way: asked again, worded, sent, marked."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.urls import resolve

from accounts.commands import disable_user
from engagements.models import Membership, Role
from mail import email_types
from mail.delivery import Delivered, deliver_due
from notifications import emails
from notifications import rules as notice_rules
from notifications.digests import build_digests
from notifications.emails import stop_link, user_of
from notifications.models import Notice
from notifications.rules import Aside, DigestItem
from tenancy.scoping import scope
from tests import build
from tests.notifications.noticing import NINE, envelopes, notify, read, rule
from tests.smtp import MailServer, mail_server, text_of

__all__ = ["mail_server"]

GONE: set[int] = set()  # subjects whose cause is gone


@pytest.fixture(autouse=True)
def rules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    known = {
        "parcel": rule(gone=GONE, switch="wants_reminders"),
        "alarm": rule(is_urgent=True, item={"state": "loud"}),
    }
    monkeypatch.setattr(notice_rules, "_rules", known)
    monkeypatch.setattr(notice_rules, "registered_asides", [])
    with time_machine.travel(NINE, tick=False):
        yield
    GONE.clear()


@pytest.fixture
def bob(committed: str, mail_server: MailServer) -> Membership:
    return build.member(build.engagement(), "Bob", Role.CONTRIBUTOR)


def deliver() -> Delivered:
    build_digests(now=NINE)
    return deliver_due(now=NINE)


def changed(person: Membership, **fields: object) -> None:
    with scope(person.engagement_id):
        Membership.objects.filter(pk=person.pk).update(**fields)


def test_it_arrives_in_text_and_html_and_is_marked(
    bob: Membership, mail_server: MailServer
) -> None:
    notice = notify(bob)

    assert deliver() == Delivered(sent=1)

    (mail,) = mail_server.messages
    assert (mail["To"], mail["Subject"]) == (
        "bob@example.test",
        "Northwind SaaS: Parcel 1 (late)",
    )
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert "Bob: 1 parcel is late." in text_of(mail)
    assert "1 parcel is late." in text_of(mail, "html")
    assert read(notice).sent_at == NINE


def test_both_parts_say_the_same(bob: Membership, mail_server: MailServer) -> None:
    notify(bob, 1)
    notify(build.member(build.engagement("Harbor Retail"), "Bob", user=bob.user), 2)

    deliver()

    (mail,) = mail_server.messages
    text, html = text_of(mail), text_of(mail, "html")
    for word in ("Parcel 1", "Parcel 2", "At the door", "times in Europe/Berlin", "order things"):
        assert word.lower() in text.lower()
        assert word in html
    assert "NORTHWIND SAAS" in text
    assert text.index("HARBOR RETAIL") < text.index("NORTHWIND SAAS")
    assert text.count("Europe/Berlin") == html.count("Europe/Berlin") == 1


def test_every_link_is_whole_and_leads_to_a_page(bob: Membership, mail_server: MailServer) -> None:
    assert bob.user is not None
    notify(bob, rule="alarm")
    notify(bob, 2, rule="alarm")
    deliver()

    html = text_of(mail_server.messages[0], "html")
    links = re.findall(r'href="([^"]+)"', html)

    assert f"{settings.SITE_URL}/e/northwind/parcels/1/" in links
    assert all(link.startswith(settings.SITE_URL) for link in links)
    assert f"{settings.SITE_URL}/profile/" in links


def test_the_message_of_the_day_can_be_stopped_by_one_click(
    bob: Membership, mail_server: MailServer
) -> None:
    assert bob.user is not None
    notify(bob)
    deliver()

    (mail,) = mail_server.messages

    link = stop_link(bob.user.pk)
    assert mail["List-Unsubscribe"].strip() == f"<{link}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in text_of(mail)
    found = resolve(urlsplit(link).path)
    assert found.view_name == "notifications:notices-stop"
    assert user_of(found.kwargs["token"]) == bob.user


def test_what_is_urgent_cannot_be_stopped_and_says_so(
    bob: Membership, mail_server: MailServer
) -> None:
    notify(bob, rule="alarm")
    deliver()

    (mail,) = mail_server.messages

    assert mail["List-Unsubscribe"] is None
    assert "can’t be turned off" in text_of(mail)
    assert "/notices/stop/" not in text_of(mail)


def test_a_retry_is_the_same_message(bob: Membership, mail_server: MailServer) -> None:
    notify(bob)
    mail_server.deferred.add("bob@example.test")
    assert deliver() == Delivered(failed=1)
    mail_server.deferred.clear()

    assert deliver_due(now=NINE + dt.timedelta(minutes=1)) == Delivered(sent=1)

    (envelope,) = envelopes()
    host = urlsplit(settings.SITE_URL).hostname
    assert mail_server.messages[0]["Message-ID"] == f"<{envelope.pk}@{host}>"


@pytest.mark.parametrize(
    ("rule", "failed_at", "sent_at"),
    [
        # The gathering of the next day comes first: it takes along what is left.
        ("parcel", "2026-03-09T21:00", "2026-03-10T09:05"),  # quiet hours
        ("parcel", "2026-03-10T06:59", "2026-03-10T09:05"),
        ("parcel", "2026-03-10T07:00", "2026-03-10T09:05"),
        ("parcel", "2026-03-13T21:00", "2026-03-16T09:05"),  # the weekend
        ("parcel", "2026-03-14T12:00", "2026-03-16T09:05"),
        ("alarm", "2026-03-09T21:00", "2026-03-10T07:00"),
        ("alarm", "2026-03-13T21:00", "2026-03-14T07:00"),
        ("alarm", "2026-03-14T12:00", "2026-03-14T12:00"),
    ],
)
def test_a_retry_keeps_the_hours_too(
    bob: Membership, mail_server: MailServer, rule: str, failed_at: str, sent_at: str
) -> None:
    notify(bob, rule=rule)
    build_digests(now=NINE)
    failed, sent = (
        dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin"))
        for text in (failed_at, sent_at)
    )

    with time_machine.travel(failed, tick=False):
        delivered = deliver_due(now=failed)
    if failed != sent:
        assert delivered == Delivered(put_off=1)
        assert envelopes()[0].due_at == sent
        with time_machine.travel(sent, tick=False):
            delivered = deliver_due(now=sent)

    assert delivered == Delivered(sent=1)


@pytest.mark.parametrize("zone", ["Mars/Olympus_Mons", "Europe"])
def test_who_lives_in_a_zone_that_this_machine_does_not_know_is_told_by_utc(
    bob: Membership, mail_server: MailServer, zone: str
) -> None:
    assert bob.user is not None
    bob.user.time_zone = zone
    bob.user.save()
    notice = notify(bob)
    told_at = NINE + dt.timedelta(hours=1)

    with time_machine.travel(told_at, tick=False):
        build_digests(now=told_at)
        assert deliver_due(now=told_at) == Delivered(sent=1)

    assert read(notice).sent_at == told_at


def lose_role(bob: Membership) -> None:
    changed(bob, role=Role.VIEWER)


def lose_membership(bob: Membership) -> None:
    changed(bob, removed_at=NINE)


def close_account(bob: Membership) -> None:
    assert bob.user is not None
    disable_user(user=bob.user)


def switch_off(bob: Membership) -> None:
    assert bob.user is not None
    bob.user.wants_reminders = False
    bob.user.save()


def lose_cause(bob: Membership) -> None:
    GONE.add(1)


@pytest.mark.parametrize(
    "change", [lose_role, lose_membership, close_account, switch_off, lose_cause]
)
def test_what_does_not_hold_any_more_is_dropped_and_an_empty_envelope_cancelled(
    bob: Membership, mail_server: MailServer, change: Callable[[Membership], None]
) -> None:
    notice = notify(bob)
    build_digests(now=NINE)
    change(bob)

    assert deliver_due(now=NINE) == Delivered(cancelled=1)

    assert mail_server.messages == []
    assert (read(notice).dropped_at, read(notice).sent_at) == (NINE, None)
    assert envelopes()[0].cancelled_at == NINE


def test_what_is_left_is_told_without_what_is_gone(
    bob: Membership, mail_server: MailServer
) -> None:
    gone, stays = notify(bob, 1), notify(bob, 2)
    build_digests(now=NINE)
    GONE.add(1)

    assert deliver_due(now=NINE) == Delivered(sent=1)

    text = text_of(mail_server.messages[0])
    assert "Parcel 2" in text
    assert "Parcel 1" not in text
    assert (read(gone).dropped_at, read(gone).sent_at) == (NINE, None)
    assert (read(stays).dropped_at, read(stays).sent_at) == (None, NINE)


def test_access_that_is_lost_at_one_client_hides_only_that_one(
    bob: Membership, mail_server: MailServer
) -> None:
    there = build.member(build.engagement("Harbor Retail"), "Bob", user=bob.user)
    notify(bob, 1)
    notify(there, 2)
    build_digests(now=NINE)
    lose_membership(there)

    assert deliver_due(now=NINE) == Delivered(sent=1)

    mail = mail_server.messages[0]
    assert "Harbor" not in text_of(mail) + text_of(mail, "html")


def test_a_notice_of_a_rule_that_no_room_knows_any_more_is_dropped(
    bob: Membership, mail_server: MailServer
) -> None:
    notice = notify(bob, rule="forgotten")

    assert deliver() == Delivered(cancelled=1)
    assert read(notice).dropped_at


def test_of_two_things_about_one_the_heavier_is_the_line_and_the_other_is_said_below(
    bob: Membership, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    heavier = {"heading": "Due today", "weight": 9, "text": "Bob waits."}
    lighter = {"heading": "Blocked", "weight": 1, "text": "Legal has not signed.\nNext: ask."}
    for name, item in (("heavier", heavier), ("lighter", lighter)):
        known = rule(label=name.title(), item=item)
        monkeypatch.setitem(notice_rules._rules, name, known)
    both = [notify(bob, 1, rule="lighter"), notify(bob, 1, rule="heavier")]

    deliver()

    (mail,) = mail_server.messages
    for text in (text_of(mail), text_of(mail, "html")):
        told = [text.index(word) for word in ("Due today", "Bob waits.", "Blocked: Legal", "Next:")]
        assert told == sorted(told)
    assert text_of(mail).count("Fetch:") == 1
    assert "(rules: heavier, lighter)" in text_of(mail)
    assert [read(one).sent_at for one in both] == [NINE, NINE]


def test_what_two_say_in_the_same_words_is_said_once(
    bob: Membership, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, weight in (("heavier", 9), ("lighter", 1)):
        known = rule(item={"heading": name.title(), "weight": weight, "text": "A.\nBob answers."})
        monkeypatch.setitem(notice_rules._rules, name, known)
        notify(bob, 1, rule=name)
    monkeypatch.setitem(notice_rules._rules, "bare", rule(item={"heading": "Bare"}))
    notify(bob, 1, rule="bare")

    deliver()

    text = text_of(mail_server.messages[0])
    assert text.count("Bob answers.") == 1
    assert "Lighter: A." in text
    assert "Bare." in text


@pytest.mark.parametrize("most", [200, 1], ids=["in one scope", "by pages of a scope"])
def test_deadlines_of_the_reader_in_all_clients_come_last(
    bob: Membership, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr("notifications.digest.MAX_ENGAGEMENTS", most)
    there = build.member(build.engagement("Harbor Retail"), "Bob", user=bob.user)

    def clocks(memberships: list[Membership], now: dt.datetime) -> list[Aside]:
        said = {"before": "the huddle on", "after": "is due today.", "url": "/clock/"}
        clients = [one.engagement.client_name for one in memberships]
        return [
            *(Aside(client=one, title="Orders", about="parcel:1", **said) for one in clients),
            *(Aside(client=one, title="Returns", about="other", **said) for one in clients),
        ]

    monkeypatch.setattr(notice_rules, "registered_asides", [clocks])
    notify(bob)
    deliver()

    text = text_of(mail_server.messages[0])

    assert f"{there.engagement}: the huddle on “Returns” is due today." in text
    assert f"{bob.engagement}: the huddle on “Returns” is due today." in text
    assert f"{settings.SITE_URL}/clock/" in text
    assert "Orders" not in text  # it is told above already


def test_clocks_alone_are_no_reason_to_write(bob: Membership, mail_server: MailServer) -> None:
    notify(bob)
    GONE.add(1)

    assert deliver() == Delivered(cancelled=1)


def test_a_worker_that_died_after_the_mark_on_the_notices_sends_no_double(
    bob: Membership, mail_server: MailServer
) -> None:
    notify(bob)
    build_digests(now=NINE)
    (envelope,) = envelopes()
    emails.mark_sent(envelope.payload)

    assert deliver_due(now=NINE) == Delivered(sent=1)

    assert mail_server.messages == []
    assert envelopes()[0].sent_at == NINE


def test_marks_are_made_once(bob: Membership, mail_server: MailServer) -> None:
    notice = notify(bob)
    deliver()
    (envelope,) = envelopes()

    with time_machine.travel(NINE + dt.timedelta(hours=1), tick=False):
        emails.mark_sent(envelope.payload)
        emails.mark_dead(envelope.payload, "too late")

    assert (read(notice).sent_at, read(notice).failed_at) == (NINE, None)


def test_an_envelope_of_one_client_reads_nothing_of_another(
    bob: Membership, mail_server: MailServer
) -> None:
    """Its payload names the engagements: each is read in its own scope, by its own notices."""
    harbor = build.member(build.engagement("Harbor Retail"), "Hank")
    notify(bob, 1)
    build_digests(now=NINE)
    theirs = notify(harbor, 2)
    (envelope,) = envelopes()
    forged = {**envelope.payload, "engagements": [bob.engagement_id, harbor.engagement_id]}
    with scope(harbor.engagement_id):
        Notice.objects.filter(pk=theirs.pk).update(envelope=envelope.pk)

    mail = emails.daily(forged)

    assert mail is not None
    assert "Harbor" not in mail.text + mail.html
    assert read(theirs).dropped_at == NINE


def test_the_kinds_are_registered_with_what_follows_from_them() -> None:
    for name in ("daily", "urgent"):
        kind = email_types.find(name)
        assert (kind.on_sent, kind.on_dead) == (emails.mark_sent, emails.mark_dead)


def poison(monkeypatch: pytest.MonkeyPatch, *, at: Membership, name: str) -> Callable[[], None]:
    """At this client the rule cannot word anything, until what is returned is called."""
    known = notice_rules._rules[name]

    def describe(notices: Sequence[Notice], now: dt.datetime) -> Mapping[int, DigestItem]:
        if notices[0].engagement_id == at.engagement_id:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 / 0")
        return known.describe(notices, now)

    monkeypatch.setitem(notice_rules._rules, name, replace(known, describe=describe))
    return lambda: monkeypatch.setitem(notice_rules._rules, name, known)


@pytest.mark.parametrize("name", ["parcel", "alarm"])
def test_a_client_that_cannot_be_worded_waits_for_a_later_envelope_and_keeps_no_other(
    bob: Membership,
    mail_server: MailServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    name: str,
) -> None:
    there = build.member(build.engagement("Harbor Retail"), "Bob", user=bob.user)
    waits, told = notify(there, 1, rule=name), notify(bob, 2, rule=name)
    mend = poison(monkeypatch, at=there, name=name)

    assert deliver() == Delivered(sent=1)

    assert "Harbor" not in text_of(mail_server.messages[0])
    assert (read(told).sent_at, read(waits).sent_at, read(waits).envelope) == (NINE, None, None)
    assert "cannot be worded" in caplog.text
    mend()
    tomorrow = NINE + dt.timedelta(days=1)
    with time_machine.travel(tomorrow, tick=False):
        build_digests(now=tomorrow)
        assert deliver_due(now=tomorrow) == Delivered(sent=1)
    assert read(waits).sent_at == tomorrow


def test_where_nothing_can_be_worded_the_message_fails(
    bob: Membership, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = build.member(build.engagement("Harbor Retail"), "Bob", user=bob.user)
    gone, notice = notify(bob, 1), notify(there, 2)
    GONE.add(1)
    poison(monkeypatch, at=there, name="parcel")

    assert deliver() == Delivered(failed=1)

    (envelope,) = envelopes()
    assert "division by zero" in envelope.last_error
    assert {read(one).envelope for one in (gone, notice)} == {envelope.pk}
