"""M5.6, and the set that came too easily (M5.13)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import ScoringError, objective_score, too_easy
from tests.scoring.strategies import hundredths, scores_or_none, weights

pairs = st.lists(st.tuples(hundredths, weights), min_size=1)


def test_unset_weights_are_equal() -> None:
    assert objective_score([("0.2", None), ("0.8", None)]) == Decimal("0.50")


def test_it_weighs() -> None:
    assert objective_score([("0.2", 3), ("0.8", 1)]) == Decimal("0.35")


def test_it_takes_members_as_rounded() -> None:
    assert objective_score([("0.305", 1), ("0.305", 1)]) == Decimal("0.31")


def test_it_rounds_half_up() -> None:
    assert objective_score([("0.50", 1), ("0.51", 1)]) == Decimal("0.51")


def test_a_draft_leaves_out_what_has_no_data() -> None:
    assert objective_score([("0.8", 1), (None, 3)]) == Decimal("0.80")


def test_a_final_score_counts_it_as_nothing() -> None:
    assert objective_score([("0.8", 1), (None, 3)], final=True) == Decimal("0.20")
    assert str(objective_score([(None, 1)], final=True)) == "0.00"


def test_nothing_to_count_is_no_score() -> None:
    assert objective_score([(None, 1), (None, None)]) is None
    assert objective_score([]) is None
    assert objective_score([], final=True) is None


@pytest.mark.parametrize("weight", [0, "-1", 1.5, True])
@pytest.mark.parametrize("score", ["0.5", None])
def test_it_refuses_a_weight_that_is_not_above_zero(score: str | None, weight: Any) -> None:
    with pytest.raises(ScoringError):
        objective_score([(score, weight)])


def test_it_refuses_a_member_outside_the_scale() -> None:
    with pytest.raises(ScoringError, match="outside 0 to 1"):
        objective_score([("60", 1)])


@given(pairs)
def test_it_lies_between_its_members(members: list[tuple[Decimal, Decimal]]) -> None:
    mean = objective_score(members)

    assert mean is not None
    assert min(members)[0] <= mean <= max(members)[0]


@given(pairs, st.integers(2, 9))
def test_only_the_proportion_of_weights_counts(
    members: list[tuple[Decimal, Decimal]], factor: int
) -> None:
    heavier = [(score, weight * factor) for score, weight in members]

    assert objective_score(heavier) == objective_score(members)


@given(st.lists(st.tuples(scores_or_none, weights), min_size=1))
def test_a_final_score_is_never_above_its_draft(
    members: list[tuple[Decimal | None, Decimal]],
) -> None:
    draft, final = objective_score(members), objective_score(members, final=True)

    assert final is not None
    assert draft is None or final <= draft


def test_a_whole_set_at_one_was_too_easy() -> None:
    assert too_easy(["1.00", 1])
    assert not too_easy(["1.00", "0.99"])
    assert not too_easy(["1.00", None])
    assert not too_easy([])
