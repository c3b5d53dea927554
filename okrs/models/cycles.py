from __future__ import annotations

import datetime as dt
from typing import ClassVar

import pgtrigger
from django.db import models

from okrs.writing import DUPLICATE
from tenancy.constraints import SweepAccess
from tenancy.models import (
    WITH_DELETE,
    KeyField,
    TenantKey,
    TenantManager,
    TenantModel,
    act_pair,
    not_deleted,
    shows_in_rows,
    shows_on_status,
    tenant_constraints,
    tracked,
)


class CycleKind(models.TextChoices):
    ANNUAL = "annual", "Annual"
    QUARTERLY = "quarterly", "Quarterly"
    MICRO = "micro", "Micro"


class CycleQuerySet(models.QuerySet["Cycle"]):
    def running_on(self, day: dt.date) -> CycleQuerySet:
        return self.filter(starts_on__lte=day, ends_on__gte=day)


CycleManager = TenantManager.from_queryset(CycleQuerySet)


@tracked(exclude=("name_key",))
class Cycle(TenantModel):
    """A dated span: annual direction, quarterly execution, micro experiment (M1)."""

    name = models.CharField(max_length=60)
    name_key = KeyField(of="name")
    kind = models.CharField(max_length=10, choices=CycleKind.choices, default=CycleKind.QUARTERLY)
    starts_on = models.DateField()
    ends_on = models.DateField()
    version = models.PositiveIntegerField(default=1)

    objects = CycleManager()
    sweep_grants: ClassVar[tuple[str, ...]] = ("SELECT (id, engagement_id, starts_on, ends_on)",)

    class Meta:
        ordering = ["-starts_on", "name"]
        constraints = [
            *tenant_constraints(),
            SweepAccess(name="cycle_sweep"),
            models.UniqueConstraint(
                fields=["engagement", "name_key"],
                name="cycle_name_once",
                violation_error_code="name",
                violation_error_message="A cycle with this name exists. Choose another name.",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_on__gt=models.F("starts_on")), name="cycle_dates_in_order"
            ),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = shows_on_status(in_rows=True)

    def __str__(self) -> str:
        return self.name

    @property
    def weeks(self) -> int:
        return ((self.ends_on - self.starts_on).days + 7) // 7

    def week_on(self, day: dt.date) -> int:
        """Return the week, 1 in the first seven days, at most the last one."""
        return max(1, min(self.weeks, (day - self.starts_on).days // 7 + 1))


@tracked(exclude=("name_key",))
class Team(TenantModel):
    """A group that proposes its own objectives; its champion passes the quality gate (M9.4)."""

    name = models.CharField(max_length=80)
    name_key = KeyField(of="name")
    champion = TenantKey("engagements.Membership", null=True, blank=True, related_name="+")
    version = models.PositiveIntegerField(default=1)

    objects = TenantManager["Team"]()
    sweep_grants: ClassVar[tuple[str, ...]] = ("SELECT (id, engagement_id, champion_id)",)

    class Meta:
        ordering = ["name"]
        constraints = [
            *tenant_constraints("champion"),
            SweepAccess(name="team_sweep"),
            models.UniqueConstraint(
                fields=["engagement", "name_key"],
                name="team_name_once",
                violation_error_code="name",
                violation_error_message="A team with this name exists. Choose another name.",
            ),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = shows_on_status(in_rows=True)

    def __str__(self) -> str:
        return self.name


class Origin(models.TextChoices):
    TOP_DOWN = "top_down", "Top-down"
    BOTTOM_UP = "bottom_up", "Bottom-up"


class ObjectiveQuerySet(models.QuerySet["Objective"]):
    def other_titles(self, objective: Objective) -> models.QuerySet[Objective, str]:
        here = self.filter(engagement=objective.engagement_id, cycle=objective.cycle_id)
        return here.exclude(pk=objective.pk).values_list("title", flat=True)

    def committed(self) -> ObjectiveQuerySet:
        return self.filter(committed_at__isnull=False)

    def in_set_of(self, objective: Objective) -> ObjectiveQuerySet:
        """Return the objectives that share a guardrail: same cycle, same team (M2.5)."""
        here = self.filter(engagement=objective.engagement_id, cycle=objective.cycle_id)
        return here.filter(team=objective.team_id)


ObjectiveManager = TenantManager.from_queryset(ObjectiveQuerySet)


@tracked(exclude=("title_key",))
class Objective(TenantModel):
    """A qualitative outcome with one accountable owner; without a team it is the company's."""

    cycle = TenantKey("okrs.Cycle", related_name="objectives")
    team = TenantKey("okrs.Team", null=True, blank=True, related_name="objectives")
    parent = TenantKey("self", null=True, blank=True, related_name="children")
    title = models.CharField(max_length=240)
    title_key = KeyField(of="title")
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
                fields=["engagement", "cycle", "title_key"],
                name="objective_said_once",
                violation_error_code=DUPLICATE.code,
                violation_error_message=DUPLICATE.message,
            ),
            act_pair("objective", "committed"),
        ]
        indexes = [models.Index(fields=["engagement", "cycle", "team"], name="objective_in_cycle")]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            not_deleted(
                pgtrigger.Q(old__committed_at__isnull=False), why="a committed objective stays"
            ),
            *shows_on_status(in_rows=True),
            *shows_in_rows("delete"),
        ]

    def __str__(self) -> str:
        return self.title


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
        indexes = [models.Index(fields=["engagement", "key_result"], name="collaborator_of_kr")]
