from __future__ import annotations

from typing import ClassVar

from django.db import models

from tenancy.constraints import SweepAccess
from tenancy.models import (
    WITH_DELETE,
    TenantKey,
    TenantManager,
    TenantModel,
    tenant_constraints,
)


class Sheet(TenantModel):
    """A sheet on its way in. Once it is imported its cells are erased and its mapping stays.

    `grid` and `answers` are the fields of `imports.sheets.Grid` and `imports.problems.Answers`.
    """

    name = models.CharField(max_length=200)
    headings = models.JSONField(default=list)
    grid = models.JSONField(default=dict)
    answers = models.JSONField(default=dict)
    # The columns as they were mapped in the last sheet with these headings.
    remembered = models.JSONField(default=dict, blank=True)
    remembers = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    created_by = TenantKey("engagements.Membership", related_name="+")
    imported_at = models.DateTimeField(null=True, blank=True)

    objects = TenantManager["Sheet"]()
    app_grants: ClassVar[tuple[str, ...]] = WITH_DELETE  # erased when it is not imported
    sweep_grants: ClassVar[tuple[str, ...]] = (
        "SELECT (id, engagement_id, created_at, imported_at)",
    )

    class Meta:
        constraints = [
            *tenant_constraints(authors=("created_by",)),
            SweepAccess(name="sheet_sweep"),
        ]
        indexes = [models.Index(fields=["engagement", "imported_at"], name="sheet_imported")]

    def __str__(self) -> str:
        return self.name
