from __future__ import annotations

from decisions.models.actions import ActionItem
from decisions.models.decisions import Decision, DecisionHead, ResultingChange
from decisions.models.occasions import NO_OCCASION, Occasion, OccasionKind
from decisions.models.releases import Release

__all__ = [
    "NO_OCCASION",
    "ActionItem",
    "Decision",
    "DecisionHead",
    "Occasion",
    "OccasionKind",
    "Release",
    "ResultingChange",
]
