"""The ladder of a key result as its page shows it, the rung that holds marked."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from okrs.formatting import write_value
from okrs.models import KeyResult
from scoring import Method, Rag, rag, rung_that_holds


@dataclass(frozen=True, kw_only=True)
class Step:
    """One rung in words: "at most 8 days" gives 0.30."""

    text: str
    score: Decimal
    rag: Rag
    holds: bool

    @property
    def width(self) -> int:
        return int(self.score * 100)


def steps(key_result: KeyResult) -> list[Step]:
    """Rungs best first, and below them what no rung holds; empty unless it is a ladder (M5.3)."""
    rungs, higher = key_result.rungs, key_result.higher_is_better
    if key_result.method != Method.LADDER or not rungs:
        return []
    value, holds = key_result.latest_value, None
    if value is not None:
        held = rung_that_holds(value, rungs=rungs, higher_is_better=higher)
        thresholds = [threshold for threshold, _ in rungs]
        holds = thresholds.index(held.threshold) if held else len(rungs)
    reach, miss = ("at least", "below") if higher else ("at most", "above")
    shown = [(reach, *rung) for rung in rungs] + [(miss, rungs[-1][0], Decimal(0))]
    unit, bands = key_result.unit, key_result.engagement.rag_bands
    return [
        Step(
            text=f"{words} {write_value(threshold, unit=unit)}",
            score=score,
            rag=rag(score, bands),
            holds=place == holds,
        )
        for place, (words, threshold, score) in enumerate(shown)
    ]
