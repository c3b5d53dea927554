"""Numbers of a key result that contradict its direction or its metric (M3). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from okrs.writing import Finding, Severity
from scoring import format_number

DIRECTION = Finding(
    code="direction",
    severity=Severity.BLOCK,
    rule="The target lies in the direction that is better.",
    message="Change the direction, or swap baseline and target.",
    before="Lower is better, 62 to 75",
    after="Higher is better, 62 to 75",
)
OUT_OF_RANGE = Finding(
    code="target",
    severity=Severity.BLOCK,
    rule="Baseline and target are within the valid range of the metric.",
    message="Change the value, or the range of the metric.",
    before="Share of renewals, 84 to 920%",
    after="Share of renewals, 84 to 92%",
)


def check_numbers(
    *,
    higher_is_better: bool,
    baseline: Decimal | None,
    target: Decimal | None,
    low: Decimal | None,
    high: Decimal | None,
    is_ladder: bool = False,
) -> Iterator[Finding]:
    """Yield the contradictions, by code: `direction`, `baseline`, `target`.

    `low` and `high` are the ends of the metric's valid range. On a ladder the rungs carry the
    direction: a baseline may be better than the target that is kept (M5.3).
    """
    if not is_ladder and baseline is not None and target is not None and baseline != target:
        rises = target > baseline
        if rises != higher_is_better:
            better, side = ("Higher", "below") if higher_is_better else ("Lower", "above")
            numbers = f"{format_number(target)} is {side} the baseline {format_number(baseline)}"
            message = f"{better} is better, but the target {numbers}. {DIRECTION.message}"
            yield replace(DIRECTION, message=message)
    for name, value in (("baseline", baseline), ("target", target)):
        if value is None:
            continue
        if low is not None and value < low:
            edge = f"below the lowest valid value of the metric, {format_number(low)}"
        elif high is not None and value > high:
            edge = f"above the highest valid value of the metric, {format_number(high)}"
        else:
            continue
        message = f"{format_number(value)} is {edge}. {OUT_OF_RANGE.message}"
        yield replace(OUT_OF_RANGE, code=name, message=message)
