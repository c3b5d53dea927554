"""Forecast: whether a key result is on pace (M9.2)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

from scoring.bands import PLAYBOOK_BANDS, Bands, Rag, rag, validate_bands
from scoring.numbers import Number, exactly, number, unit
from scoring.terms import Method, ScoringError, term

SLACK = Decimal("0.10")
ENOUGH_CONFIDENCE = 3


def forecast_holds(
    *,
    method: Method | str,
    score: Number | None,
    pace: Number,
    confidence: Number | None,
    bands: Iterable[Number] = PLAYBOOK_BANDS,
) -> bool:
    """Return whether a key result is on pace (M9.2).

    Linear: score at most 0.10 below pace, or green or stretch, and a confidence of 3 or more.
    Ladder: only the confidence. `score` and `pace` are 0 to 1, `confidence` 1 to 5. Without a
    confidence it is behind, and a linear one without a score, too.
    """
    read = None if score is None else number(score)
    believed = None if confidence is None else number(confidence)
    return _holds(term(Method, method), read, number(pace), believed, validate_bands(bands))


@lru_cache(maxsize=4096)
def _holds(
    method: Method, score: Decimal | None, pace: Decimal, confidence: Decimal | None, bands: Bands
) -> bool:
    band = rag(score, bands)
    with exactly():
        enough = unit(pace, name="pace") - SLACK
    believed = confidence is not None and _confidence(confidence) >= ENOUGH_CONFIDENCE
    if method is Method.LADDER or not believed:
        return believed
    return score is not None and (band in (Rag.GREEN, Rag.STRETCH) or unit(score) >= enough)


def _confidence(value: Number) -> Decimal:
    read = number(value)
    if read not in range(1, 6):
        raise ScoringError(f"{value} is no confidence. Enter a whole number from 1 to 5.")
    return read
