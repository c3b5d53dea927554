"""Scores of objectives (M5.6), readings and verdicts (M5.13)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import (
    Commitment,
    Guide,
    Reading,
    ScoringError,
    Verdict,
    objective_score,
    reading,
    too_easy,
    verdict,
)
from tests.scoring.strategies import hundredths, scores_or_none, weights

pairs = st.lists(st.tuples(hundredths, weights), min_size=1)


@pytest.mark.parametrize(
    ("members", "final", "score"),
    [
        pytest.param([("0.60", None), ("0.92", None), ("0.60", None)], False, "0.71", id="M5.12"),
        pytest.param([("0.2", None), ("0.8", None)], False, "0.50", id="M5.6-no-weights"),
        pytest.param([("0.2", 3), ("0.8", 1)], False, "0.35", id="M5.6-weights"),
        pytest.param([("0.305", 1), ("0.305", 1)], False, "0.31", id="M5.6-of-rounded-scores"),
        pytest.param([("0.50", 1), ("0.51", 1)], False, "0.51", id="M5.6-rounds-half-up"),
        pytest.param([("0.8", 1), (None, 3)], False, "0.80", id="M5.6-draft-without-data"),
        pytest.param([("0.8", 1), (None, 3)], True, "0.20", id="M5.6-final-without-data"),
        pytest.param([(None, 1)], True, "0.00", id="M5.6-final-without-any-data"),
        pytest.param([(None, 1), (None, None)], False, "None", id="M5.6-no-data"),
        pytest.param([], False, "None", id="M5.6-no-key-results"),
        pytest.param([], True, "None", id="M5.6-final-no-key-results"),
    ],
)
def test_an_objective_has_the_weighted_mean(members: Any, final: bool, score: str) -> None:
    assert str(objective_score(members, final=final)) == score


@pytest.mark.parametrize(
    ("score", "weight"),
    [("60", 1), *((score, weight) for score in ("0.5", None) for weight in (0, "-1", 1.5, True))],
)
def test_weights_are_above_0_and_scores_at_most_1(score: str | None, weight: Any) -> None:
    with pytest.raises(ScoringError):
        objective_score([(score, weight)])


@given(pairs)
def test_the_score_lies_between_its_members(members: list[tuple[Decimal, Decimal]]) -> None:
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


@pytest.mark.parametrize(
    ("guide", "words"),
    [
        (Guide.PLAYBOOK, "1.00 hit, 0.70 hit, 0.69 progress, 0.50 progress, 0.49 missed, 0 missed"),
        (
            Guide.PARTIAL_FROM_40,
            "1.00 full, 0.99 strong, 0.70 strong, 0.69 partial, 0.40 partial, 0.39 little, 0 little",
        ),
        (
            Guide.PARTIAL_FROM_30,
            "1.00 full, 0.99 strong, 0.70 strong, 0.69 partial, 0.30 partial, 0.29 little, 0 little",
        ),
    ],
)
def test_a_final_score_is_read_by_its_guide(guide: Guide, words: str) -> None:
    for pair in words.split(", "):
        score, word = pair.split()
        assert reading(score, guide=guide) == word
    assert reading("0.695") is Reading.HIT  # rounded first, by the playbook
    assert reading(None, guide=guide) is Reading.NO_DATA


@pytest.mark.parametrize(
    ("commitment", "score", "word"),
    [
        (Commitment.COMMITTED, "1.00", Verdict.MET),
        (Commitment.COMMITTED, "0.99", Verdict.NOT_MET),
        (Commitment.ASPIRATIONAL, "1.00", Verdict.STRETCHED),
        (Commitment.ASPIRATIONAL, "0.71", Verdict.STRETCHED),
        (Commitment.ASPIRATIONAL, "0.70", Verdict.SUCCESS),
        (Commitment.ASPIRATIONAL, "0.60", Verdict.SUCCESS),
        (Commitment.ASPIRATIONAL, "0.59", Verdict.NOT_MET),
        (Commitment.COMMITTED, "0.995", Verdict.MET),
        (Commitment.ASPIRATIONAL, None, Verdict.NO_DATA),
    ],
)
def test_verdict_by_commitment(commitment: Commitment, score: str | None, word: Verdict) -> None:
    assert verdict(score, commitment=commitment) is word


def test_unknown_words_are_an_error() -> None:
    with pytest.raises(ScoringError, match=r"“mood” is not a guide\. Use one of playbook"):
        reading(1, guide="mood")
    with pytest.raises(ScoringError, match="is not a commitment"):
        verdict(1, commitment="hoped")
