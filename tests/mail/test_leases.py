"""Two workers never send the same message, and one that dies leaves nothing unsent."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import redis
import time_machine
from django.conf import settings
from django.db import connections, transaction
from django.utils import timezone

from mail import delivery, email_types, tasks
from mail.delivery import LEASE, Claim, Delivered, claim, deliver_due
from mail.email_types import Mail
from tests import processes
from tests.broker import celery_url, redis_url, ring_at
from tests.escalations import racing
from tests.mail.conftest import post, stored
from tests.processes import eventually
from tests.smtp import MailServer

pytestmark = pytest.mark.usefixtures("committed")


def another_worker() -> Delivered:
    """Delivers on connections of its own."""

    def work() -> Delivered:
        with connections["sweep"].cursor() as cursor:
            cursor.execute("SET lock_timeout = '1s'")
        return deliver_due(limit=3)

    found: Delivered = racing.begin(work)()
    return found


def test_what_one_worker_has_claimed_the_other_leaves(mail_server: MailServer) -> None:
    seen = []

    def render(payload: email_types.Payload) -> Mail:
        seen.append(another_worker())
        return Mail(subject="Once", text="-")

    email_types.register("slow", render=render)
    post("alice", kind="slow")

    assert deliver_due() == Delivered(sent=1)
    assert seen == [Delivered()]
    assert len(mail_server.messages) == 1


def test_a_claim_that_is_being_made_is_not_waited_for(mail_server: MailServer) -> None:
    post("alice")

    with transaction.atomic(using="sweep"):
        assert len(claim(now=timezone.now(), limit=1)) == 1
        assert another_worker() == Delivered()


def test_workers_at_once_send_each_message_once(mail_server: MailServer) -> None:
    for number in range(30):
        post(f"person{number}")

    done = racing.at_once(*[another_worker] * 4)

    assert sum(one.sent for one in done) == 30
    assert len(mail_server.messages) == len(set(mail_server.recipients)) == 30


def test_what_a_dead_worker_claimed_goes_out_when_its_lease_ends(mail_server: MailServer) -> None:
    messages = [post(name) for name in ("alice", "bob")]
    assert len(claim(now=timezone.now(), limit=20)) == 2
    assert deliver_due() == Delivered()

    with time_machine.travel(timezone.now() + LEASE + dt.timedelta(seconds=1)):
        assert deliver_due() == Delivered(sent=2)

    assert sorted(mail_server.recipients) == ["alice@example.test", "bob@example.test"]
    assert all(stored(message_id).sent_at for message_id in messages)


def test_a_worker_that_lost_its_lease_overwrites_nothing(mail_server: MailServer) -> None:
    def render(payload: email_types.Payload) -> Mail:
        with time_machine.travel(timezone.now() + LEASE + dt.timedelta(seconds=1)):
            (self_again,) = claim(now=timezone.now(), limit=1)
        tokens.append(self_again.claim_token)
        return Mail(subject="Late", text="-")

    tokens: list[object] = []
    email_types.register("late", render=render)
    message_id = post("alice", kind="late")

    deliver_due()

    message = stored(message_id)
    assert ([message.claim_token], message.sent_at) == (tokens, None)


def test_the_oldest_go_first_and_no_more_than_the_limit() -> None:
    now = timezone.now()
    for hours in (1, 3, 2):
        post(f"hour{hours}", due_at=now - dt.timedelta(hours=hours))

    claimed = claim(now=now, limit=2)

    assert [message.payload["name"] for message in claimed] == ["hour3", "hour2"]


def test_a_message_that_takes_longer_than_its_lease_stays_with_its_worker(
    mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "LEASE", dt.timedelta(milliseconds=600))

    def render(payload: email_types.Payload) -> Mail:
        first = stored(message_id).claimed_until
        assert first
        assert eventually(lambda: timezone.now() > first)
        seen.append(another_worker())
        return Mail(subject="Slow", text="-")

    seen: list[Delivered] = []
    email_types.register("slow", render=render)
    message_id = post("alice", kind="slow")

    assert deliver_due() == Delivered(sent=1)
    assert seen == [Delivered()]


def test_a_lease_not_renewed_in_time_no_longer_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    post("alice")
    batch = claim(now=timezone.now(), limit=1)
    monkeypatch.setattr(delivery, "LEASE", dt.timedelta(0))

    lease = Claim(batch)

    assert not lease.holds
    lease.end()


DATABASE = 15  # of Valkey: nobody else's bell is heard there


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
    told = processes.environment(bell=bell, mail_port=mail_server.port)
    argv = [sys.executable, "-m", *processes.worker(knows="tests.mail.fault_kinds")]
    process = subprocess.Popen(argv, env=told, cwd=settings.BASE_DIR)
    yield
    process.terminate()
    assert process.wait(timeout=10) == 0


@pytest.mark.slow
def test_a_worker_wakes_and_sends_what_was_committed(worker: None, mail_server: MailServer) -> None:
    with transaction.atomic():
        message_id = post("alice")

    assert eventually(lambda: stored(message_id).sent_at)

    (mail,) = mail_server.messages
    assert mail["Subject"] == "Hello alice"


def test_beat_and_lease_let_no_message_wait_longer_than_a_minute_for_a_killed_worker() -> None:
    schedule: dict[str, dict[str, Any]] = settings.CELERY_BEAT_SCHEDULE
    (entry,) = [each for each in schedule.values() if each["task"] == tasks.deliver_due.name]

    assert entry["schedule"] + LEASE.total_seconds() < 60
