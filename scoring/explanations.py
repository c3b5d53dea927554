"""The line that explains a score, so that everyone can redo the sum (M5.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from scoring.attainment import ladder_parts, line_ends
from scoring.bands import PLAYBOOK_BANDS, Bands, Rag, band_range, rag, validate_bands
from scoring.ladders import Rungs, rung_that_holds, validate_rungs
from scoring.lines import line_ratio
from scoring.numbers import ZERO, Number, clamped, format_number, format_score, hundredths, number
from scoring.terms import Method, Scale, term

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
    shown = _Shown(bands=validate_bands(bands), scale=term(Scale, scale))
    if actual is None:
        return NO_VALUE
    if term(Method, method) is Method.LINEAR:
        start, goal = line_ends(baseline=baseline, target=target)
        return _line(actual, baseline=start, target=goal, shown=shown)
    steps, upwards = ladder_parts(rungs=rungs, higher_is_better=higher_is_better)
    return _ladder(actual, rungs=steps, higher_is_better=upwards, shown=shown)


@dataclass(frozen=True, slots=True)
class _Shown:
    """Texts for scores and bands on a scale."""

    bands: Bands
    scale: Scale

    def score(self, value: Decimal) -> str:
        return format_score(value, scale=self.scale)

    def edge(self, score: Decimal) -> str:
        band = rag(score, self.bands)
        low, high = band_range(band, self.bands)
        if band is Rag.RED:
            return f"red to {self.score(high)}"
        return f"{band} from {self.score(low)}"

    def range(self, score: Decimal) -> str:
        band = rag(score, self.bands)
        low, high = band_range(band, self.bands)
        return f"{band.label} ({self.score(low)} to {self.score(high)})"


def _line(actual: Number, *, baseline: Number, target: Number, shown: _Shown) -> str:
    ratio = hundredths(line_ratio(actual, baseline=baseline, target=target))
    result = clamped(ratio)
    start = _subtrahend(baseline)
    # The sum must be right on the scale of 100, too.
    times = " × 100" if shown.scale is Scale.HUNDRED else ""
    total = f"({format_number(actual)} − {start}) ÷ ({format_number(target)} − {start}){times}"
    counts = "" if ratio == result else f", counts as {shown.score(result)}"
    return f"{total} = {shown.score(ratio)}{counts}, {shown.edge(result)}"


def _ladder(actual: Number, *, rungs: Rungs, higher_is_better: bool, shown: _Shown) -> str:
    steps = validate_rungs(rungs, higher_is_better=higher_is_better)
    value = format_number(actual)
    rung = rung_that_holds(actual, rungs=steps, higher_is_better=higher_is_better)
    if rung:
        reach = "at least" if higher_is_better else "at most"
        gives = f"which gives {shown.score(rung.score)}: {shown.range(rung.score)}"
        return f"{value} is {reach} {format_number(rung.threshold)}, {gives}"
    side = "below" if higher_is_better else "above"
    last = format_number(steps[-1].threshold)
    missed = f"{value} is {side} {last}, so no rung holds"
    return f"{missed}: {shown.score(ZERO)}, {shown.edge(ZERO)}"


def _subtrahend(value: Number) -> str:
    return f"({format_number(value)})" if number(value) < 0 else format_number(value)
