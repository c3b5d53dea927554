"""Headlines of pages."""

from __future__ import annotations

from collections.abc import Sequence

from okrs.models import Stage
from okrs.queries import Column

# Stages that move come first.
LABELS = {
    Stage.ON_TRACK: "on track",
    Stage.AT_RISK: "at risk",
    Stage.COMMITTED: "committed",
    Stage.DRAFT: "in draft",
    Stage.CLOSED: "closed",
    Stage.LEARNING: "in learning",
    Stage.WITHDRAWN: "withdrawn",
}


def board_headline(columns: Sequence[Column]) -> str:
    """Count the cards by stage: "3 on track, 2 at risk, 1 committed"."""
    counts = {column.stage: len(column.cards) for column in columns}
    parts = [f"{counts[stage]} {label}" for stage, label in LABELS.items() if counts.get(stage)]
    return ", ".join(parts) or "No cards yet"
