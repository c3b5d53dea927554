"""Readings and verdicts of final scores (M5.13)."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from scoring.numbers import ONE, Number, unit
from scoring.terms import Commitment, term


class Reading(StrEnum):
    """A final score as a word."""

    HIT = "hit"
    PROGRESS = "progress"
    MISSED = "missed"
    FULL = "full"
    STRONG = "strong"
    PARTIAL = "partial"
    LITTLE = "little"
    NO_DATA = "no_data"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()


class Guide(StrEnum):
    """A named way to read final scores."""

    PLAYBOOK = "playbook"
    PARTIAL_FROM_40 = "partial_from_40"
    PARTIAL_FROM_30 = "partial_from_30"

    @property
    def label(self) -> str:
        return ", ".join(f"{word} from {low}" for low, word in STEPS[self]).capitalize()


class Verdict(StrEnum):
    """The result of a commitment."""

    MET = "met"
    NOT_MET = "not_met"
    SUCCESS = "success"
    STRETCHED = "stretched"
    NO_DATA = "no_data"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()


STEPS: dict[Guide, tuple[tuple[Decimal, Reading], ...]] = {
    Guide.PLAYBOOK: (
        (Decimal("0.70"), Reading.HIT),
        (Decimal("0.50"), Reading.PROGRESS),
        (Decimal("0.00"), Reading.MISSED),
    ),
    Guide.PARTIAL_FROM_40: (
        (Decimal("1.00"), Reading.FULL),
        (Decimal("0.70"), Reading.STRONG),
        (Decimal("0.40"), Reading.PARTIAL),
        (Decimal("0.00"), Reading.LITTLE),
    ),
    Guide.PARTIAL_FROM_30: (
        (Decimal("1.00"), Reading.FULL),
        (Decimal("0.70"), Reading.STRONG),
        (Decimal("0.30"), Reading.PARTIAL),
        (Decimal("0.00"), Reading.LITTLE),
    ),
}
SUCCESS_FROM = Decimal("0.60")
STRETCHED_ABOVE = Decimal("0.70")


def reading(score: Number | None, *, guide: Guide | str = Guide.PLAYBOOK) -> Reading:
    """Read a final score: hit from 0.70, progress from 0.50, or by another `guide` (M5.13)."""
    steps = STEPS[term(Guide, guide)]
    if score is None:
        return Reading.NO_DATA
    rounded = unit(score)
    return next(word for low, word in steps if rounded >= low)


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
