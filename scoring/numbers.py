"""Numbers: choices and input that are valid, rounding (M5.1), and how they are written."""

from __future__ import annotations

from contextlib import AbstractContextManager
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation, localcontext
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar


class ScoringError(ValueError):
    """Bad input. The message names the problem and how to fix it."""


class Word(StrEnum):
    """A choice with a label."""

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()


Term = TypeVar("Term", bound=StrEnum)


class Method(StrEnum):
    """How a key result is scored (M5.2, M5.3)."""

    LINEAR = "linear"
    LADDER = "ladder"


class Commitment(StrEnum):
    """The commitment of a key result (M3.2)."""

    COMMITTED = "committed"
    ASPIRATIONAL = "aspirational"


class Scale(StrEnum):
    """How scores are shown (M5.7); stored values don't change."""

    UNIT = "unit"
    HUNDRED = "hundred"

    @property
    def label(self) -> str:
        return "0–1" if self is Scale.UNIT else "0–100"


def term(kind: type[Term], value: str) -> Term:
    """Return `value` as a member of `kind`, or raise ScoringError."""
    try:
        return kind(value)
    except ValueError:
        known = ", ".join(kind)
        raise ScoringError(
            f"“{value}” is not a {kind.__name__.lower()}. Use one of {known}."
        ) from None


Number = int | str | Decimal

ZERO = Decimal("0.00")
ONE = Decimal("1.00")
HUNDREDTH = Decimal("0.01")

# With at most this many digits on each side of the point, sums are exact, and a quotient of
# PRECISION digits is never mistaken for a tie when it is rounded.
MOST_DIGITS = 40
PRECISION = 150
MOST_TYPED = 100  # characters: more is refused unread

# Threads may share it, because single calls keep no state that matters.
EXACT = Context(prec=PRECISION, rounding=ROUND_HALF_UP)


def exactly() -> AbstractContextManager[Context]:
    """Return a context for sums that ignores the caller's precision and rounding."""
    return localcontext(EXACT)


def number(value: Number) -> Decimal:
    """Return a finite Decimal. Floats, bools, NaN and infinities raise ScoringError."""
    if type(value) is not Decimal and (
        isinstance(value, bool) or not isinstance(value, int | str | Decimal)
    ):
        raise ScoringError(f"{value!r} is not an exact number. Use an int, a str or a Decimal.")
    try:
        read = Decimal("NaN" if _is_too_long(value) else value)
    except InvalidOperation:
        read = Decimal("NaN")
    if not read.is_finite():
        raise ScoringError(f"{_quoted(value)} is not a number. Enter digits, for example 12.5.")
    read = read or Decimal(0)
    if read.adjusted() >= MOST_DIGITS or int(read.as_tuple().exponent) < -MOST_DIGITS:
        raise ScoringError(
            f"{_quoted(read)} has too many digits. "
            f"Use at most {MOST_DIGITS} before and {MOST_DIGITS} after the point."
        )
    return read


def hundredths(value: Decimal) -> Decimal:
    """Round half up to two places (M5.1), never to minus zero."""
    return EXACT.plus(EXACT.quantize(value, HUNDREDTH))


def clamped(value: Decimal) -> Decimal:
    """Limit a ratio to 0..1, then round it (M5.1)."""
    return hundredths(min(max(value, ZERO), ONE))


def unit(value: Number, *, name: str = "score") -> Decimal:
    """Return a score or pace from 0 to 1, rounded (M5.1), or raise ScoringError."""
    read = number(value)
    if not 0 <= read <= 1:
        raise ScoringError(
            f"The {name} {_quoted(value)} is outside 0 to 1. Enter it on that scale."
        )
    return hundredths(read)


def _is_too_long(value: Number) -> bool:
    return isinstance(value, str) and len(value) > MOST_TYPED


def _quoted(value: object) -> str:
    text = str(value)
    return f"“{text if len(text) <= 40 else text[:39] + '…'}”"


NOTHING = "–"
MINUS = "−"


def format_unit(unit: str) -> str:
    """Return a unit as it follows a figure: a no-break space before it, none before "%"."""
    return f"\u00a0{unit}" if unit and not unit.startswith("%") else unit


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
