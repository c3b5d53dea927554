from __future__ import annotations

from okrs.queries.blocks import Block, Blocked, Place, in_the_way
from okrs.queries.boards import Column, board
from okrs.queries.cards import Card, card, trace
from okrs.queries.changes import Change, changes
from okrs.queries.cycles import (
    CyclePage,
    CycleRow,
    Group,
    Mix,
    Overlap,
    current_cycle,
    cycle_list,
    cycle_page,
    next_quarter,
)
from okrs.queries.findings import guardrail_findings, key_result_findings, objective_findings
from okrs.queries.objectives import ObjectivePage, objective_page
from okrs.queries.sets import Alignment, ObjectiveRow
from okrs.queries.teams import TeamRow, team_list

__all__ = [
    "Alignment",
    "Block",
    "Blocked",
    "Card",
    "Change",
    "Column",
    "CyclePage",
    "CycleRow",
    "Group",
    "Mix",
    "ObjectivePage",
    "ObjectiveRow",
    "Overlap",
    "Place",
    "TeamRow",
    "board",
    "card",
    "changes",
    "current_cycle",
    "cycle_list",
    "cycle_page",
    "guardrail_findings",
    "in_the_way",
    "key_result_findings",
    "next_quarter",
    "objective_findings",
    "objective_page",
    "team_list",
    "trace",
]
