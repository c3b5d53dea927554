"""One message a day for each person, on their clock; what is urgent at once (M6.4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial
from uuid import uuid4

import pytest
import time_machine
from celery import current_app
from django.db import transaction

from engagements.commands.engagements import close_engagement
from engagements.models import Membership
from mail import delivery
from mail.delivery import claim
from mail.models import OutboxMessage, Priority
from notifications.commands import wake_worker_after_commit
from notifications.digests import ENVELOPES, build_digests
from notifications.tasks import send_notices
from tenancy.scoping import scope
from tests import build
from tests.broker import ring_at
from tests.escalations.racing import at_once
from tests.notifications.noticing import (
    HOUR,
    NINE,
    carried,
    deliver,
    envelopes,
    keys,
    notify,
    read,
    rule,
    use_rules,
)
from tests.smtp import MailServer, mail_server, text_of

__all__ = ["mail_server"]

MINUTE = dt.timedelta(minutes=1)
DAY = dt.timedelta(days=1)
FRIDAY = NINE + 4 * DAY


def test_notices_of_a_closed_engagement_are_dropped(bob: Membership) -> None:
    sent, waiting = notify(bob, 1), notify(bob, 2)
    elsewhere = notify(build.member(build.engagement("Harbor"), "Hannah"))
    build.change(sent, envelope=uuid4(), sent_at=NINE)
    with scope(bob.engagement_id):
        close_engagement(engagement=bob.engagement, by=build.member(bob.engagement, "Al"), now=NINE)

    assert build_digests(now=NINE) == 1

    assert read(waiting).dropped_at == NINE
    assert read(sent).dropped_at is None
    assert read(elsewhere).envelope is not None


def test_each_person_gets_one_envelope_with_what_waits_in_all_engagements(bob: Membership) -> None:
    there = build.member(build.engagement("Harbor Retail"), "Bob", user=bob.user)
    held = [notify(bob, 1), notify(bob, 2), notify(there, 3)]
    notify(build.member(bob.engagement, "Alice"))

    assert build_digests(now=NINE) == 2

    alices, bobs = sorted(envelopes(), key=lambda one: one.recipient)
    assert alices.recipient == "alice@example.test"
    assert (bobs.kind, bobs.recipient, bobs.user_id) == ("daily", "bob@example.test", bob.user_id)
    assert bobs.payload == {
        "envelope": str(bobs.pk),
        "user": bob.user_id,
        "engagements": [bob.engagement_id, there.engagement_id],
    }
    assert {read(one).envelope for one in held} == {bobs.pk}


# The rule, the hour of the email, when the notice is due, and how many emails are made by when.
HOURS: dict[str, tuple[str, int, int, dict[float, int]]] = {
    "from the hour on": ("parcel", 9, -5, {-0.001: 0, 0: 1}),
    "due after the hour, on the next day": ("parcel", 9, 1, {2: 0, 24: 1}),
    "late after an outage": ("parcel", 9, 0, {6: 1}),
    "not at the weekend": ("parcel", 9, 97, {120: 0, 156: 0, 168: 1}),
    "not in quiet hours": ("parcel", 9, 0, {11: 0, 22: 0, 24: 1}),
    "a quiet hour waits for their end": ("parcel", 22, -24, {-2.001: 0, -2: 1}),
    "urgent waits for their end": ("alarm", 9, 12, {12: 0, 21.999: 0, 22: 1}),
}


def test_an_email_is_made_at_its_hour(bob: Membership) -> None:
    """Hours after Monday at nine; quiet are those from eight in the evening to seven."""
    for name, (rule_name, message_at, due_at, expected) in HOURS.items():
        person = build.member(bob.engagement, name)
        build.change(person.user, message_at=dt.time(message_at))
        notice = notify(person, rule=rule_name, due_at=NINE + due_at * HOUR)

        made = {hours: build_digests(now=NINE + hours * HOUR) for hours in expected}

        assert made == expected, name
        build.change(notice, dropped_at=NINE)  # no later envelope holds it


def test_there_is_one_a_day_whatever_comes_up_later(bob: Membership) -> None:
    notify(bob, 1)
    build_digests(now=NINE)
    late = notify(bob, 2)

    assert build_digests(now=NINE + HOUR) == 0
    assert read(late).envelope is None
    assert build_digests(now=NINE + DAY) == 1
    assert keys() == [f"daily:{bob.user_id}:2026-03-09", f"daily:{bob.user_id}:2026-03-10"]


# The zone, its day, the hour on its clock, and the instant that this is.
CLOCKS = [
    ("Pacific/Auckland", "2026-03-10", "09:00", "2026-03-09T20:00Z"),
    ("Asia/Kathmandu", "2026-03-09", "09:00", "2026-03-09T03:15Z"),
    ("America/Los_Angeles", "2026-03-09", "09:00", "2026-03-09T16:00Z"),
    ("Pacific/Kiritimati", "2026-03-10", "09:00", "2026-03-09T19:00Z"),
    ("UTC", "2026-03-09", "09:00", "2026-03-09T09:00Z"),
    # Skipped hours count as much later as the clock jumps; hours that come twice, once.
    ("Asia/Tehran", "2022-03-22", "00:30", "2022-03-21T21:00Z"),
    ("Atlantic/Azores", "2026-10-26", "09:00", "2026-10-26T10:00Z"),
    ("America/New_York", "2026-03-09", "09:00", "2026-03-09T13:00Z"),
    ("Australia/Lord_Howe", "2026-04-06", "09:00", "2026-04-05T22:30Z"),
]


def test_each_day_has_one_email_by_the_persons_own_clock(bob: Membership) -> None:
    quiet = {"quiet_from": dt.time(3), "quiet_until": dt.time(3)}
    for zone, day, message_at, made_at in CLOCKS:
        person, at = build.member(bob.engagement, zone), dt.datetime.fromisoformat(made_at)
        hour = dt.time.fromisoformat(message_at)
        build.change(person.user, time_zone=zone, message_at=hour, **quiet)
        notice = notify(person, due_at=at - DAY)

        made = [build_digests(now=at + minutes * MINUTE) for minutes in (-1, 0, 60, 120)]

        assert made == [0, 1, 0, 0], zone
        assert f"daily:{person.user_id}:{day}" in keys()
        build.change(notice, dropped_at=NINE)
    assert len(keys()) == len(CLOCKS)


def test_what_is_urgent_goes_at_once_at_weekends_too_and_by_itself(bob: Membership) -> None:
    sunday = NINE - DAY + 3 * HOUR
    first = notify(bob, 1, rule="alarm", due_at=sunday)
    notify(bob, 2, rule="alarm", due_at=sunday)
    notify(bob, 3, due_at=sunday)

    assert build_digests(now=sunday) == 1
    notify(bob, 4, rule="alarm")
    assert build_digests(now=NINE) == 2
    assert build_digests(now=NINE + DAY) == 1  # which takes along the daily one alone

    found = {one.dedupe_key: one for one in envelopes()}
    assert sorted(carried(one) for one in found.values()) == [[], [1, 2], [3], [4]]
    urgent = found[f"urgent:{bob.user_id}:{first.pk}"]
    daily = found[f"daily:{bob.user_id}:2026-03-09"]
    assert (urgent.kind, daily.kind) == ("urgent", "daily")
    assert Priority.AWAITED < urgent.priority < daily.priority


def test_what_is_dropped_or_not_due_is_not_gathered(bob: Membership) -> None:
    notify(bob, 1, dropped_at=NINE)
    notify(bob, 2, due_at=NINE + dt.timedelta(seconds=1))

    assert build_digests(now=NINE) == 0


def test_who_was_removed_gets_an_envelope_so_that_the_log_shows_its_end(bob: Membership) -> None:
    notify(bob)
    build.change(bob, removed_at=NINE)

    assert build_digests(now=NINE) == 1


@pytest.mark.parametrize("is_whole", [True, False], ids=["as built", "without the unique key"])
def test_four_at_once_make_each_envelope_once(
    bob: Membership, monkeypatch: pytest.MonkeyPatch, *, is_whole: bool
) -> None:
    """The key is the guarantee; without it, and without waiting for each other, people get two."""
    others = [build.member(bob.engagement, f"Person {number}") for number in range(5)]
    for person in (bob, *others):
        notify(person, 1)
        notify(person, 2, rule="alarm")
    if not is_whole:
        monkeypatch.setattr("notifications.digests.LOCK", "SELECT pg_sleep(0)")
        keyless = ENVELOPES.replace("|| occasion", "|| occasion || gen_random_uuid()").replace(
            "SELECT count(*) FROM made", "SELECT count(*) FROM made, pg_sleep(0.2)"
        )
        monkeypatch.setattr("notifications.digests.ENVELOPES", keyless)

    made = at_once(*[partial(build_digests, now=NINE)] * 4)

    assert (sum(made) == 12) is is_whole
    assert (len(envelopes()) == 12) is is_whole


def test_it_rings_once_after_the_commit(committed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[str] = []
    monkeypatch.setattr(current_app, "send_task", rung.append)

    with transaction.atomic():
        wake_worker_after_commit()
        wake_worker_after_commit()
        assert rung == []

    assert rung == [send_notices.name]


def test_a_broker_that_is_down_fails_no_command(
    committed: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ring_at(monkeypatch, "redis://127.0.0.1:1/0")

    wake_worker_after_commit()

    assert "The broker is down" in caplog.text


def test_the_task_delivers_what_is_urgent(bob: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    delivered: list[str] = []
    monkeypatch.setattr(delivery, "deliver_due", lambda: delivered.extend(keys()))
    notify(bob, 1)
    first = notify(bob, 2, rule="alarm")

    with time_machine.travel(NINE, tick=False):
        send_notices()

    assert delivered == [f"urgent:{bob.user_id}:{first.pk}"]


@pytest.fixture(autouse=True)
def rules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    use_rules(monkeypatch, parcel=rule(), alarm=rule(is_urgent=True))
    with time_machine.travel(NINE, tick=False):
        yield


def live(*, since: dt.datetime, until: dt.datetime) -> None:
    """Gather and deliver every four hours: the longest pause between two attempts."""
    at = since
    while at <= until:
        deliver(at)
        at += 4 * HOUR


def test_what_was_put_off_goes_out_on_monday(bob: Membership, mail_server: MailServer) -> None:
    mail_server.deferred.add("bob@example.test")
    old = notify(bob, 1, due_at=FRIDAY)
    live(since=FRIDAY, until=FRIDAY + 60 * HOUR)
    mail_server.deferred.clear()
    new = notify(bob, 2, due_at=FRIDAY + DAY)

    live(since=FRIDAY + 64 * HOUR, until=FRIDAY + 3 * DAY + 8 * HOUR)

    (mail,) = mail_server.messages
    assert "Parcel 1" in text_of(mail)
    assert "Parcel 2" in text_of(mail)
    assert read(old).sent_at == read(new).sent_at == FRIDAY + 3 * DAY
    assert [one.cancelled_at for one in envelopes()] == [FRIDAY + 3 * DAY, None]


def test_just_before_quiet_hours_it_is_one_a_day(bob: Membership, mail_server: MailServer) -> None:
    build.change(bob.user, message_at=dt.time(19, 59))
    last_minute = NINE + 11 * HOUR - MINUTE
    notify(bob, 1)
    build_digests(now=last_minute)  # and the worker comes a minute later
    notify(bob, 2, due_at=NINE + HOUR + DAY)

    live(since=last_minute + MINUTE, until=last_minute + DAY)
    deliver(last_minute + DAY)

    (mail,) = mail_server.messages
    assert "Parcel 1" in text_of(mail)
    assert "Parcel 2" in text_of(mail)


def test_it_is_built_again_on_the_next_day(bob: Membership, mail_server: MailServer) -> None:
    mail_server.deferred.add("bob@example.test")
    notify(bob, 1)
    live(since=NINE, until=NINE + 12 * HOUR)
    mail_server.deferred.clear()

    live(since=NINE + 16 * HOUR, until=NINE + DAY)

    assert len(mail_server.messages) == 1
    assert keys()[-1] == f"daily:{bob.user_id}:2026-03-10"


def test_it_takes_along_what_waits_at_every_client(bob: Membership) -> None:
    there = build.member(build.engagement("Harbor Retail"), "Bob", user=bob.user)
    notify(bob, 1)
    notify(there, 2)
    build_digests(now=NINE)
    notify(there, 3)

    build_digests(now=NINE + DAY)

    assert [carried(one) for one in envelopes()] == [[], [1, 2, 3]]


def test_a_worker_that_lost_its_lease_loses_its_claim(bob: Membership) -> None:
    notify(bob, 1)
    build_digests(now=NINE)
    claim(now=NINE, limit=20)

    with time_machine.travel(NINE + DAY, tick=False):
        build_digests(now=NINE + DAY)

    assert [carried(one) for one in envelopes()] == [[], [1]]
    assert envelopes()[0].claim_token is None


def test_what_a_worker_has_in_hand_or_has_come_to_its_end_stays_there(bob: Membership) -> None:
    ends = ("accepted_at", "sent_at", "cancelled_at", "dead_at")
    people = [build.member(bob.engagement, end.replace("_", " ")) for end in ("in_hand", *ends)]
    for person in people:
        notify(person, 1)
    build_digests(now=NINE)
    rows = OutboxMessage.objects.using("sweep")
    for person, end in zip(people[1:], ends, strict=True):
        rows.filter(recipient=person.email).update(**{end: NINE})
    for person in people:
        notify(person, 2)

    with time_machine.travel(NINE + DAY, tick=False):
        claim(now=NINE + DAY, limit=20)
        build_digests(now=NINE + DAY)

    for person in people:
        first, second = rows.filter(recipient=person.email).order_by("dedupe_key")
        assert (carried(first), carried(second)) == ([1], [2]), person
    assert rows.exclude(cancelled_at=None).count() == 1


def test_what_was_told_or_dropped_is_not_told_again(bob: Membership) -> None:
    ended = {"sent_at": notify(bob, 1), "dropped_at": notify(bob, 2)}
    build_digests(now=NINE)
    for ending, notice in ended.items():
        build.change(notice, **{ending: NINE})
    notify(bob, 3)

    build_digests(now=NINE + DAY)

    assert [carried(one) for one in envelopes()] == [[1, 2], [3]]


def test_a_mailbox_that_takes_nothing_is_given_up(bob: Membership, mail_server: MailServer) -> None:
    """Its attempts go along: the leads hear of it as soon as ever."""
    mail_server.deferred.add("bob@example.test")
    notice = notify(bob, 1)

    live(since=NINE, until=NINE + 3 * DAY)

    assert read(notice).failed_at
