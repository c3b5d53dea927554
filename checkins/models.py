"""Check-ins, the help requests and blockers that they raise, and the answers to their prompts."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

import pgtrigger
from django.db import models

from engagements.models import Membership
from engagements.web_links import LONGEST_LINK
from okrs.models import Direction
from okrs.models.key_results import method_choices, rag_choices
from tenancy.constraints import SweepAccess
from tenancy.models import (
    TenantKey,
    TenantManager,
    TenantModel,
    act_pair,
    tenant_constraints,
    tracked,
)


class CheckInKind(models.TextChoices):
    UPDATE = "update", "Check-in"
    UNDO = "undo", "Undone"  # takes back the check-in that it supersedes


class CheckInQuerySet(models.QuerySet["CheckIn"]):
    def current(self) -> CheckInQuerySet:
        """Filter by the newest check-in per key result and period, unless it is undone."""
        later = CheckIn.objects.filter(
            engagement_id=models.OuterRef("engagement_id"), supersedes_id=models.OuterRef("id")
        )
        return self.filter(~models.Exists(later), kind=CheckInKind.UPDATE)

    def effective(self, *, at: dt.datetime | models.Expression) -> CheckInQuerySet:
        """Filter by posts until then that no one had undone by then, superseded or not."""
        undos = CheckIn.objects.order_by().filter(
            engagement_id=models.OuterRef("engagement_id"),
            supersedes_id=models.OuterRef("id"),
            undone_by__isnull=False,
            posted_at__lte=at,
        )
        return self.filter(~models.Exists(undos), undone_by=None, posted_at__lte=at)


# Only words of that author may be repeated under the author's name.
UNDO_HANDS_ON = """
    IF NOT EXISTS (
        SELECT 1 FROM checkins_checkin
        WHERE engagement_id = NEW.engagement_id AND key_result_id = NEW.key_result_id
          AND period = NEW.period AND author_id = NEW.author_id
          AND (actual, confidence, measured_on, insight, next_action, next_action_due, evidence_url)
            = (NEW.actual, NEW.confidence, NEW.measured_on, NEW.insight, NEW.next_action,
               NEW.next_action_due, NEW.evidence_url)
    ) THEN
        RAISE EXCEPTION 'an undo repeats an earlier check-in of its author';
    END IF;
    RETURN NEW;
"""
CheckInManager = TenantManager.from_queryset(CheckInQuerySet)


class CheckIn(TenantModel):
    """One update of one key result for one period; append-only (M6.1, M6.2).

    A correction is a new row that supersedes the old one. An undo is one that repeats the words
    which it restores or takes back, with their author. The row stores the terms of its score and
    the times of its period, so that an old check-in reads as it did when it was posted (M5.10).
    """

    key_result = TenantKey("okrs.KeyResult", related_name="check_ins")
    kind = models.CharField(max_length=6, choices=CheckInKind.choices, default=CheckInKind.UPDATE)
    period = models.DateField()  # the Monday that names it
    # The Monday of its calendar week: the period's, if it was posted by that week's Sunday on the
    # client's clock, else that of the posting (M7.1).
    week = models.DateField()
    measured_on = models.DateField()
    actual = models.DecimalField(max_digits=20, decimal_places=6)
    out_of_range_confirmed = models.BooleanField(default=False)
    score = models.DecimalField(max_digits=3, decimal_places=2)
    rag = models.CharField(max_length=8, choices=rag_choices)
    confidence = models.PositiveSmallIntegerField()
    insight = models.CharField(max_length=4000)
    next_action = models.CharField(max_length=2000)
    next_action_due = models.DateField()
    is_thin = models.BooleanField()  # the insight or the next action says too little (M6.4)
    evidence_url = models.CharField(max_length=LONGEST_LINK, blank=True)
    # Since when the key result has had this band, on pace or behind it: prompts count from here.
    prompted_at = models.DateTimeField(null=True)

    # Copied from the key result and the rhythm at the time of posting.
    due_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    method = models.CharField(max_length=8, choices=method_choices)
    direction = models.CharField(max_length=6, choices=Direction.choices)
    baseline = models.DecimalField(max_digits=20, decimal_places=6, null=True)
    target = models.DecimalField(max_digits=20, decimal_places=6, null=True)
    ladder = models.JSONField(default=list)

    supersedes = TenantKey("self", null=True, blank=True, related_name="superseded_by")
    author = TenantKey("engagements.Membership", related_name="+")  # of the words
    undone_by = TenantKey("engagements.Membership", null=True, blank=True, related_name="+")
    posted_at = models.DateTimeField()
    seconds_spent = models.PositiveIntegerField(null=True, blank=True)
    idempotency_key = models.UUIDField()

    objects = CheckInManager()
    sweep_grants: ClassVar[tuple[str, ...]] = (
        "SELECT (id, engagement_id, key_result_id, period, is_thin)",
    )

    class Meta:
        ordering = ["-posted_at", "-id"]
        constraints = [
            *tenant_constraints(
                "key_result",
                "supersedes",
                authors=("author", "undone_by"),
                # An undo repeats words with their author; the trigger below compares them.
                exceptions={"author": "NEW.undone_by_id IS NOT NULL"},
            ),
            SweepAccess(name="checkin_sweep"),
            models.UniqueConstraint(
                fields=["engagement", "idempotency_key"], name="checkin_posted_once"
            ),
            models.UniqueConstraint(
                fields=["engagement", "supersedes"], name="checkin_superseded_once"
            ),
            # Each further row of a period supersedes the one before it: one chain, one that counts.
            models.UniqueConstraint(
                fields=["engagement", "key_result", "period"],
                condition=models.Q(supersedes=None),
                name="checkin_chain_of_period",
            ),
            models.CheckConstraint(
                condition=models.Q(score__gte=0, score__lte=1), name="checkin_score_0_to_1"
            ),
            models.CheckConstraint(
                condition=models.Q(confidence__gte=1, confidence__lte=5),
                name="checkin_confidence_1_to_5",
            ),
            models.CheckConstraint(
                condition=models.Q(kind=CheckInKind.UPDATE) | models.Q(undone_by__isnull=False),
                name="checkin_undone_by_somebody",
            ),
            models.CheckConstraint(
                condition=models.Q(undone_by=None) | models.Q(supersedes__isnull=False),
                name="checkin_undo_supersedes",
            ),
        ]
        indexes = [
            models.Index(
                fields=["engagement", "key_result", "-period", "-id"], name="checkin_of_key_result"
            ),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="never_truncated",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func="RAISE EXCEPTION 'check-ins are append-only';",
            ),
            pgtrigger.Trigger(
                name="undo_hands_on",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Q(new__undone_by__isnull=False),
                func=UNDO_HANDS_ON,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key_result_id}, {self.period}"

    @property
    def posted_by(self) -> Membership:
        """Return who saved this row: the person who pressed undo, else the author."""
        saved_by: Membership = self.undone_by or self.author
        return saved_by


@tracked()
class HelpRequest(TenantModel):
    """A request that is shown until someone answers it (M6.6)."""

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
            act_pair("helprequest", "answered"),
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
    """A blocker, shown until it is resolved (M6.6)."""

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
            act_pair("blocker", "resolved"),
        ]
        indexes = [
            models.Index(
                fields=["engagement", "key_result"],
                condition=models.Q(resolved_at=None),
                name="blocker_open",
            ),
        ]


class PromptAnswer(TenantModel):
    """The answer to the prompt of a band, with the check-in in effect; append-only (M5.9).

    `bet` is the revised bet of a red key result, or the harder target of a stretch one. A recovery
    plan answers the prompt, too, up to its checkpoint.
    """

    key_result = TenantKey("okrs.KeyResult", related_name="prompt_answers")
    check_in = TenantKey("checkins.CheckIn", related_name="prompt_answers")
    band = models.CharField(max_length=8, choices=rag_choices)
    text = models.CharField(max_length=4000)
    bet = models.CharField(max_length=2000, blank=True)
    checkpoint_on = models.DateField(null=True, blank=True)
    crosses_teams = models.BooleanField(default=False)
    answered_by = TenantKey("engagements.Membership", related_name="+")
    answered_at = models.DateTimeField()

    objects = TenantManager["PromptAnswer"]()

    class Meta:
        ordering = ["-id"]
        constraints = [*tenant_constraints("key_result", "check_in", authors=("answered_by",))]
        indexes = [
            models.Index(
                fields=["engagement", "key_result", "-id"], name="promptanswer_of_key_result"
            ),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]
