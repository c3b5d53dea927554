from __future__ import annotations

from okrs.views.cycles import (
    board,
    cycle_create,
    cycle_detail,
    cycle_list,
    cycle_update,
    team_create,
    team_list,
    team_update,
)
from okrs.views.key_results import (
    key_result_audit,
    key_result_check,
    key_result_create,
    key_result_discard,
    key_result_update,
)
from okrs.views.objectives import (
    contribution_create,
    contribution_delete,
    objective_check,
    objective_commit,
    objective_create,
    objective_detail,
    objective_discard,
    objective_update,
)
from okrs.views.sheets import sheet_example, sheet_import

__all__ = [
    "board",
    "contribution_create",
    "contribution_delete",
    "cycle_create",
    "cycle_detail",
    "cycle_list",
    "cycle_update",
    "key_result_audit",
    "key_result_check",
    "key_result_create",
    "key_result_discard",
    "key_result_update",
    "objective_check",
    "objective_commit",
    "objective_create",
    "objective_detail",
    "objective_discard",
    "objective_update",
    "sheet_example",
    "sheet_import",
    "team_create",
    "team_list",
    "team_update",
]
