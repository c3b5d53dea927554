"""An envelope on its way: asked again, worded, sent, marked."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.urls import resolve

from accounts.commands import disable_user
from accounts.models import User
from engagements.models import Engagement, Membership, Role
from mail.delivery import MAX_SUBJECT, Delivered, deliver_due
from notifications import commands, emails
from notifications.digest import Digest, Entry, Section, headline, subject, why
from notifications.digests import build_digests
from notifications.emails import stop_link, user_of
from notifications.models import Notice
from notifications.rules import Aside, DigestItem, Noun, registered_rules
from tenancy.scoping import scope
from tests import build
from tests.notifications.noticing import NINE, deliver, envelopes, notify, read, rule, use_rules
from tests.smtp import MailServer, mail_server, text_of

__all__ = ["mail_server"]

GONE: set[int] = set()  # subjects whose cause is gone


@pytest.fixture(autouse=True)
def rules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    parcel = rule(gone=GONE, switch="wants_reminders")
    use_rules(monkeypatch, parcel=parcel, alarm=rule(is_urgent=True, item={"state": "loud"}))
    with time_machine.travel(NINE, tick=False):
        yield
    GONE.clear()


@pytest.fixture
def there(bob: Membership) -> Membership:
    """Bob at another client."""
    return build.member(build.engagement("Harbor Retail"), "Bob", user=bob.user)


def test_it_arrives_in_text_and_html_which_say_the_same_and_is_marked(
    bob: Membership, there: Membership, mail_server: MailServer
) -> None:
    notice = notify(bob, 1)
    notify(there, 2)

    assert deliver() == Delivered(sent=1)

    (mail,) = mail_server.messages
    text, html = text_of(mail), text_of(mail, "html")
    assert mail["To"] == "bob@example.test"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    for word in ("2 parcels are late.", "Parcel 1", "Parcel 2", "At the door", "order things"):
        assert word in text
        assert word in html
    assert text.index("HARBOR RETAIL") < text.index("NORTHWIND SAAS")
    assert text.count("Berlin time") == html.count("Berlin time") == 1
    links = re.findall(r'href="([^"]+)"', html)
    paths = ("/e/northwind/parcels/1/", "/profile/")
    assert {f"{settings.SITE_URL}{path}" for path in paths} <= {*links}
    assert all(link.startswith(settings.SITE_URL) for link in links)
    assert read(notice).sent_at == NINE


def test_one_click_stops_the_daily_email_alone(bob: Membership, mail_server: MailServer) -> None:
    assert bob.user_id is not None
    notify(bob, 1)
    notify(bob, 2, rule="alarm")
    deliver()

    urgent, daily = mail_server.messages

    link = stop_link(bob.user_id)
    assert daily["List-Unsubscribe"].strip() == f"<{link}>"
    assert daily["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in text_of(daily)
    found = resolve(urlsplit(link).path)
    assert found.view_name == "notifications:notices-stop"
    assert user_of(found.kwargs["token"]) == bob.user
    assert urgent["List-Unsubscribe"] is None
    assert "can’t be turned off" in text_of(urgent)
    assert "/notices/stop/" not in text_of(urgent)


def test_a_retry_is_the_same_message(bob: Membership, mail_server: MailServer) -> None:
    notify(bob)
    mail_server.deferred.add("bob@example.test")
    assert deliver() == Delivered(failed=1)
    mail_server.deferred.clear()

    assert deliver_due(now=NINE + dt.timedelta(minutes=1)) == Delivered(sent=1)

    (envelope,) = envelopes()
    host = urlsplit(settings.SITE_URL).hostname
    assert mail_server.messages[0]["Message-ID"] == f"<{envelope.pk}@{host}>"


def test_a_retry_keeps_the_hours_too(bob: Membership, mail_server: MailServer) -> None:
    notify(bob)
    build_digests(now=NINE)
    evening, sent_at = NINE + dt.timedelta(hours=12), NINE + dt.timedelta(days=1, minutes=5)

    with time_machine.travel(evening, tick=False):
        assert deliver_due(now=evening) == Delivered(put_off=1)
    assert envelopes()[0].due_at == sent_at
    with time_machine.travel(sent_at, tick=False):
        assert deliver_due(now=sent_at) == Delivered(sent=1)


def test_in_a_zone_unknown_here_emails_go_by_utc(bob: Membership, mail_server: MailServer) -> None:
    zones = ("Mars/Olympus_Mons", "Europe", "../etc/passwd")
    users = [build.user(f"In zone {number}", time_zone=zone) for number, zone in enumerate(zones)]
    notices = [notify(build.member(bob.engagement, user.name, user=user)) for user in users]
    nine = NINE + dt.timedelta(hours=1)

    assert build_digests(now=nine - dt.timedelta(seconds=1)) == 0
    assert deliver(nine) == Delivered(sent=3)
    assert [read(notice).sent_at for notice in notices] == [nine] * 3


CHANGES: dict[str, Callable[[Membership], object]] = {
    "role": lambda bob: build.change(bob, role=Role.VIEWER),
    "membership": lambda bob: build.change(bob, removed_at=NINE),
    "account": lambda bob: disable_user(user=User.objects.get(name="Bob")),
    "reminders": lambda bob: User.objects.filter(name="Bob").update(wants_reminders=False),
    "cause": lambda bob: GONE.add(1),
    "rule": lambda bob: registered_rules.pop("parcel"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
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


def test_what_is_left_is_sent_without_what_is_gone_or_hidden_at_one_client(
    bob: Membership, there: Membership, mail_server: MailServer
) -> None:
    gone, stays, hidden = notify(bob, 1), notify(bob, 2), notify(there, 3)
    build_digests(now=NINE)
    GONE.add(1)
    build.change(there, removed_at=NINE)

    assert deliver_due(now=NINE) == Delivered(sent=1)

    mail = mail_server.messages[0]
    for text in (text_of(mail), text_of(mail, "html")):
        assert [word in text for word in ("Parcel 2", "Parcel 1", "Harbor")] == [True, False, False]
    ends = [(read(one).dropped_at, read(one).sent_at) for one in (gone, stays, hidden)]
    assert ends == [(NINE, None), (None, NINE), (NINE, None)]


def test_of_several_things_about_one_the_heaviest_is_shown_with_the_others_below(
    bob: Membership, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    items: dict[str, dict[str, Any]] = {
        "lighter": {"heading": "Blocked", "weight": 1, "text": "Legal has not signed.\nAsk."},
        "heavier": {"heading": "Due today", "weight": 9, "text": "Bob waits.\nAsk."},
        "bare": {"heading": "Bare", "weight": 0},
    }
    for name, item in items.items():
        monkeypatch.setitem(registered_rules, name, rule(label=name.title(), item=item))
    several = [notify(bob, 1, rule=name) for name in items]

    deliver()

    (mail,) = mail_server.messages
    for text in (text_of(mail), text_of(mail, "html")):
        words = ("Due today", "Bob waits.", "Ask.", "Legal has not", "Bare.")
        found = [text.index(word) for word in words]
        assert found == sorted(found)
        assert text.count("Ask.") == 1  # the same words once
    assert text_of(mail).count("Fetch:") == 1
    assert "Rules: heavier, lighter, bare." in text_of(mail).replace("\n", " ")
    assert [read(one).sent_at for one in several] == [NINE] * 3


@pytest.mark.parametrize("most", [200, 1], ids=["in one scope", "by pages of a scope"])
def test_deadlines_of_the_reader_in_all_clients_come_last(
    bob: Membership,
    there: Membership,
    mail_server: MailServer,
    monkeypatch: pytest.MonkeyPatch,
    most: int,
) -> None:
    monkeypatch.setattr("notifications.digest.MAX_ENGAGEMENTS", most)

    def clocks(memberships: list[Membership], now: dt.datetime) -> list[Aside]:
        said = {"before": "the huddle on", "after": "is due today.", "url": "/clock/"}
        clients = [one.engagement.client_name for one in memberships]
        return [
            *(Aside(client=one, title="Orders", about="parcel:1", **said) for one in clients),
            *(Aside(client=one, title="Returns", about="other", **said) for one in clients),
        ]

    monkeypatch.setattr("notifications.digest.registered_asides", [clocks])
    notify(bob)
    deliver()

    text = text_of(mail_server.messages[0])

    assert f"{there.engagement}: the huddle on “Returns” is due today." in text
    assert f"{bob.engagement}: the huddle on “Returns” is due today." in text
    assert f"{settings.SITE_URL}/clock/" in text
    assert "Orders" not in text  # it is told above already


def test_a_death_after_the_mark_makes_no_double(bob: Membership, mail_server: MailServer) -> None:
    notify(bob)
    build_digests(now=NINE)
    (envelope,) = envelopes()
    commands.mark_sent(envelope.payload)

    assert deliver_due(now=NINE) == Delivered(sent=1)

    assert mail_server.messages == []
    assert envelopes()[0].sent_at == NINE


def test_marks_are_made_once(bob: Membership, mail_server: MailServer) -> None:
    notice = notify(bob)
    deliver()
    (envelope,) = envelopes()

    with time_machine.travel(NINE + dt.timedelta(hours=1), tick=False):
        commands.mark_sent(envelope.payload)
        commands.mark_dead(envelope.payload, "too late")

    assert (read(notice).sent_at, read(notice).failed_at) == (NINE, None)


def test_an_envelope_of_one_client_reads_nothing_of_another(bob: Membership) -> None:
    """Its payload names the engagements: each is read in its own scope, by its own notices."""
    harbor = build.member(build.engagement("Harbor Retail"), "Hank")
    notify(bob, 1)
    build_digests(now=NINE)
    theirs = notify(harbor, 2)
    (envelope,) = envelopes()
    forged = {**envelope.payload, "engagements": [bob.engagement_id, harbor.engagement_id]}
    build.change(theirs, envelope=envelope.pk)

    mail = emails.render_notices(forged, is_daily=True)

    assert mail is not None
    assert "Harbor" not in mail.text + mail.html
    assert read(theirs).dropped_at == NINE


def poison(monkeypatch: pytest.MonkeyPatch, *, at: Membership, name: str) -> Callable[[], None]:
    """At this client the rule cannot word anything, until what is returned is called."""
    known = registered_rules[name]

    def describe(notices: Sequence[Notice], now: dt.datetime) -> Mapping[int, DigestItem]:
        if notices[0].engagement_id == at.engagement_id:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 / 0")
        return known.describe(notices, now)

    monkeypatch.setitem(registered_rules, name, replace(known, describe=describe))
    return lambda: monkeypatch.setitem(registered_rules, name, known)


@pytest.mark.parametrize("name", ["parcel", "alarm"])
def test_a_client_that_cannot_be_worded_waits_for_a_later_envelope_and_keeps_no_other(
    bob: Membership,
    there: Membership,
    mail_server: MailServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    name: str,
) -> None:
    waits, told = notify(there, 1, rule=name), notify(bob, 2, rule=name)
    mend = poison(monkeypatch, at=there, name=name)

    assert deliver() == Delivered(sent=1)

    assert "Harbor" not in text_of(mail_server.messages[0])
    assert (read(told).sent_at, read(waits).sent_at, read(waits).envelope) == (NINE, None, None)
    assert "cannot be worded" in caplog.text
    assert [left_out(bob), left_out(there)] == [{}, {"messages": NINE.isoformat()}]
    mend()
    tomorrow = NINE + dt.timedelta(days=1)
    assert deliver(tomorrow) == Delivered(sent=1)
    assert read(waits).sent_at == tomorrow
    assert left_out(there) == {}


def left_out(member: Membership) -> dict[str, Any]:
    with scope(member.engagement_id):
        found: dict[str, Any] = Engagement.objects.get(pk=member.engagement_id).left_out
    return found


def test_where_nothing_can_be_worded_the_message_fails(
    bob: Membership, there: Membership, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, notice = notify(bob, 1), notify(there, 2)
    GONE.add(1)
    poison(monkeypatch, at=there, name="parcel")

    assert deliver() == Delivered(failed=1)

    (envelope,) = envelopes()
    assert "division by zero" in envelope.last_error
    assert {read(one).envelope for one in (gone, notice)} == {envelope.pk}


CHECK_IN = Noun("check-in", "check-ins", "to do")
KEY_RESULT = Noun("key result", "key results", "need a look")
PERSON = Noun("person", "people", "get no email")
TUESDAY = dt.datetime(2026, 3, 10, 9, tzinfo=dt.UTC)


def lines(noun: Noun, *states: str, label: str = "Late", **said: Any) -> list[Entry]:
    known = rule(label=label, reason="own key results", noun=noun)
    said = {"title": "Title\r\nBcc: all@example.test", **said}
    return [
        Entry(
            rule=known,
            item=DigestItem(
                heading="", url="/", button="Open", about=f"{noun.one}:{place}", state=state, **said
            ),
        )
        for place, state in enumerate(states)
    ]


def envelope(*told: Sequence[Entry], clients: Sequence[str]) -> Digest:
    """An envelope of Tuesday with a section for each list of lines."""
    sections = [Section(client=one, entries=part) for one, part in zip(clients, told, strict=True)]
    return Digest(reader=User(name="Ines"), now=TUESDAY, sections=sections)


LATE_AND_DUE = lines(CHECK_IN, "late", "late", "late", "due today by 12:00", "due today by 12:00")
RISKS = lines(KEY_RESULT, "at risk", "blocked")


def item(title: str, news: str = "") -> list[Entry]:
    return lines(CHECK_IN, "late", title=title, news=news)


FIVE = lines(CHECK_IN, *"abcde")
DUE = "5 check-ins (3 late, 2 due today by 12:00)"
COUNTED = "1 check-in is late, 2 key results (1 at risk, 1 blocked)"
STATES = [f"in a state that has rather a long name {number}" for number in range(3)]


@pytest.mark.parametrize(
    ("clients", "told", "expected"),
    [
        ("Northwind", [LATE_AND_DUE], f"Northwind, DAY: {DUE}"),
        ("Northwind", [LATE_AND_DUE[:3]], "Northwind, DAY: 3 check-ins are late"),
        ("Northwind", [LATE_AND_DUE[:1] + RISKS], f"Northwind, DAY: {COUNTED}"),
        ("Northwind", [FIVE], "Northwind, DAY: 5 check-ins (1 a, 1 b, 1 c, 2 more)"),
        ("A B", [LATE_AND_DUE[:1], RISKS], f"A, B, DAY: {COUNTED}"),
        ("A B C", [LATE_AND_DUE[:1], RISKS[:1], RISKS[1:]], f"3 clients, DAY: {COUNTED}"),
        # Too long: the clients go first, then all counts but the first are added up.
        ("N" * 40, [LATE_AND_DUE + RISKS], f"DAY: {DUE}, 2 key results (1 at risk, 1 blocked)"),
        ("Northwind", [LATE_AND_DUE + lines(KEY_RESULT, *STATES)], f"DAY: {DUE}, 3 more"),
        ("Northwind", [item("API latency", "is red")], "Northwind: API latency is red"),
        ("Northwind", [item("Days", "due Mon\u00a016")], "Northwind: Days due Mon 16"),
        ("Northwind", [item("Days to value")], "Northwind: Days to value (late)"),
        ("A\rBcc:x@a.test", [item("B\r\nTo: y", "is late")], "A Bcc:x@a.test: B To: y is late"),
    ],
)
def test_the_subject_names_clients_and_the_item_or_day_and_counts(
    clients: str, told: list[list[Entry]], expected: str
) -> None:
    found = envelope(*told, clients=clients.split(" "))

    assert subject(found, is_daily=True) == expected.replace("DAY", "Tue 10 Mar")
    if not expected.startswith("DAY"):
        assert subject(found, is_daily=False) == expected.replace(", DAY", "")


def test_a_long_name_or_title_is_shortened_so_that_the_news_stays() -> None:
    told = item("T" * 300, "has been red for two weeks")

    found = subject(envelope(told, clients=["C" * 120]), is_daily=False)

    assert len(found) == MAX_SUBJECT
    assert found.startswith(f"{'C' * 39}…: TTT")
    assert found.endswith("T… has been red for two weeks")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (LATE_AND_DUE, "5 check-ins to do: 3 late, 2 due today by 12:00."),
        (LATE_AND_DUE[:3], "3 check-ins are late."),
        (LATE_AND_DUE[:1], "1 check-in is late."),
        (
            LATE_AND_DUE[:1] + RISKS + lines(PERSON, "not reached by email"),
            "1 check-in is late. 2 key results need a look: 1 at risk, 1 blocked. More below.",
        ),
        (lines(CHECK_IN, *["late"] * 11), "11 check-ins are late."),
        (lines(CHECK_IN, "due Mon\u00a016\u00a0Mar"), "1 check-in is due Mon 16 Mar."),
    ],
)
def test_the_headline_counts(told: list[Entry], expected: str) -> None:
    assert headline(told) == expected


def test_it_says_why_it_came_once_for_each_reason_and_rule() -> None:
    told = [
        *lines(CHECK_IN, "late", "late"),
        *lines(CHECK_IN, "due", label="Due soon"),
        *lines(KEY_RESULT, "at risk", label="At risk or blocked on Friday", why="own objectives"),
    ]

    assert why(told) == (
        "You get this because you own key results and own objectives."
        " Rules: late, due soon, at risk or blocked on Friday."
    )


def test_no_title_reaches_headline_and_reason() -> None:
    assert "Bcc" not in headline(LATE_AND_DUE) + why(LATE_AND_DUE)
