from __future__ import annotations

from reviews.models.actions import ActionItem
from reviews.models.decisions import Decision, DecisionHead, ResultingChange
from reviews.models.occasions import NO_OCCASION, Occasion, OccasionKind
from reviews.models.releases import Release
from reviews.models.reports import Report, ReportDraft
from reviews.models.reviews import AgendaItem, Attendance, Review, ReviewKind, ReviewRecord, Section

__all__ = [
    "NO_OCCASION",
    "ActionItem",
    "AgendaItem",
    "Attendance",
    "Decision",
    "DecisionHead",
    "Occasion",
    "OccasionKind",
    "Release",
    "Report",
    "ReportDraft",
    "ResultingChange",
    "Review",
    "ReviewKind",
    "ReviewRecord",
    "Section",
]
