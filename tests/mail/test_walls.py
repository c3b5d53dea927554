"""Whose envelope it is: anybody posts, the recipient reads, the sender works."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import DatabaseError, ProgrammingError, connection, connections, transaction

from accounts.models import User
from mail.models import OutboxMessage
from mail.outbox import enqueue
from tenancy.scoping import identity
from tests import build


def envelope(user: User) -> UUID | None:
    with transaction.atomic():
        return enqueue(
            kind="greeting",
            recipient=user.email,
            payload={},
            dedupe_key=f"greeting:{user.pk}",
            user_id=user.pk,
        )


@pytest.mark.django_db
def test_the_recipient_sees_their_own_envelope_only() -> None:
    """Posting asks for no right to read, even where the key was used."""
    alice, charlie = build.user("Alice"), build.user("Charlie")
    with identity(user_id=charlie.pk):
        assert envelope(alice)
        assert not envelope(alice)
        assert not OutboxMessage.objects.exists()
        envelope(charlie)

        assert [row.user_id for row in OutboxMessage.objects.all()] == [charlie.pk]
    assert not OutboxMessage.objects.exists()


def test_neither_strangers_nor_the_recipient_change_or_delete_an_envelope(committed: str) -> None:
    alice, charlie = build.user("Alice"), build.user("Charlie")
    envelope(alice)
    for someone in (alice, charlie):
        with identity(user_id=someone.pk):
            assert OutboxMessage.objects.update(recipient=charlie.email) == 0
            with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
                connection.cursor().execute("DELETE FROM mail_outboxmessage")

    assert OutboxMessage.objects.using("owner").get().recipient == alice.email


# One of each kind: tests/walls/test_privileges.py lists every column that they may touch.
@pytest.mark.parametrize(
    ("using", "statement"),
    [
        ("sweep", "SELECT insight FROM checkins_checkin"),
        ("sweep", "UPDATE escalations_escalation SET plan = ''"),
        ("sweep", "DELETE FROM mail_outboxmessage"),
        ("sweep", "TRUNCATE mail_outboxmessage"),
        ("sweep", "DELETE FROM mail_heartbeat"),
        ("default", "INSERT INTO mail_heartbeat (name, ran_at) VALUES ('sweep', now())"),
        ("default", "DELETE FROM mail_lease"),
    ],
)
@pytest.mark.django_db(databases=["default", "sweep"])
def test_sweeps_read_no_words_and_answer_for_no_one_and_pages_do_no_sweeps(
    using: str, statement: str
) -> None:
    with connections[using].cursor() as cursor, pytest.raises(ProgrammingError, match="denied"):
        cursor.execute(statement)
