from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models

from decisions.models import Occasion, OccasionKind
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

FROZEN_WITH_ITS_REVIEW = """
    IF EXISTS (
        SELECT 1 FROM reviews_review
        WHERE id IN (NEW.review_id, OLD.review_id) AND closed_at IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'the agenda of a closed review stays as it is';
    END IF;
    RETURN coalesce(NEW, OLD);
"""

LONGEST_WHY = 240
CLOSING_QUESTIONS = {  # of a monthly review, by the column of the answer (M8.4)
    "on_outcomes": "Are we working toward outcomes?",
    "evidence_weekly": "Is our evidence visible weekly?",
    "moved_resources": "Did today’s decisions move resources to what works?",
}


class ReviewKind(models.TextChoices):
    """A kind of meeting of M8 that has a screen."""

    WEEKLY = "weekly", "Weekly client review"
    MONTHLY = "monthly", "Monthly review"


class Section(models.TextChoices):
    """A reason for an item to be on the agenda, in the order of a review (M8)."""

    ACTIONS = "actions", "Overdue actions"
    RED = "red", "Red"
    BEHIND = "behind", "Behind"
    BLOCKED = "blocked", "Waiting on others"
    HELP = "help", "Help needed"
    UNOWNED = "unowned", "No owner"
    STUCK = "stuck", "Stuck"
    RETURNING = "returning", "Recurring"
    QUIET = "quiet", "Missing check-ins"
    EXPERIMENTS = "experiments", "Lessons from experiments"
    WINS = "wins", "Wins and learnings"
    DECISIONS = "decisions", "Last review’s decisions"
    ADDED = "added", "Added by hand"
    CLOSING = "closing", "Closing questions"


class ReviewQuerySet(models.QuerySet["Review"]):
    def closed(self) -> ReviewQuerySet:
        return self.filter(closed_at__isnull=False)

    def ahead(self) -> ReviewQuerySet:
        """Return planned and running ones."""
        return self.filter(closed_at=None)


ReviewManager = TenantManager.from_queryset(ReviewQuerySet)


@tracked(exclude=("live_version", "current_item", "drawn_at", "drawn_from", "standings"))
class Review(TenantModel):
    """A meeting with its agenda; once closed, agenda and outcomes are frozen (M8.4).

    `live_version` counts changes, so that open screens can ask whether they are current.
    `standings` holds value, score and RAG of each key result at the close, by public id; the next
    review and the status page compare with them.
    """

    kind = models.CharField(max_length=10, choices=ReviewKind.choices)
    title = models.CharField(max_length=120)
    scheduled_at = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField()
    lead = TenantKey("engagements.Membership", related_name="+")  # runs it
    started_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = TenantKey("engagements.Membership", null=True, blank=True, related_name="+")
    # The answers to CLOSING_QUESTIONS
    on_outcomes = models.BooleanField(null=True, blank=True)
    evidence_weekly = models.BooleanField(null=True, blank=True)
    moved_resources = models.BooleanField(null=True, blank=True)
    closing_note = models.CharField(max_length=2000, blank=True)
    version = models.PositiveIntegerField(default=1)

    live_version = models.PositiveIntegerField(default=1)
    current_item = TenantKey("reviews.AgendaItem", null=True, blank=True, related_name="+")
    drawn_at = models.DateTimeField(null=True, blank=True)
    drawn_from = models.BigIntegerField(default=0)  # the engagement's status version
    standings = models.JSONField(default=dict, blank=True)

    objects = ReviewManager()
    app_grants: ClassVar[tuple[str, ...]] = WITH_DELETE  # until it starts

    class Meta:
        ordering = ["-scheduled_at", "-id"]
        constraints = [
            *tenant_constraints("lead", "current_item", authors=("closed_by",)),
            models.CheckConstraint(
                condition=models.Q(closed_at=None, closed_by=None)
                | models.Q(
                    closed_at__isnull=False, closed_by__isnull=False, started_at__isnull=False
                ),
                name="review_closed_pair",
            ),
            models.CheckConstraint(
                condition=models.Q(minutes__gte=5, minutes__lte=480), name="review_minutes"
            ),
        ]
        indexes = [models.Index(fields=["engagement", "-scheduled_at"], name="review_by_time")]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Trigger(
                name="frozen",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__closed_at__isnull=False),
                func="RAISE EXCEPTION 'a closed review stays as it is';",
            ),
            not_deleted(
                pgtrigger.Q(old__started_at__isnull=False), why="a review that started stays"
            ),
            # Until then nothing of the meeting shows outside it.
            *shows_on_status(where="closed_at IS NOT NULL"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_running(self) -> bool:
        return self.started_at is not None and self.closed_at is None

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None

    @property
    def closing_answers(self) -> list[tuple[str, bool | None]]:
        """Return each closing question with its answer, None until the review is closed (M8.4)."""
        return [(question, getattr(self, name)) for name, question in CLOSING_QUESTIONS.items()]

    @property
    def occasion(self) -> Occasion:
        """Return the occasion of its decisions, actions and releases."""
        return Occasion(OccasionKind.REVIEW, self.public_id)


class Attendance(TenantModel):
    """A person who is invited to a review or there, and whether they are there."""

    review = TenantKey("reviews.Review", on_delete=models.CASCADE, related_name="attendances")
    member = TenantKey("engagements.Membership", related_name="+")
    is_here = models.BooleanField(default=False)
    has_screen = False  # set by `presence`: opened the running review

    objects = TenantManager["Attendance"]()
    app_grants: ClassVar[tuple[str, ...]] = WITH_DELETE  # no longer invited

    class Meta:
        constraints = [
            *tenant_constraints("review", "member"),
            models.UniqueConstraint(
                fields=["engagement", "review", "member"], name="attendance_once"
            ),
        ]


class AgendaItem(TenantModel):
    """An item of an agenda with its reason, built from the data or added by hand (M8.1).

    `source` names its cause in the data, empty if a person added it. `facts` are the words and
    figures of its screen when it was built or last opened; they freeze with the review.
    """

    review = TenantKey("reviews.Review", on_delete=models.CASCADE, related_name="items")
    section = models.CharField(max_length=12, choices=Section.choices)
    source = models.CharField(max_length=60, blank=True)
    position = models.PositiveIntegerField()
    title = models.CharField(max_length=240)
    why = models.CharField(max_length=LONGEST_WHY, blank=True)
    minutes = models.PositiveSmallIntegerField(default=5)
    objective = TenantKey("okrs.Objective", null=True, blank=True, related_name="+")
    key_result = TenantKey("okrs.KeyResult", null=True, blank=True, related_name="+")
    facts = models.JSONField(default=dict, blank=True)
    added_by = TenantKey("engagements.Membership", null=True, blank=True, related_name="+")
    discussed_at = models.DateTimeField(null=True, blank=True)
    parked_at = models.DateTimeField(null=True, blank=True)
    moved_at = models.DateTimeField(null=True, blank=True)  # by hand: a refresh leaves its place
    # The answer to "Still the right key result?" (M3.3).
    still_right = models.BooleanField(null=True, blank=True)
    answered_by = TenantKey("engagements.Membership", null=True, blank=True, related_name="+")

    objects = TenantManager["AgendaItem"]()
    app_grants: ClassVar[tuple[str, ...]] = WITH_DELETE  # refreshed until it starts

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            *tenant_constraints(
                "review", "objective", "key_result", authors=("added_by", "answered_by")
            ),
            models.UniqueConstraint(
                fields=["engagement", "review", "source"],
                condition=~models.Q(source=""),
                name="agendaitem_drawn_once",
            ),
        ]
        indexes = [
            models.Index(fields=["engagement", "review", "position"], name="agendaitem_in_order"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Trigger(
                name="frozen",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func=FROZEN_WITH_ITS_REVIEW,
            ),
        ]

    def __str__(self) -> str:
        return self.title


class ReviewRecord(TenantModel):
    """A decision or an action recorded in a review, and its item; append-only."""

    review = TenantKey("reviews.Review", related_name="records")
    agenda_item = TenantKey("reviews.AgendaItem", null=True, blank=True, related_name="+")
    decision = TenantKey("decisions.Decision", null=True, blank=True, related_name="+")
    action = TenantKey("decisions.ActionItem", null=True, blank=True, related_name="+")

    objects = TenantManager["ReviewRecord"]()

    class Meta:
        constraints = [
            *tenant_constraints("review", "agenda_item", "decision", "action"),
            models.UniqueConstraint(
                fields=["engagement", "decision"], name="reviewrecord_of_decision"
            ),
            models.UniqueConstraint(fields=["engagement", "action"], name="reviewrecord_of_action"),
            models.CheckConstraint(
                condition=models.Q(decision=None, action__isnull=False)
                | models.Q(decision__isnull=False, action=None),
                name="reviewrecord_of_one",
            ),
        ]
        indexes = [models.Index(fields=["engagement", "review"], name="reviewrecord_of_review")]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]
