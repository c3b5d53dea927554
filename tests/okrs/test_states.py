"""The stages that follow from check-ins (M9, M9.1), and values as stored."""

from __future__ import annotations

from decimal import Decimal

import pytest

from okrs.formatting import is_early, plain
from okrs.models import Stage
from okrs.states import stage_for, weakest
from scoring import Rag


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


@pytest.mark.parametrize(
    ("rag", "holds", "expected"),
    [
        (Rag.RED, True, True),
        (Rag.AMBER, True, True),
        ("red", True, True),
        (Rag.GREEN, True, False),
        (Rag.NO_DATA, True, False),
        (Rag.RED, False, False),
        (Rag.AMBER, None, False),
    ],
)
def test_early_is_red_or_amber_whose_forecast_holds(
    rag: str, *, holds: bool | None, expected: bool
) -> None:
    assert is_early(rag, forecast_holds=holds) is expected


@pytest.mark.parametrize(
    ("value", "kept"),
    [(None, None), ("6.00", "6"), ("-0.0", "0"), ("1E+3", "1000"), ("0.250", "0.25")],
)
def test_a_value_is_kept_in_plain_digits(value: str | None, kept: str | None) -> None:
    assert plain(None if value is None else Decimal(value)) == kept
