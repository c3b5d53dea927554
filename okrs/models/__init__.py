from okrs.models.cycles import Collaborator, Cycle, CycleKind, Objective, Origin, Team
from okrs.models.key_results import (
    Commitment,
    ContributionLink,
    Direction,
    Indicator,
    KeyResult,
    KeyResultAudit,
    Stage,
)

__all__ = [
    "Collaborator", "Commitment", "ContributionLink", "Cycle", "CycleKind", "Direction",
    "Indicator", "KeyResult", "KeyResultAudit", "Objective", "Origin", "Stage", "Team",
]  # fmt: skip
