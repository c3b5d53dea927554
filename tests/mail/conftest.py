from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from mail import email_types
from mail.email_types import Mail
from mail.models import OutboxMessage, Priority
from mail.outbox import enqueue
from tests.smtp import mail_server

__all__ = ["mail_server"]


@pytest.fixture(autouse=True)
def no_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test registers its own, and one greeting is known to all."""
    monkeypatch.setattr(email_types, "_kinds", {})
    email_types.register("greeting", render=greet)


def greet(payload: email_types.Payload) -> Mail:
    return Mail(subject=f"Hello {payload['name']}", text="Your week is open.")


def unwritten(payload: email_types.Payload) -> Mail:
    raise AssertionError("nobody should have written it")


def post(
    name: str = "alice",
    *,
    kind: str = "greeting",
    payload: dict[str, Any] | None = None,
    due_at: datetime | None = None,
    priority: Priority = Priority.USUAL,
) -> UUID:
    """One message to `name`, committed unless the test holds a transaction."""
    message_id = enqueue(
        kind=kind,
        recipient=f"{name}@example.test",
        payload={"name": name, **(payload or {})},
        dedupe_key=f"{kind}:{name}",
        due_at=due_at,
        priority=priority,
    )
    assert message_id
    return message_id


def stored(message_id: UUID) -> OutboxMessage:
    """The row as the sender sees it."""
    return OutboxMessage.objects.using("sweep").get(pk=message_id)
