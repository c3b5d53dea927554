"""The agenda of a review, built from facts without queries (M8, M8.1)."""

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
