from __future__ import annotations

import datetime as dt
from decimal import Decimal

from checkins.models import CheckIn
from checkins.queries import Preview, preview
from engagements.models import Membership
from okrs.models import KeyResult
from scoring import Rag
from tests.checkins.posting import post


def look(key_result: KeyResult, actual: str, confidence: int | None = 4) -> Preview:
    return preview(
        key_result=key_result,
        actual=actual,
        confidence=confidence,
        today=dt.date(2026, 3, 10),
    )


def test_it_says_what_a_post_would_and_writes_nothing(
    onboarding: KeyResult, bob: Membership
) -> None:
    found = look(onboarding, "5,2")

    assert not CheckIn.objects.exists()
    check_in = post(onboarding, bob, actual="5.2")
    assert (found.score, found.rag) == (check_in.score, Rag(check_in.rag))
    assert found.explanation == "(5.2 − 9) ÷ (4 − 9) = 0.76, green from 0.61"
    assert (found.pace, found.forecast_holds) == (Decimal("0.76"), True)


def test_it_says_what_the_score_was(onboarding: KeyResult, bob: Membership) -> None:
    key_result = post(onboarding, bob, actual=6).key_result

    assert look(key_result, "5").was == Decimal("0.60")


def test_a_number_that_cannot_be_read_is_an_error(onboarding: KeyResult) -> None:
    assert look(onboarding, "12,5k").error == "“12,5k” is not a number. Enter 12500."


def test_a_value_out_of_range_is_scored_with_a_warning(onboarding: KeyResult) -> None:
    found = look(onboarding, "400")

    assert found.rag is Rag.RED
    assert found.warning == "400 is outside the expected range (0–365). Fix it or confirm it."


def test_without_a_confidence_no_forecast_holds(onboarding: KeyResult) -> None:
    assert look(onboarding, "5", confidence=None).forecast_holds is False
