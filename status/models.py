from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models

from tenancy.models import TenantKey, TenantManager, TenantModel, tenant_constraints, tracked

WORDS = ("headline", "moved", "red", "decided", "next_steps")


class Words(models.Model):
    """What the lead says beside the figures: a headline, and four short texts (M8.4)."""

    headline = models.CharField(max_length=240)
    moved = models.CharField(max_length=12000, blank=True)
    red = models.CharField(max_length=12000, blank=True)
    decided = models.CharField(max_length=12000, blank=True)
    next_steps = models.CharField(max_length=12000, blank=True)

    class Meta:
        abstract = True


@tracked()
class ReportDraft(TenantModel, Words):
    """The lead's words on a closed review until they are published (M8.4).

    There is none before the first save: until then each page drafts the words from the data.
    """

    review = TenantKey("reviews.Review", related_name="+")
    version = models.PositiveIntegerField(default=1)

    objects = TenantManager["ReportDraft"]()

    class Meta:
        constraints = [
            *tenant_constraints("review"),
            models.UniqueConstraint(fields=["engagement", "review"], name="reportdraft_once"),
        ]

    def __str__(self) -> str:
        return self.headline


class Report(TenantModel, Words):
    """What a client read: the page and the lead's words as they were released; append-only.

    `page` is the status page in finished words and figures, so that it never changes.
    """

    release = TenantKey("decisions.Release", related_name="+")
    review = TenantKey("reviews.Review", null=True, blank=True, related_name="+")
    page = models.JSONField()

    objects = TenantManager["Report"]()

    class Meta:
        constraints = [
            *tenant_constraints("release", "review"),
            models.UniqueConstraint(fields=["engagement", "release"], name="report_once"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"Report {self.release.number}"
