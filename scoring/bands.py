"""RAG bands (M5.4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType
from typing import NamedTuple

from scoring.numbers import (
    HUNDREDTH,
    ONE,
    ZERO,
    Number,
    ScoringError,
    Word,
    exactly,
    hundredths,
    number,
    unit,
)


class Rag(Word):
    """Band of a score; no data is neither red nor green (M5.5)."""

    RED = "red"
    AMBER = "amber"
    GREEN = "green"
    STRETCH = "stretch"
    NO_DATA = "no_data"


class Bands(NamedTuple):
    """The lower bounds of amber, green and stretch; red starts at 0.00."""

    amber: Decimal
    green: Decimal
    stretch: Decimal


PLAYBOOK_BANDS = Bands(Decimal("0.31"), Decimal("0.61"), Decimal("0.91"))

BAND_PRESETS: Mapping[str, Bands] = MappingProxyType(
    {
        "playbook": PLAYBOOK_BANDS,
        "thirds": Bands(Decimal("0.34"), Decimal("0.67"), Decimal("1.00")),
        "strict": Bands(Decimal("0.40"), Decimal("0.70"), Decimal("1.00")),
    }
)


def rag(score: Number | None, bands: Iterable[Number] = PLAYBOOK_BANDS) -> Rag:
    """Return the band of the rounded score; None has no data (M5.4, M5.5)."""
    lower = validate_bands(bands)
    return Rag.NO_DATA if score is None else _band(score, lower)


@lru_cache(maxsize=1024, typed=True)
def _band(score: Number, lower: Bands) -> Rag:
    rounded = unit(score)
    if rounded >= lower.stretch:
        return Rag.STRETCH
    if rounded >= lower.green:
        return Rag.GREEN
    return Rag.AMBER if rounded >= lower.amber else Rag.RED


def band_range(band: Rag, bands: Iterable[Number] = PLAYBOOK_BANDS) -> tuple[Decimal, Decimal]:
    """Return the lowest and the highest score of a band (M5.4)."""
    lower = validate_bands(bands)
    with exactly():
        ranges = {
            Rag.RED: (ZERO, lower.amber - HUNDREDTH),
            Rag.AMBER: (lower.amber, lower.green - HUNDREDTH),
            Rag.GREEN: (lower.green, lower.stretch - HUNDREDTH),
            Rag.STRETCH: (lower.stretch, ONE),
        }
    if band not in ranges:
        raise ScoringError("“No data” has no range. Choose red, amber, green or stretch.")
    return ranges[band]


def validate_bands(bands: Iterable[Number]) -> Bands:
    """Return three rising lower bounds in hundredths, from above 0 to 1, or raise (M5.4)."""
    return _validated(*bands)


@lru_cache(maxsize=64, typed=True)
def _validated(*bounds: Number) -> Bands:
    lower = [number(bound) for bound in bounds]
    if len(lower) != 3:
        raise ScoringError("Enter three lower bounds: amber, green and stretch.")
    if any(bound != hundredths(bound) for bound in lower):
        raise ScoringError("Enter lower bounds with two decimals, for example 0.31.")
    if lower[0] <= 0 or lower[2] > 1 or any(low >= high for low, high in pairwise(lower)):
        raise ScoringError(
            "Enter rising lower bounds above 0 and up to 1, for example 0.31, 0.61, 0.91."
        )
    return Bands(*(hundredths(bound) for bound in lower))
