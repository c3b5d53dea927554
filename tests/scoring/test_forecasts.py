"""M9.2."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import BAND_PRESETS, Method, ScoringError, forecast_holds
from tests.scoring.strategies import scores_or_none

LINEAR, LADDER = Method.LINEAR, Method.LADDER


def test_a_line_may_lag_a_tenth_behind_pace() -> None:
    assert forecast_holds(method=LINEAR, score="0.40", pace="0.50", confidence=3)
    assert not forecast_holds(method=LINEAR, score="0.39", pace="0.50", confidence=3)


def test_a_red_line_holds_early() -> None:
    assert forecast_holds(method=LINEAR, score="0.00", pace="0.10", confidence=4)


def test_green_holds_however_late_it_is() -> None:
    assert forecast_holds(method=LINEAR, score="0.61", pace=1, confidence=3)
    assert not forecast_holds(method=LINEAR, score="0.60", pace=1, confidence=3)


def test_green_is_that_of_the_engagement() -> None:
    strict = BAND_PRESETS["strict"]

    assert not forecast_holds(method=LINEAR, score="0.61", pace=1, confidence=3, bands=strict)


@pytest.mark.parametrize("method", Method)
def test_little_confidence_never_holds(method: Method) -> None:
    assert not forecast_holds(method=method, score=1, pace=0, confidence=2)
    assert not forecast_holds(method=method, score=1, pace=0, confidence=None)


def test_a_ladder_rests_on_confidence_alone() -> None:
    assert forecast_holds(method=LADDER, score="0.00", pace=1, confidence=3)
    assert forecast_holds(method=LADDER, score=None, pace=1, confidence=3)


def test_a_line_without_a_score_does_not_hold() -> None:
    assert not forecast_holds(method=LINEAR, score=None, pace=0, confidence=5)


def test_the_method_may_be_its_name() -> None:
    assert forecast_holds(method="ladder", score=None, pace=0, confidence=5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"method": "guess"},
        {"confidence": 0},
        {"confidence": 6},
        {"confidence": "3.5"},
        {"pace": "1.2"},
        {"score": -1},
    ],
)
def test_it_refuses_what_lies_outside_its_scale(wrong: dict[str, Any]) -> None:
    given_: dict[str, Any] = {"method": LINEAR, "score": 1, "pace": 1, "confidence": 3}

    with pytest.raises(ScoringError):
        forecast_holds(**(given_ | wrong))


@given(st.sampled_from(Method), scores_or_none, st.integers(0, 99), st.integers(1, 5))
def test_waiting_never_mends_a_forecast(
    method: Method, score: Any, hundredth: int, confidence: int
) -> None:
    now, later = (
        forecast_holds(method=method, score=score, pace=f"{at / 100:.2f}", confidence=confidence)
        for at in (hundredth, hundredth + 1)
    )

    assert now or not later
