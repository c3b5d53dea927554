"""How a key result moved since something was decided about it (M8): no word of what caused it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from okrs.formatting import NO_BREAK, YES_NO, write_value
from scoring import format_number


class Moved(StrEnum):
    """How its value compares, in the direction that counts."""

    BETTER = "better"
    NO_BETTER = "no better"  # equal or worse
    UNKNOWN = "no value"


@dataclass(frozen=True, kw_only=True)
class Movement:
    """The value as it stood at the decision, the value now, and what that says."""

    then: Decimal | None
    now: Decimal | None
    moved: Moved

    @property
    def is_known(self) -> bool:
        return self.moved is not Moved.UNKNOWN

    def words(self, *, unit: str = "") -> str:
        """ "8.2 → 7.4 %"; nothing while there is no value since."""
        if not self.is_known:
            return ""
        latest = write_value(self.now, unit=unit)
        return f"{_before(self.then, unit=unit)}{NO_BREAK}→ {latest}"

    def said(self, *, unit: str = "") -> str:
        """ "since then 8.2 → 7.4 %"."""
        return f"since then {self.words(unit=unit)}" if self.is_known else "no value since"


def moved_since(
    decided_on: dt.date,
    *,
    then: Decimal | None,
    now: Decimal | None,
    measured_on: dt.date | None,
    higher_is_better: bool,
) -> Movement:
    """Compare the value at a decision with the value now, which counts from the day after on.

    What was measured on the day of the decision was known to it; without a later one nothing is
    known. A first value after the decision counts as moved: there was none before.
    """
    if now is None or measured_on is None or measured_on <= decided_on:
        return Movement(then=then, now=now, moved=Moved.UNKNOWN)
    better = then is None or (now > then if higher_is_better else now < then)
    return Movement(then=then, now=now, moved=Moved.BETTER if better else Moved.NO_BETTER)


def _before(value: Decimal | None, *, unit: str) -> str:
    if value is None or unit == YES_NO:
        return write_value(value, unit=unit)
    return format_number(value)
