from __future__ import annotations

from okrs.commands.cycles import create_cycle, create_team, update_cycle, update_team
from okrs.commands.key_results import (
    KeyResultFields,
    answer_audit,
    discard_key_result,
    draft_key_result,
    link_contribution,
    unlink_contribution,
    update_key_result,
)
from okrs.commands.objectives import (
    ObjectiveFields,
    commit_objective,
    discard_objective,
    draft_objective,
    update_objective,
)
from okrs.states import update_state

__all__ = [
    "KeyResultFields",
    "ObjectiveFields",
    "answer_audit",
    "commit_objective",
    "create_cycle",
    "create_team",
    "discard_key_result",
    "discard_objective",
    "draft_key_result",
    "draft_objective",
    "link_contribution",
    "unlink_contribution",
    "update_cycle",
    "update_key_result",
    "update_objective",
    "update_state",
    "update_team",
]
