"""The line that explains a score, so that everyone can redo the sum (M5.1)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from scoring.bands import PLAYBOOK_BANDS, Bands, Rag, band_range, rag, validate_bands
from scoring.numbers import (
    ZERO,
    Method,
    Number,
    Scale,
    clamped,
    format_number,
    format_score,
    hundredths,
    number,
    term,
)
from scoring.scores import (
    Rungs,
    ladder_parts,
    line_ends,
    line_ratio,
    rung_that_holds,
    validate_rungs,
)

NO_VALUE = "No value yet. A missing value is neither red nor green."


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
        return NO_VALUE
    if term(Method, method) is Method.LINEAR:
        start, goal = line_ends(baseline=baseline, target=target)
        return _line(actual, baseline=start, target=goal, bands=lower, scale=scale)
    steps, upwards = ladder_parts(rungs=rungs, higher_is_better=higher_is_better)
    return _ladder(actual, rungs=steps, higher_is_better=upwards, bands=lower, scale=scale)


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
    return f"red to {high}" if band is Rag.RED else f"{band} from {low}"
