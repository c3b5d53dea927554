from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models

from tenancy.constraints import SweepAccess
from tenancy.models import (
    WITH_DELETE,
    TenantKey,
    TenantManager,
    TenantModel,
    tenant_constraints,
    tracked,
)

WORDS = ("headline", "moved", "red", "decided", "next_steps")


class Words(models.Model):
    """The lead's texts next to the figures: a headline, and four short ones (M8.4)."""

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
    """A published page with the lead's texts, as clients read it; append-only.

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


class Snapshot(TenantModel):
    """The status page as clients read it on one of their days; the last one of each day remains.

    The content never changes. A later state of the day is another row, which replaces this one.
    `version` is the engagement's `status_version` that the content shows, `is_due` whether the due
    time of check-ins had passed, and `built_by` the last release of the product that built it.
    """

    day = models.DateField()
    is_due = models.BooleanField()
    version = models.BigIntegerField()
    hash = models.CharField(max_length=64, editable=False)
    content = models.JSONField()
    # Key results in that state, for trends; one can count in several.
    on_pace = models.PositiveSmallIntegerField()
    behind = models.PositiveSmallIntegerField()
    no_recent_update = models.PositiveSmallIntegerField()
    not_measured = models.PositiveSmallIntegerField()
    red = models.PositiveSmallIntegerField()
    late = models.PositiveSmallIntegerField()
    built_at = models.DateTimeField()
    built_by = models.CharField(max_length=16, default="", db_default="", editable=False)

    objects = TenantManager["Snapshot"]()
    app_grants: ClassVar[tuple[str, ...]] = WITH_DELETE  # replaced on the same day
    sweep_grants: ClassVar[tuple[str, ...]] = (
        "SELECT (id, engagement_id, day, is_due, version, built_at, built_by)",
    )

    class Meta:
        constraints = [*tenant_constraints(), SweepAccess(name="snapshot_sweep")]
        indexes = [models.Index(fields=["engagement", "-day", "-id"], name="snapshot_by_day")]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.ReadOnly(
                name="content_stays", exclude=["is_due", "version", "built_at", "built_by"]
            ),
            pgtrigger.Trigger(
                name="last_of_day_stays",
                when=pgtrigger.Before,
                operation=pgtrigger.Delete,
                func="""
                    IF NOT EXISTS (
                        SELECT 1 FROM status_snapshot later
                        WHERE later.engagement_id = OLD.engagement_id AND later.day = OLD.day
                          AND later.id > OLD.id
                    ) THEN
                        RAISE EXCEPTION 'the last snapshot of a day stays';
                    END IF;
                    RETURN OLD;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day}"
