"""M5.12: what must come out exactly."""

from __future__ import annotations

from decimal import Decimal

import pytest

from scoring import Rag, ladder, linear, objective_score, rag

DAYS = [("4", "1.0"), ("6", "0.7"), ("8", "0.3")]


@pytest.mark.parametrize(
    ("baseline", "target", "actual", "score", "band"),
    [
        (18, 28, 24, "0.60", Rag.AMBER),
        (200, 500, 380, "0.60", Rag.AMBER),
        (0, 12, 11, "0.92", Rag.STRETCH),
        (9, 4, 10, "0.00", Rag.RED),
        (0, "5.34", "1.60", "0.30", Rag.RED),
    ],
)
def test_linear(baseline: int, target: int | str, actual: int | str, score: str, band: Rag) -> None:
    result = linear(actual, baseline=baseline, target=target)

    assert str(result) == score
    assert rag(result) is band


@pytest.mark.parametrize(
    ("actual", "score", "band"),
    [("6", "0.70", Rag.GREEN), ("4.5", "0.70", Rag.GREEN), ("9", "0.00", Rag.RED)],
)
def test_ladder(actual: str, score: str, band: Rag) -> None:
    result = ladder(actual, rungs=DAYS, higher_is_better=False)

    assert str(result) == score
    assert rag(result) is band


def test_objective() -> None:
    result = objective_score([(Decimal(score), None) for score in ("0.60", "0.92", "0.60")])

    assert str(result) == "0.71"
    assert rag(result) is Rag.GREEN
