from __future__ import annotations

import datetime as dt
import time
from uuid import UUID

import pytest
from django.db import transaction

from mail.models import OutboxMessage
from mail.outbox import enqueue
from mail.tasks import deliver_due
from tests.mail.conftest import post, stored

rows = OutboxMessage.objects.using("sweep")


def greeting(*, dedupe_key: str = "greeting:alice", name: str = "Alice") -> UUID | None:
    return enqueue(
        kind="greeting",
        recipient="alice@example.test",
        payload={"name": name},
        dedupe_key=dedupe_key,
    )


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    heard: list[str] = []
    monkeypatch.setattr(deliver_due, "delay", lambda: heard.append("ring"))
    return heard


def test_a_message_stands_once_its_transaction_commits(committed: str, rings: list[str]) -> None:
    with transaction.atomic():
        message_id = post("alice")
        assert not rows.filter(pk=message_id).exists()

    message = stored(message_id)
    assert (message.kind, message.recipient) == ("greeting", "alice@example.test")
    assert (message.payload, message.due_at) == ({"name": "alice"}, message.created_at)
    assert (message.attempts, message.sent_at, message.claim_token) == (0, None, None)


def test_a_message_vanishes_with_its_transaction(committed: str, rings: list[str]) -> None:
    with transaction.atomic():
        post("alice")
        transaction.set_rollback(True)

    assert not rows.all().exists()
    assert rings == []


def test_a_repeated_key_makes_no_second_row_and_leaves_the_transaction_usable(
    committed: str, rings: list[str]
) -> None:
    with transaction.atomic():
        first = greeting(name="Alice")
        again = greeting(name="Bob")
        other = greeting(dedupe_key="greeting:other")

    assert again is None
    assert {row.pk for row in rows.all()} == {first, other}
    assert stored(first).payload == {"name": "Alice"}  # type: ignore[arg-type]


def test_a_key_of_an_earlier_transaction_counts_too(committed: str, rings: list[str]) -> None:
    assert greeting() is not None
    assert greeting() is None
    assert rows.count() == 1


def test_a_message_may_wait_for_its_hour(committed: str, rings: list[str]) -> None:
    monday = dt.datetime(2026, 3, 9, 8, tzinfo=dt.UTC)

    assert stored(post("alice", due_at=monday)).due_at == monday


def test_the_bell_rings_once_after_the_commit(committed: str, rings: list[str]) -> None:
    with transaction.atomic():
        post("alice")
        post("bob")
        assert rings == []

    assert rings == ["ring"]


def test_a_savepoint_that_rolls_back_takes_no_other_ring_with_it(
    committed: str, rings: list[str]
) -> None:
    with transaction.atomic():
        with transaction.atomic():
            post("alice")
            transaction.set_rollback(True)
        post("bob")

    assert rings == ["ring"]
    assert rows.count() == 1


def test_a_broker_that_is_down_fails_no_request(
    committed: str, broken_broker: None, caplog: pytest.LogCaptureFixture
) -> None:
    began = time.monotonic()

    message_id = post("alice")

    assert stored(message_id).sent_at is None
    assert "The broker is down" in caplog.text
    assert time.monotonic() - began < 2
