"""Workers are killed with SIGKILL in the middle of a delivery."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from signal import SIGKILL

import pytest
from django.conf import settings
from django.db import transaction

from mail.models import OutboxMessage
from tests import faults
from tests.mail.conftest import post
from tests.mail.reaper import AFTER, BEFORE, Reaper, reaping
from tests.processes import environment, eventually

pytestmark = pytest.mark.slow

WORKERS = 4


@contextmanager
def workers(server: Reaper, *, way: str) -> Iterator[None]:
    """Some workers, in a group of their own that the server may kill members of."""
    command = ["-m", "tests.mail.fault_workers", str(WORKERS), way]
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=settings.BASE_DIR,
        env=environment(bell=settings.REDIS_URL, mail_port=server.port),
        process_group=0,
    )
    server.group = process.pid
    try:
        yield
        assert process.poll() is None
    finally:
        os.killpg(process.pid, SIGKILL)
        process.wait()


def posted(count: int) -> set[str]:
    names = [f"person{number}" for number in range(count)]
    with transaction.atomic():
        for name in names:
            post(name)
    return {f"{name}@example.test" for name in names}


def nothing_is_open() -> bool:
    return not OutboxMessage.objects.using("sweep").filter(sent_at=None).exists()


def test_workers_killed_while_they_deliver_lose_nothing(committed: str) -> None:
    recipients = posted(2000)
    # Half of the mails are taken and nobody learns of it: those come twice.
    deaths = {number * 180: [BEFORE, AFTER][number % 2] for number in range(1, 11)}

    with reaping(deaths=deaths) as server, workers(server, way="as_the_product_does"):
        assert eventually(nothing_is_open, within=60)

    lost = server.lost(recipients)
    faults.report("worker-kill-9", injected=server.killed, lost=lost, dup=server.doubled)
    assert (server.killed, lost, len(server.taken)) == (10, 0, 2000)
    assert server.doubled <= server.killed


@pytest.mark.slow
def test_no_email_is_later_than_a_minute_after_twenty_kills(committed: str) -> None:
    recipients = posted(300)
    deaths = {number * 5: [BEFORE, AFTER][number % 2] for number in range(1, 21)}

    with reaping(deaths=deaths) as server, workers(server, way="as_beat_rings"):
        assert eventually(nothing_is_open, within=120)
        late = time.monotonic() - server.last_kill

    lost = server.lost(recipients)
    faults.report("worker-kill-20", injected=server.killed, lost=lost, dup=server.doubled)
    assert (server.killed, lost) == (20, 0)
    assert late < 60


def test_a_worker_that_marks_before_it_sends_loses(committed: str) -> None:
    recipients = posted(60)

    deaths = {20: BEFORE, 40: BEFORE}
    with reaping(deaths=deaths) as server, workers(server, way="mark_then_send"):
        assert eventually(nothing_is_open)

    assert server.killed == 2
    assert server.lost(recipients) >= 2


def test_workers_that_claim_nothing_double(committed: str) -> None:
    recipients = posted(40)

    with reaping(pace=0.01) as server, workers(server, way="send_unclaimed"):
        assert eventually(nothing_is_open)

    assert server.lost(recipients) == 0
    assert server.doubled > 0
