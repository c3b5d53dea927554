"""Two workers never send the same message, and one that dies leaves nothing unsent."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.db import connections, transaction
from django.utils import timezone

from mail import delivery, email_types
from mail.delivery import LEASE, Delivered, Lease, claim, deliver_due
from mail.email_types import Mail
from tests.mail.conftest import post, stored
from tests.processes import eventually
from tests.smtp import MailServer


def another_worker() -> Delivered:
    """Delivers on connections of its own."""

    def work() -> Delivered:
        try:
            with connections["sweep"].cursor() as cursor:
                cursor.execute("SET lock_timeout = '1s'")
            return deliver_due(limit=3)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def test_what_one_worker_has_claimed_the_other_leaves(
    committed: str, mail_server: MailServer
) -> None:
    seen = []

    def render(payload: email_types.Payload) -> Mail:
        seen.append(another_worker())
        return Mail(subject="Once", text="-")

    email_types.register("slow", render=render)
    post("alice", kind="slow")

    assert deliver_due() == Delivered(sent=1)
    assert seen == [Delivered()]
    assert len(mail_server.messages) == 1


def test_a_claim_that_is_being_made_is_not_waited_for(
    committed: str, mail_server: MailServer
) -> None:
    post("alice")

    with transaction.atomic(using="sweep"):
        assert len(claim(now=timezone.now(), limit=1)) == 1
        assert another_worker() == Delivered()


def test_workers_at_once_send_each_message_once(committed: str, mail_server: MailServer) -> None:
    for number in range(30):
        post(f"person{number}")

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: another_worker(), range(4)))

    assert sum(one.sent for one in done) == 30
    assert sorted(mail_server.recipients) == sorted(set(mail_server.recipients))
    assert len(mail_server.messages) == 30


def test_what_a_dead_worker_had_claimed_goes_out_when_its_lease_is_over(
    committed: str, mail_server: MailServer
) -> None:
    messages = [post(name) for name in ("alice", "bob")]
    assert len(claim(now=timezone.now(), limit=20)) == 2
    assert deliver_due() == Delivered()

    with time_machine.travel(timezone.now() + LEASE + dt.timedelta(seconds=1)):
        assert deliver_due() == Delivered(sent=2)

    assert sorted(mail_server.recipients) == ["alice@example.test", "bob@example.test"]
    assert all(stored(message_id).sent_at for message_id in messages)


def test_a_worker_that_lost_its_lease_writes_nothing_over_the_other(
    committed: str, mail_server: MailServer
) -> None:
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


def test_the_oldest_go_first_and_no_more_than_the_limit(committed: str) -> None:
    now = timezone.now()
    for hours in (1, 3, 2):
        post(f"hour{hours}", due_at=now - dt.timedelta(hours=hours))

    claimed = claim(now=now, limit=2)

    assert [message.payload["name"] for message in claimed] == ["hour3", "hour2"]


def test_a_message_that_takes_longer_than_its_lease_stays_with_its_worker(
    committed: str, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
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


def test_a_lease_that_was_not_renewed_in_time_no_longer_holds(
    committed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    post("alice")
    batch = claim(now=timezone.now(), limit=1)
    monkeypatch.setattr(delivery, "LEASE", dt.timedelta(0))

    lease = Lease(batch)

    assert not lease.holds
    lease.end()
