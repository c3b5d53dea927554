"""M5.4, M5.5 and the presets."""

from __future__ import annotations

from decimal import Context, Decimal, localcontext
from itertools import pairwise
from typing import Any

import pytest

from scoring import BAND_PRESETS, PLAYBOOK_BANDS, Bands, Rag, ScoringError, band_range, rag

EVERY_SCORE = [Decimal(count) / 100 for count in range(101)]
BANDS_IN_ORDER = [Rag.RED, Rag.AMBER, Rag.GREEN, Rag.STRETCH]


@pytest.mark.parametrize(
    ("score", "band"),
    [
        ("0", Rag.RED),
        ("0.30", Rag.RED),
        ("0.31", Rag.AMBER),
        ("0.60", Rag.AMBER),
        ("0.61", Rag.GREEN),
        ("0.90", Rag.GREEN),
        ("0.91", Rag.STRETCH),
        ("1.00", Rag.STRETCH),
    ],
)
def test_playbook_edges(score: str, band: Rag) -> None:
    assert rag(score) is band


def test_it_judges_the_rounded_score() -> None:
    assert rag("0.3049") is Rag.RED
    assert rag("0.305") is Rag.AMBER


def test_no_score_is_no_data() -> None:
    assert rag(None) is Rag.NO_DATA


def test_values_are_lower_case_and_labels_are_words() -> None:
    assert [str(band) for band in Rag] == ["red", "amber", "green", "stretch", "no_data"]
    assert [band.label for band in Rag] == ["Red", "Amber", "Green", "Stretch", "No data"]


@pytest.mark.parametrize("score", ["-0.01", "1.01", "NaN", 0.5, True])
def test_it_refuses_what_is_no_score(score: Any) -> None:
    with pytest.raises(ScoringError):
        rag(score)


@pytest.mark.parametrize("name", BAND_PRESETS)
def test_each_preset_parts_the_scale_without_gap(name: str) -> None:
    bands = BAND_PRESETS[name]
    found = [rag(score, bands) for score in EVERY_SCORE]

    assert found == sorted(found, key=BANDS_IN_ORDER.index)
    assert set(found) == set(BANDS_IN_ORDER)


@pytest.mark.parametrize("name", BAND_PRESETS)
def test_ranges_and_bands_agree_at_every_hundredth(name: str) -> None:
    bands = BAND_PRESETS[name]

    for score in EVERY_SCORE:
        low, high = band_range(rag(score, bands), bands)
        assert low <= score <= high


@pytest.mark.parametrize("name", BAND_PRESETS)
def test_each_range_ends_a_hundredth_below_the_next(name: str) -> None:
    ranges = [band_range(band, BAND_PRESETS[name]) for band in BANDS_IN_ORDER]

    assert ranges[0][0] == 0
    assert ranges[-1][1] == 1
    assert all(low[1] + Decimal("0.01") == high[0] for low, high in pairwise(ranges))


def test_the_playbook_is_a_preset() -> None:
    assert BAND_PRESETS["playbook"] == PLAYBOOK_BANDS
    assert (Decimal("0.31"), Decimal("0.61"), Decimal("0.91")) == PLAYBOOK_BANDS


def test_the_other_presets_ask_for_more() -> None:
    assert [str(bound) for bound in BAND_PRESETS["thirds"]] == ["0.34", "0.67", "1.00"]
    assert [str(bound) for bound in BAND_PRESETS["strict"]] == ["0.40", "0.70", "1.00"]


def test_bands_may_be_written_as_text() -> None:
    assert rag("0.50", ["0.2", "0.4", "0.6"]) is Rag.GREEN


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
def test_it_refuses_what_are_no_bands(bands: Any, complaint: str) -> None:
    with pytest.raises(ScoringError, match=complaint):
        rag("0.5", bands)


def test_no_data_has_no_range() -> None:
    with pytest.raises(ScoringError, match="no range"):
        band_range(Rag.NO_DATA)


def test_ranges_ignore_the_callers_decimal_context() -> None:
    with localcontext(Context(prec=1)):
        assert band_range(Rag.RED, Bands(*PLAYBOOK_BANDS)) == (Decimal("0.00"), Decimal("0.30"))
