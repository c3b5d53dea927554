from __future__ import annotations

from checkins.models.asks import Blocker, HelpRequest
from checkins.models.check_ins import CheckIn, CheckInKind, CheckInQuerySet
from checkins.models.escalations import (
    Cause,
    Escalation,
    EscalationState,
    Outcome,
    RaisedFor,
    Rule,
    Verdict,
)

__all__ = [
    "Blocker",
    "Cause",
    "CheckIn",
    "CheckInKind",
    "CheckInQuerySet",
    "Escalation",
    "EscalationState",
    "HelpRequest",
    "Outcome",
    "RaisedFor",
    "Rule",
    "Verdict",
]
