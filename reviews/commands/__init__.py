"""Every change of state of this room."""

from __future__ import annotations

from reviews.commands.actions import add_action, complete_action, drop_action, reopen_action
from reviews.commands.decisions import record_decision, supersede_decision

__all__ = [
    "add_action",
    "complete_action",
    "drop_action",
    "record_decision",
    "reopen_action",
    "supersede_decision",
]
