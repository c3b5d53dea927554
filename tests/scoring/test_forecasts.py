"""Forecasts (M9.2): the score that a day needs, and who is on pace."""

from __future__ import annotations

from decimal import Context, Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import Commitment, ScoringError, needed, on_pace
from tests.scoring.strategies import Rungs, falling, hundredths, rising, scores_or_none

COMMITTED, ASPIRATIONAL = Commitment.COMMITTED, Commitment.ASPIRATIONAL
THREE = [(4, "1.0"), (6, "0.7"), (8, "0.3")]
LOW = [("90", "0.55"), ("80", "0.40")]  # aspirational, and its top rung is below the goal
YES = [(1, 1)]


@pytest.mark.parametrize(
    ("pace", "commitment", "expected"),
    [
        pytest.param("0", COMMITTED, "0.00", id="M9.2-at-the-start"),
        pytest.param("0.20", COMMITTED, "0.00", id="M9.2-nothing-up-to-0.20"),
        pytest.param("0.21", COMMITTED, "0.04", id="M9.2-from-0.21"),
        pytest.param("0.50", COMMITTED, "0.25", id="M9.2-a-quarter-halfway"),
        pytest.param("0.55", COMMITTED, "0.30", id="M9.2-0.3025-rounds-down"),
        pytest.param("0.85", COMMITTED, "0.72", id="M9.2-0.7225-rounds-down"),
        pytest.param("0.95", COMMITTED, "0.90", id="M9.2-0.9025-rounds-down"),
        pytest.param("0.97", COMMITTED, "0.94", id="M9.2-three-days-before-the-end"),
        pytest.param(1, COMMITTED, "1.00", id="M9.2-all-of-it-at-the-end"),
        pytest.param("0.20", ASPIRATIONAL, "0.00", id="M9.2-aspirational-nothing-up-to-0.20"),
        pytest.param("0.50", "aspirational", "0.15", id="M9.2-aspirational-halfway"),
        pytest.param("0.35", "aspirational", "0.07", id="M9.2-aspirational-0.0735"),
        pytest.param(Decimal(1), "aspirational", "0.60", id="M9.2-aspirational-at-the-end"),
    ],
)
def test_needed_grows_with_the_square_of_pace(pace: Any, commitment: Any, expected: str) -> None:
    with localcontext(Context(prec=1)):
        found = needed(pace=pace, commitment=commitment)

    assert str(found) == expected


@pytest.mark.parametrize(
    ("rungs", "pace", "commitment", "at_baseline", "expected"),
    [
        pytest.param(THREE, "0.50", COMMITTED, 0, "0.00", id="M9.2-no-rung-that-low"),
        pytest.param(THREE, "0.55", COMMITTED, 0, "0.30", id="M9.2-the-lowest-rung"),
        pytest.param(THREE, "0.83", COMMITTED, 0, "0.30", id="M9.2-still-the-lowest-rung"),
        pytest.param(THREE, "0.84", COMMITTED, 0, "0.70", id="M9.2-the-rung-in-between"),
        pytest.param(THREE, "0.99", COMMITTED, 0, "0.70", id="M9.2-before-the-end"),
        pytest.param(THREE, 1, COMMITTED, 0, "1.00", id="M9.2-the-goal-at-the-end"),
        pytest.param(THREE, "0.99", ASPIRATIONAL, 0, "0.30", id="M9.2-aspirational"),
        pytest.param(THREE, 1, ASPIRATIONAL, 0, "0.70", id="M9.2-lowest-that-reaches-the-goal"),
        pytest.param(LOW, 1, ASPIRATIONAL, 0, "0.55", id="M9.2-none-reaches-it-so-the-top-one"),
        pytest.param(THREE, "0.05", COMMITTED, "0.7", "0.70", id="M9.2-floor-from-the-start"),
        pytest.param(THREE, 1, ASPIRATIONAL, 1, "1.00", id="M9.2-floor-at-the-end"),
        pytest.param(YES, "0.99", COMMITTED, 0, "0.00", id="M9.2-yes-no-before-the-end"),
        pytest.param(YES, 1, ASPIRATIONAL, 0, "1.00", id="M9.2-yes-no-at-the-end"),
    ],
)
def test_a_ladder_needs_a_rung(
    rungs: Any, pace: Any, commitment: Any, at_baseline: Any, expected: str
) -> None:
    found = needed(pace=pace, commitment=commitment, rungs=rungs, at_baseline=at_baseline)

    assert str(found) == expected


@pytest.mark.parametrize(
    ("score", "pace", "confidence", "rungs", "at_baseline", "expected"),
    [
        pytest.param("0.25", "0.50", 3, None, 0, True, id="M9.2-just-enough"),
        pytest.param("0.24", "0.50", 5, None, 0, False, id="M9.2-a-hundredth-short"),
        pytest.param("0.00", "0.20", 3, None, 0, True, id="M9.2-unmoved-but-early"),
        pytest.param("0.00", "0.97", 5, None, 0, False, id="M9.2-unmoved-at-the-end"),
        pytest.param("0.90", "0.97", 5, None, 0, False, id="M9.2-green-is-not-enough"),
        pytest.param("1.00", "0.10", 2, None, 0, False, id="M9.2-low-confidence"),
        pytest.param("1.00", "0.10", None, None, 0, False, id="M9.2-no-confidence"),
        pytest.param(None, "0.10", 5, None, 0, None, id="M9.2-no-score"),
        pytest.param(None, "0.10", None, YES, 0, None, id="M9.2-yes-no-without-a-value"),
        pytest.param("0.00", "0.50", 3, THREE, 0, True, id="M9.2-ladder-no-rung-due-yet"),
        pytest.param("0.00", "0.55", 5, THREE, 0, False, id="M9.2-ladder-below-its-rung"),
        pytest.param("0.30", "0.55", 3, THREE, 0, True, id="M9.2-ladder-at-its-rung"),
        pytest.param("0.30", "0.05", 5, THREE, "0.7", False, id="M9.2-broken-floor-at-once"),
        pytest.param("0.00", "0.79", 3, YES, 0, True, id="M9.2-no-until-0.80"),
        pytest.param("0.00", "0.80", 3, YES, 0, False, id="M9.2-no-needs-confidence-from-0.80"),
        pytest.param("0.00", "0.80", 4, YES, 0, True, id="M9.2-no-with-confidence-4"),
        pytest.param("0.00", "0.80", None, YES, 0, False, id="M9.2-no-without-confidence"),
        pytest.param("0.00", 1, 5, YES, 0, False, id="M9.2-no-at-the-end"),
        pytest.param("1.00", "0.80", 3, YES, 0, True, id="M9.2-yes-needs-no-more-confidence"),
        pytest.param("0.00", "0.90", 3, THREE[:2], 0, False, id="M9.2-two-rungs-below-theirs"),
        pytest.param("0.00", "0.80", 3, THREE[:2], 0, True, id="M9.2-two-rungs-are-not-one"),
        pytest.param("0.00", "0.10", 5, YES, 1, False, id="M9.2-keep-it-broken"),
    ],
)
def test_on_pace(
    score: Any, pace: Any, confidence: Any, rungs: Any, at_baseline: Any, expected: bool | None
) -> None:
    found = on_pace(
        score,
        pace=pace,
        confidence=confidence,
        commitment=COMMITTED,
        rungs=rungs,
        at_baseline=at_baseline,
    )

    assert found is expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"commitment": "promised"},
        {"confidence": 0},
        {"confidence": 6},
        {"confidence": "3.5"},
        {"pace": "1.2"},
        {"pace": -1},
        {"pace": 0.5},
        {"score": -1},
        {"score": 0.5},
        {"at_baseline": 2},
        {"rungs": []},
        {"rungs": [4]},
        {"rungs": [(4, 0)]},
        {"rungs": [(4, "0.5"), (6, 1)]},
        {"rungs": [(4, 1), (4, "0.5")]},
        {"rungs": [(4, 1), (6, "0.7"), (5, "0.3")]},
        {"rungs": [(6, 1), (4, "0.7"), (5, "0.3")]},
        {"score": None, "pace": 2},
        {"score": None, "rungs": []},
    ],
)
def test_values_that_no_forecast_can_have_are_an_error(wrong: dict[str, Any]) -> None:
    right: dict[str, Any] = {"score": 1, "pace": 1, "confidence": 3, "commitment": COMMITTED}

    with pytest.raises(ScoringError):
        on_pace(**(right | wrong))


def by_hand(
    score: Decimal, *, pace: int, confidence: int | None, goal: int, rungs: Rungs | None, floor: int
) -> bool:
    """Read M9.2 in whole hundredths, independently of the code."""
    attained = int(score * 100)
    line = 0 if pace <= 20 else (2 * goal * pace * pace + 10_000) // 20_000
    enough = line
    if rungs is not None:
        steps = [int(step * 100) for _, step in rungs]
        reaching = [step for step in steps if step >= goal]
        below = [step for step in steps if step <= line]
        if pace == 100:
            enough = min(reaching) if reaching else max(steps)
        else:
            enough = max(below) if below else 0
        enough = max(enough, floor)
        if len(steps) == 1 and attained < steps[0] and pace >= 80 and (confidence or 0) < 4:
            return False
    return attained >= enough and (confidence or 0) >= 3


confidences = st.none() | st.integers(1, 5)
ladders_or_line = st.none() | falling | rising


@given(
    hundredths,
    st.integers(0, 100),
    confidences,
    st.sampled_from(Commitment),
    ladders_or_line,
    st.data(),
)
def test_on_pace_agrees_with_the_rule_by_hand(
    score: Decimal,
    pace: int,
    confidence: int | None,
    commitment: Commitment,
    rungs: Rungs | None,
    data: st.DataObject,
) -> None:
    floor = data.draw(st.sampled_from([Decimal(0), *(step for _, step in rungs or [])]))

    found = on_pace(
        score,
        pace=f"{pace / 100:.2f}",
        confidence=confidence,
        commitment=commitment,
        rungs=rungs,
        at_baseline=floor,
    )

    assert found is by_hand(
        score,
        pace=pace,
        confidence=confidence,
        goal=100 if commitment is COMMITTED else 60,
        rungs=rungs,
        floor=int(floor * 100),
    )


@given(
    scores_or_none,
    st.integers(0, 99),
    confidences,
    st.sampled_from(Commitment),
    ladders_or_line,
)
def test_waiting_never_improves_a_forecast(
    score: Any, hundredth: int, confidence: int | None, commitment: Commitment, rungs: Any
) -> None:
    now, later = (
        on_pace(
            score,
            pace=f"{at / 100:.2f}",
            confidence=confidence,
            commitment=commitment,
            rungs=rungs,
        )
        for at in (hundredth, hundredth + 1)
    )

    assert now or not later
