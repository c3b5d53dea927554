"""What follows once a message was sent or given up: never lost, and no reason to send it again."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from mail import delivery, email_types
from mail.delivery import Delivered, deliver_due
from mail.email_types import Mail
from mail.models import OutboxMessage
from tests.mail.conftest import greet, post, stored
from tests.smtp import MailServer

MONDAY = dt.datetime(2030, 3, 11, 9, tzinfo=dt.UTC)


class PoweredOffError(BaseException):
    """The worker dies: nothing catches it."""


def hooked(*, on_sent: object = email_types.nothing, on_dead: object = email_types.nothing) -> None:
    email_types.register("hooked", render=greet, on_sent=on_sent, on_dead=on_dead)  # type: ignore[arg-type]


def run_as() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return str(cursor.fetchone()[0])


def test_what_follows_runs_as_the_application_before_the_mark(
    committed: str, mail_server: MailServer
) -> None:
    heard: list[tuple[str, str, bool]] = []

    def on_sent(payload: email_types.Payload) -> None:
        is_marked = OutboxMessage.objects.using("sweep").filter(sent_at__isnull=False).exists()
        heard.append((payload["name"], run_as(), is_marked))
        assert connection.in_atomic_block

    hooked(on_sent=on_sent)
    message_id = post("alice", kind="hooked")

    assert deliver_due() == Delivered(sent=1)

    assert heard == [("alice", "plumbline_app", False)]
    assert stored(message_id).sent_at


def test_a_worker_that_dies_between_costs_a_double_and_loses_no_mark(
    committed: str, mail_server: MailServer
) -> None:
    heard = []

    def on_sent(payload: email_types.Payload) -> None:
        heard.append(payload["name"])
        if len(heard) == 1:
            raise PoweredOffError

    hooked(on_sent=on_sent)
    message_id = post("alice", kind="hooked")
    with pytest.raises(PoweredOffError):
        deliver_due()

    assert deliver_due() == Delivered(sent=1)

    assert heard == ["alice", "alice"]
    assert [mail["Message-ID"] for mail in mail_server.messages] == [
        f"<{message_id}@localhost>",
        f"<{message_id}@localhost>",
    ]


def test_what_fails_after_the_sending_is_tried_again_without_sending(
    committed: str, mail_server: MailServer
) -> None:
    tries = []

    def on_sent(payload: email_types.Payload) -> None:
        tries.append(payload["name"])
        if len(tries) < 3:
            raise RuntimeError("the ledger is locked")

    hooked(on_sent=on_sent)
    message_id = post("alice", kind="hooked")

    assert deliver_due(now=MONDAY) == Delivered(failed=1)
    assert "the ledger is locked" in stored(message_id).last_error
    assert deliver_due(now=MONDAY + dt.timedelta(minutes=1)) == Delivered(failed=1)
    assert deliver_due(now=MONDAY + dt.timedelta(minutes=5)) == Delivered(sent=1)

    message = stored(message_id)
    assert (message.sent_at, message.last_error) == (MONDAY, "")
    assert len(mail_server.messages) == 1


@pytest.mark.parametrize("end", ["sent", "dead"])
def test_what_fails_for_ever_is_given_up_and_the_end_marked(
    committed: str, mail_server: MailServer, end: str
) -> None:
    tries = []

    def fail(payload: email_types.Payload, error: str = "") -> None:
        tries.append(error)
        raise RuntimeError("never")

    hooked(on_sent=fail, on_dead=fail)
    if end == "dead":
        mail_server.refused.add("alice@example.test")
    message_id = post("alice", kind="hooked")
    at = MONDAY
    while stored(message_id).sent_at is None and stored(message_id).dead_at is None:
        deliver_due(now=at)
        at += dt.timedelta(hours=4)

    message = stored(message_id)
    assert message.attempts == delivery.MAX_FOLLOWING
    assert len(mail_server.messages) == (1 if end == "sent" else 0)
    assert len(tries) == (17 if end == "sent" else 9)
    assert "550" in message.last_error if end == "dead" else "never" in message.last_error


def test_what_follows_from_giving_up_hears_the_last_error(
    committed: str, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "MAX_ATTEMPTS", 1)
    mail_server.refused.add("alice@example.test")
    heard: list[tuple[str, str]] = []
    hooked(on_dead=lambda payload, error: heard.append((payload["name"], error)))
    message_id = post("alice", kind="hooked")

    assert deliver_due() == Delivered(dead=1)

    ((name, error),) = heard
    assert (name, error) == ("alice", stored(message_id).last_error)
    assert "550" in error


def test_a_message_of_which_nothing_is_left_is_cancelled(
    committed: str, mail_server: MailServer
) -> None:
    email_types.register("empty", render=lambda payload: None)
    message_id = post("alice", kind="empty")

    assert deliver_due() == Delivered(cancelled=1)
    assert stored(message_id).cancelled_at


def test_headers_of_a_kind_go_along_and_never_in_place_of_the_envelopes(
    committed: str, mail_server: MailServer, settings: Settings
) -> None:
    settings.SITE_URL = "https://okr.example.test"
    more = {"List-Unsubscribe": "<https://okr.example.test/stop>", "Message-ID": "<forged@x>"}
    email_types.register("listed", render=lambda _: Mail(subject="Hi", text="-", headers=more))
    message_id = post("alice", kind="listed")

    deliver_due()

    (mail,) = mail_server.messages
    assert mail["List-Unsubscribe"] == "<https://okr.example.test/stop>"
    assert mail["Message-ID"] == f"<{message_id}@okr.example.test>"


def test_a_header_that_would_start_another_is_refused(
    committed: str, mail_server: MailServer
) -> None:
    more = {"List-Id": "Eve\r\nBcc: all@example.test"}
    email_types.register("listed", render=lambda _: Mail(subject="Hi", text="-", headers=more))
    message_id = post("alice", kind="listed")

    assert deliver_due() == Delivered(failed=1)
    assert mail_server.messages == []
    assert "BadHeaderError" in stored(message_id).last_error


def test_a_message_may_wait_for_a_time_that_suits_its_recipient(
    committed: str, mail_server: MailServer
) -> None:
    monday = MONDAY + dt.timedelta(days=7)

    def render(payload: email_types.Payload) -> Mail:
        if not suits:
            raise email_types.NotNow(monday)
        return Mail(subject="Hi", text="-")

    suits: list[bool] = []
    email_types.register("shy", render=render)
    message_id = post("alice", kind="shy")

    assert deliver_due(now=MONDAY) == Delivered(put_off=1)
    assert (stored(message_id).due_at, stored(message_id).attempts) == (monday, 0)
    suits.append(True)
    assert deliver_due(now=monday) == Delivered(sent=1)


def test_what_was_marked_before_is_not_sent_again(committed: str, mail_server: MailServer) -> None:
    def render(payload: email_types.Payload) -> Mail:
        raise email_types.SentBefore

    email_types.register("known", render=render)
    message_id = post("alice", kind="known")

    assert deliver_due(now=MONDAY) == Delivered(sent=1)
    assert (mail_server.messages, stored(message_id).sent_at) == ([], MONDAY)
