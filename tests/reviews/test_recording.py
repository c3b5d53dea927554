from __future__ import annotations

import re
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from decisions.commands import complete_action
from decisions.models import ActionItem, Decision
from engagements.models import Membership
from okrs.models import KeyResult
from reviews.commands.reviews import close_review
from reviews.models import Review, ReviewRecord
from tests import build
from tests.checkins.posting import HTMX, TUESDAY
from tests.query_counts import assert_constant_queries
from tests.reviews.meeting import act, close, decide, planned, supersede
from tests.reviews.running import YES, go_on, item, key_results, reported, run, url

pytestmark = pytest.mark.usefixtures("clock")
PLAIN_AND_HTMX = pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])


@pytest.fixture
def rows(alice: Membership) -> list[KeyResult]:
    rows = key_results(alice, "API latency", "Day seven")
    return [reported(row, alice, "8.9", confidence=2) for row in rows]


@pytest.fixture
def running(alice: Membership, rows: list[KeyResult]) -> Review:
    return run(alice)


def typed(review: Review, owner: Membership, **fields: str) -> dict[str, str]:
    return {
        "about": item(review, "API latency").public_id,
        "text": "Pair the <b>offer</b>.",
        "what": "Ask for an export.",
        "owner": owner.public_id,
        "due_on": "2026-03-24",
        "change": "bet",
        "client_visible": "on",
        "key": str(uuid4()),
        **fields,
    }


def test_a_decision_is_recorded_on_its_item(
    lead: Client, alice: Membership, running: Review, rows: list[KeyResult]
) -> None:
    form_data = typed(running, alice)
    go_on(running, alice)

    answer = lead.post(url(running, "review-decide"), form_data, headers=HTMX)

    decision = Decision.objects.get()
    assert (decision.text, decision.client_visible) == ("Pair the <b>offer</b>.", True)
    assert ReviewRecord.objects.get(decision=decision).agenda_item == item(running, "API latency")
    assert decision.touches[0]["key_result"] == rows[0].public_id
    assert answer.text.strip().startswith('<div class="capture" id="capture"')
    assert 'id="recorded" hx-swap-oob="true"' in answer.text
    assert "form-saved" in answer.headers["HX-Trigger"]
    assert "Pair the &lt;b&gt;offer&lt;/b&gt;." in answer.text


def test_an_action_is_added_without_htmx(lead: Client, bob: Membership, running: Review) -> None:
    answer = lead.post(url(running, "review-act"), typed(running, bob))

    action = ActionItem.objects.get()
    assert (action.what, action.owner) == ("Ask for an export.", bob)
    assert action.occasion == running.occasion
    assert answer.headers["Location"] == url(running) + "?capture=action#recorded"
    chosen = 'name="capture" value="action" checked'
    assert chosen in lead.get(answer.headers["Location"]).text


@PLAIN_AND_HTMX
@pytest.mark.parametrize(("name", "field"), [("review-decide", "change"), ("review-act", "due_on")])
def test_an_invalid_form_keeps_its_text_and_its_item(
    lead: Client, alice: Membership, running: Review, name: str, field: str, headers: dict[str, str]
) -> None:
    form_data = typed(running, alice, text="Ask for an export.", **{field: ""})
    go_on(running, alice)

    answer = lead.post(url(running, name), form_data, headers=headers)

    assert answer.status_code == 422
    assert "Ask for an export.</textarea>" in answer.text
    assert "On “API latency”" in answer.text
    assert "data-touched" in answer.text
    assert ("<html" in answer.text) == (not headers)
    assert Decision.objects.count() + ActionItem.objects.count() == 0


@pytest.mark.parametrize("name", ["review-decide", "review-act"])
def test_each_opened_form_is_recorded_once_by_its_own_key(
    lead: Client, alice: Membership, running: Review, name: str
) -> None:
    def keys(page: str) -> set[str]:
        return set(re.findall(r'name="key" value="([0-9a-f-]{36})"', page))

    opened = keys(lead.get(url(running)).text)
    form_data = typed(running, alice, key=min(opened))

    refused, recorded, again, other, keyless = (
        lead.post(url(running, name), {**form_data, **change}, headers=HTMX)
        for change in ({"due_on": ""}, {}, {}, {"due_on": "2026-03-25"}, {"key": ""})
    )

    assert len(opened) == len(keys(recorded.text)) == 2
    assert min(opened) in keys(refused.text)
    assert not keys(recorded.text) & opened
    assert (recorded.status_code, again.status_code) == (200, 200)
    assert Decision.objects.count() + ActionItem.objects.count() == 1
    assert (other.status_code, keyless.status_code) == (422, 422)


def test_a_decision_superseded_after_the_close_stays_in_the_meeting(
    lead: Client, alice: Membership, running: Review, clock: time_machine.Traveller
) -> None:
    first = decide(running, alice)
    close_review(review=running, by=alice, now=TUESDAY, **YES)
    clock.shift(60)
    supersede(first, alice, now=timezone.now())

    page = lead.get(url(running)).text
    listed = lead.get(reverse("reviews:review-list", args=[alice.engagement.slug]))

    assert "<s>Move the offer.</s>" in page
    assert "Move it to day twenty." not in page
    assert [review.decided for review in listed.context["closed"]] == [1]


@PLAIN_AND_HTMX
def test_a_text_that_comes_after_the_close_is_given_back(
    lead: Client, alice: Membership, running: Review, headers: dict[str, str]
) -> None:
    form_data = typed(running, alice, text="Pair the offer.")
    close_review(review=running, by=alice, now=TUESDAY, **YES)

    answer = lead.post(url(running, "review-decide"), form_data, headers=headers)

    to = answer.headers.get("HX-Redirect") or answer.headers["Location"]
    assert to == url(running)
    assert "Not recorded: “Pair the offer.”" in lead.get(to).text
    assert not Decision.objects.exists()


@PLAIN_AND_HTMX
def test_a_decision_is_superseded_from_a_form_with_its_text(
    lead: Client, alice: Membership, review: Review, headers: dict[str, str]
) -> None:
    decision = decide(review, alice, "Move the offer to day ten.", client_visible=True)
    address = f"/e/northwind/decisions/{decision.public_id}/supersede/"
    form_data = {
        "text": "Move it to day twenty.",
        "owner": alice.public_id,
        "due_on": "2026-04-01",
        "change": "priority",
    }
    close(review)

    page = lead.get(address)
    refused = lead.post(address, {**form_data, "due_on": "2026-03-01"}, headers=headers)
    done = lead.post(address, form_data, headers=headers)
    again = lead.post(address, form_data, headers=headers)

    assert "Move the offer to day ten.</textarea>" in page.text
    initial = page.context["form"].initial
    assert (initial["owner"], "due_on" in initial) == (alice, False)
    new = Decision.objects.get(supersedes=decision)
    assert (new.text, new.client_visible) == ("Move it to day twenty.", False)
    to = done.headers.get("HX-Redirect") or done.headers["Location"]
    assert to == "/e/northwind/decisions/"
    for answer in (refused, again):
        assert answer.status_code == 422
        assert "Move it to day twenty.</textarea>" in answer.text
        assert ("<html" in answer.text) is (headers == {})


def logs(key_result: KeyResult) -> tuple[str, str]:
    """Return the addresses of the decisions of its objective and of the key result."""
    base, objective = "/e/northwind", key_result.objective.public_id
    of_key_result = f"{base}/key-results/{key_result.public_id}/decisions/"
    return f"{base}/objectives/{objective}/decisions/", of_key_result


def test_an_object_shows_its_current_decisions_and_open_actions(
    lead: Client, alice: Membership, review: Review, onboarding: KeyResult
) -> None:
    other = build.live_key_result(onboarding.objective)
    supersede(decide(review, alice, "Day ten.", key_result=onboarding), alice, text="Day twenty.")
    decide(review, alice, "Keep the objective.", objective=onboarding.objective)
    decide(review, alice, "Drop the survey.", key_result=other)
    decide(review, alice, "Hire an analyst.")
    act(alice, "Ask for a nightly export", key_result=onboarding)
    done = act(alice, "Write to the board", key_result=onboarding)
    complete_action(action=done, by=alice, now=TUESDAY)

    for log in logs(onboarding):  # each is a part of its object's page
        assert f'hx-get="{log}"' in lead.get(log.removesuffix("decisions/")).text
        assert "<html" not in lead.get(log, headers=HTMX).text
    objective, key_result = (lead.get(log).context["page"] for log in logs(onboarding))

    for page in (objective, key_result):
        assert [action.what for action in page.actions] == ["Ask for a nightly export"]
    assert [entry.decision.text for entry in objective.entries] == [
        "Drop the survey.",
        "Keep the objective.",
        "Day twenty.",
    ]
    assert [entry.decision.text for entry in key_result.entries] == ["Day twenty."]


def test_a_log_has_constant_queries(lead: Client, alice: Membership, onboarding: KeyResult) -> None:
    review = planned(alice)

    def add(number: int) -> None:
        decide(review, alice, f"Decided {number}.", key_result=onboarding)
        act(alice, f"Do {number}.", key_result=onboarding)

    log, _ = logs(onboarding)
    assert_constant_queries(lambda: lead.get(log, headers=HTMX), add=add, name="key-result-log")
