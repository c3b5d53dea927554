from __future__ import annotations

import datetime as dt

from django.db import models

from tenancy.constraints import OWN_TOKEN
from tenancy.models import TenantKey, TenantManager, TenantModel, tenant_constraints, tracked


@tracked(exclude=("token_hash", "views", "last_viewed_at", "version"))
class ShareLink(TenantModel):
    """A link that opens the status page to anyone who has it (M12).

    Views are counted in the cache and written here from time to time, so reading writes nothing.
    """

    label = models.CharField(max_length=120)
    token_hash = models.CharField(max_length=64, editable=False)
    created_by = TenantKey("engagements.Membership", related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = TenantKey("engagements.Membership", null=True, blank=True, related_name="+")
    views = models.PositiveIntegerField(default=0)
    version = models.PositiveIntegerField(default=1, db_default=1)
    last_viewed_at = models.DateTimeField(null=True, blank=True)

    objects = TenantManager["ShareLink"]()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            *tenant_constraints(
                authors=("created_by", "revoked_by"), also=f"token_hash = {OWN_TOKEN}"
            ),
            models.UniqueConstraint(fields=["token_hash"], name="sharelink_token_once"),
            models.CheckConstraint(
                condition=models.Q(revoked_at=None, revoked_by=None)
                | models.Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="sharelink_revoked_pair",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def is_open(self, *, now: dt.datetime) -> bool:
        """Whether the link still shows the page."""
        return self.revoked_at is None and now < self.expires_at
