from __future__ import annotations

from engagements.models.engagements import Cadence, Engagement, Escalation, GuardrailPreset
from engagements.models.memberships import Invitation, Membership, Role
from engagements.models.users import Theme, User

__all__ = [
    "Cadence",
    "Engagement",
    "Escalation",
    "GuardrailPreset",
    "Invitation",
    "Membership",
    "Role",
    "Theme",
    "User",
]
