"""Scoring (M5): pure arithmetic with the standard library, without clock and I/O.

Every score, band and forecast on screens, in reports and in the API comes from here. Numbers come
in as int, str or Decimal, never float. Bad input raises ScoringError.
"""

from scoring.bands import (
    BAND_PRESETS,
    PLAYBOOK_BANDS,
    Bands,
    Rag,
    band_range,
    rag,
    validate_bands,
)
from scoring.forecasts import needed, on_pace
from scoring.numbers import (
    Commitment,
    Method,
    Number,
    Scale,
    ScoringError,
    exactly,
    format_number,
    format_score,
    format_unit,
)
from scoring.objectives import Guide, Reading, Verdict, objective_score, reading, too_easy, verdict
from scoring.scores import (
    Rung,
    Rungs,
    explain,
    ladder,
    linear,
    pace,
    rung_that_holds,
    score,
    validate_linear,
    validate_rungs,
)

__all__ = [
    "BAND_PRESETS", "PLAYBOOK_BANDS", "Bands", "Commitment", "Guide", "Method",
    "Number", "Rag", "Reading", "Rung", "Rungs", "Scale", "ScoringError", "Verdict", "band_range",
    "exactly", "explain", "format_number", "format_score", "format_unit", "ladder", "linear", "needed",
    "objective_score", "on_pace", "pace", "rag", "reading", "rung_that_holds",
    "score", "too_easy", "validate_bands", "validate_linear", "validate_rungs", "verdict",
]  # fmt: skip
