from __future__ import annotations

from reviews.models.reviews import AgendaItem, Attendance, Review, ReviewKind, ReviewRecord, Section

__all__ = [
    "AgendaItem",
    "Attendance",
    "Review",
    "ReviewKind",
    "ReviewRecord",
    "Section",
]
