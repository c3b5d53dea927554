from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models

from engagements.tenancy import (
    TenantKey,
    TenantManager,
    TenantModel,
    shows_on_status,
    tenant_constraints,
    tracked,
)


class Words(models.Model):
    """What the lead says beside the figures: a headline, and four short texts (M8.4)."""

    headline = models.CharField(max_length=240)
    moved = models.TextField(blank=True)
    red = models.TextField(blank=True)
    decided = models.TextField(blank=True)
    next_steps = models.TextField(blank=True)

    class Meta:
        abstract = True


@tracked()
class Summary(TenantModel, Words):
    """The summary of a closed review, drafted from the data, until it is published (M8.4)."""

    review = TenantKey("reviews.Review", related_name="summaries")
    drafted_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    objects = TenantManager["Summary"]()

    class Meta:
        constraints = [
            *tenant_constraints("review"),
            models.UniqueConstraint(fields=["engagement", "review"], name="summary_once"),
        ]

    def __str__(self) -> str:
        return self.headline


class StatusReport(TenantModel, Words):
    """What a client saw: words and status page as they were published; append-only.

    `page` is the status page in finished words and figures, so that it reads the same for ever.
    `head_number` and `head_hash` say where the decision log stood.
    """

    number = models.PositiveIntegerField()
    review = TenantKey("reviews.Review", null=True, blank=True, related_name="reports")
    page = models.JSONField()
    head_number = models.PositiveIntegerField(default=0)
    head_hash = models.CharField(max_length=64, blank=True)
    published_by = TenantKey("engagements.Membership", related_name="+")
    published_at = models.DateTimeField()

    objects = TenantManager["StatusReport"]()

    class Meta:
        ordering = ["-number"]
        constraints = [
            *tenant_constraints("review", authors=("published_by",)),
            models.UniqueConstraint(
                fields=["engagement", "number"], name="statusreport_numbered_once"
            ),
        ]
        indexes = [
            models.Index(fields=["engagement", "review"], name="statusreport_of_review"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            *shows_on_status(updates=False),
        ]

    def __str__(self) -> str:
        return f"Report {self.number}"
