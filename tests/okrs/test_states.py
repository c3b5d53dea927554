"""The stages that follow from check-ins (M9, M9.1)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from okrs.models import Stage
from okrs.states import stage_for, weakest


def stage(
    *, now: str = "committed", method: str = "linear", score: str | None, confidence: int
) -> Stage:
    return stage_for(
        stage=now,
        method=method,
        score=None if score is None else Decimal(score),
        pace=Decimal("0.50"),
        confidence=confidence,
    )


@pytest.mark.parametrize(
    ("score", "confidence", "expected"),
    [
        ("0.40", 3, "on_track"),
        ("0.39", 3, "at_risk"),
        ("0.90", 2, "at_risk"),
        ("0.61", 3, "on_track"),
    ],
)
def test_the_stage_follows_the_forecast(score: str, confidence: int, expected: str) -> None:
    for now in ("committed", "on_track", "at_risk"):
        assert stage(now=now, score=score, confidence=confidence) == expected


def test_a_ladder_is_believed_by_its_confidence() -> None:
    assert stage(method="ladder", score="0.00", confidence=3) == "on_track"
    assert stage(method="ladder", score="1.00", confidence=2) == "at_risk"


def test_without_a_score_it_waits_for_its_first_check_in() -> None:
    assert stage(now="at_risk", score=None, confidence=3) == "committed"


@pytest.mark.parametrize("now", ["draft", "closed", "learning", "withdrawn"])
def test_a_stage_that_is_not_live_stays(now: str) -> None:
    assert stage(now=now, score="1.00", confidence=5) == now


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        (["on_track", "draft", "at_risk"], "draft"),
        (["on_track", "at_risk", "committed"], "at_risk"),
        (["on_track", "committed"], "committed"),
        (["closed", "on_track", "withdrawn"], "on_track"),
        (["withdrawn"], None),
        ([], None),
    ],
)
def test_an_objective_shows_its_weakest_stage(stages: list[str], expected: str | None) -> None:
    assert weakest(stages) == expected
