"""The stages that follow from check-ins (M9, M9.1), and values as stored."""

from __future__ import annotations

from decimal import Decimal

import pytest

from okrs.formatting import is_early, plain
from okrs.models import KeyResult, Stage
from okrs.models.key_results import LIVE
from okrs.states import forecast, stage_for, weakest
from scoring import PLAYBOOK_BANDS, Rag


@pytest.mark.parametrize("now", [*LIVE, Stage.DRAFT, Stage.CLOSED, "learning", "withdrawn"])
@pytest.mark.parametrize(
    ("method", "score", "confidence", "expected"),
    [
        pytest.param("linear", "0.40", 3, "on_track", id="M9.1-a-tenth-behind"),
        pytest.param("linear", "0.39", 3, "at_risk", id="M9.1-more-than-a-tenth-behind"),
        pytest.param("linear", "0.90", 2, "at_risk", id="M9.1-low-confidence"),
        pytest.param("linear", "0.61", 3, "on_track", id="M9.1-green"),
        pytest.param("ladder", "0.00", 3, "on_track", id="M9.2-ladder-by-confidence"),
        pytest.param("ladder", "1.00", 2, "at_risk", id="M9.2-ladder-low-confidence"),
        pytest.param("linear", None, 3, "committed", id="M9.1-no-score"),
    ],
)
def test_a_live_stage_follows_the_forecast(
    now: str, method: str, score: str | None, confidence: int, expected: str
) -> None:
    on_pace = forecast(
        KeyResult(method=method),
        score=None if score is None else Decimal(score),
        line=Decimal("0.50"),
        confidence=confidence,
        bands=PLAYBOOK_BANDS,
    )

    assert stage_for(now, on_pace=on_pace) == (expected if now in LIVE else now)


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
