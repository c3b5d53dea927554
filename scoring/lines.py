"""Straight lines: from baseline to target (M5.2), from start to due date (M5.11)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from scoring.numbers import Number, clamped, exactly, format_number, number
from scoring.terms import ScoringError


def linear(actual: Number, *, baseline: Number, target: Number) -> Decimal:
    """Return (actual − baseline) ÷ (target − baseline), from 0.00 to 1.00 (M5.2).

    Raises ScoringError if baseline and target are equal.
    """
    return clamped(line_ratio(actual, baseline=baseline, target=target))


def line_ratio(actual: Number, *, baseline: Number, target: Number) -> Decimal:
    """Return the score before it is limited to 0..1 and rounded."""
    start, goal = validate_linear(baseline, target)
    with exactly():
        return (number(actual) - start) / (goal - start)


def validate_linear(baseline: Number, target: Number) -> tuple[Decimal, Decimal]:
    """Return both as Decimals. Raises ScoringError if they are equal (M5.2)."""
    start, goal = number(baseline), number(target)
    if start == goal:
        raise ScoringError(
            f"Baseline and target are both {format_number(start)}. "
            "Change one, or use a ladder for “keep it above”."
        )
    return start, goal


def pace(*, start: date, due: date, today: date) -> Decimal:
    """Return the score of a straight line from `start` (0) to `due` (1) on `today` (M5.11).

    It is 0.00 before, 1.00 after. Raises ScoringError unless `due` is after `start`.
    """
    for day in (start, due, today):
        if not isinstance(day, date) or isinstance(day, datetime):
            raise ScoringError(f"{day!r} is no date. Enter the date in the engagement's zone.")
    return _pace(start, due, today)


@lru_cache(maxsize=4096)
def _pace(start: date, due: date, today: date) -> Decimal:
    if start == due:
        raise ScoringError(f"Start and due date are both {start}. Move one.")
    if due < start:
        raise ScoringError(f"The due date {due} comes before the start {start}. Move one.")
    with exactly():
        return clamped(Decimal((today - start).days) / (due - start).days)
