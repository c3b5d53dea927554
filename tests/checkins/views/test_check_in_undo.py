from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from checkins.models import CheckIn
from engagements.models import Membership
from okrs.models import KeyResult
from tests.checkins.posting import HTMX, TUESDAY, check_ins, post, standing, url


def undo_url(check_in: CheckIn) -> str:
    return reverse("checkins:check-in-undo", args=[check_in.engagement.slug, check_in.public_id])


def test_it_takes_the_check_in_back_once(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    posted = post(onboarding, bob)

    answer, again = (signed_in.post(undo_url(posted), headers=HTMX) for _ in range(2))

    assert 'data-state="todo"' in answer.text
    assert "check-in-undone" in answer.headers["HX-Trigger"]
    assert standing(onboarding).score is None
    assert again.status_code == 200
    assert len(check_ins(onboarding)) == 2
    plain = signed_in.post(undo_url(posted))
    assert plain.headers["Location"] == f"/#card-{onboarding.public_id}"


def test_the_card_shows_why_it_cannot_be_undone(
    signed_in: Client, onboarding: KeyResult, alice: Membership
) -> None:
    answer = signed_in.post(undo_url(post(onboarding, alice)), headers=HTMX)

    assert answer.status_code == 422
    assert "Only Alice or a program lead can undo this check-in." in answer.text
    assert len(check_ins(onboarding)) == 1


def test_after_ten_minutes_the_card_offers_to_edit_the_check_in_instead(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    posted = post(onboarding, bob, now=TUESDAY - dt.timedelta(minutes=10))

    answer = signed_in.post(undo_url(posted), headers=HTMX)

    assert answer.status_code == 422
    assert "for 10 minutes after saving. Edit it instead." in answer.text
    assert "Edit<span" in answer.text
    assert "Undo<span" not in answer.text
    assert len(check_ins(onboarding)) == 1


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({"actual": "7,4", "confidence": "3"}, "(7.4 − 9) ÷ (4 − 9) = 0.32, amber from 0.31"),
        ({"actual": "x"}, "Enter a number, for example 9."),
        ({"actual": "5 hours"}, "The unit is days. Convert 5 hours to days."),
        ({"actual": "$5"}, 'data-fills="actual" data-text="5\u00a0days"'),
        ({"actual": "900"}, "900 is 100 times the baseline (9) and outside the expected range"),
        ({"actual": "900", "confirmed_actual": "900"}, "0.00"),
        ({"actual": "400"}, "400 is outside the expected range"),
        ({"actual": " "}, "Type a value to see the score."),
    ],
)
def test_the_preview_of_a_value(
    signed_in: Client, onboarding: KeyResult, sent: dict[str, str], shown: str
) -> None:
    there = url("check-in-preview", onboarding)

    assert shown in signed_in.get(there, sent).text
    assert "is outside" not in signed_in.get(there, {**sent, "warned": ""}).text
    assert "Enter a number" not in signed_in.get(there, {**sent, "refused": ""}).text
