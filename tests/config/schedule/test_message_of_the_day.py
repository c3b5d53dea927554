"""The message of a day holds all that was found by its hour: it is made after the sweeps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial
from threading import Event
from typing import Any

import pytest
from django.db import connections, transaction
from django.utils import timezone

from config import schedule
from engagements.models import Membership, Role
from mail.models import Lease, OutboxMessage
from mail.runs import lease
from tests import build
from tests.escalations import racing

NINE = dt.datetime(2026, 3, 6, 8, tzinfo=dt.UTC)  # a Friday, in Berlin


@pytest.fixture
def bob(committed: str) -> Iterator[Membership]:
    """He has not checked in for weeks."""
    alice = build.member(build.engagement())
    someone = build.member(alice.engagement, "Bob", Role.CONTRIBUTOR)
    objective = build.objective(alice, build.cycle(alice.engagement))
    build.live_key_result(objective, owner_id=someone.pk)
    yield someone
    for alias in ("owner", "sweep"):
        connections[alias].close()


def dailies() -> int:
    return OutboxMessage.objects.using("sweep").filter(kind="daily").count()


def test_it_waits_while_another_worker_finds_what_it_holds(bob: Membership) -> None:
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('sweeps.reminders'))")
        end = racing.begin(lambda: schedule.tick(now=NINE))
        assert racing.eventually_waits()
        assert dailies() == 0

    assert end()["messages"] == 2
    assert dailies() == 2


def test_of_ticks_that_keep_each_other_from_a_sweep_one_makes_it(
    bob: Membership, monkeypatch: pytest.MonkeyPatch
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
        ends.append(racing.begin(lambda: schedule.tick(now=NINE)))
        assert entered.wait(timeout=20)

    doors["first"][1].set()
    racing.eventually_waits()
    doors["last"][1].set()

    assert sum(end()["messages"] for end in ends) == dailies() == 2


def test_it_is_made_once_the_turn_of_one_that_died_has_run_out(
    bob: Membership,
) -> None:
    died = lease("tick")
    died.__enter__()
    assert schedule.tick(now=NINE)["messages"] == 0

    Lease.objects.using("sweep").update(until=timezone.now())

    assert schedule.tick(now=NINE)["messages"] == 2


def test_it_goes_out_without_what_a_broken_sweep_would_have_found(
    bob: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*, now: dt.datetime, using: str) -> int:
        raise RuntimeError("the lights went out")

    order = [(name, broken if name == "reminders" else sweep) for name, sweep in schedule.ORDER]
    monkeypatch.setattr(schedule, "ORDER", order)

    with pytest.raises(schedule.SweepsFailed):
        schedule.tick(now=NINE)

    assert OutboxMessage.objects.using("sweep").filter(kind="daily").count() == 2
