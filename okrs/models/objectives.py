from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models

from tenancy.constraints import SweepAccess
from tenancy.models import (
    WITH_DELETE,
    TenantKey,
    TenantManager,
    TenantModel,
    not_deleted,
    shows_on_status,
    tenant_constraints,
    tracked,
)


class Origin(models.TextChoices):
    TOP_DOWN = "top_down", "Top-down"
    BOTTOM_UP = "bottom_up", "Bottom-up"


class ObjectiveQuerySet(models.QuerySet["Objective"]):
    def committed(self) -> ObjectiveQuerySet:
        return self.filter(committed_at__isnull=False)

    def in_set_of(self, objective: Objective) -> ObjectiveQuerySet:
        """Return the objectives that share a guardrail: same cycle, same team (M2.5)."""
        return self.filter(
            engagement=objective.engagement_id,
            cycle=objective.cycle_id,
            team=objective.team_id,
        )


ObjectiveManager = TenantManager.from_queryset(ObjectiveQuerySet)


@tracked()
class Objective(TenantModel):
    """A qualitative outcome with one accountable owner; without a team it is the company's."""

    cycle = TenantKey("okrs.Cycle", related_name="objectives")
    team = TenantKey("okrs.Team", null=True, blank=True, related_name="objectives")
    parent = TenantKey("self", null=True, blank=True, related_name="children")
    title = models.CharField(max_length=240)
    why_now = models.CharField(max_length=4000, blank=True)
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.TOP_DOWN)
    owner = TenantKey("engagements.Membership", related_name="+")
    reviewer = TenantKey("engagements.Membership", null=True, blank=True, related_name="+")
    review_by = models.DateField(null=True, blank=True)
    divergence_reason = models.CharField(max_length=2000, blank=True)
    # Why a writing check that "needs a reason" was overruled, by the check's code (M3).
    reasons = models.JSONField(default=dict, blank=True)
    position = models.PositiveIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = TenantKey("engagements.Membership", null=True, related_name="+")
    committed_at = models.DateTimeField(null=True, blank=True)
    committed_by = TenantKey("engagements.Membership", null=True, blank=True, related_name="+")

    objects = ObjectiveManager()
    app_grants: ClassVar[tuple[str, ...]] = WITH_DELETE  # drafts
    sweep_grants: ClassVar[tuple[str, ...]] = (
        "SELECT (id, engagement_id, cycle_id, team_id, owner_id)",
    )

    class Meta:
        ordering = ["team__name", "position", "id"]
        constraints = [
            *tenant_constraints(
                "cycle",
                "team",
                "parent",
                "owner",
                "reviewer",
                authors=("created_by", "committed_by"),
            ),
            SweepAccess(name="objective_sweep"),
            models.UniqueConstraint(
                "engagement", "cycle", models.functions.Lower("title"), name="objective_said_once"
            ),
            models.CheckConstraint(
                condition=models.Q(committed_at=None, committed_by=None)
                | models.Q(committed_at__isnull=False, committed_by__isnull=False),
                name="objective_committed_pair",
            ),
        ]
        indexes = [
            models.Index(fields=["engagement", "cycle", "team"], name="objective_in_cycle"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            not_deleted(
                pgtrigger.Q(old__committed_at__isnull=False), why="a committed objective stays"
            ),
            *shows_on_status(),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def level(self) -> str:
        return "company" if self.team_id is None else "team"


class Collaborator(TenantModel):
    """A member who helps the owner of an objective or a key result (M9.3)."""

    objective = TenantKey(
        "okrs.Objective", null=True, on_delete=models.CASCADE, related_name="collaborators"
    )
    key_result = TenantKey(
        "okrs.KeyResult", null=True, on_delete=models.CASCADE, related_name="collaborators"
    )
    member = TenantKey("engagements.Membership", related_name="+")

    objects = TenantManager["Collaborator"]()
    app_grants: ClassVar[tuple[str, ...]] = WITH_DELETE  # no longer named

    class Meta:
        constraints = [
            *tenant_constraints("objective", "key_result", "member"),
            models.UniqueConstraint(
                fields=["engagement", "objective", "key_result", "member"],
                name="collaborator_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(objective=None) ^ models.Q(key_result=None),
                name="collaborator_of_one_thing",
            ),
        ]
        indexes = [
            models.Index(fields=["engagement", "key_result"], name="collaborator_of_kr"),
        ]
