from __future__ import annotations

from typing import ClassVar

from django.db import models

from tenancy.constraints import SweepAccess
from tenancy.models import TenantKey, TenantManager, TenantModel, tenant_constraints


class NoticeQuerySet(models.QuerySet["Notice"]):
    def pending(self) -> NoticeQuerySet:
        """Not in an envelope yet, and still to be told."""
        return self.filter(envelope=None, dropped_at=None)


NoticeManager = TenantManager.from_queryset(NoticeQuerySet)


class Notice(TenantModel):
    """One thing that one person is to be told, by one rule; all of them are the reminder ledger.

    Made once for a rule, subject and period, whatever runs twice (M7.9). An envelope gathers
    notices for sending; what they say is written then, from the subject as it stands. Which table
    `subject` is an id of, the rule knows. It ends by being sent, dropped (its cause or its
    person's access was gone) or failed (the envelope could not be delivered).
    """

    rule = models.CharField(max_length=40)
    person = TenantKey("engagements.Membership", related_name="+")
    subject = models.BigIntegerField()
    period = models.DateField()  # the Monday of the period or streak it is about
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()  # not told earlier
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
