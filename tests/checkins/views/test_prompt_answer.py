from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from checkins.models import PromptAnswer
from engagements.models import Membership
from okrs.models import KeyResult
from tests.checkins.posting import HTMX, post, url

WORDS = {"text": "Paper forms take days.", "bet": "One form on the phone."}


@pytest.fixture
def red(onboarding: KeyResult, bob: Membership) -> KeyResult:
    post(onboarding, bob, actual="8.9", confidence=2)
    return onboarding


def sent(client: Client, key_result: KeyResult, *, plain: bool = False, **words: Any) -> Any:
    headers = {} if plain else HTMX
    return client.post(url("prompt-answer", key_result), {**WORDS, **words}, headers=headers)


def test_the_prompt_opens_its_form_on_the_card_and_on_a_page_of_its_own(
    signed_in: Client, red: KeyResult
) -> None:
    card = signed_in.get(url("check-in-create", red), headers=HTMX)
    form = signed_in.get(url("prompt-answer", red), headers=HTMX)
    page = signed_in.get(url("prompt-answer", red))

    assert "Red: response due" in card.text
    assert f'hx-get="{url("prompt-answer", red)}"' in card.text
    assert form.text.strip().startswith(f'<div class="before" id="prompt-{red.public_id}"')
    assert [field.name for field in form.context["form"]] == ["text", "bet", "crosses_teams"]
    assert "<!doctype html>" in page.text


def test_an_answer_is_saved_in_place_and_stays_on_the_thread(
    signed_in: Client, red: KeyResult
) -> None:
    answer = sent(signed_in, red)

    assert answer.status_code == 200
    assert "Answered." in answer.text
    assert {"form-saved", "toast"} <= set(answer.headers["HX-Trigger"].split('"'))
    page = signed_in.get(url("key-result-detail", red)).text
    assert all(words in page for words in WORDS.values())
    assert "response due" not in page


@pytest.mark.parametrize(("plain", "onward"), [(True, "Location"), (False, "HX-Redirect")])
def test_from_the_page_of_the_key_result_it_leads_back_there(
    signed_in: Client, red: KeyResult, *, plain: bool, onward: str
) -> None:
    there = url("key-result-detail", red)
    assert f"{url('prompt-answer', red)}?next={there}" in signed_in.get(there).text

    assert sent(signed_in, red, plain=plain, next=there).headers[onward] == there


@pytest.mark.parametrize(
    ("value", "words", "message"),
    [
        pytest.param("8.9", {"text": " "}, "Write an answer.", id="no-cause"),
        pytest.param("8.9", {"text": "\u200b"}, "Write an answer.", id="invisible-cause"),
        pytest.param("8.9", {"bet": "\u200b"}, "Add the revised bet.", id="invisible-bet"),
        pytest.param("6.5", {"checkpoint_on": ""}, "Choose a day.", id="no-checkpoint"),
    ],
)
def test_each_band_needs_its_own_answer(
    *,
    signed_in: Client,
    onboarding: KeyResult,
    bob: Membership,
    value: str,
    words: dict[str, Any],
    message: str,
) -> None:
    post(onboarding, bob, actual=value, confidence=2)

    answer = sent(signed_in, onboarding, **words)

    assert answer.status_code == 422
    assert message in answer.text
    assert not PromptAnswer.objects.exists()


@pytest.mark.parametrize("plain", [True, False])
def test_a_missing_bet_and_a_second_answer_are_refused_with_the_words(
    signed_in: Client, red: KeyResult, *, plain: bool
) -> None:
    refused = sent(signed_in, red, plain=plain, bet="")
    sent(signed_in, red)
    second = sent(signed_in, red, plain=plain, text="Also mine.")

    assert (refused.status_code, second.status_code) == (422, 422)
    assert "Add the revised bet." in refused.text
    assert WORDS["text"] in refused.text
    assert "This prompt has been answered" in second.text
    assert "Also mine." in second.text
    assert PromptAnswer.objects.count() == 1
