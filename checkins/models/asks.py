from __future__ import annotations

from typing import ClassVar

from django.db import models

from tenancy.constraints import SweepAccess
from tenancy.models import TenantKey, TenantManager, TenantModel, tenant_constraints, tracked


@tracked()
class HelpRequest(TenantModel):
    """An ask that stays on show until somebody answers it (M6.6)."""

    key_result = TenantKey("okrs.KeyResult", related_name="help_requests")
    check_in = TenantKey("checkins.CheckIn", related_name="help_requests")
    text = models.CharField(max_length=2000)
    asked_by = TenantKey("engagements.Membership", related_name="+")
    asked_at = models.DateTimeField()
    answer = models.CharField(max_length=4000, blank=True)
    answered_by = TenantKey("engagements.Membership", null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = TenantManager["HelpRequest"]()

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            *tenant_constraints("key_result", "check_in", authors=("asked_by", "answered_by")),
            models.CheckConstraint(
                condition=models.Q(answered_at=None, answered_by=None)
                | models.Q(answered_at__isnull=False, answered_by__isnull=False),
                name="helprequest_answered_pair",
            ),
        ]
        indexes = [
            models.Index(
                fields=["engagement", "key_result"],
                condition=models.Q(answered_at=None),
                name="helprequest_open",
            ),
        ]


@tracked()
class Blocker(TenantModel):
    """What stands in the way, on show until it is resolved (M6.6)."""

    key_result = TenantKey("okrs.KeyResult", related_name="blockers")
    check_in = TenantKey("checkins.CheckIn", related_name="blockers")
    text = models.CharField(max_length=2000)
    opened_by = TenantKey("engagements.Membership", related_name="+")
    opened_at = models.DateTimeField()
    resolved_by = TenantKey("engagements.Membership", null=True, blank=True, related_name="+")
    resolved_at = models.DateTimeField(null=True, blank=True)

    objects = TenantManager["Blocker"]()
    sweep_grants: ClassVar[tuple[str, ...]] = (
        "SELECT (id, engagement_id, key_result_id, opened_at, resolved_at)",
    )

    class Meta:
        ordering = ["-opened_at"]
        constraints = [
            *tenant_constraints("key_result", "check_in", authors=("opened_by", "resolved_by")),
            SweepAccess(name="blocker_sweep"),
            models.CheckConstraint(
                condition=models.Q(resolved_at=None, resolved_by=None)
                | models.Q(resolved_at__isnull=False, resolved_by__isnull=False),
                name="blocker_resolved_pair",
            ),
        ]
        indexes = [
            models.Index(
                fields=["engagement", "key_result"],
                condition=models.Q(resolved_at=None),
                name="blocker_open",
            ),
        ]
