"""The sentence at the head of a page: what is found. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from okrs.formatting import in_words
from okrs.models import Stage
from okrs.queries import Column

# What moves is said first.
SAID = {
    Stage.ON_TRACK: "on track",
    Stage.AT_RISK: "at risk",
    Stage.COMMITTED: "committed",
    Stage.DRAFT: "in draft",
    Stage.CLOSED: "closed",
    Stage.LEARNING: "in learning",
    Stage.WITHDRAWN: "withdrawn",
}


def board_headline(columns: Sequence[Column]) -> str:
    """ "Three on track, two at risk, one committed." """
    held = {column.stage: len(column.cards) for column in columns}
    parts = [f"{in_words(held[stage])} {said}" for stage, said in SAID.items() if held.get(stage)]
    return f"{', '.join(parts).capitalize()}." if parts else "No card yet."
