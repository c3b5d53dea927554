"""The message of a day holds all that was found by its hour: it is made after the sweeps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django.db import connections, transaction

from checkins import sweeps
from engagements.models import Membership, Role
from notifications.models import OutboxMessage
from tests import build

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


def test_it_waits_while_another_worker_finds_what_it_holds(bob: Membership) -> None:
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('sweeps.reminders'))")

        assert sweeps.tick(now=NINE)["messages"] == 0

    assert sweeps.tick(now=NINE)["messages"] == 2
    assert OutboxMessage.objects.using("sweep").filter(kind="daily").count() == 2


def test_it_goes_out_without_what_a_broken_sweep_would_have_found(
    bob: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*, now: dt.datetime, using: str) -> int:
        raise RuntimeError("the lights went out")

    order = [(name, broken if name == "reminders" else sweep) for name, sweep in sweeps.ORDER]
    monkeypatch.setattr(sweeps, "ORDER", order)

    with pytest.raises(sweeps.SweepsFailed):
        sweeps.tick(now=NINE)

    assert OutboxMessage.objects.using("sweep").filter(kind="daily").count() == 2
