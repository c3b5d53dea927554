from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.db import connections
from django.test import Client
from pytest_django.fixtures import Settings

from mail import runs
from mail.delivery import claim
from mail.models import Heartbeat, OutboxMessage
from mail.outbox import enqueue

NOON = dt.datetime(2030, 3, 11, 12, tzinfo=dt.UTC)
MINUTE, SECOND = dt.timedelta(minutes=1), dt.timedelta(seconds=1)
WELL = {
    "status": "ok",
    "broker": True,
    "database": True,
    "sweep": True,
    "sweep_seconds": 0,
    "mail": True,
    "mail_seconds": 0,
}

messages = OutboxMessage.objects.using("sweep")


def test_live_answers_without_a_database(client: Client) -> None:
    assert client.get("/healthz/live").json() == {"status": "ok"}


@pytest.fixture
def installed(committed: str) -> None:
    Heartbeat.objects.using("sweep").filter(name="installation").update(ran_at=NOON)


def swept(at: dt.datetime = NOON) -> None:
    with time_machine.travel(at, tick=False):
        runs.record("sweep")


def posted(*, due_at: dt.datetime = NOON) -> None:
    assert enqueue(
        kind="greeting",
        recipient="alice@example.test",
        payload={},
        dedupe_key="greeting",
        due_at=due_at,
    )


def probe(client: Client, *, at: dt.datetime = NOON) -> tuple[int, Any]:
    with time_machine.travel(at, tick=False):
        answer = client.get("/healthz/ready")
    return answer.status_code, answer.json()


def test_ready_says_that_all_works(installed: None, client: Client) -> None:
    swept()

    assert probe(client) == (200, WELL)


def test_a_fresh_installation_says_that_no_sweep_has_run_yet(
    installed: None, client: Client
) -> None:
    fresh = {**WELL, "sweep_seconds": None, "note": "No sweep has run yet."}

    assert probe(client, at=NOON + 5 * MINUTE) == (200, fresh)


def test_an_installation_that_never_sweeps_is_failing(installed: None, client: Client) -> None:
    code, answer = probe(client, at=NOON + 5 * MINUTE + SECOND)

    assert (code, answer["sweep"], answer["note"]) == (503, False, "No sweep has run yet.")


def test_a_sweep_of_long_ago_is_failing(installed: None, client: Client) -> None:
    swept()

    assert probe(client, at=NOON + 5 * MINUTE) == (200, {**WELL, "sweep_seconds": 300})
    assert probe(client, at=NOON + 5 * MINUTE + SECOND) == (
        503,
        {**WELL, "status": "failing", "sweep": False, "sweep_seconds": 301},
    )


def test_a_message_that_nobody_takes_is_failing(installed: None, client: Client) -> None:
    swept(NOON + 15 * MINUTE)
    posted()

    assert probe(client, at=NOON + 15 * MINUTE) == (200, {**WELL, "mail_seconds": 900})
    late = {**WELL, "status": "failing", "mail": False, "mail_seconds": 901, "sweep_seconds": 1}
    assert probe(client, at=NOON + 15 * MINUTE + SECOND) == (503, late)


def take() -> None:
    with time_machine.travel(NOON + 16 * MINUTE - SECOND, tick=False):
        assert claim(now=NOON, limit=1)


@pytest.mark.parametrize(
    "settled",
    [
        lambda: messages.update(sent_at=NOON),
        lambda: messages.update(cancelled_at=NOON),
        lambda: messages.update(dead_at=NOON),
        lambda: messages.update(due_at=NOON + 60 * MINUTE),
        take,
    ],
    ids=["sent", "cancelled", "given up", "not due yet", "in a worker's hands"],
)
def test_a_message_that_waits_for_nobody_does_not_count(
    installed: None, client: Client, settled: Callable[[], None]
) -> None:
    swept(NOON + 16 * MINUTE)
    posted()
    settled()

    assert probe(client, at=NOON + 16 * MINUTE) == (200, WELL)


def test_a_message_whose_worker_died_counts_again(installed: None, client: Client) -> None:
    swept(NOON + 30 * MINUTE)
    posted()
    take()

    code, answer = probe(client, at=NOON + 30 * MINUTE)

    assert (code, answer["mail"], answer["mail_seconds"]) == (503, False, 1800)


def test_ready_names_a_broker_that_does_not_answer(
    installed: None, client: Client, settings: Settings
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    swept()

    assert probe(client) == (503, {**WELL, "status": "failing", "broker": False})


@pytest.mark.parametrize("role", ["default", "sweep"])
def test_ready_names_a_database_that_does_not_answer(
    installed: None, client: Client, role: str
) -> None:
    connections[role].close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(connections[role].settings_dict, "NAME", "is_not_there")

        assert probe(client) == (503, {"status": "failing", "broker": True, "database": False})
