"""What follows once a message was sent or given up: never lost, and no reason to send it again."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import override_settings

from mail import delivery, email_types
from mail.delivery import Delivered, deliver_due
from mail.email_types import Mail
from mail.models import OutboxMessage, Priority
from tests.mail.conftest import greet, post, stored, unwritten
from tests.smtp import MailServer

pytestmark = pytest.mark.usefixtures("committed")

MONDAY = dt.datetime(2030, 3, 11, 9, tzinfo=dt.UTC)


def divide(payload: email_types.Payload) -> Mail:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")
    raise AssertionError


def forge(payload: email_types.Payload) -> Mail:
    return Mail(subject="Hi", text="-", headers={"List-Id": "Eve\r\nBcc: all@example.test"})


def test_messages_that_fail_stop_no_other(mail_server: MailServer) -> None:
    mail_server.refused.add("refused@example.test")
    mail_server.silent.add("silent@example.test")
    email_types.register("divide", render=divide)
    email_types.register("forge", render=forge)
    failing = {
        post("refused"): "550",
        post("silent"): "timed out",
        post("two@example.test, addresses"): "",
        post("unwritable", kind="divide"): "DataError: division by zero",
        post("header", kind="forge"): "BadHeaderError",
    }
    unknown = post("unknown", kind="gone")
    post("bob")

    assert deliver_due() == Delivered(sent=1, failed=5, dead=1)

    assert mail_server.recipients == ["bob@example.test"]
    for message_id, error in failing.items():
        message = stored(message_id)
        assert (error in message.last_error, message.attempts, message.dead_at) == (True, 1, None)
    assert stored(unknown).last_error.endswith("No app has registered the kind “gone”.")
    assert stored(unknown).dead_at


@pytest.mark.parametrize("is_mended", [True, False])
def test_pauses_grow_and_after_eight_it_gives_up(mail_server: MailServer, is_mended: bool) -> None:
    mail_server.deferred.add("alice@example.test")
    message_id = post("alice")
    at, pauses = MONDAY, []
    for _ in range(7):
        assert deliver_due(now=at) == Delivered(failed=1)
        due_at = stored(message_id).due_at
        assert deliver_due(now=due_at - dt.timedelta(seconds=1)) == Delivered()
        pauses.append(round((due_at - at).total_seconds() / 60))
        at = due_at
    if is_mended:
        mail_server.deferred.clear()

    assert pauses == [1, 4, 16, 64, 240, 240, 240]
    assert deliver_due(now=at) == (Delivered(sent=1) if is_mended else Delivered(dead=1))
    assert deliver_due(now=at + dt.timedelta(days=1)) == Delivered()
    message = stored(message_id)
    if is_mended:
        assert (message.attempts, message.last_error, message.dead_at) == (7, "", None)
    else:
        assert (message.attempts, message.dead_at) == (8, at)
        assert message.last_error


@pytest.mark.parametrize(
    "away",
    [
        pytest.param({"EMAIL_PORT": 1}, id="nobody listens"),
        pytest.param({"EMAIL_HOST_USER": "alice", "EMAIL_HOST_PASSWORD": "wrong"}, id="no sign-in"),
        pytest.param({"EMAIL_USE_TLS": True}, id="no encryption"),
    ],
)
def test_a_server_that_is_away_for_days_costs_no_message_an_attempt(
    mail_server: MailServer, caplog: pytest.LogCaptureFixture, away: dict[str, Any]
) -> None:
    """It is looked for once a run; what has lost its cause is cancelled all the same."""
    email_types.register("asked", render=unwritten, still_holds=lambda payload: False)
    messages = [post(name) for name in ("alice", "bob")]
    at = MONDAY
    with override_settings(**away):
        for day in range(3):
            caplog.clear()
            post(f"asked{day}", kind="asked", priority=Priority.AWAITED, due_at=at)
            assert deliver_due(now=at) == Delivered(put_off=2, cancelled=1)
            assert caplog.text.count("The mail server is down") == 1
            at += dt.timedelta(days=1)
        assert [stored(one).attempts for one in messages] == [0, 0]
        assert stored(messages[0]).last_error
        assert deliver_due(now=at, limit=1) == Delivered(put_off=1)

    assert deliver_due(now=at + delivery.AWAY) == Delivered(sent=2)


def test_no_message_is_begun_after_the_runs_time_and_none_stays_claimed(
    mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def render(payload: email_types.Payload) -> Mail:
        time.sleep(0.06)
        return Mail(subject="Slow", text="-")

    email_types.register("slow", render=render)
    monkeypatch.setattr(delivery, "RUN_SECONDS", 0.05)
    post("alice", kind="slow")
    left = post("bob", kind="slow")

    assert deliver_due() == Delivered(sent=1)

    message = stored(left)
    assert (message.claim_token, message.attempts) == (None, 0)


class PoweredOffError(BaseException):
    """The worker dies: nothing catches it."""


def hooked(**hooks: Any) -> UUID:
    """One message after which these follow."""
    email_types.register("hooked", render=greet, **hooks)
    return post("alice", kind="hooked")


def test_what_follows_runs_as_the_application_before_the_mark(mail_server: MailServer) -> None:
    heard: list[tuple[str, str, bool]] = []

    def on_sent(payload: email_types.Payload) -> None:
        is_marked = OutboxMessage.objects.using("sweep").filter(sent_at__isnull=False).exists()
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            heard.append((payload["name"], *cursor.fetchone(), is_marked))
        assert connection.in_atomic_block

    message_id = hooked(on_sent=on_sent)

    assert deliver_due() == Delivered(sent=1)

    assert heard == [("alice", "plumbline_app", False)]
    assert stored(message_id).sent_at


def test_a_worker_that_dies_between_costs_a_double_but_no_mark(mail_server: MailServer) -> None:
    heard = []

    def on_sent(payload: email_types.Payload) -> None:
        heard.append(payload["name"])
        if len(heard) == 1:
            raise PoweredOffError

    message_id = hooked(on_sent=on_sent)
    with pytest.raises(PoweredOffError):
        deliver_due()

    assert deliver_due() == Delivered(sent=1)

    assert heard == ["alice", "alice"]
    assert [mail["Message-ID"] for mail in mail_server.messages] == [
        f"<{message_id}@localhost>",
        f"<{message_id}@localhost>",
    ]


def test_what_fails_after_sending_is_tried_again_without_sending(mail_server: MailServer) -> None:
    tries = []

    def on_sent(payload: email_types.Payload) -> None:
        tries.append(payload["name"])
        if len(tries) < 3:
            raise RuntimeError("the ledger is locked")

    message_id = hooked(on_sent=on_sent)

    assert deliver_due(now=MONDAY) == Delivered(failed=1)
    assert "the ledger is locked" in stored(message_id).last_error
    assert deliver_due(now=MONDAY + dt.timedelta(minutes=1)) == Delivered(failed=1)
    assert deliver_due(now=MONDAY + dt.timedelta(minutes=5)) == Delivered(sent=1)

    message = stored(message_id)
    assert (message.sent_at, message.last_error) == (MONDAY, "")
    assert len(mail_server.messages) == 1


@pytest.mark.parametrize("end", ["sent", "dead"])
def test_what_always_fails_is_given_up_and_so_marked(mail_server: MailServer, end: str) -> None:
    tries = []

    def fail(payload: email_types.Payload, error: str = "") -> None:
        tries.append((payload["name"], "550" in error))
        raise RuntimeError("never")

    if end == "dead":
        mail_server.refused.add("alice@example.test")
    message_id = hooked(on_sent=fail, on_dead=fail)
    at = MONDAY
    while stored(message_id).sent_at is None and stored(message_id).dead_at is None:
        deliver_due(now=at)
        at += dt.timedelta(hours=4)

    message = stored(message_id)
    assert message.attempts == delivery.MAX_FOLLOWING
    assert len(mail_server.messages) == (1 if end == "sent" else 0)
    # What follows from giving up hears the last error.
    assert tries == ([("alice", False)] * 17 if end == "sent" else [("alice", True)] * 9)
    assert "550" in message.last_error if end == "dead" else "never" in message.last_error
