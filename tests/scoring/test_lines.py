"""M5.1, M5.2 and M5.11."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import ScoringError, linear, pace, validate_linear
from tests.scoring.strategies import Line, lines, values

START, DUE = date(2026, 1, 5), date(2026, 4, 5)


def test_it_runs_upwards_and_downwards() -> None:
    assert linear(3, baseline=0, target=4) == Decimal("0.75")
    assert linear("1.5", baseline=3, target=1) == Decimal("0.75")


def test_it_crosses_zero() -> None:
    assert linear(0, baseline=-5, target=5) == Decimal("0.50")


def test_it_rounds_half_up() -> None:
    assert linear("0.125", baseline=0, target=1) == Decimal("0.13")
    assert linear("0.005", baseline=0, target=1) == Decimal("0.01")
    assert linear("0.1249999999999999999999999999999999999999", baseline=0, target=1) == Decimal(
        "0.12"
    )


def test_it_clamps_both_ends() -> None:
    assert linear(-100, baseline=0, target=4) == 0
    assert linear(100, baseline=0, target=4) == 1


def test_it_has_two_places_and_no_minus_zero() -> None:
    assert str(linear(0, baseline=0, target=-5)) == "0.00"
    assert str(linear("-0.0001", baseline=0, target=5)) == "0.00"
    assert str(linear(9, baseline=0, target=5)) == "1.00"


def test_it_ignores_the_callers_decimal_context() -> None:
    with localcontext(Context(prec=1)):
        assert linear("1.234567", baseline=0, target="9.876543") == Decimal("0.12")


def test_it_refuses_a_goal_that_is_the_start() -> None:
    expected = "Baseline and target are both 62. Change one, or use a ladder for “keep it above”."

    with pytest.raises(ScoringError) as refused:
        linear(60, baseline=62, target="62.0")

    assert str(refused.value) == expected


def test_validate_linear_hands_back_decimals() -> None:
    assert validate_linear("18", 28) == (Decimal(18), Decimal(28))


@given(values, lines)
def test_it_stays_between_nothing_and_all(actual: Decimal, line: Line) -> None:
    score = linear(actual, baseline=line[0], target=line[1])

    assert 0 <= score <= 1
    assert score.as_tuple().exponent == -2


@given(values, values, lines)
def test_nearer_the_goal_never_scores_less(one: Decimal, two: Decimal, line: Line) -> None:
    baseline, target = line
    worse, better = sorted([one, two], reverse=target < baseline)

    low = linear(worse, baseline=baseline, target=target)
    high = linear(better, baseline=baseline, target=target)

    assert low <= high


@given(values, lines)
def test_mirroring_all_numbers_changes_nothing(actual: Decimal, line: Line) -> None:
    mirrored = linear(-actual, baseline=-line[0], target=-line[1])

    assert mirrored == linear(actual, baseline=line[0], target=line[1])


@given(lines)
def test_the_ends_are_nothing_and_all(line: Line) -> None:
    assert linear(line[0], baseline=line[0], target=line[1]) == 0
    assert linear(line[1], baseline=line[0], target=line[1]) == 1


@given(st.integers(), st.integers(-(10**9), 10**9), st.integers(1, 10**9))
def test_the_type_of_a_number_makes_no_difference(actual: int, start: int, span: int) -> None:
    numbers = [max(min(actual, 10**12), -(10**12)), start, start + span]

    results = {
        linear(kind(numbers[0]), baseline=kind(numbers[1]), target=kind(numbers[2]))
        for kind in (int, str, Decimal)
    }

    assert len(results) == 1


def test_pace_is_a_straight_line_in_days() -> None:
    assert pace(start=START, due=DUE, today=START + timedelta(days=45)) == Decimal("0.50")
    assert str(pace(start=START, due=DUE, today=START + timedelta(days=1))) == "0.01"


def test_pace_rests_before_the_start_and_after_the_due_date() -> None:
    assert str(pace(start=START, due=DUE, today=date(2025, 12, 1))) == "0.00"
    assert str(pace(start=START, due=DUE, today=START)) == "0.00"
    assert str(pace(start=START, due=DUE, today=DUE)) == "1.00"
    assert str(pace(start=START, due=DUE, today=date(2027, 1, 1))) == "1.00"


def test_pace_rounds_half_up() -> None:
    assert pace(start=START, due=START + timedelta(days=8), today=date(2026, 1, 6)) == Decimal(
        "0.13"
    )


def test_pace_refuses_a_span_of_no_days() -> None:
    with pytest.raises(ScoringError, match="Start and due date are both 2026-01-05"):
        pace(start=START, due=START, today=START)


def test_pace_refuses_a_due_date_before_the_start() -> None:
    with pytest.raises(ScoringError, match="comes before the start"):
        pace(start=DUE, due=START, today=START)


def test_pace_refuses_a_time_of_day() -> None:
    with pytest.raises(ScoringError, match="Enter the date"):
        pace(start=START, due=DUE, today=datetime(2026, 2, 1, tzinfo=UTC))


@given(st.dates(), st.dates(), st.integers(1, 400))
def test_pace_never_falls(one: date, two: date, days: int) -> None:
    due = START + timedelta(days=days)

    earlier, later = (pace(start=START, due=due, today=day) for day in sorted([one, two]))

    assert 0 <= earlier <= later <= 1
