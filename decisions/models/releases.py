from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models

from decisions.constraints import ReleaseChain
from decisions.models.occasions import WithOccasion
from tenancy.models import (
    TenantKey,
    TenantManager,
    TenantModel,
    shows_on_status,
    tenant_constraints,
)


class Release(TenantModel, WithOccasion):
    """A publication to the client; append-only, and a link of the decisions' chain (M8.2, M8.4).

    What clients read of decisions follows from it: those of its occasion, up to `head_number`,
    which with `head_hash` says where the log ended. `report_hash` seals what was published. The
    database writes numbers and hashes.
    """

    number = models.PositiveIntegerField(default=0)
    head_number = models.PositiveIntegerField(default=0)
    head_hash = models.CharField(max_length=64, blank=True, editable=False)
    report_hash = models.CharField(max_length=64, editable=False)
    by = TenantKey("engagements.Membership", related_name="+")
    at = models.DateTimeField()
    hash = models.CharField(max_length=64, editable=False)

    objects = TenantManager["Release"]()

    class Meta:
        ordering = ["-number"]
        constraints = [
            *tenant_constraints(authors=("by",)),
            models.UniqueConstraint(fields=["engagement", "number"], name="release_numbered_once"),
            ReleaseChain(name="release_chain"),
        ]
        indexes = [
            models.Index(
                fields=["engagement", "occasion_kind", "occasion_id"], name="release_of_occasion"
            ),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            *shows_on_status(updates=False),
        ]

    def __str__(self) -> str:
        return f"Report {self.number}"
