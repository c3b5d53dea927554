from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from decisions.models import Decision
from engagements.models import Membership
from okrs.models import KeyResult
from reviews.models import Review
from tests.reviews.meeting import close, decide, supersede

HTMX = {"HX-Request": "true"}


def url(decision: Decision) -> str:
    return f"/e/northwind/decisions/{decision.public_id}/supersede/"


def words(by: Membership, **fields: str) -> dict[str, str]:
    return {
        "text": "Move it to day twenty.",
        "owner": by.public_id,
        "due_on": "2026-04-01",
        "change": "priority",
        **fields,
    }


def test_opens_with_the_words_in_force(lead: Client, alice: Membership, review: Review) -> None:
    decision = decide(review, alice, "Move the offer to day ten.", client_visible=True)

    page = lead.get(url(decision))

    assert "Supersede decision 1" in page.text
    assert "Move the offer to day ten.</textarea>" in page.text
    assert f'value="{alice.public_id}" selected' in page.text
    assert "2026-03-24" not in page.text.split("<form", 1)[1].split("</form>")[0]


def test_records_what_holds_now(
    lead: Client, alice: Membership, review: Review, onboarding: KeyResult
) -> None:
    decision = decide(review, alice, key_result=onboarding)
    close(review)

    answer = lead.post(url(decision), words(alice))

    assert answer["Location"] == "/e/northwind/decisions/"
    later = Decision.objects.get(supersedes=decision)
    assert (later.text, later.client_visible) == ("Move it to day twenty.", False)
    assert "Recorded as decision 2. It supersedes decision 1." in lead.get(answer["Location"]).text


def test_sends_htmx_on(lead: Client, alice: Membership, review: Review) -> None:
    answer = lead.post(url(decide(review, alice)), words(alice), headers=HTMX)

    assert answer["HX-Redirect"] == "/e/northwind/decisions/"


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_keeps_every_word_of_a_form_that_is_refused(
    lead: Client, alice: Membership, review: Review, headers: Any
) -> None:
    decision = decide(review, alice)

    for wrong, expected in (
        ({"due_on": "2026-03-01"}, "This day is before the decision. Choose a later one."),
        ({"evidence_url": "nowhere"}, "Enter a full address"),
    ):
        answer = lead.post(url(decision), words(alice, **wrong), headers=headers)

        assert answer.status_code == 422
        assert "Move it to day twenty.</textarea>" in answer.text
        assert expected in answer.text
        assert ("<html" in answer.text) is (headers == {})
    assert Decision.objects.count() == 1


def test_says_that_somebody_was_faster(lead: Client, alice: Membership, review: Review) -> None:
    decision = decide(review, alice)
    supersede(decision, alice)

    answer = lead.post(url(decision), words(alice, text="Move it back."))

    assert answer.status_code == 422
    assert "This decision is already superseded." in answer.text
    assert "Move it back.</textarea>" in answer.text
