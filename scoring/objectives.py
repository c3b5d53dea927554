"""The score of an objective (M5.6), and the meaning of final scores (M5.13)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

from scoring.numbers import (
    ONE,
    ZERO,
    Commitment,
    Number,
    ScoringError,
    Word,
    exactly,
    hundredths,
    number,
    term,
    unit,
)

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


class Reading(Word):
    """A final score as a word."""

    HIT = "hit"
    PROGRESS = "progress"
    MISSED = "missed"
    FULL = "full"
    STRONG = "strong"
    PARTIAL = "partial"
    LITTLE = "little"
    NO_DATA = "no_data"


class Guide(StrEnum):
    """A named way to read final scores."""

    PLAYBOOK = "playbook"
    PARTIAL_FROM_40 = "partial_from_40"
    PARTIAL_FROM_30 = "partial_from_30"

    @property
    def label(self) -> str:
        return ", ".join(f"{word} from {low}" for low, word in STEPS[self].items()).capitalize()


class Verdict(Word):
    """The result of a commitment."""

    MET = "met"
    NOT_MET = "not_met"
    SUCCESS = "success"
    STRETCHED = "stretched"
    NO_DATA = "no_data"


STEPS: dict[Guide, dict[str, Reading]] = {
    Guide.PLAYBOOK: {"0.70": Reading.HIT, "0.50": Reading.PROGRESS, "0.00": Reading.MISSED},
    Guide.PARTIAL_FROM_40: {
        "1.00": Reading.FULL, "0.70": Reading.STRONG, "0.40": Reading.PARTIAL, "0.00": Reading.LITTLE
    },
    Guide.PARTIAL_FROM_30: {
        "1.00": Reading.FULL, "0.70": Reading.STRONG, "0.30": Reading.PARTIAL, "0.00": Reading.LITTLE
    },
}  # fmt: skip
SUCCESS_FROM = Decimal("0.60")
STRETCHED_ABOVE = Decimal("0.70")


def reading(score: Number | None, *, guide: Guide | str = Guide.PLAYBOOK) -> Reading:
    """Read a final score: hit from 0.70, progress from 0.50, or by another `guide` (M5.13)."""
    steps = STEPS[term(Guide, guide)]
    if score is None:
        return Reading.NO_DATA
    rounded = unit(score)
    return next(word for low, word in steps.items() if rounded >= Decimal(low))


def verdict(score: Number | None, *, commitment: Commitment | str) -> Verdict:
    """Judge a final score by its commitment (M5.13).

    Committed: met only at 1.00. Aspirational: success from 0.60, stretched above 0.70.
    """
    promised = term(Commitment, commitment)
    if score is None:
        return Verdict.NO_DATA
    rounded = unit(score)
    if promised is Commitment.COMMITTED:
        return Verdict.MET if rounded == ONE else Verdict.NOT_MET
    if rounded > STRETCHED_ABOVE:
        return Verdict.STRETCHED
    return Verdict.SUCCESS if rounded >= SUCCESS_FROM else Verdict.NOT_MET
