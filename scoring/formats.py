"""Texts of numbers and scores."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from scoring.numbers import EXACT, Number, hundredths, number
from scoring.terms import Scale, term

NOTHING = "–"
MINUS = "−"


def format_number(value: Number) -> str:
    """Write a value without trailing zeros and exponent: "1,420", "12.5", "−3"."""
    return _number(number(value))


@lru_cache(maxsize=4096)
def _number(value: Decimal) -> str:
    return f"{EXACT.plus(EXACT.normalize(value)):,f}".replace("-", MINUS)


def format_score(score: Number | None, *, scale: Scale | str = Scale.UNIT) -> str:
    """Write a score on the engagement's scale (M5.7): "0.60" or "60", and "–" for none."""
    out_of_hundred = term(Scale, scale) is Scale.HUNDRED
    return NOTHING if score is None else _score(number(score), out_of_hundred)


@lru_cache(maxsize=1024)
def _score(score: Decimal, out_of_hundred: bool) -> str:  # noqa: FBT001 - for the cache
    rounded = hundredths(score)
    text = f"{EXACT.multiply(rounded, 100):.0f}" if out_of_hundred else f"{rounded:.2f}"
    return text.replace("-", MINUS)
