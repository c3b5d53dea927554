"""Straight lines: from start to goal (M5.2) and from cycle start to due date (M5.11)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from scoring.errors import ScoringError
from scoring.formats import format_number
from scoring.numbers import Number, clamped, exactly, number


def linear(actual: Number, *, baseline: Number, target: Number) -> Decimal:
    """Score 0.00 to 1.00: (actual − baseline) ÷ (target − baseline), either way (M5.2).

    Raises ScoringError where baseline equals target.
    """
    return clamped(line_ratio(actual, baseline=baseline, target=target))


def line_ratio(actual: Number, *, baseline: Number, target: Number) -> Decimal:
    """The same before it is held to 0..1 and rounded."""
    start, goal = validate_linear(baseline, target)
    with exactly():
        return (number(actual) - start) / (goal - start)


def validate_linear(baseline: Number, target: Number) -> tuple[Decimal, Decimal]:
    """Baseline and target as Decimals. Raises ScoringError where they are equal (M5.2)."""
    start, goal = number(baseline), number(target)
    if start == goal:
        raise ScoringError(
            f"Start and goal are both {format_number(start)}. "
            "Change one, or use a ladder for “keep it above”."
        )
    return start, goal


def pace(*, start: date, due: date, today: date) -> Decimal:
    """Score that a straight line from `start` (0) to `due` (1) shows on `today` (M5.11).

    0.00 before, 1.00 after, rounded as scores are. Raises ScoringError unless due follows start.
    """
    for day in (start, due, today):
        if not isinstance(day, date) or isinstance(day, datetime):
            raise ScoringError(f"{day!r} is no date. Give the date in the engagement's zone.")
    return _pace(start, due, today)


@lru_cache(maxsize=4096)
def _pace(start: date, due: date, today: date) -> Decimal:
    if start == due:
        raise ScoringError(f"Start and due date are both {start}. Move one.")
    if due < start:
        raise ScoringError(f"The due date {due} comes before the start {start}. Move one.")
    with exactly():
        return clamped(Decimal((today - start).days) / (due - start).days)
