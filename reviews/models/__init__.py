from __future__ import annotations

from reviews.models.actions import ActionItem
from reviews.models.decisions import Decision, DecisionHead, ResultingChange
from reviews.models.reports import StatusReport, Summary
from reviews.models.reviews import AgendaItem, Attendance, Review, ReviewKind, Section

__all__ = [
    "ActionItem",
    "AgendaItem",
    "Attendance",
    "Decision",
    "DecisionHead",
    "ResultingChange",
    "Review",
    "ReviewKind",
    "Section",
    "StatusReport",
    "Summary",
]
