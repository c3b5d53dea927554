"""How a key result moved since a decision about it (M8), without any claim about causes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from okrs.formatting import NO_BREAK, write_figure, write_value
from okrs.models import KeyResult


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
    unit: str
    moved: Moved

    @property
    def words(self) -> str:
        """Return for example "8.2 → 7.4%", or "" without a value since."""
        if self.moved is Moved.UNKNOWN:
            return ""
        then = "no value yet" if self.then is None else write_figure(self.then, unit=self.unit)
        return f"{then}{NO_BREAK}→ {write_value(self.now, unit=self.unit)}"

    @property
    def sentence(self) -> str:
        """Return for example "since then 8.2 → 7.4%"."""
        return f"since then {self.words}" if self.words else "no value since"


def moved_since(decided_on: dt.date, touch: Mapping[str, Any], key_result: KeyResult) -> Movement:
    """Compare the value at a decision, stored in `touch`, with the current one of a later day.

    A value measured on the day of the decision was already known. A first value after the decision
    counts as better.
    """
    then = None if touch.get("value") is None else Decimal(touch["value"])
    now, measured_on = key_result.latest_value, key_result.measured_on
    moved = Moved.UNKNOWN
    if now is not None and measured_on is not None and measured_on > decided_on:
        higher = key_result.higher_is_better
        better = then is None or (now > then if higher else now < then)
        moved = Moved.BETTER if better else Moved.NO_BETTER
    return Movement(then=then, now=now, unit=key_result.unit, moved=moved)
