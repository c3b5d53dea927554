from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

import pgtrigger
from django.db import models

from decisions.constraints import DecisionChain, HeadLock
from decisions.models.occasions import WithOccasion
from tenancy.models import (
    TenantKey,
    TenantManager,
    TenantModel,
    shows_on_status,
    tenant_constraints,
)


class ResultingChange(models.TextChoices):
    """What a decision changes (M8.2)."""

    BET = "bet", "Bet change"
    PRIORITY = "priority", "Priority"
    RESOURCES = "resources", "Resource shift"
    KEY_RESULT = "key_result", "Key result change"
    NONE = "none", "None"


class Decision(TenantModel, WithOccasion):
    """What was decided; append-only, each row sealed with the hash of the one before (M8.2).

    `number`, `previous_hash` and `hash` are written by the database as the row comes in. `touches`
    lists the objects: [{"objective": public id, "title", and for a key result "key_result",
    "value", "score", "rag" as they stood}]. `evidence` lists [{"label", and "url", or "check_in"
    and "key_result" (public ids)}]. Both are sealed with the rest, so they are words and public
    ids, not keys.
    A client sees it where `client_visible`, once its occasion is released, until superseded.
    """

    number = models.PositiveIntegerField(default=0)
    decided_on = models.DateField()
    text = models.CharField(max_length=4000)
    owner = TenantKey("engagements.Membership", related_name="+")
    due_on = models.DateField()
    change = models.CharField(max_length=12, choices=ResultingChange.choices)
    touches = models.JSONField(default=list, blank=True)
    evidence = models.JSONField(default=list, blank=True)
    client_visible = models.BooleanField(default=False)
    supersedes = TenantKey("self", null=True, blank=True, related_name="superseded_by")
    recorded_by = TenantKey("engagements.Membership", related_name="+")
    recorded_at = models.DateTimeField()
    idempotency_key = models.UUIDField(default=uuid4, editable=False)
    previous_hash = models.CharField(max_length=64, editable=False)
    hash = models.CharField(max_length=64, editable=False)

    objects = TenantManager["Decision"]()

    class Meta:
        ordering = ["-number"]
        constraints = [
            *tenant_constraints("owner", "supersedes", authors=("recorded_by",)),
            models.UniqueConstraint(fields=["engagement", "number"], name="decision_numbered_once"),
            models.UniqueConstraint(
                fields=["engagement", "supersedes"], name="decision_superseded_once"
            ),
            models.UniqueConstraint(
                fields=["engagement", "idempotency_key"], name="decision_recorded_once"
            ),
            DecisionChain(name="decision_chain"),
        ]
        indexes = [
            models.Index(
                fields=["engagement", "occasion_kind", "occasion_id"], name="decision_of_occasion"
            ),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="never_truncated",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func="RAISE EXCEPTION 'decisions are append-only';",
            ),
            *shows_on_status(updates=False),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.text}"

    @property
    def evidence_url(self) -> str:
        """The address among its evidence; empty where none was given."""
        return next((one["url"] for one in self.evidence if "url" in one), "")


class DecisionHead(TenantModel):
    """The end of an engagement's chain: its last hash, and the last numbers given.

    The database alone writes it, in the same statement as the decision or release. It shows what
    is missing at the end of the log. `recorded_at` is the last decision's.
    """

    number = models.PositiveIntegerField()
    released = models.PositiveIntegerField(default=0)
    hash = models.CharField(max_length=64)
    recorded_at = models.DateTimeField()

    objects = TenantManager["DecisionHead"]()
    app_grants: ClassVar[tuple[str, ...]] = ("SELECT",)

    class Meta:
        constraints = [
            *tenant_constraints(),
            models.UniqueConstraint(fields=["engagement"], name="decisionhead_once"),
            HeadLock(name="decisionhead_lock"),
        ]
