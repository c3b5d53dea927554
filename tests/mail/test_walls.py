"""Whose envelope it is: anybody posts, the recipient reads, the sender works."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, ProgrammingError, connection, connections, transaction

from accounts.models import User
from mail.models import OutboxMessage
from mail.outbox import enqueue
from tenancy.scoping import identity
from tests import build


def envelope(user: User) -> None:
    with transaction.atomic():
        assert enqueue(
            kind="greeting",
            recipient=user.email,
            payload={},
            dedupe_key=f"greeting:{user.pk}",
            user_id=user.pk,
        )


@pytest.mark.django_db
def test_the_recipient_sees_their_own_envelope_only() -> None:
    alice, charlie = build.user("Alice"), build.user("Charlie")
    with identity(user_id=charlie.pk):
        envelope(alice)
        envelope(charlie)

        assert [row.user_id for row in OutboxMessage.objects.all()] == [charlie.pk]


@pytest.mark.django_db
def test_without_an_identity_nobody_sees_any() -> None:
    envelope(build.user("Alice"))

    assert not OutboxMessage.objects.exists()


def test_a_stranger_may_neither_change_nor_delete_an_envelope(committed: str) -> None:
    alice, charlie = build.user("Alice"), build.user("Charlie")
    envelope(alice)
    with identity(user_id=charlie.pk):
        assert OutboxMessage.objects.update(recipient=charlie.email) == 0
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            connection.cursor().execute("DELETE FROM mail_outboxmessage")

    assert OutboxMessage.objects.using("owner").get().recipient == alice.email


@pytest.mark.django_db
def test_the_recipient_may_not_change_it_either() -> None:
    alice = build.user("Alice")
    with identity(user_id=alice.pk):
        envelope(alice)

        assert OutboxMessage.objects.update(recipient="else@example.test") == 0


@pytest.mark.django_db
def test_posting_asks_for_no_right_to_read_even_where_the_key_was_used() -> None:
    alice, charlie = build.user("Alice"), build.user("Charlie")
    with identity(user_id=charlie.pk):
        envelope(alice)
        again = enqueue(
            kind="greeting",
            recipient=charlie.email,
            payload={},
            dedupe_key=f"greeting:{alice.pk}",
            user_id=charlie.pk,
        )

        assert again is None
        assert not OutboxMessage.objects.exists()


@pytest.mark.parametrize(
    "column",
    [
        "password FROM accounts_user",
        "name FROM engagements_membership",
        "token_hash FROM engagements_invitation",
        "token_hash FROM engagements_sharelink",
        "client_name FROM engagements_engagement",
        "title FROM okrs_keyresult",
        "text FROM checkins_blocker",
        "insight FROM checkins_checkin",
        "next_action FROM checkins_checkin",
        "evidence_url FROM checkins_checkin",
        "plan FROM escalations_escalation",
        "verdict_note FROM escalations_escalation",
        "word_of FROM escalations_escalation",
        "text FROM decisions_decision",
    ],
)
def test_the_sweeps_read_no_words(committed: str, column: str) -> None:
    with connections["sweep"].cursor() as cursor, pytest.raises(ProgrammingError, match="denied"):
        cursor.execute(f"SELECT {column}")


@pytest.mark.parametrize(
    "column", ["outcome", "plan", "verdict", "verdict_note", "word_of", "evidence_url"]
)
def test_the_sweeps_answer_for_nobody(committed: str, column: str) -> None:
    with connections["sweep"].cursor() as cursor, pytest.raises(ProgrammingError, match="denied"):
        cursor.execute(f"UPDATE escalations_escalation SET {column} = ''")


# It posts what was gathered over all clients, which no page could: ids, not words.
@pytest.mark.parametrize("verb", ["DELETE", "TRUNCATE"])
def test_the_sender_destroys_nothing(committed: str, verb: str) -> None:
    with connections["sweep"].cursor() as cursor:
        cursor.execute(
            "SELECT has_table_privilege('plumbline_sweep', 'mail_outboxmessage', %s)",
            [verb],
        )
        assert cursor.fetchone() == (False,)
