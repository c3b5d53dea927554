from __future__ import annotations

import datetime as dt
from uuid import uuid4

from django.db import models

from decisions.models.occasions import WithOccasion
from tenancy.models import TenantKey, TenantManager, TenantModel, tenant_constraints, tracked


class ActionItemQuerySet(models.QuerySet["ActionItem"]):
    def open(self) -> ActionItemQuerySet:
        """Neither done nor dropped."""
        return self.filter(done_at=None, dropped_at=None)


ActionItemManager = TenantManager.from_queryset(ActionItemQuerySet)


@tracked(exclude=("idempotency_key",))
class ActionItem(TenantModel, WithOccasion):
    """What someone does next: what, who, by when, done when (M8.3).

    `version` counts its changes, so that screens that show it can ask whether it changed.
    """

    objective = TenantKey("okrs.Objective", null=True, blank=True, related_name="+")
    key_result = TenantKey("okrs.KeyResult", null=True, blank=True, related_name="+")
    what = models.CharField(max_length=4000)
    owner = TenantKey("engagements.Membership", related_name="+")
    due_on = models.DateField()
    created_by = TenantKey("engagements.Membership", related_name="+")
    created_at = models.DateTimeField()
    idempotency_key = models.UUIDField(default=uuid4, editable=False)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = TenantKey("engagements.Membership", null=True, blank=True, related_name="+")
    dropped_at = models.DateTimeField(null=True, blank=True)
    dropped_by = TenantKey("engagements.Membership", null=True, blank=True, related_name="+")

    version = models.PositiveIntegerField(default=1)

    objects = ActionItemManager()

    class Meta:
        ordering = ["due_on", "id"]
        constraints = [
            *tenant_constraints(
                "objective",
                "key_result",
                "owner",
                authors=("created_by", "done_by", "dropped_by"),
            ),
            models.UniqueConstraint(
                fields=["engagement", "idempotency_key"], name="actionitem_added_once"
            ),
            models.CheckConstraint(
                condition=models.Q(done_at=None, done_by=None)
                | models.Q(done_at__isnull=False, done_by__isnull=False),
                name="actionitem_done_pair",
            ),
            models.CheckConstraint(
                condition=models.Q(dropped_at=None, dropped_by=None)
                | models.Q(dropped_at__isnull=False, dropped_by__isnull=False),
                name="actionitem_dropped_pair",
            ),
            models.CheckConstraint(
                condition=models.Q(done_at=None) | models.Q(dropped_at=None),
                name="actionitem_done_or_dropped",
            ),
        ]
        indexes = [
            models.Index(
                fields=["engagement", "due_on"],
                condition=models.Q(done_at=None, dropped_at=None),
                name="actionitem_open",
            ),
        ]

    def __str__(self) -> str:
        return self.what

    @property
    def is_open(self) -> bool:
        return self.done_at is None and self.dropped_at is None

    def is_overdue(self, *, today: dt.date) -> bool:
        return self.is_open and self.due_on < today
