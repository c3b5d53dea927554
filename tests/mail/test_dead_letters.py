"""What was given up is sent after all, where somebody says so."""

from __future__ import annotations

import datetime as dt
import io
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command

from mail import email_types
from mail.delivery import Delivered, deliver_due
from mail.email_types import Mail
from tests.mail.conftest import greet, post, stored
from tests.smtp import MailServer

MONDAY = dt.datetime(2026, 3, 9, 8, tzinfo=dt.UTC)


def resend(*options: str) -> str:
    said = io.StringIO()
    call_command("resend_dead", *options, stdout=said)
    return said.getvalue().strip()


def given_up(server: MailServer, message_id: UUID, *, at: dt.datetime = MONDAY) -> None:
    """Refused until it is dead, after which its recipient is there again."""
    server.refused.add(stored(message_id).recipient)
    while stored(message_id).dead_at is None:
        deliver_due(now=at)
        at += dt.timedelta(hours=4)
    server.refused.clear()


@pytest.fixture
def dead(committed: str, mail_server: MailServer) -> UUID:
    message_id = post("alice", due_at=MONDAY)
    given_up(mail_server, message_id)
    return message_id


def test_it_is_due_again_with_all_its_attempts(dead: UUID, mail_server: MailServer) -> None:
    assert resend() == "1 message is due again."

    message = stored(dead)
    assert (message.dead_at, message.attempts, message.last_error) == (None, 0, "")
    assert deliver_due() == Delivered(sent=1)
    assert mail_server.recipients == ["alice@example.test"]
    assert resend() == "0 messages are due again."


def test_only_what_was_given_up_since_a_day_or_a_moment(dead: UUID) -> None:
    assert resend("--since", "2026-03-11") == "0 messages are due again."
    assert resend("--since", "2026-03-10T23:00:00-02:00") == "0 messages are due again."
    assert resend("--since", "2026-03-09") == "1 message is due again."


def test_what_is_no_day_is_refused(dead: UUID) -> None:
    with pytest.raises(CommandError, match="not a date or time"):
        call_command("resend_dead", "--since", "yesterday")


def test_what_follows_is_done_first(committed: str, mail_server: MailServer) -> None:
    heard: list[str] = []
    revive = lambda payload: heard.append(payload["name"])  # noqa: E731
    email_types.register("hooked", render=greet, on_revived=revive)
    given_up(mail_server, post("alice", kind="hooked", due_at=MONDAY))

    resend()

    assert heard == ["alice"]


def test_secrets_and_what_no_room_knows_stay_given_up(
    committed: str, mail_server: MailServer
) -> None:
    email_types.register("code", render=lambda _: Mail(subject="Code", text="-"), forget=True)
    for kind in ("code", "forgotten"):
        given_up(mail_server, post("alice", kind=kind, due_at=MONDAY))

    assert resend() == "0 messages are due again."
