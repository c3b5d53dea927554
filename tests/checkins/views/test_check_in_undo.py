from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

from checkins.models import CheckIn
from engagements.models import Membership, Role
from okrs.models import KeyResult
from tests import build
from tests.checkins.posting import HTMX, check_ins, post, standing, url


def undo_url(check_in: CheckIn) -> str:
    return reverse("checkins:check-in-undo", args=[check_in.engagement.slug, check_in.public_id])


def test_it_takes_the_check_in_back(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    posted = post(onboarding, bob)

    answer = signed_in.post(undo_url(posted), headers=HTMX)

    assert 'data-state="todo"' in answer.text
    assert "check-in-undone" in answer.headers["HX-Trigger"]
    assert standing(onboarding).score is None


def test_without_a_script_it_goes_back_to_my_week(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    answer = signed_in.post(undo_url(post(onboarding, bob)))

    assert answer.headers["Location"] == f"/#card-{onboarding.public_id}"


def test_it_says_why_it_may_not_be_undone(
    signed_in: Client, onboarding: KeyResult, alice: Membership
) -> None:
    posted = post(onboarding, alice)

    answer = signed_in.post(undo_url(posted), headers=HTMX)

    assert answer.status_code == 422
    assert "Only Alice or a program lead can undo this check-in." in answer.text
    assert len(check_ins(onboarding)) == 1


def test_a_double_click_undoes_once_and_says_so(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    posted = post(onboarding, bob)
    signed_in.post(undo_url(posted), headers=HTMX)

    again = signed_in.post(undo_url(posted), headers=HTMX)

    assert again.status_code == 200
    assert "Another check-in stands since" not in again.text
    assert len(check_ins(onboarding)) == 2


def test_the_lead_takes_the_check_in_of_another_back(
    client: Client, onboarding: KeyResult, bob: Membership
) -> None:
    build.sign_in(client, onboarding.engagement)
    posted = post(onboarding, bob)

    answer = client.post(undo_url(posted), headers=HTMX)

    assert answer.status_code == 200
    assert standing(onboarding).score is None


def test_it_is_posted_never_followed(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    assert signed_in.get(undo_url(post(onboarding, bob))).status_code == 405


def test_strangers_find_nothing(client: Client, onboarding: KeyResult, bob: Membership) -> None:
    posted = post(onboarding, bob)
    build.sign_in(client, build.engagement("Harbor Retail"))

    assert client.post(undo_url(posted)).status_code == 404


def previewed(client: Client, key_result: KeyResult, **typed: Any) -> str:
    answer = client.get(url("check-in-preview", key_result), typed)
    assert answer.status_code == 200
    return answer.text


def test_it_shows_score_band_line_and_forecast(signed_in: Client, onboarding: KeyResult) -> None:
    text = previewed(signed_in, onboarding, actual="7,4", confidence="3")

    assert "Amber" in text
    assert "(7.4 − 9) ÷ (4 − 9) = 0.32, amber from 0.31" in text
    assert "behind pace" in text
    assert "pace 0.76" in text


def test_it_says_why_a_number_cannot_be_read(signed_in: Client, onboarding: KeyResult) -> None:
    assert "“x” is not a number." in previewed(signed_in, onboarding, actual="x")


def test_it_warns_of_a_value_out_of_range(signed_in: Client, onboarding: KeyResult) -> None:
    assert "400 is outside the expected range (0–365)." in previewed(
        signed_in, onboarding, actual="400"
    )


def test_it_does_not_repeat_the_warning_of_the_field(
    signed_in: Client, onboarding: KeyResult
) -> None:
    page = url("check-in-preview", onboarding)

    assert "is outside" not in signed_in.get(f"{page}?warned", {"actual": "400", "warned": ""}).text


def test_it_says_nothing_of_nothing(signed_in: Client, onboarding: KeyResult) -> None:
    assert "Type a value to see the score." in previewed(signed_in, onboarding, actual=" ")


def test_it_writes_nothing(signed_in: Client, onboarding: KeyResult) -> None:
    previewed(signed_in, onboarding, actual="7.4", confidence="3")

    assert check_ins(onboarding) == []


def test_sponsors_get_none(client: Client, onboarding: KeyResult) -> None:
    build.sign_in(client, onboarding.engagement, Role.SPONSOR)

    assert client.get(url("check-in-preview", onboarding)).status_code == 403
