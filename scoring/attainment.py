"""The score of a key result by its method."""

from __future__ import annotations

from decimal import Decimal

from scoring.ladders import Rungs, ladder
from scoring.lines import linear
from scoring.numbers import Number
from scoring.terms import Method, ScoringError, term


def score(
    *,
    method: Method | str,
    actual: Number | None,
    baseline: Number | None = None,
    target: Number | None = None,
    rungs: Rungs | None = None,
    higher_is_better: bool | None = None,
) -> Decimal | None:
    """Return the score from 0.00 to 1.00 by `linear` or `ladder`; None without a value (M5.5).

    The method ignores arguments that it doesn't need, and raises ScoringError if one that it needs
    is missing or wrong.
    """
    if actual is None:
        return None
    if term(Method, method) is Method.LINEAR:
        start, goal = line_ends(baseline=baseline, target=target)
        return linear(actual, baseline=start, target=goal)
    steps, upwards = ladder_parts(rungs=rungs, higher_is_better=higher_is_better)
    return ladder(actual, rungs=steps, higher_is_better=upwards)


def line_ends(*, baseline: Number | None, target: Number | None) -> tuple[Number, Number]:
    """Return both ends of the line, or raise ScoringError."""
    if baseline is None or target is None:
        raise ScoringError("A linear score needs a baseline and a target. Enter both.")
    return baseline, target


def ladder_parts(*, rungs: Rungs | None, higher_is_better: bool | None) -> tuple[Rungs, bool]:
    """Return rungs and direction, or raise ScoringError: no direction is guessed (M5.3)."""
    if rungs is None or higher_is_better is None:
        raise ScoringError("A ladder needs its rungs and its direction. Enter both.")
    return rungs, higher_is_better
