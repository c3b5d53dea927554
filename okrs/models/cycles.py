from __future__ import annotations

import datetime as dt
from typing import ClassVar

import pgtrigger
from django.db import models

from tenancy.constraints import SweepAccess
from tenancy.models import (
    TenantKey,
    TenantManager,
    TenantModel,
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


@tracked()
class Cycle(TenantModel):
    """A dated span: annual direction, quarterly execution, micro experiment (M1)."""

    name = models.CharField(max_length=60)
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
                "engagement", models.functions.Lower("name"), name="cycle_name_once"
            ),
            models.CheckConstraint(
                condition=models.Q(ends_on__gt=models.F("starts_on")), name="cycle_dates_in_order"
            ),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = shows_on_status()

    def __str__(self) -> str:
        return self.name

    @property
    def weeks(self) -> int:
        return ((self.ends_on - self.starts_on).days + 7) // 7

    def week_on(self, day: dt.date) -> int:
        """Return the week, 1 in the first seven days, at most the last one."""
        return max(1, min(self.weeks, (day - self.starts_on).days // 7 + 1))


@tracked()
class Team(TenantModel):
    """A group that proposes its own objectives; its champion passes the quality gate (M9.4)."""

    name = models.CharField(max_length=80)
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
                "engagement", models.functions.Lower("name"), name="team_name_once"
            ),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = shows_on_status()

    def __str__(self) -> str:
        return self.name
