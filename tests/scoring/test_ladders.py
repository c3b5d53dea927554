"""M5.3."""

from __future__ import annotations

from decimal import Context, Decimal, localcontext
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given

from scoring import Rung, ScoringError, ladder, rung_that_holds, validate_rungs
from tests.scoring.strategies import Rungs, falling, rising, values

UPTIME = [("99.9", "1"), ("99.5", "0.7"), ("99", "0.3")]
DAYS = [(4, "1.0"), (6, "0.7"), (8, "0.3")]


@pytest.mark.parametrize(
    ("actual", "score"),
    [("100", "1.00"), ("99.9", "1.00"), ("99.89", "0.70"), ("99", "0.30"), ("98.99", "0.00")],
)
def test_higher_is_better_reads_at_least(actual: str, score: str) -> None:
    assert str(ladder(actual, rungs=UPTIME, higher_is_better=True)) == score


@pytest.mark.parametrize(
    ("actual", "score"),
    [("-1", "1.00"), ("4", "1.00"), ("4.01", "0.70"), ("8", "0.30"), ("8.01", "0.00")],
)
def test_lower_is_better_reads_at_most(actual: str, score: str) -> None:
    assert str(ladder(actual, rungs=DAYS, higher_is_better=False)) == score


def test_yes_or_no_is_one_rung() -> None:
    assert ladder(1, rungs=[(1, 1)], higher_is_better=True) == 1
    assert ladder(0, rungs=[(1, 1)], higher_is_better=True) == 0


def test_it_names_the_rung_that_holds() -> None:
    held = rung_that_holds(7, rungs=DAYS, higher_is_better=False)

    assert held == Rung(Decimal(8), Decimal("0.30"))
    assert rung_that_holds(9, rungs=DAYS, higher_is_better=False) is None


def test_validate_rungs_hands_back_decimals() -> None:
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
def test_it_refuses_what_is_no_ladder(rungs: Any, higher_is_better: Any, complaint: str) -> None:
    with pytest.raises(ScoringError, match=complaint):
        ladder(5, rungs=rungs, higher_is_better=higher_is_better)


@given(values, falling)
def test_it_gives_a_rungs_score_or_nothing(actual: Decimal, rungs: Rungs) -> None:
    score = ladder(actual, rungs=rungs, higher_is_better=True)

    assert score in {0, *(score for _, score in rungs)}


@given(values, values, falling)
def test_more_never_scores_less_where_higher_is_better(
    one: Decimal, two: Decimal, rungs: Rungs
) -> None:
    low, high = (
        ladder(actual, rungs=rungs, higher_is_better=True) for actual in sorted([one, two])
    )

    assert low <= high


@given(values, values, rising)
def test_more_never_scores_more_where_lower_is_better(
    one: Decimal, two: Decimal, rungs: Rungs
) -> None:
    low, high = (
        ladder(actual, rungs=rungs, higher_is_better=False) for actual in sorted([one, two])
    )

    assert low >= high


@given(values, falling)
def test_mirroring_all_numbers_swaps_the_direction(actual: Decimal, rungs: Rungs) -> None:
    mirrored = [(-threshold, score) for threshold, score in rungs]

    assert ladder(actual, rungs=rungs, higher_is_better=True) == ladder(
        -actual, rungs=mirrored, higher_is_better=False
    )


@given(values, rising)
def test_the_type_of_a_number_makes_no_difference(actual: Decimal, rungs: Rungs) -> None:
    written = [(str(threshold), str(score)) for threshold, score in rungs]

    assert ladder(str(actual), rungs=written, higher_is_better=False) == ladder(
        actual, rungs=rungs, higher_is_better=False
    )


@given(rising)
def test_each_threshold_belongs_to_its_own_rung(rungs: Rungs) -> None:
    for threshold, score in rungs:
        assert ladder(threshold, rungs=rungs, higher_is_better=False) == score


@given(falling)
def test_a_valid_ladder_descends_strictly_and_validates_to_itself(rungs: Rungs) -> None:
    steps = validate_rungs(rungs, higher_is_better=True)

    assert validate_rungs(steps, higher_is_better=True) == steps
    assert all(
        better.score > worse.score and better.threshold > worse.threshold
        for better, worse in pairwise(steps)
    )


@given(falling.filter(lambda rungs: len(rungs) > 1))
def test_no_ladder_is_valid_in_both_directions(rungs: Rungs) -> None:
    with pytest.raises(ScoringError):
        validate_rungs(rungs, higher_is_better=False)


def test_it_ignores_the_callers_decimal_context() -> None:
    with localcontext(Context(prec=1)):
        assert ladder("99.6", rungs=UPTIME, higher_is_better=True) == Decimal("0.70")
