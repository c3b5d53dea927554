from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

import pgtrigger
from django.db import models

from engagements.web_links import LONGEST_LINK
from tenancy.constraints import SweepAccess
from tenancy.models import (
    TenantKey,
    TenantManager,
    TenantModel,
    shows_on_status,
    tenant_constraints,
    tracked,
)


class Rule(models.TextChoices):
    RED_TWO_WEEKS = "red_two_weeks", "Red for two weeks"


class Cause(models.TextChoices):
    """Why an escalation is active rather than watched (M7.2)."""

    STRICT = "strict", "every red counts at once here"
    PACE = "pace", "it is no longer early"
    CONFIDENCE = "confidence", "confidence fell below 3"
    BLOCKER = "blocker", "a blocker is open"
    BY_HAND = "by_hand", "made active by hand"


class Outcome(models.TextChoices):
    """The outcome of a huddle, recorded as a recovery plan (M7.3)."""

    CHANGE_BET = "change_bet", "Change the bet"
    ASK_HELP = "ask_help", "Ask for help"


class RaisedFor(models.TextChoices):
    """Why it went to the sponsor (M7.4)."""

    NO_PLAN = "no_plan", "three red weeks without a recovery plan"
    CHECKPOINT = "checkpoint", "still red at the checkpoint of the plan"


class Verdict(models.TextChoices):
    """The decision that the sponsor records (M7.4)."""

    REVISE = "revise", "Revise the key result formally"
    RESOURCES = "resources", "Add resources"
    STRATEGY = "strategy", "Change the strategy"


class EscalationState(models.TextChoices):
    WATCHING = "watching", "Watched"  # red, but early: no huddle, no clock
    ACTIVE = "active", "Active"  # waits for a huddle and an outcome
    ANSWERED = "answered", "Plan under way"  # to its checkpoint
    RAISED = "raised", "With the sponsor"  # waits for the decision
    DECIDED = "decided", "Decided"  # closed by the sponsor's outcome
    RECOVERED = "recovered", "Recovered"  # closed: the key result left red


class EscalationAct(models.TextChoices):
    """An act of a person on an escalation, as in its URL, with its button; it names its deadline."""

    ACTIVATE = "activate", "Activate now"  # by hand
    HUDDLE = "huddle", "Schedule huddle"
    ANSWER = "outcome", "Record recovery plan"
    DECIDE = "verdict", "Record decision"
    PLAN = "plan", "Carry out recovery plan"  # to its checkpoint; nothing is recorded


# The columns that the rule reads: a job applies it to thousands, and Django's cost grows with them.
KEY_RESULT_COLUMNS = (
    "stage",
    "rag",
    "confidence",
    "last_week",
    "red_since",
    "early_until",
    "on_pace",
    "silent_from",
    "owner",
    "engagement__time_zone",
    "engagement__country",
    "engagement__escalation",
    "engagement__pauses_weekends",
    "engagement__cadence",
    "engagement__closed_at",
    "objective__owner",
    "objective__cycle__ends_on",
    "objective__team__champion",
)
ESCALATION_COLUMNS = (  # the job's own role reads no others
    "engagement_id",
    "key_result_id",
    "streak",
    "opened_at",
    "activated_at",
    "huddle_due_at",
    "checkpoint_on",
    "answered_at",
    "raised_at",
    "decided_at",
    "recovered_at",
)


OPEN = models.Q(recovered_at=None, decided_at=None)


class EscalationQuerySet(models.QuerySet["Escalation"]):
    def open(self) -> EscalationQuerySet:
        return self.filter(OPEN)


EscalationManager = TenantManager.from_queryset(EscalationQuerySet)

# Texts that only people write.
UNWRITTEN: dict[str, Any] = {"blank": True, "default": "", "db_default": ""}


@tracked(exclude=("version",))
class Escalation(TenantModel):
    """A rule that fired for one streak of a key result, with its deadlines, until it is closed (M7).

    There is one per rule, key result and streak. Its state follows from its dates. Rows are never
    deleted.
    """

    rule = models.CharField(max_length=20, choices=Rule.choices, default=Rule.RED_TWO_WEEKS)
    key_result = TenantKey("okrs.KeyResult", related_name="escalations")
    streak = models.DateField()  # the Monday of its first red week
    opened_at = models.DateTimeField()
    activated_at = models.DateTimeField(null=True, blank=True)
    cause = models.CharField(max_length=12, choices=Cause.choices, blank=True)
    activated_by = TenantKey("engagements.Membership", null=True, blank=True, related_name="+")

    # The huddle, convened by the champion within 48 hours (M7.3).
    huddle_due_at = models.DateTimeField(null=True, blank=True)
    huddle_at = models.DateTimeField(null=True, blank=True)
    huddle_set_by = TenantKey("engagements.Membership", null=True, blank=True, related_name="+")
    huddle_set_at = models.DateTimeField(null=True, blank=True)

    # The outcome, as a recovery plan with its checkpoint.
    outcome = models.CharField(max_length=12, choices=Outcome.choices, **UNWRITTEN)
    plan = models.CharField(max_length=4000, **UNWRITTEN)
    plan_owner = TenantKey("engagements.Membership", null=True, blank=True, related_name="+")
    checkpoint_on = models.DateField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = TenantKey("engagements.Membership", null=True, blank=True, related_name="+")

    # Raised to the sponsor, and the decision (M7.4); a lead can record it on their behalf.
    raised_at = models.DateTimeField(null=True, blank=True)
    raised_for = models.CharField(max_length=12, choices=RaisedFor.choices, blank=True)
    verdict = models.CharField(max_length=12, choices=Verdict.choices, **UNWRITTEN)
    verdict_note = models.CharField(max_length=4000, **UNWRITTEN)
    word_of = models.CharField(max_length=120, **UNWRITTEN)
    evidence_url = models.CharField(max_length=LONGEST_LINK, **UNWRITTEN)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = TenantKey("engagements.Membership", null=True, blank=True, related_name="+")

    recovered_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = EscalationManager()
    sweep_grants: ClassVar[tuple[str, ...]] = (f"SELECT ({', '.join(ESCALATION_COLUMNS)})",)

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints = [
            *tenant_constraints(
                "key_result",
                "plan_owner",
                authors=("activated_by", "huddle_set_by", "answered_by", "decided_by"),
            ),
            SweepAccess(name="escalation_sweep"),
            models.UniqueConstraint(
                fields=["engagement", "rule", "key_result", "streak"], name="escalation_once"
            ),
            models.CheckConstraint(
                condition=models.Q(activated_at=None, huddle_due_at=None, cause="")
                | models.Q(activated_at__isnull=False, huddle_due_at__isnull=False),
                name="escalation_active_has_clock",
            ),
            models.CheckConstraint(
                condition=models.Q(answered_at=None)
                | models.Q(
                    answered_by__isnull=False,
                    plan_owner__isnull=False,
                    checkpoint_on__isnull=False,
                    activated_at__isnull=False,
                ),
                name="escalation_plan_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(decided_at=None)
                | models.Q(decided_by__isnull=False, raised_at__isnull=False),
                name="escalation_decided_when_raised",
            ),
        ]
        indexes = [
            models.Index(
                fields=["engagement", "key_result"],
                condition=models.Q(recovered_at=None, decided_at=None),
                name="escalation_open",
            ),
            models.Index(
                fields=["engagement", "key_result", "-opened_at"], name="escalation_memory"
            ),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = shows_on_status()

    def __str__(self) -> str:
        return f"{self.get_rule_display()}: {self.key_result}"

    @property
    def state(self) -> EscalationState:
        is_recovered = self.recovered_at is not None
        return EscalationState.RECOVERED if is_recovered else self.state_before_recovery

    @property
    def state_before_recovery(self) -> EscalationState:
        if self.decided_at is not None:
            return EscalationState.DECIDED
        if self.raised_at is not None:
            return EscalationState.RAISED
        if self.answered_at is not None:
            return EscalationState.ANSWERED
        return EscalationState.ACTIVE if self.activated_at else EscalationState.WATCHING

    @property
    def is_open(self) -> bool:
        return self.recovered_at is None and self.decided_at is None

    @property
    def ended_at(self) -> dt.datetime:
        """Return when it recovered or was decided; its opening if it is open."""
        return self.recovered_at or self.decided_at or self.opened_at

    def is_huddle_overdue(self, now: dt.datetime) -> bool:
        """Return whether its hours have passed without a huddle being set (M7.3)."""
        due_at = self.huddle_due_at
        return self.huddle_at is None and due_at is not None and due_at <= now

    def is_huddle_held(self, now: dt.datetime) -> bool:
        return self.huddle_at is not None and self.huddle_at <= now
