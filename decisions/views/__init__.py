from __future__ import annotations

from decisions.views.actions import action_done, action_drop, action_list, action_reopen
from decisions.views.decisions import decision_list, key_result_decisions, objective_decisions

__all__ = [
    "action_done",
    "action_drop",
    "action_list",
    "action_reopen",
    "decision_list",
    "key_result_decisions",
    "objective_decisions",
]
