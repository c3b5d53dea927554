from __future__ import annotations

import uuid
from enum import IntEnum
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models.constraints import BaseConstraint


class Priority(IntEnum):
    """Of messages that are due, which go first."""

    AWAITED = 0  # someone is waiting for it: codes, links, invitations
    URGENT = 1
    USUAL = 2


class EnvelopeWall(BaseConstraint):
    """A wall in which anyone inserts an envelope, its recipient reads it and the sender changes it."""

    def statements(self, model: Any, quote: Any) -> list[str]:
        table = quote(model._meta.db_table)
        mine = "user_id = nullif(current_setting('app.user', true), '')::bigint"
        return [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY post ON {table} FOR INSERT WITH CHECK (true)",
            f"CREATE POLICY read ON {table} FOR SELECT USING ({mine})",
            f"CREATE POLICY send ON {table} TO plumbline_sweep USING (true) WITH CHECK (true)",
        ]

    def constraint_sql(self, model: Any, schema_editor: Any) -> Any:
        schema_editor.deferred_sql.extend(self.statements(model, schema_editor.quote_name))
        return None

    def create_sql(self, model: Any, schema_editor: Any) -> Any:
        return "; ".join(self.statements(model, schema_editor.quote_name))

    def remove_sql(self, model: Any, schema_editor: Any) -> Any:
        table = schema_editor.quote_name(model._meta.db_table)
        policies = "".join(f"DROP POLICY {name} ON {table}; " for name in ("post", "read", "send"))
        return f"{policies}ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """Nothing to check in Python: the database holds it."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EnvelopeWall) and self.name == other.name

    def __hash__(self) -> int:
        return hash((type(self), self.name))


class OutboxMessage(models.Model):
    """One message to one person, with the state of its delivery.

    The table is outside the walls between clients; only recipient and sender can read a row. The
    text is rendered from `kind` and `payload` when a worker claims it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=60)
    recipient = models.EmailField(max_length=254)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        db_index=False,
        related_name="+",
    )
    payload = models.JSONField(default=dict)
    dedupe_key = models.CharField(max_length=200)
    priority = models.PositiveSmallIntegerField(default=Priority.USUAL.value)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()

    claimed_until = models.DateTimeField(null=True, blank=True)
    claim_token = models.UUIDField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=1000, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)  # by the mail server: no second time
    sent_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    dead_at = models.DateTimeField(null=True, blank=True)

    sweep_grants: ClassVar[tuple[str, ...]] = ("SELECT", "INSERT", "UPDATE")

    class Meta:
        constraints = [
            EnvelopeWall(name="outbox_wall"),
            models.UniqueConstraint(fields=["dedupe_key"], name="outbox_dedupe"),
        ]
        indexes = [
            models.Index(
                fields=["priority", "due_at"],
                condition=models.Q(sent_at=None, cancelled_at=None, dead_at=None),
                name="outbox_due",
            ),
        ]


class Heartbeat(models.Model):
    """When a task last came to its end; `installation` is when this table was made."""

    name = models.CharField(max_length=60, primary_key=True)
    ran_at = models.DateTimeField()

    app_grants: ClassVar[tuple[str, ...]] = ("SELECT",)
    sweep_grants: ClassVar[tuple[str, ...]] = ("SELECT", "INSERT", "UPDATE")


class Lease(models.Model):
    """The right to run a job alone until a time, by the database's clock; a run that ends returns it."""

    name = models.CharField(max_length=60, primary_key=True)
    token = models.UUIDField()
    until = models.DateTimeField()

    app_grants: ClassVar[tuple[str, ...]] = ("SELECT",)
    sweep_grants: ClassVar[tuple[str, ...]] = ("SELECT", "INSERT", "UPDATE")
