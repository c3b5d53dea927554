"""The one line shown everywhere."""

from __future__ import annotations

from decimal import Context, Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given

from scoring import BAND_PRESETS, Scale, ScoringError, explain, format_score, linear
from tests.scoring.strategies import Line, lines, values

DAYS: dict[str, Any] = {
    "method": "ladder",
    "rungs": [(4, 1), (6, "0.7"), (8, "0.3")],
    "higher_is_better": False,
}
UPTIME: dict[str, Any] = {"method": "ladder", "rungs": [(99, 1)], "higher_is_better": True}


@pytest.mark.parametrize(
    ("actual", "baseline", "target", "line"),
    [
        ("1.5", 3, 1, "(1.5 − 3) ÷ (1 − 3) = 0.75, green from 0.61"),
        ("7.4", 6, 12, "(7.4 − 6) ÷ (12 − 6) = 0.23, red up to 0.30"),
        (24, 18, 28, "(24 − 18) ÷ (28 − 18) = 0.60, amber from 0.31"),
        (11, 0, 12, "(11 − 0) ÷ (12 − 0) = 0.92, stretch from 0.91"),
        (1420, 1000, 2000, "(1,420 − 1,000) ÷ (2,000 − 1,000) = 0.42, amber from 0.31"),
        (0, -5, 5, "(0 − (−5)) ÷ (5 − (−5)) = 0.50, amber from 0.31"),
        (-3, 0, -4, "(−3 − 0) ÷ (−4 − 0) = 0.75, green from 0.61"),
        (10, 9, 4, "(10 − 9) ÷ (4 − 9) = −0.20, counts as 0.00, red up to 0.30"),
        ("-0.001", 0, 5, "(−0.001 − 0) ÷ (5 − 0) = 0.00, red up to 0.30"),
        (6, 0, 5, "(6 − 0) ÷ (5 − 0) = 1.20, counts as 1.00, stretch from 0.91"),
    ],
)
def test_a_linear_score_is_explained_by_its_sum(
    actual: Any, baseline: int, target: int, line: str
) -> None:
    assert explain(method="linear", actual=actual, baseline=baseline, target=target) == line


@pytest.mark.parametrize(
    ("actual", "ladder", "line"),
    [
        ("7.2", DAYS, "7.2 is at most 8, which gives 0.30: Red (0.00 to 0.30)"),
        (5, DAYS, "5 is at most 6, which gives 0.70: Green (0.61 to 0.90)"),
        (4, DAYS, "4 is at most 4, which gives 1.00: Stretch (0.91 to 1.00)"),
        (9, DAYS, "9 is above 8, so no rung holds: 0.00, red up to 0.30"),
        (100, UPTIME, "100 is at least 99, which gives 1.00: Stretch (0.91 to 1.00)"),
        ("98.5", UPTIME, "98.5 is below 99, so no rung holds: 0.00, red up to 0.30"),
    ],
)
def test_a_ladder_score_is_explained_by_its_rung(
    actual: Any, ladder: dict[str, Any], line: str
) -> None:
    assert explain(actual=actual, **ladder) == line


def test_the_scale_changes_scores_and_no_values() -> None:
    hundred = Scale.HUNDRED

    assert explain(method="linear", actual="1.5", baseline=3, target=1, scale=hundred) == (
        "(1.5 − 3) ÷ (1 − 3) × 100 = 75, green from 61"
    )
    assert explain(method="linear", actual=10, baseline=9, target=4, scale=hundred) == (
        "(10 − 9) ÷ (4 − 9) × 100 = −20, counts as 0, red up to 30"
    )
    assert explain(actual="7.2", scale="hundred", **DAYS) == (
        "7.2 is at most 8, which gives 30: Red (0 to 30)"
    )


@pytest.mark.parametrize("method", ["linear", "ladder"])
def test_a_missing_value_is_explained(method: str) -> None:
    explanation = explain(method=method, actual=None)

    assert explanation == "Not scored until the first value."


def test_an_explanation_uses_the_bands_of_the_engagement() -> None:
    strict = BAND_PRESETS["strict"]
    rungs = iter(DAYS["rungs"])

    held = explain(actual="7.2", bands=strict, **DAYS)
    missed = explain(actual=9, bands=iter(strict), **(DAYS | {"rungs": rungs}))

    assert held == "7.2 is at most 8, which gives 0.30: Red (0.00 to 0.39)"
    assert missed == "9 is above 8, so no rung holds: 0.00, red up to 0.39"


@pytest.mark.parametrize(
    "wrong",
    [
        {"method": "linear", "actual": 1},
        {"method": "linear", "actual": 1, "baseline": 2, "target": 2},
        {"method": "ladder", "actual": 1, "rungs": [(1, 1)]},
        {"method": "linear", "actual": None, "scale": "ten"},
        {"method": "linear", "actual": None, "bands": ("0.5",)},
    ],
)
def test_invalid_terms_have_no_explanation(wrong: dict[str, Any]) -> None:
    with pytest.raises(ScoringError):
        explain(**wrong)


def test_an_explanation_ignores_the_decimal_context_of_its_caller() -> None:
    with localcontext(Context(prec=1)):
        line = explain(method="linear", actual="123.456", baseline=0, target=1000)

    assert line == "(123.456 − 0) ÷ (1,000 − 0) = 0.12, red up to 0.30"


@given(values, lines)
def test_an_explanation_ends_with_the_score(actual: Decimal, line: Line) -> None:
    score = linear(actual, baseline=line[0], target=line[1])

    explained = explain(method="linear", actual=actual, baseline=line[0], target=line[1])

    assert f" {format_score(score)}, " in explained
