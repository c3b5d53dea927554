"""What follows once a message was sent or given up: never lost, and no reason to send it again."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from mail import delivery, email_types
from mail.delivery import Delivered, deliver_due
from mail.email_types import Mail
from mail.models import OutboxMessage, Priority
from tests.mail.conftest import greet, post, stored, unwritten
from tests.smtp import MailServer

MONDAY = dt.datetime(2030, 3, 11, 9, tzinfo=dt.UTC)


def divide(payload: email_types.Payload) -> Mail:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")
    raise AssertionError


def forge(payload: email_types.Payload) -> Mail:
    return Mail(subject="Hi", text="-", headers={"List-Id": "Eve\r\nBcc: all@example.test"})


@pytest.mark.parametrize(
    ("name", "kind", "outcome", "error"),
    [
        pytest.param("refused", "greeting", "failed", "550", id="a refused recipient"),
        pytest.param("silent", "greeting", "failed", "timed out", id="a server that falls silent"),
        pytest.param("a", "divide", "failed", "DataError: division by zero", id="unwritable"),
        pytest.param("a", "forge", "failed", "BadHeaderError", id="a header that starts another"),
        pytest.param("a@example.test, b", "greeting", "failed", "", id="two addresses"),
        pytest.param(
            "a", "gone", "dead", "No app has registered the kind “gone”.", id="an unknown kind"
        ),
    ],
)
def test_a_message_that_fails_stops_no_other(
    committed: str, mail_server: MailServer, name: str, kind: str, outcome: str, error: str
) -> None:
    mail_server.refused.add("refused@example.test")
    mail_server.silent.add("silent@example.test")
    email_types.register("divide", render=divide)
    email_types.register("forge", render=forge)
    failing = post(name, kind=kind)
    post("bob")

    assert deliver_due() == Delivered(**{"sent": 1, outcome: 1})

    assert mail_server.recipients == ["bob@example.test"]
    assert error in stored(failing).last_error
    assert bool(stored(failing).dead_at) is (outcome == "dead")


@pytest.mark.parametrize("is_mended", [True, False])
def test_it_waits_longer_each_time_and_gives_up_after_eight(
    committed: str, mail_server: MailServer, *, is_mended: bool
) -> None:
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


def hang_up(settings: Settings) -> None:
    settings.EMAIL_PORT = 1  # nobody listens there


def refuse_sign_in(settings: Settings) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "plumbline", "wrong"


def refuse_encryption(settings: Settings) -> None:
    settings.EMAIL_USE_TLS = True


@pytest.mark.parametrize("leave", [hang_up, refuse_sign_in, refuse_encryption])
def test_a_server_that_is_away_for_days_costs_no_message_an_attempt(
    committed: str,
    mail_server: MailServer,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    leave: Callable[[Settings], None],
) -> None:
    """It is looked for once a run; what has lost its cause is cancelled all the same."""
    email_types.register("asked", render=unwritten, still_holds=lambda payload: False)
    messages = [post(name) for name in ("alice", "bob")]
    leave(settings)
    at = MONDAY
    for number in range(delivery.MAX_FOLLOWING + 1):
        caplog.clear()
        post(f"asked{number}", kind="asked", priority=Priority.AWAITED, due_at=at)
        assert deliver_due(now=at) == Delivered(put_off=2, cancelled=1)
        assert caplog.text.count("The mail server is down") == 1
        at += dt.timedelta(hours=4)
    assert [stored(one).attempts for one in messages] == [0, 0]
    assert stored(messages[0]).last_error
    assert deliver_due(now=at, limit=1) == Delivered(put_off=1)
    settings.EMAIL_PORT, settings.EMAIL_USE_TLS = mail_server.port, False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""

    assert deliver_due(now=at + delivery.AWAY) == Delivered(sent=2)


def test_no_message_is_begun_after_the_runs_time_and_none_stays_claimed(
    committed: str, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
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
