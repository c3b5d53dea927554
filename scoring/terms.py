"""Choices that callers pass in."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar


class ScoringError(ValueError):
    """Bad input. The message names the problem and how to fix it."""


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
