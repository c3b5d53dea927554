from __future__ import annotations

from engagements.models.engagements import (
    Cadence,
    Engagement,
    Escalation,
    GuardrailPreset,
    StatusPage,
)
from engagements.models.memberships import Invitation, Membership, Role
from engagements.models.notices import Notice
from engagements.models.share_links import ShareLink
from engagements.models.users import Theme, User

__all__ = [
    "Cadence",
    "Engagement",
    "Escalation",
    "GuardrailPreset",
    "Invitation",
    "Membership",
    "Notice",
    "Role",
    "ShareLink",
    "StatusPage",
    "Theme",
    "User",
]
