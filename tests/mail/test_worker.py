"""A real worker process: rung by the doorbell, or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import transaction

from mail.delivery import LEASE
from mail.tasks import deliver_due
from tests import databases
from tests.broker import celery_url, redis_url, ring_at
from tests.mail.conftest import post, stored
from tests.smtp import MailServer

DATABASE = 15  # of Valkey: nobody else's bell is heard there
COMMAND = "celery -A config worker -c 1 -l WARNING --without-gossip --without-mingle"
KINDS = "tests.mail.worker_kinds"


@pytest.fixture
def bell(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty queue of this test's own; yields the address for a worker."""
    url = redis_url(DATABASE)
    with redis.Redis.from_url(url) as client:
        client.flushdb()
        ring_at(monkeypatch, celery_url(url))
        yield url
        client.flushdb()


@pytest.fixture
def worker(committed: str, bell: str, mail_server: MailServer) -> Iterator[None]:
    names = {
        "default": "DATABASE_URL",
        "owner": "DATABASE_OWNER_URL",
        "sweep": "DATABASE_SWEEP_URL",
    }
    addresses = {name: databases.url(alias) for alias, name in names.items()}
    mail = f"smtp://127.0.0.1:{mail_server.port}"
    environment = {
        "SECRET_KEY": settings.SECRET_KEY,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "REDIS_URL": bell,
        "EMAIL_URL": mail,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", *COMMAND.split(), "--include", KINDS],
        env={**os.environ, **addresses, **environment},
        cwd=settings.BASE_DIR,
    )
    yield
    process.terminate()
    assert process.wait(timeout=10) == 0


def eventually(condition: Callable[[], object]) -> bool:
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return bool(condition())


def test_a_worker_sends_what_was_committed_when_the_bell_rings(
    worker: None, mail_server: MailServer
) -> None:
    with transaction.atomic():
        message_id = post("alice")

    assert eventually(lambda: stored(message_id).sent_at)

    (mail,) = mail_server.messages
    assert (mail["Subject"], mail.get_content().strip()) == ("Hello alice", "By worker.")


def test_beat_and_lease_let_no_message_wait_longer_than_a_minute_for_a_killed_worker() -> None:
    schedule: dict[str, dict[str, Any]] = settings.CELERY_BEAT_SCHEDULE
    (entry,) = [each for each in schedule.values() if each["task"] == deliver_due.name]

    assert entry["schedule"] + LEASE.total_seconds() < 60
