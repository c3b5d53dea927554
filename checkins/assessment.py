"""What a value says of a key result: its score and all that stands beside it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from checkins.prompts import Prompt, prompt
from okrs.formatting import YES_NO, write_value
from okrs.models import KeyResult
from okrs.states import expected_pace, forecast, terms_of
from scoring import (
    Rag,
    explain,
    format_number,
    rag,
    score,
)


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """Score with its one line, RAG, pace and forecast of one value on one day.

    `pace` is None where the dates give no line, `forecast_holds` where pace or value is missing.
    """

    score: Decimal | None
    rag: Rag
    explanation: str
    pace: Decimal | None
    forecast_holds: bool | None


def assess(
    key_result: KeyResult,
    *,
    actual: Decimal | None,
    confidence: int | None,
    today: dt.date,
) -> Assessment:
    """Score `actual` by the card's own terms and the engagement's bands and scale (M5, M9.2).

    Raises ScoringError where the card has no terms to score by.
    """
    bands = key_result.engagement.rag_bands
    terms = terms_of(key_result, actual=actual)
    attained = score(**terms)
    line = expected_pace(key_result, today=today)
    return Assessment(
        score=attained,
        rag=rag(attained, bands),
        explanation=_in_words(
            explain(**terms, bands=bands, scale=key_result.engagement.score_scale),
            key_result=key_result,
            actual=actual,
        ),
        pace=line,
        forecast_holds=forecast(
            key_result, score=attained, line=line, confidence=confidence, bands=bands
        ),
    )


def _in_words(explanation: str, *, key_result: KeyResult, actual: Decimal | None) -> str:
    """Of yes or no the answer stands for the sum: "Yes = 1.00, stretch from 1.00"."""
    metric, (_, equals, result) = key_result.metric, explanation.partition(" = ")
    if not (metric and metric.unit == YES_NO and equals):
        return explanation
    return f"{write_value(actual, unit=YES_NO).capitalize()} = {result}"


def assess_standing(key_result: KeyResult, *, today: dt.date) -> Assessment:
    """The same of the value that stands."""
    return assess(
        key_result,
        actual=key_result.latest_value,
        confidence=key_result.confidence,
        today=today,
    )


def standing_prompt(
    key_result: KeyResult, *, assessment: Assessment, now: dt.datetime
) -> Prompt | None:
    """What the card's band asks for now (M5.9)."""
    return prompt(
        rag=Rag(key_result.rag),
        behind=assessment.forecast_holds is False,
        checked_in_at=key_result.checked_in_at,
        now=now,
    )


def outside_range(key_result: KeyResult, *, actual: Decimal) -> str:
    """Return the warning for a value outside the metric's valid range, else "" (M4.5)."""
    metric = key_result.metric
    low, high = (metric.valid_low, metric.valid_high) if metric else (None, None)
    if (low is None or actual >= low) and (high is None or actual <= high):
        return ""
    return f"{format_number(actual)} is {_beyond(low, high)}. Fix it or confirm it."


def _beyond(low: Decimal | None, high: Decimal | None) -> str:
    if low is not None and high is not None:
        return f"outside the expected range ({format_number(low)}–{format_number(high)})"
    if low is not None:
        return f"below the expected minimum ({format_number(low)})"
    return f"above the expected maximum ({format_number(high or 0)})"
