"""The score of an objective (M5.6)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from scoring.numbers import ONE, ZERO, Number, exactly, hundredths, number, unit
from scoring.terms import ScoringError

Pairs = Iterable[tuple[Number | None, Number | None]]


def objective_score(pairs: Pairs, *, final: bool = False) -> Decimal | None:
    """Return the weighted mean of the key results' rounded scores, from 0.00 to 1.00 (M5.6).

    `pairs` holds (score or None, weight or None); no weight means 1. A key result without data is
    left out, but counts 0 in a `final` score. None if nothing counts. Raises ScoringError unless
    weights are above 0.
    """
    read = [(None if score is None else unit(score), _weight(weight)) for score, weight in pairs]
    counted = [
        (ZERO if score is None else score, weight)
        for score, weight in read
        if final or score is not None
    ]
    if not counted:
        return None
    with exactly():
        weighed = sum((score * weight for score, weight in counted), ZERO)
        return hundredths(weighed / sum((weight for _, weight in counted), ZERO))


def too_easy(scores: Iterable[Number | None]) -> bool:
    """Return whether all scores are 1.00: the targets were too easy (M5.13)."""
    read = [score is not None and unit(score) == ONE for score in scores]
    return bool(read) and all(read)


def _weight(weight: Number | None) -> Decimal:
    if weight is None:
        return Decimal(1)
    read = number(weight)
    if read <= 0:
        raise ScoringError(f"The weight {weight} is not above 0. Enter a higher one.")
    return read
