from __future__ import annotations

from okrs.queries.boards import Column, board
from okrs.queries.cards import Card, card, trace
from okrs.queries.changes import Change, changes
from okrs.queries.cycles import (
    CyclePage,
    Group,
    Mix,
    Overlap,
    current_cycle,
    cycle_list,
    cycle_page,
    next_quarter,
    team_list,
)
from okrs.queries.findings import (
    Place,
    Problem,
    ProblemGroup,
    commit_problems,
    guardrail_findings,
    key_result_findings,
    objective_findings,
)
from okrs.queries.objectives import ObjectivePage, objective_page
from okrs.queries.sets import Alignment, ObjectiveRow

__all__ = [
    "Alignment",
    "Card",
    "Change",
    "Column",
    "CyclePage",
    "Group",
    "Mix",
    "ObjectivePage",
    "ObjectiveRow",
    "Overlap",
    "Place",
    "Problem",
    "ProblemGroup",
    "board",
    "card",
    "changes",
    "commit_problems",
    "current_cycle",
    "cycle_list",
    "cycle_page",
    "guardrail_findings",
    "key_result_findings",
    "next_quarter",
    "objective_findings",
    "objective_page",
    "team_list",
    "trace",
]
