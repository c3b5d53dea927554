from __future__ import annotations

from checkins.commands.asks import answer_help_request, resolve_blocker
from checkins.commands.check_ins import Conflict, record_check_in, undo_check_in
from checkins.commands.escalations import (
    activate_escalation,
    decide_escalation,
    record_outcome,
    set_huddle,
)

__all__ = [
    "Conflict",
    "activate_escalation",
    "answer_help_request",
    "decide_escalation",
    "record_check_in",
    "record_outcome",
    "resolve_blocker",
    "set_huddle",
    "undo_check_in",
]
