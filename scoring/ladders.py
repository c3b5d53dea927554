"""Threshold ladders (M5.3)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from scoring.numbers import ZERO, Number, format_number, format_score, number, unit
from scoring.terms import ScoringError


class Rung(NamedTuple):
    """A threshold and the score that it gives."""

    threshold: Decimal
    score: Decimal


Rungs = Iterable[tuple[Number, Number]]


def ladder(actual: Number, *, rungs: Rungs, higher_is_better: bool) -> Decimal:
    """Return the score of the best rung that `actual` reaches, else 0.00 (M5.3).

    It reaches a rung at or above the threshold if higher is better, else at or below it. Raises
    ScoringError as `validate_rungs`.
    """
    rung = rung_that_holds(actual, rungs=rungs, higher_is_better=higher_is_better)
    return rung.score if rung else ZERO


def rung_that_holds(actual: Number, *, rungs: Rungs, higher_is_better: bool) -> Rung | None:
    """Return the best rung that `actual` reaches, or None (M5.3)."""
    steps = validate_rungs(rungs, higher_is_better=higher_is_better)
    value = number(actual)
    for rung in steps:
        if value >= rung.threshold if higher_is_better else value <= rung.threshold:
            return rung
    return None


def validate_rungs(rungs: Rungs, *, higher_is_better: bool) -> tuple[Rung, ...]:
    """Return rungs as Decimals, best first, scores rounded to two places (M5.1).

    Raises ScoringError unless there is a rung, scores are above 0 and up to 1, and from rung to
    rung scores fall and thresholds fall (if higher is better) or rise.
    """
    if not isinstance(higher_is_better, bool):
        raise ScoringError("A ladder needs its direction. Choose whether higher is better.")
    steps = tuple(_rung(pair) for pair in rungs)
    if not steps:
        raise ScoringError("A ladder needs at least one rung. Add one, for example 8 gives 1.00.")
    for better, worse in pairwise(steps):
        _must_descend(better, worse, higher_is_better=higher_is_better)
    return steps


def _rung(pair: tuple[Number, Number]) -> Rung:
    try:
        threshold, score = pair
    except (TypeError, ValueError):
        raise ScoringError(f"{pair!r} is not a rung. Enter a threshold and a score.") from None
    rung = Rung(number(threshold), unit(score))
    if rung.score == 0:
        raise ScoringError(
            f"The rung at {format_number(rung.threshold)} gives 0.00. "
            "Leave it out, or give it a score above 0."
        )
    return rung


def _must_descend(better: Rung, worse: Rung, *, higher_is_better: bool) -> None:
    if worse.score >= better.score:
        raise ScoringError(
            f"{format_score(worse.score)} follows {format_score(better.score)}. "
            "Put the best rung first; each one after it scores less."
        )
    falls, rises = worse.threshold < better.threshold, worse.threshold > better.threshold
    if not (falls if higher_is_better else rises):
        way, side = ("higher", "below") if higher_is_better else ("lower", "above")
        raise ScoringError(
            f"{format_number(worse.threshold)} follows {format_number(better.threshold)}, "
            f"but {way} is better. Put each threshold {side} the one before it."
        )
