"""Scores by line and ladder, and pace: M5.1, M5.2, M5.3, M5.5, M5.11, and M5.12's examples."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal, localcontext
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import (
    Method,
    Rag,
    Rung,
    ScoringError,
    ladder,
    linear,
    pace,
    rag,
    rung_that_holds,
    score,
    validate_linear,
    validate_rungs,
)
from tests.scoring.strategies import Line, Rungs, falling, lines, rising, values

START, DUE = date(2026, 1, 5), date(2026, 4, 5)
UPTIME = [("99.9", "1"), ("99.5", "0.7"), ("99", "0.3")]
DAYS = [(4, "1.0"), (6, "0.7"), (8, "0.3")]
ALMOST = "0.1249999999999999999999999999999999999999"
CARD: dict[str, Any] = {
    "baseline": 9,
    "target": 4,
    "rungs": [(4, 1), (6, "0.7")],
    "higher_is_better": False,
}


@pytest.mark.parametrize(
    ("baseline", "target", "actual", "score", "band"),
    [
        pytest.param(18, 28, 24, "0.60", Rag.AMBER, id="M5.12-return-rate"),
        pytest.param(200, 500, 380, "0.60", Rag.AMBER, id="M5.12-members"),
        pytest.param(0, 12, 11, "0.92", Rag.STRETCH, id="M5.12-partners"),
        pytest.param(9, 4, 10, "0.00", Rag.RED, id="M5.12-worse-than-the-baseline"),
        pytest.param(0, "5.34", "1.60", "0.30", Rag.RED, id="M5.12-rounded-down"),
        pytest.param(0, 4, 3, "0.75", Rag.GREEN, id="M5.2-rises"),
        pytest.param(3, 1, "1.5", "0.75", Rag.GREEN, id="M5.2-falls"),
        pytest.param(-5, 5, 0, "0.50", Rag.AMBER, id="M5.2-crosses-zero"),
        pytest.param(0, 4, -100, "0.00", Rag.RED, id="M5.2-at-least-0"),
        pytest.param(0, 4, 100, "1.00", Rag.STRETCH, id="M5.2-at-most-1"),
        pytest.param(0, 1, "0.125", "0.13", Rag.RED, id="M5.1-half-up"),
        pytest.param(0, 1, "0.005", "0.01", Rag.RED, id="M5.1-half-up-from-nothing"),
        pytest.param(0, 1, ALMOST, "0.12", Rag.RED, id="M5.1-below-half"),
        pytest.param(0, -5, 0, "0.00", Rag.RED, id="M5.1-no-minus-zero"),
        pytest.param(0, 5, "-0.0001", "0.00", Rag.RED, id="M5.1-no-minus-zero-when-rounded"),
    ],
)
def test_a_linear_score_is_the_share_of_the_way(
    baseline: Any, target: Any, actual: Any, score: str, band: Rag
) -> None:
    result = linear(actual, baseline=baseline, target=target)

    assert str(result) == score
    assert rag(result) is band


@pytest.mark.parametrize(
    ("actual", "rungs", "higher_is_better", "score"),
    [
        pytest.param("6", DAYS, False, "0.70", id="M5.12-at-a-threshold"),
        pytest.param("4.5", DAYS, False, "0.70", id="M5.12-between-thresholds"),
        pytest.param("9", DAYS, False, "0.00", id="M5.12-no-rung"),
        pytest.param("-1", DAYS, False, "1.00", id="M5.3-beyond-the-best-rung"),
        pytest.param("4", DAYS, False, "1.00", id="M5.3-at-the-best-rung"),
        pytest.param("4.01", DAYS, False, "0.70", id="M5.3-just-above"),
        pytest.param("8", DAYS, False, "0.30", id="M5.3-at-the-last-rung"),
        pytest.param("8.01", DAYS, False, "0.00", id="M5.3-just-above-the-last-rung"),
        pytest.param("100", UPTIME, True, "1.00", id="M5.3-higher-beyond-the-best-rung"),
        pytest.param("99.9", UPTIME, True, "1.00", id="M5.3-higher-at-the-best-rung"),
        pytest.param("99.89", UPTIME, True, "0.70", id="M5.3-higher-just-below"),
        pytest.param("99", UPTIME, True, "0.30", id="M5.3-higher-at-the-last-rung"),
        pytest.param("98.99", UPTIME, True, "0.00", id="M5.3-higher-no-rung"),
        pytest.param(1, [(1, 1)], True, "1.00", id="M5.3-yes"),
        pytest.param(0, [(1, 1)], True, "0.00", id="M5.3-no"),
    ],
)
def test_a_ladder_gives_the_score_of_the_best_rung_reached(
    actual: Any, rungs: Any, higher_is_better: bool, score: str
) -> None:
    assert str(ladder(actual, rungs=rungs, higher_is_better=higher_is_better)) == score


def test_the_method_decides_which_terms_count() -> None:
    assert score(method=Method.LINEAR, actual=5, **CARD) == Decimal("0.80")
    assert score(method=Method.LADDER, actual=5, **CARD) == Decimal("0.70")
    assert score(method="linear", actual=9, baseline=9, target=4) == 0
    assert {score(method=method, actual=None, **CARD) for method in Method} == {None}


@pytest.mark.parametrize(
    ("method", "missing", "complaint"),
    [
        ("linear", "baseline", "baseline and a target"),
        ("linear", "target", "baseline and a target"),
        ("ladder", "rungs", "rungs and its direction"),
        ("ladder", "higher_is_better", "rungs and its direction"),
        ("guess", "rungs", r"“guess” is not a method\. Use one of linear, ladder\."),
    ],
)
def test_the_error_names_the_missing_term(method: str, missing: str, complaint: str) -> None:
    with pytest.raises(ScoringError, match=complaint):
        score(method=method, actual=5, **(CARD | {missing: None}))


def test_equal_baseline_and_target_are_an_error() -> None:
    with pytest.raises(ScoringError, match=r"both 62\. Change one, or use a ladder"):
        linear(60, baseline=62, target="62.0")


def test_scores_ignore_the_decimal_context_of_the_caller() -> None:
    with localcontext(Context(prec=1)):
        assert linear("1.234567", baseline=0, target="9.876543") == Decimal("0.12")
        assert ladder("99.6", rungs=UPTIME, higher_is_better=True) == Decimal("0.70")


@given(values, values, lines)
def test_a_value_nearer_the_target_never_scores_less(
    one: Decimal, two: Decimal, line: Line
) -> None:
    baseline, target = line
    worse, better = sorted([one, two], reverse=target < baseline)

    low = linear(worse, baseline=baseline, target=target)
    high = linear(better, baseline=baseline, target=target)

    assert 0 <= low <= high <= 1
    assert low.as_tuple().exponent == -2


@given(lines)
def test_the_baseline_scores_0_and_the_target_1(line: Line) -> None:
    assert linear(line[0], baseline=line[0], target=line[1]) == 0
    assert linear(line[1], baseline=line[0], target=line[1]) == 1


@pytest.mark.parametrize(
    ("today", "result"),
    [
        pytest.param(date(2025, 12, 1), "0.00", id="M5.11-before-the-start"),
        pytest.param(START, "0.00", id="M5.11-at-the-start"),
        pytest.param(date(2026, 1, 6), "0.01", id="M5.11-first-day"),
        pytest.param(date(2026, 2, 19), "0.50", id="M5.11-halfway"),
        pytest.param(DUE, "1.00", id="M5.11-due"),
        pytest.param(date(2027, 1, 1), "1.00", id="M5.11-overdue"),
    ],
)
def test_pace_is_a_straight_line_in_days(today: date, result: str) -> None:
    assert str(pace(start=START, due=DUE, today=today)) == result
    assert str(pace(start=START, due=date(2026, 1, 13), today=date(2026, 1, 6))) == "0.13"


@pytest.mark.parametrize(
    ("start", "due", "today", "complaint"),
    [
        (START, START, START, "Start and due date are both 2026-01-05"),
        (DUE, START, START, "comes before the start"),
        (START, DUE, datetime(2026, 2, 1, tzinfo=UTC), "Enter the date"),
    ],
)
def test_pace_needs_dates_in_order(start: date, due: date, today: date, complaint: str) -> None:
    with pytest.raises(ScoringError, match=complaint):
        pace(start=start, due=due, today=today)


@given(st.dates(), st.dates(), st.integers(1, 400))
def test_pace_never_falls(one: date, two: date, days: int) -> None:
    due = START + timedelta(days=days)

    earlier, later = (pace(start=START, due=due, today=day) for day in sorted([one, two]))

    assert 0 <= earlier <= later <= 1


def test_the_best_rung_reached_is_named() -> None:
    held = rung_that_holds(7, rungs=DAYS, higher_is_better=False)

    assert held == Rung(Decimal(8), Decimal("0.30"))
    assert rung_that_holds(9, rungs=DAYS, higher_is_better=False) is None


def test_valid_terms_are_returned_as_decimals() -> None:
    assert validate_linear("18", 28) == (Decimal(18), Decimal(28))
    rungs = validate_rungs([["4", 1], (Decimal(6), "0.705")], higher_is_better=False)  # type: ignore[list-item]

    assert rungs == ((Decimal(4), Decimal("1.00")), (Decimal(6), Decimal("0.71")))


@pytest.mark.parametrize(
    ("rungs", "higher_is_better", "complaint"),
    [
        ([], True, "at least one rung"),
        ([(4, 1), (6, "0.7")], True, "6 follows 4, but higher is better.*below"),
        ([(6, 1), (4, "0.7")], False, "4 follows 6, but lower is better.*above"),
        ([(4, 1), (4, "0.7")], False, "4 follows 4"),
        ([(4, 1), ("4.0", "0.7")], True, "4 follows 4"),
        ([(4, "0.7"), (6, 1)], False, "1.00 follows 0.70.*best rung first"),
        ([(4, "0.7"), (6, "0.7")], False, "0.70 follows 0.70"),
        ([(4, 0)], False, "gives 0.00"),
        ([(4, "0.004")], False, "gives 0.00"),
        ([(4, "1.01")], False, "outside 0 to 1"),
        ([(4, "-0.1")], False, "outside 0 to 1"),
        ([(4,)], False, "not a rung"),
        ([4], False, "not a rung"),
        ([(4, 0.5)], False, "not an exact number"),
        ([("four", 1)], False, "“four” is not a number"),
        ([(4, 1)], None, "direction"),
        ([(4, 1)], "no", "direction"),
    ],
)
def test_an_invalid_ladder_is_an_error(rungs: Any, higher_is_better: Any, complaint: str) -> None:
    with pytest.raises(ScoringError, match=complaint):
        ladder(5, rungs=rungs, higher_is_better=higher_is_better)


@given(values, values, falling, rising)
def test_a_better_value_never_scores_less(
    one: Decimal, two: Decimal, falls: Rungs, rises: Rungs
) -> None:
    low, high = sorted([one, two])

    up = [ladder(actual, rungs=falls, higher_is_better=True) for actual in (low, high)]
    down = [ladder(actual, rungs=rises, higher_is_better=False) for actual in (high, low)]

    assert up == sorted(up)
    assert down == sorted(down)
    assert set(up) <= {0, *(score for _, score in falls)}


@given(rising)
def test_each_threshold_belongs_to_its_own_rung_in_text_and_decimals(rungs: Rungs) -> None:
    written = [(str(threshold), str(score)) for threshold, score in rungs]

    for threshold, expected in rungs:
        assert ladder(threshold, rungs=rungs, higher_is_better=False) == expected
        assert ladder(str(threshold), rungs=written, higher_is_better=False) == expected


@given(falling)
def test_a_valid_ladder_descends_strictly_and_validates_to_itself(rungs: Rungs) -> None:
    steps = validate_rungs(rungs, higher_is_better=True)

    assert validate_rungs(steps, higher_is_better=True) == steps
    assert all(
        better.score > worse.score and better.threshold > worse.threshold
        for better, worse in pairwise(steps)
    )
