"""What a value means: prompt, preview, and words that say too little."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from checkins.models import CheckIn
from checkins.rules import Assessment, Preview, Prompt, is_thin, preview, prompt, thin_parts
from engagements.models import Membership
from okrs.models import KeyResult
from scoring import Rag
from tests.checkins.posting import post

CHECKED_IN = dt.datetime(2026, 3, 10, 8, 36, tzinfo=dt.UTC)
ENOUGH = "The form did it."


def ask(rag: Rag, *, behind: bool = True, hours: int = 0) -> Prompt | None:
    found = Assessment(score=None, rag=rag, explanation="", pace=None, forecast_holds=not behind)
    row = KeyResult(rag=rag.value, checked_in_at=CHECKED_IN)
    return prompt(row, assessment=found, now=CHECKED_IN + dt.timedelta(hours=hours))


@pytest.mark.parametrize(
    ("rag", "hours"),
    [pytest.param(Rag.RED, 48, id="M5.9-red"), pytest.param(Rag.AMBER, 7 * 24, id="M5.9-amber")],
)
def test_red_asks_within_48_hours_and_amber_within_a_week(rag: Rag, hours: int) -> None:
    in_time, too_late = ask(rag, hours=hours), ask(rag, hours=hours + 1)

    assert in_time is not None
    assert (in_time.due_at, in_time.overdue) == (CHECKED_IN + dt.timedelta(hours=hours), False)
    assert too_late is not None
    assert too_late.overdue


@pytest.mark.parametrize("rag", [Rag.RED, Rag.AMBER])
def test_they_ask_for_nothing_on_pace(rag: Rag) -> None:
    assert ask(rag, behind=False) is None


@pytest.mark.parametrize("rag", [Rag.GREEN, Rag.STRETCH])
@pytest.mark.parametrize("behind", [True, False])
def test_green_and_stretch_ask_without_a_date(rag: Rag, *, behind: bool) -> None:
    found = ask(rag, behind=behind, hours=10_000)

    assert found is not None
    assert (found.due_at, found.overdue) == (None, False)


def test_each_band_asks_for_something_else() -> None:
    texts = {found.text for rag in Rag if (found := ask(rag)) is not None}

    assert len(texts) == 4


def test_no_data_asks_for_nothing(onboarding: KeyResult) -> None:
    assert ask(Rag.NO_DATA) is None


@pytest.mark.parametrize(
    ("insight", "next_action", "expected"),
    [
        (ENOUGH, ENOUGH, []),
        ("As last week.", ENOUGH, ["insight"]),
        (ENOUGH, "Wait  and\nsee", ["next action"]),
        ("", " ", ["insight", "next action"]),
        ("Three\u00a0words only", ENOUGH, ["insight"]),
        (ENOUGH, "Roll it out\nnow", []),
    ],
)
def test_under_four_words_is_thin(insight: str, next_action: str, expected: list[str]) -> None:
    words = {"insight": insight, "next_action": next_action}

    assert thin_parts(**words) == expected
    assert is_thin(**words) == bool(expected)


def look(key_result: KeyResult, actual: str, confidence: int | None = 4) -> Preview:
    today = dt.date(2026, 3, 10)
    return preview(key_result=key_result, actual=actual, confidence=confidence, today=today)


def test_a_preview_shows_the_score_of_a_post_and_writes_nothing(
    onboarding: KeyResult, bob: Membership
) -> None:
    found = look(onboarding, "5,2")

    assert not CheckIn.objects.exists()
    check_in = post(onboarding, bob, actual="5.2")
    assert (found.score, found.rag) == (check_in.score, Rag(check_in.rag))
    assert found.explanation == "(5.2 − 9) ÷ (4 − 9) = 0.76, green from 0.61"
    assert (found.pace, found.forecast_holds) == (Decimal("0.76"), True)
    assert look(check_in.key_result, "5").was == Decimal("0.76")


def test_a_number_that_cannot_be_read_is_an_error(onboarding: KeyResult) -> None:
    assert look(onboarding, "12,5k").error == "“12,5k” is not a number. Enter 12500."


def test_a_value_out_of_range_is_scored_with_a_warning(onboarding: KeyResult) -> None:
    found = look(onboarding, "400")

    assert found.rag is Rag.RED
    assert found.warning == "400 is outside the expected range (0–365). Fix it or confirm it."


def test_without_a_confidence_it_is_behind_pace(onboarding: KeyResult) -> None:
    assert look(onboarding, "5", confidence=None).forecast_holds is False
