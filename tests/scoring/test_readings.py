"""M5.13: reading and verdict, told apart from RAG."""

from __future__ import annotations

import pytest

from scoring import Commitment, Guide, Reading, ScoringError, Verdict, reading, verdict


@pytest.mark.parametrize(
    ("score", "word"),
    [
        ("1.00", Reading.HIT),
        ("0.70", Reading.HIT),
        ("0.69", Reading.PROGRESS),
        ("0.50", Reading.PROGRESS),
        ("0.49", Reading.MISSED),
        ("0.00", Reading.MISSED),
    ],
)
def test_reading_by_the_playbook(score: str, word: Reading) -> None:
    assert reading(score) is word


@pytest.mark.parametrize(
    ("guide", "score", "word"),
    [
        (Guide.PARTIAL_FROM_40, "1.00", Reading.FULL),
        (Guide.PARTIAL_FROM_40, "0.99", Reading.STRONG),
        (Guide.PARTIAL_FROM_40, "0.70", Reading.STRONG),
        (Guide.PARTIAL_FROM_40, "0.69", Reading.PARTIAL),
        (Guide.PARTIAL_FROM_40, "0.40", Reading.PARTIAL),
        (Guide.PARTIAL_FROM_40, "0.39", Reading.LITTLE),
        (Guide.PARTIAL_FROM_40, "0.00", Reading.LITTLE),
        (Guide.PARTIAL_FROM_30, "1.00", Reading.FULL),
        (Guide.PARTIAL_FROM_30, "0.99", Reading.STRONG),
        (Guide.PARTIAL_FROM_30, "0.70", Reading.STRONG),
        (Guide.PARTIAL_FROM_30, "0.69", Reading.PARTIAL),
        (Guide.PARTIAL_FROM_30, "0.30", Reading.PARTIAL),
        (Guide.PARTIAL_FROM_30, "0.29", Reading.LITTLE),
        (Guide.PARTIAL_FROM_30, "0.00", Reading.LITTLE),
    ],
)
def test_reading_by_another_guide(guide: Guide, score: str, word: Reading) -> None:
    assert reading(score, guide=guide) is word


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
    ],
)
def test_verdict_by_commitment(commitment: Commitment, score: str, word: Verdict) -> None:
    assert verdict(score, commitment=commitment) is word


def test_both_judge_the_rounded_score() -> None:
    assert reading("0.695") is Reading.HIT
    assert verdict("0.995", commitment="committed") is Verdict.MET


def test_without_a_score_there_is_neither() -> None:
    assert reading(None) is Reading.NO_DATA
    assert verdict(None, commitment="aspirational") is Verdict.NO_DATA


def test_labels_are_words() -> None:
    assert Reading.NO_DATA.label == "No data"
    assert Verdict.NOT_MET.label == "Not met"
    assert Guide.PLAYBOOK.label == "Hit from 0.70, progress from 0.50, missed from 0.00"


def test_they_refuse_words_they_do_not_know() -> None:
    with pytest.raises(ScoringError, match=r"“mood” is not a guide\. Use one of playbook"):
        reading(1, guide="mood")
    with pytest.raises(ScoringError, match="is not a commitment"):
        verdict(1, commitment="hoped")
