"""Whether a key result is on pace (M9.2)."""

from __future__ import annotations

from decimal import Decimal

from scoring.numbers import (
    ONE,
    ZERO,
    Commitment,
    Number,
    ScoringError,
    exactly,
    hundredths,
    number,
    term,
    unit,
)
from scoring.scores import Rung, Rungs, parse_rung, validate_rungs

GOALS = {Commitment.COMMITTED: ONE, Commitment.ASPIRATIONAL: Decimal("0.60")}
NOTHING_NEEDED = Decimal("0.20")  # up to this pace
ENOUGH_CONFIDENCE = 3  # M9.2, M7.2
# A single rung scores nothing until it is met, so late in the cycle belief has to be firmer.
LATE_PACE, LATE_CONFIDENCE = Decimal("0.80"), 4


def needed(
    *,
    pace: Number,
    commitment: Commitment | str,
    rungs: Rungs | None = None,
    at_baseline: Number = 0,
) -> Decimal:
    """Return the lowest score that is on pace (M9.2), from 0.00 to 1.00.

    Linear (`rungs` is None): goal × pace². Ladder: the highest rung score that is not above this,
    at pace 1.00 the lowest one that reaches the goal, and never less than `at_baseline`, the score
    that the baseline gets. Raises ScoringError.
    """
    goal, line = GOALS[term(Commitment, commitment)], unit(pace, name="pace")
    floor = unit(at_baseline, name="score of the baseline")
    with exactly():
        share = ZERO if line <= NOTHING_NEEDED else hundredths(goal * line * line)
    if rungs is None:
        return share
    scores = [rung.score for rung in _steps(rungs)]
    if line == ONE:
        return max(floor, min((score for score in scores if score >= goal), default=scores[0]))
    return max(floor, max((score for score in scores if score <= share), default=ZERO))


def on_pace(
    score: Number | None,
    *,
    pace: Number,
    confidence: Number | None,
    commitment: Commitment | str,
    rungs: Rungs | None = None,
    at_baseline: Number = 0,
) -> bool | None:
    """Return whether score and confidence (1 to 5) are on pace (M9.2); None without a score.

    It takes the score of `needed` and a confidence of 3; with a single rung that is not met, a
    confidence of 4 from pace 0.80. Without a confidence it is behind. Raises ScoringError.
    """
    steps = None if rungs is None else _steps(rungs)
    enough = needed(pace=pace, commitment=commitment, rungs=steps, at_baseline=at_baseline)
    believed = 0 if confidence is None else _confidence(confidence)
    if score is None:
        return None
    attained = unit(score)
    is_unmet = steps is not None and len(steps) == 1 and attained < steps[0].score
    is_late = unit(pace, name="pace") >= LATE_PACE
    asked = LATE_CONFIDENCE if is_unmet and is_late else ENOUGH_CONFIDENCE
    return attained >= enough and believed >= asked


def _steps(rungs: Rungs) -> tuple[Rung, ...]:
    """Validate rungs without their direction: thresholds may fall or rise, but only one of them."""
    steps = [parse_rung(pair) for pair in rungs]
    falls = len(steps) < 2 or steps[1].threshold < steps[0].threshold
    return validate_rungs(steps, higher_is_better=falls)


def _confidence(value: Number) -> Decimal:
    read = number(value)
    if read not in range(1, 6):
        raise ScoringError(f"{value} is no confidence. Enter a whole number from 1 to 5.")
    return read
