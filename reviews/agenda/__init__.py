"""What a review talks about and why, drawn from the data (M8, M8.1). Pure: facts in, items out."""

from __future__ import annotations

from reviews.agenda.draw import SECTIONS, draw
from reviews.agenda.escalations import EscalationFacts
from reviews.agenda.facts import (
    ActionFacts,
    AgendaFacts,
    Ask,
    DecisionFacts,
    Drawn,
    ExperimentFacts,
    KeyResultFacts,
    Spell,
    Then,
)
from reviews.agenda.order import Place, fit, merge

__all__ = [
    "SECTIONS",
    "ActionFacts",
    "AgendaFacts",
    "Ask",
    "DecisionFacts",
    "Drawn",
    "EscalationFacts",
    "ExperimentFacts",
    "KeyResultFacts",
    "Place",
    "Spell",
    "Then",
    "draw",
    "fit",
    "merge",
]
