from engagements.models.engagements import (
    Cadence,
    Engagement,
    Escalation,
    GuardrailPreset,
    StatusPage,
)
from engagements.models.memberships import Invitation, Membership, Role, ShareLink

__all__ = [
    "Cadence", "Engagement", "Escalation", "GuardrailPreset", "Invitation", "Membership", "Role",
    "ShareLink", "StatusPage",
]  # fmt: skip
