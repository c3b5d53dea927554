"""The score of a key result, on a straight line (M5.2) or a ladder (M5.3), and the line that explains it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from scoring.bands import PLAYBOOK_BANDS, Bands, Rag, band_range, rag, validate_bands
from scoring.numbers import (
    ZERO,
    Method,
    Number,
    Scale,
    ScoringError,
    clamped,
    exactly,
    format_number,
    format_score,
    hundredths,
    number,
    term,
    unit,
)


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


def explain(
    *,
    method: Method | str,
    actual: Number | None,
    baseline: Number | None = None,
    target: Number | None = None,
    rungs: Rungs | None = None,
    higher_is_better: bool | None = None,
    bands: Iterable[Number] = PLAYBOOK_BANDS,
    scale: Scale | str = Scale.UNIT,
) -> str:
    """Explain the result of `score` in one line: numbers, sum or rung, result, band.

    Linear: "(1.5 − 3) ÷ (1 − 3) = 0.75, green from 0.61". Ladder: "7.2 is at most 8, which
    gives 0.30: Red (0.00 to 0.30)". Only scores follow `scale` (M5.7). Errors as in `score`.
    """
    lower, scale = validate_bands(bands), term(Scale, scale)
    if actual is None:
        return "Not scored until the first value."
    if term(Method, method) is Method.LINEAR:
        start, goal = line_ends(baseline=baseline, target=target)
        return _line(actual, baseline=start, target=goal, bands=lower, scale=scale)
    steps, upwards = ladder_parts(rungs=rungs, higher_is_better=higher_is_better)
    return _ladder(actual, rungs=steps, higher_is_better=upwards, bands=lower, scale=scale)


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
    steps = tuple(parse_rung(pair) for pair in rungs)
    if not steps:
        raise ScoringError("A ladder needs at least one rung. Add one, for example 8 gives 1.00.")
    for better, worse in pairwise(steps):
        _must_descend(better, worse, higher_is_better=higher_is_better)
    return steps


def parse_rung(pair: tuple[Number, Number]) -> Rung:
    """Return a threshold and a score above 0 as Decimals, or raise ScoringError."""
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


def _line(actual: Number, *, baseline: Number, target: Number, bands: Bands, scale: Scale) -> str:
    ratio = hundredths(line_ratio(actual, baseline=baseline, target=target))
    result = clamped(ratio)
    start = format_number(baseline)
    less = f"({start})" if number(baseline) < 0 else start
    # The sum must be right on the scale of 100, too.
    times = " × 100" if scale is Scale.HUNDRED else ""
    total = f"({format_number(actual)} − {less}) ÷ ({format_number(target)} − {less}){times}"
    counts = "" if ratio == result else f", counts as {format_score(result, scale=scale)}"
    edge = _edge(result, bands=bands, scale=scale)
    return f"{total} = {format_score(ratio, scale=scale)}{counts}, {edge}"


def _ladder(
    actual: Number, *, rungs: Rungs, higher_is_better: bool, bands: Bands, scale: Scale
) -> str:
    steps = validate_rungs(rungs, higher_is_better=higher_is_better)
    value = format_number(actual)
    rung = rung_that_holds(actual, rungs=steps, higher_is_better=higher_is_better)
    if rung is None:
        side, last = "below" if higher_is_better else "above", format_number(steps[-1].threshold)
        score = format_score(ZERO, scale=scale)
        edge = _edge(ZERO, bands=bands, scale=scale)
        return f"{value} is {side} {last}, so no rung holds: {score}, {edge}"
    reach = "at least" if higher_is_better else "at most"
    score = format_score(rung.score, scale=scale)
    band = rag(rung.score, bands)
    low, high = (format_score(end, scale=scale) for end in band_range(band, bands))
    threshold = format_number(rung.threshold)
    return f"{value} is {reach} {threshold}, which gives {score}: {band.label} ({low} to {high})"


def _edge(score: Decimal, *, bands: Bands, scale: Scale) -> str:
    band = rag(score, bands)
    low, high = (format_score(end, scale=scale) for end in band_range(band, bands))
    return f"red up to {high}" if band is Rag.RED else f"{band} from {low}"
