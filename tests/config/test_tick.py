"""Every sweep once, as of one instant (design 7, M7.9)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from io import StringIO
from threading import Event
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from django.utils import timezone

from checkins.jobs.reminders import send_reminders
from config import schedule, tasks
from engagements.models import Engagement, Membership, Role
from mail import outbox, runs
from mail.models import Lease, OutboxMessage
from mail.runs import lease
from notifications.models import Notice
from status import commands
from status.jobs import store_snapshots
from status.models import Snapshot
from status.snapshots import build_snapshot
from tenancy.scoping import scope
from tests import build
from tests.escalations import racing
from tests.escalations.notices import told

KEYS = {name for name, _ in schedule.ORDER}
FRIDAY = "2026-03-06T08:00:00Z"
NOW = dt.datetime.fromisoformat(FRIDAY)


@pytest.fixture(autouse=True)
def quiet_bell(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    rung: list[bool] = []
    monkeypatch.setattr(outbox, "wake_worker", lambda: rung.append(True))
    return rung


@pytest.fixture
def lead(committed: str) -> Iterator[Membership]:
    """Alice leads, Bob owns three key results; nobody has checked in."""
    alice = build.member(build.engagement())
    bob = build.member(alice.engagement, "Bob", Role.CONTRIBUTOR)
    objective = build.objective(alice, build.cycle(alice.engagement))
    for _ in range(3):
        build.live_key_result(objective, owner_id=bob.pk)
    yield alice
    connections["sweep"].close()


def ticked(*arguments: str) -> dict[str, int]:
    out = StringIO()
    call_command("tick", *arguments, stdout=out)
    (line,) = out.getvalue().splitlines()
    counts: dict[str, int] = json.loads(line)
    return counts


def test_the_command_prints_one_line_with_what_each_sweep_wrote_once(lead: Membership) -> None:
    counts = ticked("--at", FRIDAY)
    before = told(using="sweep")
    again = ticked("--at", "2026-03-06T09:00:00+01:00")  # the same instant

    assert counts.keys() == KEYS
    assert (counts["reminders"], counts["overdue"], counts["missed"]) == (3, 3, 9)
    assert (counts["friday_digests"], counts["messages"]) == (3, 2)
    assert again == dict.fromkeys(KEYS, 0)
    assert told(using="sweep") == before


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("tomorrow", r"is not a time\. Write it as 2026-03-09T10:00:00Z"),
        ("2026-13-01T00:00:00Z", "is not a time"),
        ("2026-03-09 10:00 CET", "is not a time"),
        ("2026-03-09T10:00:00", r"has no time zone. Write 2026-03-09T10:00:00Z for UTC"),
        ("2026-03-09", r"has no time zone. Write 2026-03-09T00:00:00Z for UTC"),
        ("0001-01-01T00:00:00Z", "is outside the years"),
        ("9999-12-31T23:59:59Z", "is outside the years"),
    ],
)
def test_an_instant_is_a_time_of_our_years_with_its_zone(text: str, error: str) -> None:
    with pytest.raises(CommandError, match=error):
        ticked("--at", text)


def test_a_failing_sweep_leaves_nothing_behind_and_stops_no_other(
    lead: Membership, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Reminders fail once they have written theirs; such a tick is no sign of life."""

    def fails(*, now: dt.datetime, using: str) -> int:
        send_reminders(now=now, using=using)
        with connections[using].cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        return 0

    order = [(name, fails if name == "reminders" else sweep) for name, sweep in schedule.ORDER]
    monkeypatch.setattr(schedule, "ORDER", order)

    with pytest.raises(CommandError, match="Failed: reminders"):
        ticked("--at", FRIDAY)
    with time_machine.travel(NOW, tick=False), pytest.raises(schedule.SweepsFailed):
        tasks.tick()

    rules = {one.rule for one in told(using="sweep")}
    assert rules == {"overdue", "missed", "missed_twice", "friday_late"}
    assert dailies() == 2
    assert "division by zero" in caplog.text
    assert "sweep" not in runs.last(using="sweep")


def test_the_task_of_each_minute_ticks_now_leaves_a_sign_of_life_and_rings(
    lead: Membership, quiet_bell: list[bool]
) -> None:
    with time_machine.travel(NOW, tick=False):
        tasks.tick()

    assert "reminder" in {one.rule for one in told(using="sweep")}
    assert runs.last(using="sweep")["sweep"] == NOW
    assert quiet_bell == [True]
    schedules = settings.CELERY_BEAT_SCHEDULE.values()
    assert [each["schedule"] for each in schedules if each["task"] == tasks.tick.name] == [60]


@pytest.mark.parametrize("is_locked", [True, False], ids=["with the lock", "without it"])
def test_ticks_at_once_tell_each_thing_once(
    lead: Membership, monkeypatch: pytest.MonkeyPatch, *, is_locked: bool
) -> None:
    """The unique key is the guarantee; the lock spares a useless double."""
    if not is_locked:
        monkeypatch.setattr(schedule, "_alone", lambda _, sweep, *, now, waits: sweep(now=now))

    counts = racing.at_once(*[lambda: schedule.tick(now=NOW)] * 4)

    assert len(told(using="sweep")) == 3 + 3 + 9 + 3
    assert sum(one["reminders"] for one in counts) == 3
    assert sum(one["messages"] for one in counts) == 2


def test_what_was_written_is_seen_in_the_clients_scope_only(lead: Membership) -> None:
    stranger = build.member(build.engagement("Harbor Foods"), "Charlie")
    schedule.tick(now=NOW)

    with scope(stranger.engagement_id):
        assert Notice.objects.count() == 0
    with scope(lead.engagement_id):
        assert Notice.objects.count() == 18


def test_a_page_that_cannot_be_built_keeps_no_other_client_waiting(
    lead: Membership, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    engagements = [lead.engagement, build.engagement("Harbor")]
    usual = build_snapshot

    def fails_for_the_first(engagement: Engagement, *known: Any) -> object:
        if engagement.pk == engagements[0].pk:
            raise ValueError("broken")
        with connections["default"].cursor() as cursor:
            cursor.execute("SHOW transaction_isolation")
            assert cursor.fetchone() == ("repeatable read",)
        return usual(engagement, *known)

    monkeypatch.setattr(commands, "build_snapshot", fails_for_the_first)

    assert store_snapshots(now=NOW, using="sweep") == 1
    assert store_snapshots(now=NOW, using="sweep") == 0
    with scope(engagements[1].pk):
        assert Snapshot.objects.count() == 1
    assert len([one for one in caplog.records if one.levelname == "ERROR"]) == 2


def dailies() -> int:
    return OutboxMessage.objects.using("sweep").filter(kind="daily").count()


def test_of_ticks_that_keep_each_other_from_a_sweep_one_makes_it(
    lead: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one is in the first sweep as the other comes to it, and comes to the last one later."""
    doors = {"first": (Event(), Event()), "last": (Event(), Event())}

    def held(name: str, **_: Any) -> int:
        entered, leave = doors[name]
        entered.set()
        leave.wait(timeout=20)
        return 0

    first, last = [(name, partial(held, name)) for name in doors]
    monkeypatch.setattr(schedule, "ORDER", [first, *schedule.ORDER[:-1], last, schedule.ORDER[-1]])
    ends = []
    for entered, _ in doors.values():
        ends.append(racing.begin(lambda: schedule.tick(now=NOW)))
        assert entered.wait(timeout=20)

    doors["first"][1].set()
    racing.eventually_waits()
    doors["last"][1].set()

    assert sum(end()["messages"] for end in ends) == dailies() == 2


def test_it_is_made_once_the_turn_of_one_that_died_has_run_out(lead: Membership) -> None:
    died = lease("tick")
    died.__enter__()
    assert schedule.tick(now=NOW)["messages"] == 0

    Lease.objects.using("sweep").update(until=timezone.now())

    assert schedule.tick(now=NOW)["messages"] == 2


@contextmanager
def reminders_held() -> Iterator[None]:
    """Another worker runs the reminders."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('sweeps.reminders'))")
        yield
    connections["owner"].close()


def test_a_sweep_that_another_worker_runs_is_left_to_it(lead: Membership) -> None:
    with lease("tick"), reminders_held():
        counts = schedule.tick(now=NOW)

    assert (counts["reminders"], counts["overdue"]) == (0, 3)


def test_the_daily_emails_wait_for_what_another_worker_finds(lead: Membership) -> None:
    with reminders_held():
        end = racing.begin(lambda: schedule.tick(now=NOW))
        assert racing.eventually_waits()
        assert dailies() == 0

    assert end()["messages"] == 2
    assert dailies() == 2


def test_a_sweep_may_work_elsewhere_for_longer_than_its_transaction_may_be_idle(
    lead: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The transaction of a sweep only holds its lock, while the sweep works in others."""

    def elsewhere(*, now: dt.datetime, using: str) -> int:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.2)")
        return 1

    with connections["sweep"].cursor() as cursor:
        cursor.execute("SET idle_in_transaction_session_timeout = '50ms'")
    monkeypatch.setattr(schedule, "ORDER", [("snapshots", elsewhere)])

    assert schedule.tick(now=NOW) == {"snapshots": 1}
