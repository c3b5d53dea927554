"""How a key result moved since a decision about it (M8), without any claim about causes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from okrs.formatting import NO_BREAK, YES_NO, write_value
from scoring import format_number


class Moved(StrEnum):
    """How its value compares, in the direction that counts."""

    BETTER = "improved"
    NO_BETTER = "not improved"  # equal or worse
    UNKNOWN = "no value"


@dataclass(frozen=True, kw_only=True)
class Movement:
    """The value at the decision, the current value, and how they compare."""

    then: Decimal | None
    now: Decimal | None
    moved: Moved

    @property
    def is_known(self) -> bool:
        return self.moved is not Moved.UNKNOWN

    def words(self, *, unit: str = "") -> str:
        """Return for example "8.2 → 7.4 %", or "" without a value since."""
        if not self.is_known:
            return ""
        latest = write_value(self.now, unit=unit)
        return f"{_before(self.then, unit=unit)}{NO_BREAK}→ {latest}"

    def sentence(self, *, unit: str = "") -> str:
        """Return for example "since then 8.2 → 7.4 %"."""
        return f"since then {self.words(unit=unit)}" if self.is_known else "no value since"


def moved_since(
    decided_on: dt.date,
    *,
    then: Decimal | None,
    now: Decimal | None,
    measured_on: dt.date | None,
    higher_is_better: bool,
) -> Movement:
    """Compare the value at a decision with the current value, if it was measured on a later day.

    A value measured on the day of the decision was already known. A first value after the decision
    counts as better.
    """
    if now is None or measured_on is None or measured_on <= decided_on:
        return Movement(then=then, now=now, moved=Moved.UNKNOWN)
    better = then is None or (now > then if higher_is_better else now < then)
    return Movement(then=then, now=now, moved=Moved.BETTER if better else Moved.NO_BETTER)


def _before(value: Decimal | None, *, unit: str) -> str:
    if value is None or unit == YES_NO:
        return write_value(value, unit=unit)
    return format_number(value)
