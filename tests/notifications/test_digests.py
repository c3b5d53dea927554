"""One message a day for each person, on their clock; what is urgent at once (M6.4)."""

from __future__ import annotations

import datetime as dt
import threading
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import time_machine
from celery import current_app
from django.db import connections, transaction

from engagements.commands.engagements import close_engagement
from engagements.models import Membership, Role
from mail import delivery
from mail.models import Priority
from notifications import rules
from notifications.commands import wake_worker_after_commit
from notifications.digests import ENVELOPES, build_digests
from notifications.models import Notice
from notifications.tasks import send_notices
from tenancy.scoping import scope
from tests import build
from tests.broker import ring_at
from tests.notifications.noticing import HOUR, NINE, carried, envelopes, keys, notify, read, rule

DAY = dt.timedelta(days=1)
FRIDAY = NINE + 4 * DAY


@pytest.fixture(autouse=True)
def two_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that rides the message of the day, and one that does not wait for it."""
    known = {"parcel": rule(), "alarm": rule(is_urgent=True)}
    monkeypatch.setattr(rules, "_rules", known)


@pytest.fixture
def bob(committed: str) -> Membership:
    """In Berlin, told at nine, quiet from eight in the evening to seven."""
    return build.member(build.engagement(), "Bob", Role.CONTRIBUTOR)


def set_clock(person: Membership, **clock: object) -> None:
    assert person.user is not None
    for name, value in clock.items():
        setattr(person.user, name, value)
    person.user.save()


def local(text: str, zone: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)


def test_notices_of_a_closed_engagement_are_dropped(bob: Membership) -> None:
    sent, waiting = notify(bob, 1), notify(bob, 2)
    elsewhere = notify(build.member(build.engagement("Harbor"), "Hannah"))
    with scope(bob.engagement_id):
        Notice.objects.filter(pk=sent.pk).update(envelope=uuid4(), sent_at=NINE)
        close_engagement(
            engagement=bob.engagement, by=build.member(bob.engagement, "Lead", Role.LEAD)
        )

    assert build_digests(now=NINE) == 1

    assert read(waiting).dropped_at == NINE
    assert read(sent).dropped_at is None
    assert read(elsewhere).envelope is not None


def test_all_that_waits_for_a_person_goes_into_one_envelope(bob: Membership) -> None:
    held = [notify(bob, subject) for subject in (1, 2, 3)]

    assert build_digests(now=NINE) == 1

    (envelope,) = envelopes()
    assert (envelope.kind, envelope.recipient) == ("daily", "bob@example.test")
    assert envelope.user_id == bob.user_id
    assert envelope.payload == {
        "envelope": str(envelope.pk),
        "user": bob.user_id,
        "engagements": [bob.engagement_id],
    }
    assert {read(one).envelope for one in held} == {envelope.pk}


def test_one_envelope_holds_what_waits_in_all_engagements(bob: Membership) -> None:
    other = build.member(build.engagement("Harbor Retail"), "Bob", user=bob.user)
    notify(bob, 1)
    notify(other, 2)

    assert build_digests(now=NINE) == 1

    (envelope,) = envelopes()
    assert envelope.payload["engagements"] == [bob.engagement_id, other.engagement_id]
    assert carried(envelope) == [1, 2]


def test_each_person_gets_an_envelope_of_their_own(bob: Membership) -> None:
    notify(bob)
    notify(build.member(bob.engagement, "Alice"))

    assert build_digests(now=NINE) == 2
    assert {one.recipient for one in envelopes()} == {"alice@example.test", "bob@example.test"}


def test_it_is_made_from_the_persons_hour_on_and_not_before(bob: Membership) -> None:
    notify(bob, due_at=NINE - 5 * HOUR)

    assert build_digests(now=NINE - dt.timedelta(seconds=1)) == 0
    assert build_digests(now=NINE) == 1


def test_there_is_one_a_day_whatever_comes_up_later(bob: Membership) -> None:
    notify(bob, 1)
    build_digests(now=NINE)
    late = notify(bob, 2)

    assert build_digests(now=NINE + HOUR) == 0
    assert read(late).envelope is None
    assert build_digests(now=NINE + DAY) == 1
    assert keys() == [f"daily:{bob.user_id}:2026-03-09", f"daily:{bob.user_id}:2026-03-10"]


def test_a_deadline_that_passes_after_the_hour_rides_the_next_days(bob: Membership) -> None:
    notify(bob, due_at=NINE + HOUR)

    assert build_digests(now=NINE + 2 * HOUR) == 0
    assert build_digests(now=NINE + DAY) == 1


def test_after_an_outage_the_days_message_is_made_late(bob: Membership) -> None:
    notify(bob)

    assert build_digests(now=NINE + 6 * HOUR) == 1
    assert keys() == [f"daily:{bob.user_id}:2026-03-09"]


def test_none_is_made_at_the_weekend(bob: Membership) -> None:
    notify(bob, due_at=FRIDAY + HOUR)

    assert build_digests(now=FRIDAY + DAY) == 0
    assert build_digests(now=FRIDAY + 2 * DAY + 12 * HOUR) == 0
    assert build_digests(now=FRIDAY + 3 * DAY) == 1


@pytest.mark.parametrize(
    ("zone", "at"),
    [
        ("Pacific/Auckland", "2026-03-10T09:00"),
        ("Asia/Kathmandu", "2026-03-09T09:00"),
        ("America/Los_Angeles", "2026-03-09T09:00"),
        ("Pacific/Kiritimati", "2026-03-10T09:00"),
        ("UTC", "2026-03-09T09:00"),
    ],
)
def test_the_hour_is_on_the_persons_own_clock(bob: Membership, zone: str, at: str) -> None:
    set_clock(bob, time_zone=zone)
    notify(bob, due_at=NINE - DAY)
    nine = local(at, zone)

    assert build_digests(now=nine - dt.timedelta(minutes=1)) == 0
    assert build_digests(now=nine) == 1
    assert keys() == [f"daily:{bob.user_id}:{at[:10]}"]


@pytest.mark.parametrize(
    ("zone", "day", "message_at", "told_at"),
    [
        # Skipped hours count as much later as the clock jumps; hours that come twice, once.
        ("Africa/Cairo", "2026-04-24", "00:30", "2026-04-23T22:30Z"),
        ("Atlantic/Azores", "2026-10-26", "09:00", "2026-10-26T10:00Z"),
        ("America/New_York", "2026-03-09", "09:00", "2026-03-09T13:00Z"),
        ("Australia/Lord_Howe", "2026-04-06", "09:00", "2026-04-05T22:30Z"),
    ],
)
def test_days_on_which_clocks_change_have_one_message(
    bob: Membership, zone: str, day: str, message_at: str, told_at: str
) -> None:
    at = dt.datetime.fromisoformat(told_at)
    quiet = {"quiet_from": dt.time(3), "quiet_until": dt.time(3)}
    set_clock(bob, time_zone=zone, message_at=dt.time.fromisoformat(message_at), **quiet)
    notify(bob, due_at=at - DAY)

    made = [
        build_digests(now=at + minutes * dt.timedelta(minutes=1)) for minutes in (-1, 0, 60, 120)
    ]

    assert made == [0, 1, 0, 0]
    assert keys() == [f"daily:{bob.user_id}:{day}"]


@pytest.mark.parametrize("zone", ["Mars/Olympus_Mons", "Europe", "../etc/passwd"])
def test_a_zone_that_this_machine_does_not_know_stops_nobody(bob: Membership, zone: str) -> None:
    lost = build.member(bob.engagement, "Carol", Role.CONTRIBUTOR)
    set_clock(lost, time_zone=zone)
    notify(bob)
    notify(lost)

    assert build_digests(now=NINE + 2 * HOUR) == 2


def test_the_quiet_hours_are_kept(bob: Membership) -> None:
    notify(bob)

    assert build_digests(now=NINE + 11 * HOUR) == 0  # eight in the evening
    assert build_digests(now=NINE + 22 * HOUR) == 0  # seven in the morning, before the hour
    assert build_digests(now=NINE + DAY) == 1


def test_an_hour_that_is_a_quiet_one_waits_for_the_end_of_the_quiet(bob: Membership) -> None:
    set_clock(bob, message_at=dt.time(22))
    notify(bob, due_at=NINE - DAY)

    assert build_digests(now=NINE - 2 * HOUR - dt.timedelta(seconds=1)) == 0
    assert build_digests(now=NINE - 2 * HOUR) == 1


def test_what_is_urgent_goes_at_once_and_at_weekends_too(bob: Membership) -> None:
    sunday = NINE - DAY + 3 * HOUR
    first = notify(bob, 1, rule="alarm", due_at=sunday)
    notify(bob, 2, rule="alarm", due_at=sunday)
    notify(bob, 3)

    assert build_digests(now=sunday) == 1

    (envelope,) = envelopes()
    assert (envelope.kind, envelope.dedupe_key) == ("urgent", f"urgent:{bob.user_id}:{first.pk}")
    assert carried(envelope) == [1, 2]


def test_what_is_urgent_waits_for_the_end_of_the_quiet_hours(bob: Membership) -> None:
    night = NINE + 12 * HOUR
    notify(bob, rule="alarm", due_at=night)

    assert build_digests(now=night) == 0
    assert build_digests(now=NINE + 22 * HOUR - dt.timedelta(seconds=1)) == 0
    assert build_digests(now=NINE + 22 * HOUR) == 1


def test_a_second_urgent_thing_goes_in_a_second_envelope(bob: Membership) -> None:
    notify(bob, 1, rule="alarm")
    build_digests(now=NINE)
    notify(bob, 2, rule="alarm")

    assert build_digests(now=NINE) == 1
    assert [carried(one) for one in envelopes()] == [[1], [2]]


def test_what_is_urgent_goes_before_what_is_not_and_after_what_is_awaited(
    bob: Membership,
) -> None:
    notify(bob, 1)
    notify(bob, 2, rule="alarm")

    build_digests(now=NINE)

    ranks = {one.kind: one.priority for one in envelopes()}
    assert Priority.AWAITED < ranks["urgent"] < ranks["daily"]


def test_only_what_is_urgent_is_gathered_where_the_tick_has_not_found_all_yet(
    bob: Membership,
) -> None:
    notify(bob, 1)
    notify(bob, 2, rule="alarm")

    assert build_digests(now=NINE, is_daily=False) == 1
    assert [one.kind for one in envelopes()] == ["urgent"]


def test_what_is_dropped_or_not_due_is_not_gathered(bob: Membership) -> None:
    notify(bob, 1, dropped_at=NINE)
    notify(bob, 2, due_at=NINE + dt.timedelta(seconds=1))

    assert build_digests(now=NINE) == 0


def test_who_was_removed_is_gathered_too_so_that_the_ledger_says_what_became_of_it(
    bob: Membership,
) -> None:
    notify(bob)
    with scope(bob.engagement_id):
        Membership.objects.filter(pk=bob.pk).update(removed_at=NINE)

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

    made = at_once(4)

    assert (sum(made) == 12) is is_whole
    assert (len(envelopes()) == 12) is is_whole


def at_once(number: int) -> list[int]:
    start, made, failures = threading.Barrier(number), [], []

    def run() -> None:
        try:
            start.wait(timeout=10)
            made.append(build_digests(now=NINE))
        except Exception as error:  # noqa: BLE001 - the test reports it
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert failures == []
    return made


def test_the_bell_rings_once_after_the_commit(
    committed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
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


def test_the_task_gathers_what_is_urgent_and_delivers(
    bob: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivered: list[str] = []
    monkeypatch.setattr(delivery, "deliver_due", lambda: delivered.extend(keys()))
    notify(bob, 1)
    first = notify(bob, 2, rule="alarm")

    with time_machine.travel(NINE, tick=False):
        send_notices()

    assert delivered == [f"urgent:{bob.user_id}:{first.pk}"]
