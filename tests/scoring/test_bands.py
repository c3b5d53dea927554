"""Bands (M5.4, M5.5) and forecasts (M9.2)."""

from __future__ import annotations

from decimal import Context, Decimal, localcontext
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import BAND_PRESETS, Method, Rag, ScoringError, band_range, forecast_holds, rag
from tests.scoring.strategies import scores_or_none

EVERY_SCORE = [Decimal(count) / 100 for count in range(101)]
BANDS_IN_ORDER = [Rag.RED, Rag.AMBER, Rag.GREEN, Rag.STRETCH]


@pytest.mark.parametrize(
    ("score", "band"),
    [
        pytest.param("0", Rag.RED, id="M5.4-lowest"),
        pytest.param("0.30", Rag.RED, id="M5.4-red-to"),
        pytest.param("0.3049", Rag.RED, id="M5.4-rounded-down"),
        pytest.param("0.305", Rag.AMBER, id="M5.4-rounded-up"),
        pytest.param("0.31", Rag.AMBER, id="M5.4-amber-from"),
        pytest.param("0.60", Rag.AMBER, id="M5.4-amber-to"),
        pytest.param("0.61", Rag.GREEN, id="M5.4-green-from"),
        pytest.param("0.90", Rag.GREEN, id="M5.4-green-to"),
        pytest.param("0.91", Rag.STRETCH, id="M5.4-stretch-from"),
        pytest.param("1.00", Rag.STRETCH, id="M5.4-highest"),
        pytest.param(None, Rag.NO_DATA, id="M5.5-no-score"),
    ],
)
def test_a_score_has_a_band(score: str | None, band: Rag) -> None:
    assert rag(score) is band


@pytest.mark.parametrize("score", ["-0.01", "1.01", "NaN", 0.5, True])
def test_an_invalid_score_has_no_band(score: Any) -> None:
    with pytest.raises(ScoringError):
        rag(score)


@pytest.mark.parametrize(
    ("name", "bounds"),
    [
        ("playbook", ["0.31", "0.61", "0.91"]),
        ("thirds", ["0.34", "0.67", "1.00"]),
        ("strict", ["0.40", "0.70", "1.00"]),
    ],
)
def test_each_preset_covers_the_scale_without_a_gap(name: str, bounds: list[str]) -> None:
    bands = BAND_PRESETS[name]
    found = [rag(score, bounds) for score in EVERY_SCORE]
    with localcontext(Context(prec=1)):
        ranges = [band_range(band, bands) for band in BANDS_IN_ORDER]

    assert [str(bound) for bound in bands] == bounds
    assert found == sorted(found, key=BANDS_IN_ORDER.index)
    assert [found.count(band) for band in BANDS_IN_ORDER] == [
        (high - low) * 100 + 1 for low, high in ranges
    ]
    assert (ranges[0][0], ranges[-1][1]) == (Decimal(0), Decimal(1))
    assert all(low[1] + Decimal("0.01") == high[0] for low, high in pairwise(ranges))
    with pytest.raises(ScoringError, match="no range"):
        band_range(Rag.NO_DATA)


@pytest.mark.parametrize(
    ("bands", "complaint"),
    [
        (("0.31", "0.61"), "three lower bounds"),
        (("0.31", "0.61", "0.91", "1"), "three lower bounds"),
        (("0.31", "0.31", "0.91"), "rising"),
        (("0.61", "0.31", "0.91"), "rising"),
        (("0", "0.61", "0.91"), "above 0"),
        (("0.31", "0.61", "1.01"), "up to 1"),
        (("0.305", "0.61", "0.91"), "two decimals"),
        ((0.31, 0.61, 0.91), "not an exact number"),
    ],
)
def test_invalid_bands_are_an_error(bands: Any, complaint: str) -> None:
    with pytest.raises(ScoringError, match=complaint):
        rag("0.5", bands)


LINEAR, LADDER = Method.LINEAR, Method.LADDER


@pytest.mark.parametrize(
    ("method", "score", "pace", "confidence", "holds"),
    [
        pytest.param(LINEAR, "0.40", "0.50", 3, True, id="M9.2-a-tenth-behind"),
        pytest.param(LINEAR, "0.39", "0.50", 3, False, id="M9.2-more-than-a-tenth-behind"),
        pytest.param(LINEAR, "0.00", "0.10", 4, True, id="M9.2-red-but-early"),
        pytest.param(LINEAR, "0.61", 1, 3, True, id="M9.2-green-at-any-time"),
        pytest.param(LINEAR, "0.60", 1, 3, False, id="M9.2-amber-at-the-end"),
        pytest.param(LINEAR, 1, 0, 2, False, id="M9.2-low-confidence"),
        pytest.param(LINEAR, 1, 0, None, False, id="M9.2-no-confidence"),
        pytest.param(LINEAR, None, 0, 5, False, id="M9.2-no-score"),
        pytest.param(LADDER, 1, 0, 2, False, id="M9.2-ladder-low-confidence"),
        pytest.param(LADDER, 1, 0, None, False, id="M9.2-ladder-no-confidence"),
        pytest.param(LADDER, "0.00", 1, 3, True, id="M9.2-ladder-by-confidence"),
        pytest.param("ladder", None, 1, 3, True, id="M9.2-ladder-no-score"),
    ],
)
def test_on_pace(method: Any, score: Any, pace: Any, confidence: Any, holds: bool) -> None:
    assert forecast_holds(method=method, score=score, pace=pace, confidence=confidence) is holds


def test_green_follows_the_bands_of_the_engagement() -> None:
    strict = BAND_PRESETS["strict"]

    assert not forecast_holds(method=LINEAR, score="0.61", pace=1, confidence=3, bands=strict)


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
def test_values_outside_their_scale_are_an_error(wrong: dict[str, Any]) -> None:
    given_: dict[str, Any] = {"method": LINEAR, "score": 1, "pace": 1, "confidence": 3}

    with pytest.raises(ScoringError):
        forecast_holds(**(given_ | wrong))


@given(st.sampled_from(Method), scores_or_none, st.integers(0, 99), st.integers(1, 5))
def test_waiting_never_improves_a_forecast(
    method: Method, score: Any, hundredth: int, confidence: int
) -> None:
    now, later = (
        forecast_holds(method=method, score=score, pace=f"{at / 100:.2f}", confidence=confidence)
        for at in (hundredth, hundredth + 1)
    )

    assert now or not later
