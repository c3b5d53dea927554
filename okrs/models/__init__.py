from __future__ import annotations

from okrs.models.cycles import Cycle, CycleKind, Team
from okrs.models.key_results import (
    Commitment,
    ContributionLink,
    Direction,
    Indicator,
    KeyResult,
    KeyResultAudit,
    Stage,
)
from okrs.models.objectives import Collaborator, Objective, Origin

__all__ = [
    "Collaborator",
    "Commitment",
    "ContributionLink",
    "Cycle",
    "CycleKind",
    "Direction",
    "Indicator",
    "KeyResult",
    "KeyResultAudit",
    "Objective",
    "Origin",
    "Stage",
    "Team",
]
