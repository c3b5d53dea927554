"""Bands (M5.4, M5.5)."""

from __future__ import annotations

from decimal import Context, Decimal, localcontext
from itertools import pairwise
from typing import Any

import pytest

from scoring import BAND_PRESETS, Rag, ScoringError, band_range, rag

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
