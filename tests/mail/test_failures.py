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
from mail.outbox import enqueue
from tests.mail.conftest import post, stored, unwritten
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
