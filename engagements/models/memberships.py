from __future__ import annotations

import datetime as dt
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models

from tenancy.constraints import OWN_TOKEN, OWN_USER, SweepAccess
from tenancy.models import (
    AddressField,
    TenantKey,
    TenantManager,
    TenantModel,
    act_pair,
    new_public_id,
    shows_on_status,
    tenant_constraints,
    tracked,
)


class Role(models.TextChoices):
    """A set of permissions, not a rank (M9.6); `permissions` has the table."""

    VIEWER = "viewer", "Viewer"
    CONTRIBUTOR = "contributor", "Contributor"
    CHAMPION = "champion", "Champion"
    LEAD = "lead", "Program lead"
    SPONSOR = "sponsor", "Sponsor"


# The domain of people whom a sheet names without an address; it exists nowhere (RFC 6761).
NO_ADDRESS = "no-address.invalid"


def unknown_address() -> str:
    """Return a unique stand-in for the address of a person."""
    return f"{new_public_id()}@{NO_ADDRESS}"


class MembershipQuerySet(models.QuerySet["Membership"]):
    def active(self) -> MembershipQuerySet:
        """Select all members who were not removed, including those who have not joined yet."""
        return self.filter(removed_at=None)


MembershipManager = TenantManager.from_queryset(MembershipQuerySet)


@tracked(exclude=("version",))
class Membership(TenantModel):
    """A person in one engagement. Without a user it is a placeholder: named, not yet signed in."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        db_index=False,
        related_name="memberships",
    )
    email = AddressField(max_length=254)
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=12, choices=Role.choices, default=Role.CONTRIBUTOR)
    created_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = TenantKey("self", null=True, blank=True, related_name="+")
    version = models.PositiveIntegerField(default=1, db_default=1)

    objects = MembershipManager()
    sweep_grants: ClassVar[tuple[str, ...]] = (
        "SELECT (id, engagement_id, user_id, role, removed_at)",
    )

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            *tenant_constraints(authors=("removed_by",), also=f"user_id = {OWN_USER}"),
            SweepAccess(name="membership_sweep"),
            models.UniqueConstraint(fields=["engagement", "user"], name="membership_once"),
            models.UniqueConstraint(
                fields=["engagement", "email"],
                name="membership_email_once",
                violation_error_code="already_member",
                violation_error_message="Someone here has this address. Enter another one.",
            ),
            models.CheckConstraint(
                condition=models.Q(removed_at=None, removed_by=None)
                | models.Q(removed_at__isnull=False),
                name="membership_removed_pair",
            ),
        ]
        indexes = [
            # The gate asks "where is this person a member" before it knows a tenant.
            models.Index(fields=["user"], name="membership_of_user"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = shows_on_status(in_rows=True)

    def __str__(self) -> str:
        return self.name

    @property
    def is_placeholder(self) -> bool:
        return self.user_id is None

    @property
    def can_own(self) -> bool:
        """Return whether this person can be in charge of something: members who don't only read."""
        return self.removed_at is None and self.role != Role.VIEWER

    @property
    def name_as_owner(self) -> str:
        """Return the name, marked if this person can't own things any more (M9.3)."""
        if self.can_own:
            return self.name
        return f"{self.name} ({'viewer' if self.removed_at is None else 'left'})"

    @property
    def has_address(self) -> bool:
        return not self.email.endswith(f"@{NO_ADDRESS}")


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def unanswered(self) -> InvitationQuerySet:
        """Neither accepted nor replaced; it may have run out."""
        return self.filter(accepted_at=None, revoked_at=None)

    def waiting(self, *, now: dt.datetime) -> InvitationQuerySet:
        """Those whose link can still be accepted."""
        return self.unanswered().filter(expires_at__gt=now)


InvitationManager = TenantManager.from_queryset(InvitationQuerySet)


@tracked(exclude=("token_hash",))
class Invitation(TenantModel):
    """A link, mailed once, that makes a placeholder a member who signs in."""

    membership = TenantKey("engagements.Membership", related_name="invitations")
    token_hash = models.CharField(max_length=64, editable=False)
    # Empty where an operator made the link on the command line.
    sent_by = TenantKey("engagements.Membership", null=True, blank=True, related_name="+")
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationManager()

    class Meta:
        constraints = [
            *tenant_constraints(
                "membership", authors=("sent_by",), also=f"token_hash = {OWN_TOKEN}"
            ),
            models.UniqueConstraint(fields=["token_hash"], name="invitation_token_once"),
        ]
        indexes = [models.Index(fields=["engagement", "membership"], name="invitation_of_member")]

    def is_open(self, *, now: dt.datetime) -> bool:
        """Whether its link can still be accepted."""
        return self.accepted_at is None and self.revoked_at is None and now < self.expires_at


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
            act_pair("sharelink", "revoked"),
        ]

    def __str__(self) -> str:
        return self.label

    def is_open(self, *, now: dt.datetime) -> bool:
        """Return whether the link still shows the page."""
        return self.revoked_at is None and now < self.expires_at

    @property
    def expires_on(self) -> dt.date:
        """The last day on which it works, on the client's calendar. Needs the engagement joined."""
        return self.engagement.today(self.expires_at - dt.timedelta(microseconds=1))
