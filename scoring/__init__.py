"""Scoring (M5): pure arithmetic with the standard library, without clock and I/O.

Every score, band and forecast on screens, in reports and in the API comes from here. Numbers come
in as int, str or Decimal, never float. Bad input raises ScoringError.
"""

from __future__ import annotations

from scoring.attainment import score
from scoring.bands import (
    BAND_PRESETS,
    PLAYBOOK_BANDS,
    Bands,
    Rag,
    band_range,
    rag,
    validate_bands,
)
from scoring.explanations import explain
from scoring.forecasts import forecast_holds
from scoring.ladders import Rung, Rungs, ladder, rung_that_holds, validate_rungs
from scoring.lines import linear, pace, validate_linear
from scoring.numbers import Number, format_number, format_score, parse_number
from scoring.objectives import objective_score, too_easy
from scoring.readings import Guide, Reading, Verdict, reading, verdict
from scoring.terms import Commitment, Method, Scale, ScoringError

__all__ = [
    "BAND_PRESETS",
    "PLAYBOOK_BANDS",
    "Bands",
    "Commitment",
    "Guide",
    "Method",
    "Number",
    "Rag",
    "Reading",
    "Rung",
    "Rungs",
    "Scale",
    "ScoringError",
    "Verdict",
    "band_range",
    "explain",
    "forecast_holds",
    "format_number",
    "format_score",
    "ladder",
    "linear",
    "objective_score",
    "pace",
    "parse_number",
    "rag",
    "reading",
    "rung_that_holds",
    "score",
    "too_easy",
    "validate_bands",
    "validate_linear",
    "validate_rungs",
    "verdict",
]
