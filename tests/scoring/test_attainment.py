"""One call for every method."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from scoring import Method, ScoringError, score

CARD: dict[str, Any] = {
    "baseline": 9,
    "target": 4,
    "rungs": [(4, 1), (6, "0.7")],
    "higher_is_better": False,
}


def test_it_scores_a_line() -> None:
    assert score(method=Method.LINEAR, actual=5, **CARD) == Decimal("0.80")


def test_it_scores_a_ladder() -> None:
    assert score(method=Method.LADDER, actual=5, **CARD) == Decimal("0.70")


def test_the_method_may_be_its_name() -> None:
    assert score(method="linear", actual=9, baseline=9, target=4) == 0


@pytest.mark.parametrize("method", Method)
def test_no_value_is_no_score(method: Method) -> None:
    assert score(method=method, actual=None, **CARD) is None


@pytest.mark.parametrize(
    ("method", "missing", "complaint"),
    [
        ("linear", "baseline", "baseline and a target"),
        ("linear", "target", "baseline and a target"),
        ("ladder", "rungs", "rungs and its direction"),
        ("ladder", "higher_is_better", "rungs and its direction"),
    ],
)
def test_it_names_what_is_missing(method: str, missing: str, complaint: str) -> None:
    with pytest.raises(ScoringError, match=complaint):
        score(method=method, actual=5, **(CARD | {missing: None}))


def test_it_refuses_another_method() -> None:
    with pytest.raises(
        ScoringError, match=r"“guess” is not a method\. Use one of linear, ladder\."
    ):
        score(method="guess", actual=5, **CARD)
