from __future__ import annotations

from checkins.commands.asks import answer_help_request, resolve_blocker
from checkins.commands.check_ins import Conflict, record_check_in, undo_check_in

__all__ = [
    "Conflict",
    "answer_help_request",
    "record_check_in",
    "resolve_blocker",
    "undo_check_in",
]
