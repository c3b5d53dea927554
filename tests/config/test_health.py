from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connections
from django.test import Client
from pytest_django.fixtures import Settings

from mail import runs
from mail.delivery import claim
from mail.models import Heartbeat, OutboxMessage
from tests.mail.conftest import post

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


def probe(client: Client, *, at: dt.datetime = NOON) -> tuple[int, Any]:
    with time_machine.travel(at, tick=False):
        answer = client.get("/healthz/ready")
    return answer.status_code, answer.json()


def test_a_message_that_waits_for_nobody_does_not_count(installed: None, client: Client) -> None:
    settled: dict[str, dict[str, Any]] = {
        "sent": {"sent_at": NOON},
        "cancelled": {"cancelled_at": NOON},
        "given up": {"dead_at": NOON},
        "not due yet": {"due_at": NOON + 60 * MINUTE},
        "in a worker's hands": {"claim_token": uuid4(), "claimed_until": NOON + 17 * MINUTE},
    }
    swept(NOON + 16 * MINUTE)
    for name, change in settled.items():
        messages.filter(pk=post(name, due_at=NOON)).update(**change)

        assert probe(client, at=NOON + 16 * MINUTE) == (200, WELL), name


def test_ready_names_a_broker_that_does_not_answer(
    installed: None, client: Client, settings: Settings
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    swept()

    assert probe(client) == (503, {**WELL, "status": "failing", "broker": False})


@pytest.mark.parametrize("role", ["default", "sweep"])
def test_ready_names_a_database_that_is_away(installed: None, client: Client, role: str) -> None:
    connections[role].close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(connections[role].settings_dict, "NAME", "is_not_there")

        assert probe(client) == (503, {"status": "failing", "broker": True, "database": False})


@pytest.mark.parametrize("has_run", [True, False])
def test_sweeps_that_do_not_run_are_failing(installed: None, client: Client, has_run: bool) -> None:
    """Later than after five minutes; before the first sweep since the installation."""
    fresh = {"sweep_seconds": None, "note": "No sweep has run yet."}
    if has_run:
        swept()
    for after, is_well in ((0 * MINUTE, True), (5 * MINUTE, True), (5 * MINUTE + SECOND, False)):
        seen = {"sweep_seconds": int(after.total_seconds())} if has_run else fresh
        expected = {**WELL, **seen, "status": "ok" if is_well else "failing", "sweep": is_well}

        assert probe(client, at=NOON + after) == (200 if is_well else 503, expected)


@pytest.mark.parametrize(
    ("after", "is_taken", "mail"),
    [
        pytest.param(15 * MINUTE, False, True, id="within a quarter of an hour"),
        pytest.param(15 * MINUTE + SECOND, False, False, id="that no worker takes"),
        pytest.param(30 * MINUTE, True, False, id="whose worker died"),
    ],
)
def test_a_message_that_waits_too_long_is_failing(
    installed: None, client: Client, after: dt.timedelta, is_taken: bool, mail: bool
) -> None:
    swept(NOON + after)
    post(due_at=NOON)
    if is_taken:
        with time_machine.travel(NOON + 16 * MINUTE - SECOND, tick=False):
            assert claim(now=NOON, limit=1)

    seconds, status = int(after.total_seconds()), "ok" if mail else "failing"
    expected = {**WELL, "status": status, "mail": mail, "mail_seconds": seconds}
    assert probe(client, at=NOON + after) == (200 if mail else 503, expected)
