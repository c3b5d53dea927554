from __future__ import annotations

from typing import Any

from django.test import Client

from engagements.models import Role
from okrs.models import KeyResult
from tests import build
from tests.checkins.posting import check_ins, url


def shown(client: Client, key_result: KeyResult, **typed: Any) -> str:
    answer = client.get(url("check-in-preview", key_result), typed)
    assert answer.status_code == 200
    return answer.text


def test_it_shows_score_band_line_and_forecast(signed_in: Client, onboarding: KeyResult) -> None:
    text = shown(signed_in, onboarding, actual="7,4", confidence="3")

    assert "Amber" in text
    assert "(7.4 − 9) ÷ (4 − 9) = 0.32, amber from 0.31" in text
    assert "behind pace" in text
    assert "pace 0.76" in text


def test_it_says_why_a_number_cannot_be_read(signed_in: Client, onboarding: KeyResult) -> None:
    assert "“x” is not a number." in shown(signed_in, onboarding, actual="x")


def test_it_warns_of_a_value_out_of_range(signed_in: Client, onboarding: KeyResult) -> None:
    assert "400 is outside the expected range (0–365)." in shown(
        signed_in, onboarding, actual="400"
    )


def test_it_does_not_repeat_the_warning_of_the_field(
    signed_in: Client, onboarding: KeyResult
) -> None:
    page = url("check-in-preview", onboarding)

    assert "is outside" not in signed_in.get(f"{page}?warned", {"actual": "400", "warned": ""}).text


def test_it_says_nothing_of_nothing(signed_in: Client, onboarding: KeyResult) -> None:
    assert "Type a value to see the score." in shown(signed_in, onboarding, actual=" ")


def test_it_writes_nothing(signed_in: Client, onboarding: KeyResult) -> None:
    shown(signed_in, onboarding, actual="7.4", confidence="3")

    assert check_ins(onboarding) == []


def test_sponsors_get_none(client: Client, onboarding: KeyResult) -> None:
    build.sign_in(client, onboarding.engagement, Role.SPONSOR)

    assert client.get(url("check-in-preview", onboarding)).status_code == 403
