from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from checkins.assessment import assess, outside_range
from okrs.models import KeyResult
from scoring import Rag, ScoringError, parse_number


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a value would say, before it is posted; `error` says why it says nothing."""

    score: Decimal | None = None
    rag: Rag = Rag.NO_DATA
    explanation: str = ""
    forecast_holds: bool | None = None
    pace: Decimal | None = None
    was: Decimal | None = None
    warning: str = ""
    error: str = ""


def preview(
    *, key_result: KeyResult, actual: str | Decimal, confidence: int | None, today: dt.date
) -> Preview:
    """Score a value as typed by the scoring that a post would use (M5); writes nothing.

    A number that cannot be read comes back as `error`, one out of the metric's range as `warning`.
    """
    try:
        value = parse_number(actual) if isinstance(actual, str) else actual
        found = assess(key_result, actual=value, confidence=confidence, today=today)
    except ScoringError as error:
        return Preview(error=str(error), was=key_result.score)
    return Preview(
        score=found.score,
        rag=found.rag,
        explanation=found.explanation,
        forecast_holds=found.forecast_holds,
        pace=found.pace,
        was=key_result.score,
        warning=outside_range(key_result, actual=value),
    )
