from okrs.models.cycles import Collaborator, Cycle, CycleKind, Objective, Origin, Team
from okrs.models.key_results import (
    Commitment,
    ContributionLink,
    Direction,
    Forecast,
    Indicator,
    KeyResult,
    KeyResultAudit,
    Stage,
)

__all__ = [
    "Collaborator", "Commitment", "ContributionLink", "Cycle", "CycleKind", "Direction",
    "Forecast", "Indicator", "KeyResult", "KeyResultAudit", "Objective", "Origin", "Stage", "Team",
]  # fmt: skip
