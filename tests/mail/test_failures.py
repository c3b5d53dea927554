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
from mail.models import OutboxMessage
from mail.outbox import enqueue
from tests.mail.conftest import greet, post, stored, unwritten
from tests.smtp import MailServer

MONDAY = dt.datetime(2030, 3, 11, 9, tzinfo=dt.UTC)


def test_a_refused_recipient_stops_nobody_else(committed: str, mail_server: MailServer) -> None:
    mail_server.refused.add("bob@example.test")
    messages = {name: post(name) for name in ("alice", "bob", "charlie")}

    assert deliver_due() == Delivered(sent=2, failed=1)

    assert mail_server.recipients == ["alice@example.test", "charlie@example.test"]
    assert "550" in stored(messages["bob"]).last_error


def test_a_server_that_falls_silent_stops_nobody_else(
    committed: str, mail_server: MailServer
) -> None:
    mail_server.silent.add("alice@example.test")
    silent = post("alice")
    post("bob")

    assert deliver_due() == Delivered(sent=1, failed=1)
    assert "timed out" in stored(silent).last_error


def test_what_cannot_be_written_stops_nobody_else(committed: str, mail_server: MailServer) -> None:
    def render(payload: email_types.Payload) -> Mail:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        raise AssertionError

    email_types.register("broken", render=render)
    broken = post("alice", kind="broken")
    post("bob")

    assert deliver_due() == Delivered(sent=1, failed=1)
    assert stored(broken).last_error.startswith("DataError: division by zero")


def test_a_put_off_message_goes_out_on_the_next_try(
    committed: str, mail_server: MailServer
) -> None:
    mail_server.deferred.add("alice@example.test")
    message_id = post("alice")
    assert deliver_due(now=MONDAY) == Delivered(failed=1)
    mail_server.deferred.clear()

    assert deliver_due(now=MONDAY + dt.timedelta(minutes=1)) == Delivered(sent=1)

    message = stored(message_id)
    assert (message.attempts, message.last_error) == (1, "")


def test_it_waits_longer_each_time_and_gives_up_after_eight(
    committed: str, mail_server: MailServer
) -> None:
    mail_server.refused.add("alice@example.test")
    message_id = post("alice")
    at, pauses = MONDAY, []
    for _ in range(7):
        assert deliver_due(now=at) == Delivered(failed=1)
        due_at = stored(message_id).due_at
        assert deliver_due(now=due_at - dt.timedelta(seconds=1)) == Delivered()
        pauses.append(round((due_at - at).total_seconds() / 60))
        at = due_at

    assert pauses == [1, 4, 16, 64, 240, 240, 240]
    assert deliver_due(now=at) == Delivered(dead=1)
    assert deliver_due(now=at + dt.timedelta(days=1)) == Delivered()
    message = stored(message_id)
    assert (message.attempts, message.dead_at) == (8, at)
    assert "550" in message.last_error


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
    messages = [post(name) for name in ("alice", "bob")]
    leave(settings)
    at = MONDAY
    for _ in range(delivery.MAX_FOLLOWING + 1):
        caplog.clear()
        assert deliver_due(now=at) == Delivered(put_off=2)
        assert caplog.text.count("The mail server is down") == 1
        at += dt.timedelta(hours=4)
    assert [stored(one).attempts for one in messages] == [0, 0]
    assert stored(messages[0]).last_error
    settings.EMAIL_PORT, settings.EMAIL_USE_TLS = mail_server.port, False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""

    assert deliver_due(now=at) == Delivered(sent=2)


def test_a_server_that_is_away_is_looked_for_once_a_run(
    committed: str, mail_server: MailServer, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    hang_up(settings)
    for number in range(5):
        post(f"person{number}")

    assert deliver_due(now=MONDAY, limit=2) == Delivered(put_off=2)
    assert caplog.text.count("The mail server is down") == 1


def test_without_a_server_what_has_lost_its_cause_is_still_cancelled(
    committed: str, mail_server: MailServer, settings: Settings
) -> None:
    hang_up(settings)
    email_types.register("asked", render=unwritten, still_holds=lambda payload: False)
    post("alice")
    post("bob", kind="asked")

    assert deliver_due(now=MONDAY) == Delivered(put_off=1, cancelled=1)


def test_an_unknown_kind_is_given_up_at_once_and_says_so(
    committed: str, mail_server: MailServer
) -> None:
    message_id = post("alice", kind="forgotten")
    post("bob")

    assert deliver_due() == Delivered(sent=1, dead=1)

    message = stored(message_id)
    assert message.dead_at
    assert "No app has registered the kind “forgotten”." in message.last_error


def test_an_address_never_becomes_two(committed: str, mail_server: MailServer) -> None:
    enqueue(
        kind="greeting",
        recipient="a@example.test, b@example.test",
        payload={"name": "both"},
        dedupe_key="both",
    )

    assert deliver_due() == Delivered(failed=1)
    assert mail_server.messages == []


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


def test_a_secret_is_forgotten_when_its_message_is_given_up(
    committed: str, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "MAX_ATTEMPTS", 1)
    mail_server.refused.add("alice@example.test")
    email_types.register("code", render=lambda _: Mail(subject="Your code", text="-"), forget=True)
    message_id = post("alice", kind="code", payload={"code": "TH2-K9P"})

    assert deliver_due() == Delivered(dead=1)
    assert stored(message_id).payload == {}


def test_a_kind_has_one_owner() -> None:
    with pytest.raises(ValueError, match="registered already"):
        email_types.register("greeting", render=unwritten)


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
