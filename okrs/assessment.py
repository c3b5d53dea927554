"""Score terms and forecast of a key result, for pages and commands."""

from __future__ import annotations

from decimal import Decimal
from typing import TypedDict

from okrs.models import KeyResult
from scoring import Bands, forecast_holds


class Terms(TypedDict):
    """The arguments of `scoring.score`."""

    method: str
    actual: Decimal | None
    baseline: Decimal | None
    target: Decimal | None
    rungs: list[tuple[Decimal, Decimal]]
    higher_is_better: bool


def terms_of(key_result: KeyResult, *, actual: Decimal | None) -> Terms:
    """Return the terms of a key result (M5.10) for this value."""
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
    """Return whether a key result is on pace (M9.2); None without score or pace (`line`)."""
    if score is None or line is None:
        return None
    return forecast_holds(
        method=key_result.method, score=score, pace=line, confidence=confidence, bands=bands
    )
