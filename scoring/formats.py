"""Numbers and scores as they stand on a screen."""

from __future__ import annotations

from functools import lru_cache

from scoring.numbers import EXACT, Number, hundredths, number
from scoring.terms import Scale, term

NOTHING = "–"
MINUS = "−"


@lru_cache(maxsize=4096, typed=True)
def format_number(value: Number) -> str:
    """A value for reading: "1,420", "12.5", "−3". No trailing zeros, no exponent."""
    return f"{EXACT.plus(EXACT.normalize(number(value))):,f}".replace("-", MINUS)


@lru_cache(maxsize=1024, typed=True)
def format_score(score: Number | None, *, scale: Scale | str = Scale.UNIT) -> str:
    """A score on the engagement's scale (M5.7): "0.60" or "60", and "–" for none."""
    out_of_hundred = term(Scale, scale) is Scale.HUNDRED
    if score is None:
        return NOTHING
    rounded = hundredths(number(score))
    text = f"{EXACT.multiply(rounded, 100):.0f}" if out_of_hundred else f"{rounded:.2f}"
    return text.replace("-", MINUS)
