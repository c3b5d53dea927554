from engagements.models.engagements import (
    Cadence,
    Engagement,
    Escalation,
    GuardrailPreset,
    StatusPage,
)
from engagements.models.memberships import (
    NO_ADDRESS,
    Invitation,
    Membership,
    Role,
    ShareLink,
    unknown_address,
)

__all__ = [
    "NO_ADDRESS",
    "Cadence",
    "Engagement",
    "Escalation",
    "GuardrailPreset",
    "Invitation",
    "Membership",
    "Role",
    "ShareLink",
    "StatusPage",
    "unknown_address",
]  # fmt: skip
