"""What was given up is sent after all, where somebody says so."""

from __future__ import annotations

import datetime as dt
import io
import time
from functools import partial
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from mail import email_types, tasks
from mail.delivery import MAX_ATTEMPTS, Delivered, deliver_due
from mail.models import OutboxMessage
from mail.outbox import enqueue
from tests.broker import ring_at
from tests.mail.conftest import greet, post, stored
from tests.smtp import MailServer

pytestmark = pytest.mark.usefixtures("committed")

MONDAY = dt.datetime(2026, 3, 9, 8, tzinfo=dt.UTC)

rows = OutboxMessage.objects.using("sweep")


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    heard: list[str] = []
    monkeypatch.setattr(tasks.deliver_due, "delay", lambda: heard.append("ring"))
    return heard


def test_a_message_stands_and_rings_once_its_transaction_commits(rings: list[str]) -> None:
    with transaction.atomic():
        message_id, waiting = post("alice"), post("bob", due_at=MONDAY)
        assert not rows.exists()
        assert rings == []

    message = stored(message_id)
    assert (message.kind, message.recipient) == ("greeting", "alice@example.test")
    assert (message.payload, message.due_at) == ({"name": "alice"}, message.created_at)
    assert (message.attempts, message.sent_at, message.claim_token) == (0, None, None)
    assert stored(waiting).due_at == MONDAY
    assert rings == ["ring"]


def test_a_message_and_its_ring_vanish_with_their_transaction_alone(rings: list[str]) -> None:
    with transaction.atomic():
        post("alice")
        transaction.set_rollback(True)
    assert (rows.count(), rings) == (0, [])

    with transaction.atomic():
        with transaction.atomic():
            post("alice")
            transaction.set_rollback(True)
        post("bob")
    assert (rows.count(), rings) == (1, ["ring"])


def test_a_repeated_key_makes_no_second_row_and_leaves_the_transaction_usable() -> None:
    again = partial(enqueue, kind="greeting", recipient="a@example.test", payload={"name": "Bob"})
    earlier = post("alice")
    with transaction.atomic():
        assert again(dedupe_key="greeting:alice") is None
        other = post("carol")
        assert again(dedupe_key="greeting:carol") is None

    assert {row.pk for row in rows.all()} == {earlier, other}
    assert stored(earlier).payload == {"name": "alice"}


def test_a_broker_that_is_down_fails_no_request(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ring_at(monkeypatch, "redis://127.0.0.1:1/0")  # nobody listens there
    began = time.monotonic()

    message_id = post("alice")

    assert stored(message_id).sent_at is None
    assert "The broker is down" in caplog.text
    assert time.monotonic() - began < 2


def resend(*options: str) -> str:
    said = io.StringIO()
    call_command("resend_dead", *options, stdout=said)
    return said.getvalue().strip()


def give_up(message_id: UUID) -> UUID:
    last = {"attempts": MAX_ATTEMPTS, "last_error": "550 No such mailbox"}
    rows.filter(pk=message_id).update(dead_at=MONDAY, **last)
    return message_id


def test_what_was_given_up_since_is_due_again_with_all_attempts(mail_server: MailServer) -> None:
    dead = give_up(post("alice", due_at=MONDAY))

    for since in ("2026-03-11", "2026-03-10T23:00:00-02:00"):
        assert resend("--since", since) == "0 messages are due again."
    with pytest.raises(CommandError, match="not a date or time"):
        resend("--since", "yesterday")
    assert resend("--since", "2026-03-09") == "1 message is due again."

    message = stored(dead)
    assert (message.dead_at, message.attempts, message.last_error) == (None, 0, "")
    assert deliver_due() == Delivered(sent=1)
    assert mail_server.recipients == ["alice@example.test"]
    assert resend() == "0 messages are due again."


def test_what_follows_is_done_first() -> None:
    heard: list[str] = []
    revive = lambda payload: heard.append(payload["name"])  # noqa: E731
    email_types.register("hooked", render=greet, on_revived=revive)
    give_up(post("alice", kind="hooked"))

    resend()

    assert heard == ["alice"]


def test_secrets_and_what_no_app_knows_stay_given_up() -> None:
    email_types.register("code", render=greet, forget=True)
    for kind in ("code", "forgotten"):
        give_up(post("alice", kind=kind))

    assert resend() == "0 messages are due again."
