"""What a key result is scored and forecast by: the same on every page and in every command."""

from __future__ import annotations

from decimal import Decimal
from typing import TypedDict

from okrs.models import KeyResult
from scoring import Bands, forecast_holds


class Terms(TypedDict):
    """What a score is worked out from, as the scoring takes it."""

    method: str
    actual: Decimal | None
    baseline: Decimal | None
    target: Decimal | None
    rungs: list[tuple[Decimal, Decimal]]
    higher_is_better: bool


def terms_of(key_result: KeyResult, *, actual: Decimal | None) -> Terms:
    """The card's own terms (M5.10) for this value."""
    return {
        "method": key_result.method,
        "actual": actual,
        "baseline": key_result.baseline,
        "target": key_result.target,
        "rungs": key_result.rungs,
        "higher_is_better": key_result.higher_is_better,
    }


def forecast(
    key_result: KeyResult,
    *,
    score: Decimal | None,
    line: Decimal | None,
    confidence: int | None,
    bands: Bands,
) -> bool | None:
    """Whether the forecast holds (M9.2); None where score or pace (`line`) is missing."""
    if score is None or line is None:
        return None
    return forecast_holds(
        method=key_result.method, score=score, pace=line, confidence=confidence, bands=bands
    )
