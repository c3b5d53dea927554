"""Every change of state of this room."""

from __future__ import annotations

from reviews.commands.actions import add_action, complete_action, drop_action, reopen_action
from reviews.commands.decisions import record_decision, supersede_decision
from reviews.commands.reports import publish_report

__all__ = [
    "add_action",
    "complete_action",
    "drop_action",
    "publish_report",
    "record_decision",
    "reopen_action",
    "supersede_decision",
]
