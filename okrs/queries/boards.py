from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from engagements.models import Engagement
from okrs.models import Cycle, KeyResult, Stage
from okrs.queries.cards import Card, card


@dataclass(frozen=True, kw_only=True)
class Column:
    """A stage with its cards; who is responsible for it, and its input, output and signal (M9)."""

    stage: Stage
    holder: str
    takes_in: str
    gives_out: str
    signal: str
    cards: Sequence[Card]

    @property
    def label(self) -> str:
        return str(self.stage.label)


# The table of M9: who is responsible, input, output, signal.
STAGES = {
    Stage.DRAFT: ("card owner", "planning sheet", "audited card", "quality gate"),
    Stage.COMMITTED: ("KR owner", "approved card", "first check-in", "due date"),
    Stage.ON_TRACK: ("KR owner", "period’s value", "insight, next action", "on pace"),
    Stage.AT_RISK: (
        "KR owner with objective owner",
        "gap to pace",
        "recovery plan with date",
        "checkpoint",
    ),
    Stage.CLOSED: ("objective owner", "final value, evidence", "final score", "end review"),
    Stage.LEARNING: (
        "context owner",
        "final score",
        "learning and carry-forward",
        "next planning",
    ),
}
EXIT = ("sponsor", "approved change", "none", "change log")


def board(engagement: Engagement, cycle: Cycle | None = None, *, today: dt.date) -> list[Column]:
    """Return the key results of a cycle, or of all, by stage in the order of M9. Two queries.

    Withdrawn comes last, and only if there are any.
    """
    key_results = (
        KeyResult.objects.filter(engagement=engagement).for_card().prefetch_related("audits")
    )
    if cycle is not None:
        key_results = key_results.filter(objective__cycle=cycle)
    by_stage: dict[str, list[Card]] = {}
    for row in key_results.order_by("due_on", "objective_id", "position", "id"):
        by_stage.setdefault(row.stage, []).append(card(row, engagement=engagement, today=today))
    columns = [_column(stage, STAGES[stage], cards=by_stage.get(stage, [])) for stage in STAGES]
    withdrawn = by_stage.get(Stage.WITHDRAWN)
    return [*columns, _column(Stage.WITHDRAWN, EXIT, cards=withdrawn)] if withdrawn else columns


def _column(stage: Stage, words: tuple[str, str, str, str], *, cards: list[Card]) -> Column:
    holder, takes_in, gives_out, signal = words
    return Column(
        stage=stage,
        holder=holder,
        takes_in=takes_in,
        gives_out=gives_out,
        signal=signal,
        cards=cards,
    )
