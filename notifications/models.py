from __future__ import annotations

from typing import ClassVar

from django.db import models

from tenancy.constraints import SweepAccess
from tenancy.models import TenantKey, TenantManager, TenantModel, tenant_constraints


class NoticeQuerySet(models.QuerySet["Notice"]):
    def pending(self) -> NoticeQuerySet:
        """Select notices that are in no envelope and not dropped."""
        return self.filter(envelope=None, dropped_at=None)

    def sendable(self) -> NoticeQuerySet:
        """Select notices that have not ended."""
        return self.filter(dropped_at=None, sent_at=None, failed_at=None)


NoticeManager = TenantManager.from_queryset(NoticeQuerySet)


class Notice(TenantModel):
    """One item for one person by one rule; together they are the notification log.

    There is one per rule, subject and period, even if a job runs twice (M7.9). An envelope
    gathers notices; their text is written when it is sent. The rule knows the table of
    `subject`. A notice ends as sent, dropped (cause or access gone) or failed (not delivered).
    """

    rule = models.CharField(max_length=40)
    person = TenantKey("engagements.Membership", related_name="+")
    subject = models.BigIntegerField()
    period = models.DateField()  # the Monday of the period or streak it is about
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()  # not sent before
    envelope = models.UUIDField(null=True, blank=True)  # the message that carries it
    sent_at = models.DateTimeField(null=True, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=1000, blank=True)

    objects = NoticeManager()
    sweep_grants: ClassVar[tuple[str, ...]] = ("SELECT", "INSERT", "UPDATE (envelope, dropped_at)")

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            *tenant_constraints("person"),
            SweepAccess(name="notice_sweep", operations=("SELECT", "INSERT", "UPDATE")),
            models.UniqueConstraint(
                fields=["engagement", "person", "rule", "subject", "period"], name="notice_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["engagement", "person", "due_at"],
                condition=models.Q(envelope=None, dropped_at=None),
                name="notice_pending",
            ),
            models.Index(
                fields=["engagement", "envelope"],
                condition=models.Q(envelope__isnull=False),
                name="notice_of_envelope",
            ),
            models.Index(fields=["engagement", "-created_at", "-id"], name="notice_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.subject}, {self.period}"
