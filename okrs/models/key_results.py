from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import ClassVar

import pgtrigger
from django.db import models

from engagements.web_links import LONGEST_LINK
from okrs.writing import DUPLICATE
from scoring import Method, Rag
from tenancy.constraints import SweepAccess
from tenancy.models import (
    WITH_DELETE,
    KeyField,
    TenantKey,
    TenantManager,
    TenantModel,
    not_deleted,
    shows_in_rows,
    shows_on_status,
    tenant_constraints,
    tracked,
)


class Direction(models.TextChoices):
    HIGHER = "higher", "Higher is better"
    LOWER = "lower", "Lower is better"


class Indicator(models.TextChoices):
    LEADING = "leading", "Leading"
    LAGGING = "lagging", "Lagging"


class Commitment(models.TextChoices):
    COMMITTED = "committed", "Committed"
    ASPIRATIONAL = "aspirational", "Aspirational"


class Stage(models.TextChoices):
    """Stages of M9. On track and At risk follow from check-ins (M9.1)."""

    DRAFT = "draft", "Draft"
    COMMITTED = "committed", "Committed"
    ON_TRACK = "on_track", "On track"
    AT_RISK = "at_risk", "At risk"
    CLOSED = "closed", "Closed"
    LEARNING = "learning", "Learning"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Forecast(models.TextChoices):
    """Whether a key result will get there, as every page shows it (M9.2)."""

    ON_PACE = "on_pace", "On pace"
    BEHIND = "behind", "Behind pace"
    NO_RECENT_UPDATE = "no_recent_update", "No recent update"
    NOT_MEASURED = "not_measured", "Not measured yet"


LIVE = (Stage.COMMITTED, Stage.ON_TRACK, Stage.AT_RISK)
JUDGED_FIELDS = ("stage", "on_pace", "silent_from", "is_finished")  # they follow from the others
STATE_FIELDS = (
    *JUDGED_FIELDS,
    "latest_value",
    "score",
    "rag",
    "confidence",
    "measured_on",
    "checked_in_at",
    "last_period",
    "last_week",
    "red_since",
    "red_reported",
    "insight",
    "next_action",
    "next_action_due",
    "evidence_url",
    "trail",
)


def method_choices() -> list[tuple[str, str]]:
    return [(Method.LINEAR.value, "Linear"), (Method.LADDER.value, "Threshold ladder")]


def rag_choices() -> list[tuple[str, str]]:
    return [(rag.value, rag.label) for rag in Rag]


class KeyResultQuerySet(models.QuerySet["KeyResult"]):
    def live(self) -> KeyResultQuerySet:
        """Return those that need check-ins: committed and not closed."""
        return self.filter(stage__in=LIVE)

    def other_titles(self, key_result: KeyResult) -> models.QuerySet[KeyResult, str]:
        here = self.filter(engagement=key_result.engagement_id, objective=key_result.objective_id)
        return here.exclude(pk=key_result.pk).values_list("title", flat=True)

    def for_card(self) -> KeyResultQuerySet:
        """Join everything that a card shows."""
        return self.select_related("objective__cycle", "objective__team", "metric", "owner")


KeyResultManager = TenantManager.from_queryset(KeyResultQuerySet)


@tracked(exclude=("title_key", "early_until", *(name for name in STATE_FIELDS if name != "stage")))
class KeyResult(TenantModel):
    """A number or yes/no that shows whether the objective was reached.

    Only `okrs.states.update_state` writes its state (latest value, score, RAG and so on), which
    follows from the check-ins; a test recomputes it from them.
    """

    objective = TenantKey("okrs.Objective", related_name="key_results")
    metric = TenantKey("metrics.Metric", null=True, blank=True, related_name="key_results")
    title = models.CharField(max_length=240)
    title_key = KeyField(of="title")
    owner = TenantKey("engagements.Membership", null=True, blank=True, related_name="+")
    method = models.CharField(max_length=8, choices=method_choices, default=Method.LINEAR.value)
    direction = models.CharField(max_length=6, choices=Direction.choices, default=Direction.HIGHER)
    baseline = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    target = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    # Rungs best first, as [[threshold, score], …] in decimal strings; empty unless a ladder.
    ladder = models.JSONField(default=list, blank=True)
    # Pace counts from here (M5.11). None in a draft means the day of the commit.
    starts_on = models.DateField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)
    weight = models.DecimalField(max_digits=6, decimal_places=2, default=Decimal(1))
    indicator = models.CharField(max_length=8, choices=Indicator.choices, blank=True)
    commitment = models.CharField(
        max_length=12, choices=Commitment.choices, default=Commitment.COMMITTED
    )
    # The current value of an imported sheet, offered as the first check-in, and its day.
    offered_value = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    offered_on = models.DateField(null=True, blank=True)
    reasons = models.JSONField(default=dict, blank=True)
    position = models.PositiveIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = TenantKey("engagements.Membership", null=True, related_name="+")
    committed_at = models.DateTimeField(null=True, blank=True)
    committed_by = TenantKey("engagements.Membership", null=True, blank=True, related_name="+")
    data_gap_until = models.DateField(null=True, blank=True)
    # The last day on which pace alone explains red (M7.2); computed at commit.
    early_until = models.DateField(null=True, blank=True)

    # The state.
    stage = models.CharField(max_length=10, choices=Stage.choices, default=Stage.DRAFT)
    # Judged with the latest check-in, on the day it was measured (M9.2); None without one.
    on_pace = models.BooleanField(null=True, blank=True)
    silent_from = models.DateField(null=True, blank=True)  # from here on: no recent update
    is_finished = models.BooleanField(default=False)  # no check-in is asked for any more (M6.3)
    latest_value = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    score = models.DecimalField(max_digits=3, decimal_places=2, null=True, blank=True)
    rag = models.CharField(max_length=8, choices=rag_choices, default=Rag.NO_DATA.value)
    confidence = models.PositiveSmallIntegerField(null=True, blank=True)
    measured_on = models.DateField(null=True, blank=True)
    checked_in_at = models.DateTimeField(null=True, blank=True)
    last_period = models.DateField(null=True, blank=True)
    # Mondays of calendar weeks (M7.1): of the newest check-in, and of the first week of those in a
    # row that are red; `red_reported` counts the check-ins among them.
    last_week = models.DateField(null=True, blank=True)
    red_since = models.DateField(null=True, blank=True)
    red_reported = models.PositiveSmallIntegerField(default=0)
    insight = models.CharField(max_length=4000, blank=True)
    next_action = models.CharField(max_length=2000, blank=True)
    next_action_due = models.DateField(null=True, blank=True)
    evidence_url = models.CharField(max_length=LONGEST_LINK, blank=True)
    # One [period, value, score] per period that has a value, oldest first, for sparklines.
    trail = models.JSONField(default=list, blank=True)

    objects = KeyResultManager()
    app_grants: ClassVar[tuple[str, ...]] = WITH_DELETE  # drafts
    # Columns that jobs compare, none with text.
    sweep_grants: ClassVar[tuple[str, ...]] = (
        (
            "SELECT (id, engagement_id, objective_id, owner_id, stage, committed_at, method, rag,"
            " confidence, last_period, last_week, red_since, red_reported, early_until, trail,"
            " evidence_url, due_on, on_pace, silent_from, is_finished)"
        ),
    )

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            *tenant_constraints(
                "objective", "metric", "owner", authors=("created_by", "committed_by")
            ),
            SweepAccess(name="keyresult_sweep"),
            models.UniqueConstraint(
                fields=["engagement", "objective", "title_key"],
                name="keyresult_said_once",
                violation_error_code=DUPLICATE.code,
                violation_error_message=DUPLICATE.message,
            ),
            models.CheckConstraint(
                condition=models.Q(score=None) | models.Q(score__gte=0, score__lte=1),
                name="keyresult_score_0_to_1",
            ),
            models.CheckConstraint(
                condition=models.Q(confidence=None)
                | models.Q(confidence__gte=1, confidence__lte=5),
                name="keyresult_confidence_1_to_5",
            ),
            models.CheckConstraint(condition=models.Q(weight__gt=0), name="keyresult_weight"),
            models.CheckConstraint(
                condition=models.Q(stage=Stage.DRAFT) | models.Q(committed_at__isnull=False),
                name="keyresult_draft_until_committed",
            ),
            models.CheckConstraint(
                condition=models.Q(stage=Stage.DRAFT) | models.Q(starts_on__isnull=False),
                name="keyresult_starts_with_commit",
            ),
        ]
        indexes = [
            models.Index(fields=["engagement", "objective"], name="keyresult_of_objective"),
            models.Index(
                fields=["engagement", "owner"],
                condition=models.Q(stage__in=LIVE),
                name="keyresult_live_of_owner",
            ),
            models.Index(
                fields=["engagement", "red_since"],
                condition=models.Q(red_since__isnull=False),
                name="keyresult_red",
            ),
            models.Index(fields=["engagement", "metric"], name="keyresult_of_metric"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            not_deleted(
                pgtrigger.Q(old__committed_at__isnull=False), why="a committed key result stays"
            ),
            *shows_on_status(in_rows=True),
            *shows_in_rows("delete"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def unit(self) -> str:
        return self.metric.unit if self.metric else ""

    @property
    def higher_is_better(self) -> bool:
        return self.direction == Direction.HIGHER

    @property
    def rungs(self) -> list[tuple[Decimal, Decimal]]:
        return [(Decimal(threshold), Decimal(score)) for threshold, score in self.ladder]

    @property
    def first_day(self) -> dt.date:
        """Return its start; a draft may have none yet, then the cycle's first day (M5.11)."""
        starts_on: dt.date = self.starts_on or self.objective.cycle.starts_on
        return starts_on

    def forecast_on(self, day: dt.date) -> Forecast:
        """Return its forecast on this day of the client (M9.2)."""
        if self.on_pace is None:
            return Forecast.NOT_MEASURED
        if self.silent_from is not None and self.silent_from <= day:
            return Forecast.NO_RECENT_UPDATE
        return Forecast.ON_PACE if self.on_pace else Forecast.BEHIND

    @property
    def is_draft(self) -> bool:
        return self.stage == Stage.DRAFT

    @property
    def is_counted(self) -> bool:
        """Return whether headlines count it: committed and not withdrawn (M9.2)."""
        return self.stage not in (Stage.DRAFT, Stage.WITHDRAWN)

    @property
    def is_live(self) -> bool:
        return self.stage in LIVE

    @property
    def is_unverified(self) -> bool:
        """Return whether it is green or stretch without a link to evidence (M5.5)."""
        return self.rag in (Rag.GREEN, Rag.STRETCH) and not self.evidence_url

    @property
    def open_gap_until(self) -> dt.date | None:
        """Return the day by which open data questions must be answered (M4.3), or None."""
        still_open = self.metric is not None and bool(self.metric.data_questions_open)
        return self.data_gap_until if still_open else None


class KeyResultAudit(TenantModel):
    """The answer of the audit that only a person can give (M4.2)."""

    key_result = TenantKey("okrs.KeyResult", on_delete=models.CASCADE, related_name="audits")
    ambitious = models.BooleanField(default=False)
    note = models.CharField(max_length=2000, blank=True)
    answered_by = TenantKey("engagements.Membership", related_name="+")
    answered_at = models.DateTimeField()

    objects = TenantManager["KeyResultAudit"]()
    app_grants: ClassVar[tuple[str, ...]] = WITH_DELETE  # with its draft

    class Meta:
        constraints = [
            *tenant_constraints("key_result", authors=("answered_by",)),
            models.UniqueConstraint(fields=["engagement", "key_result"], name="audit_once"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = shows_in_rows("insert", "update", "delete")


@tracked()
class ContributionLink(TenantModel):
    """A key result that contributes to another one; it never changes a score (M2.4)."""

    source = TenantKey("okrs.KeyResult", on_delete=models.CASCADE, related_name="contributes_to")
    target = TenantKey("okrs.KeyResult", on_delete=models.CASCADE, related_name="contributions")
    how = models.CharField(max_length=240, blank=True)

    objects = TenantManager["ContributionLink"]()
    app_grants: ClassVar[tuple[str, ...]] = WITH_DELETE  # unlinked

    class Meta:
        constraints = [
            *tenant_constraints("source", "target"),
            models.UniqueConstraint(
                fields=["engagement", "source", "target"], name="contribution_once"
            ),
            models.CheckConstraint(
                condition=~models.Q(source=models.F("target")), name="contribution_to_another"
            ),
        ]
        indexes = [models.Index(fields=["engagement", "target"], name="contribution_to")]
        triggers: ClassVar[list[pgtrigger.Trigger]] = shows_in_rows("insert", "update", "delete")
