from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from decisions.models import ActionItem, Decision
from engagements.models import Membership, Role
from okrs.models import KeyResult
from reviews.commands import close_review
from reviews.models import Review, ReviewRecord
from tests import build
from tests.checkins.posting import TUESDAY
from tests.reviews.meeting import decide, supersede
from tests.reviews.running import YES, checked, go_on, item, key_results, plan, run

HTMX = {"HX-Request": "true"}
CHOSEN = 'name="capture" value="%s" checked'


@pytest.fixture(autouse=True)
def clock(db: None) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(TUESDAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def lead(client: Client, alice: Membership) -> Client:
    assert alice.user is not None
    client.force_login(alice.user)
    return client


@pytest.fixture
def rows(alice: Membership) -> list[KeyResult]:
    found = key_results(alice, "API latency", "Day seven")
    for row in found:
        checked(row, alice, "8.9", confidence=2)
    return found


@pytest.fixture
def review(alice: Membership, rows: list[KeyResult]) -> Review:
    return run(alice)


def url(review: Review, name: str) -> str:
    return reverse(f"reviews:{name}", args=[review.engagement.slug, review.public_id])


def typed(review: Review, owner: Membership, **fields: str) -> dict[str, str]:
    return {
        "about": item(review, "API latency").public_id,
        "text": "Pair the offer.",
        "what": "Ask for an export.",
        "owner": owner.public_id,
        "due_on": "2026-03-24",
        "change": "bet",
        "client_visible": "on",
        "key": str(uuid4()),
        **fields,
    }


def test_a_decision_is_recorded_beside_its_item(
    lead: Client, alice: Membership, review: Review, rows: list[KeyResult]
) -> None:
    answer = lead.post(url(review, "review-decide"), typed(review, alice), headers=HTMX)

    decision = Decision.objects.get()
    assert answer.status_code == 200
    assert (decision.text, decision.client_visible) == ("Pair the offer.", True)
    assert ReviewRecord.objects.get(decision=decision).agenda_item == item(review, "API latency")
    assert decision.touches[0]["key_result"] == rows[0].public_id
    assert answer.text.strip().startswith('<div class="capture" id="capture"')
    assert 'id="captured" hx-swap-oob="true"' in answer.text
    assert "form-saved" in answer.headers["HX-Trigger"]
    assert "Pair the offer." in answer.text
    assert "Decision on “<bdi>API latency</bdi>” · Alice" in answer.text


def test_an_action_is_added_without_htmx_too(
    lead: Client, alice: Membership, bob: Membership, review: Review
) -> None:
    answer = lead.post(url(review, "review-act"), typed(review, bob))

    action = ActionItem.objects.get()
    assert answer.headers["Location"] == url(review, "review-detail") + "?capture=action#captured"
    assert (action.what, action.owner, action.occasion) == (
        "Ask for an export.",
        bob,
        review.occasion,
    )
    assert CHOSEN % "action" in lead.get(answer.headers["Location"]).text


def test_the_form_stays_at_what_was_captured(lead: Client, bob: Membership, review: Review) -> None:
    act, decide = url(review, "review-act"), url(review, "review-decide")

    added = lead.post(act, typed(review, bob), headers=HTMX)
    decided = lead.post(f"{decide}?capture=action", typed(review, bob), headers=HTMX)

    assert (CHOSEN % "action" in added.text, CHOSEN % "decision" in added.text) == (True, False)
    assert (CHOSEN % "action" in decided.text, CHOSEN % "decision" in decided.text) == (False, True)


def test_what_is_captured_belongs_to_the_item_that_the_form_was_about(
    lead: Client, alice: Membership, review: Review
) -> None:
    said = typed(review, alice)
    go_on(review, alice)

    lead.post(url(review, "review-decide"), said, headers=HTMX)

    assert ReviewRecord.objects.get().agenda_item == item(review, "API latency")


@pytest.mark.parametrize("headers", [HTMX, {}])
@pytest.mark.parametrize(("name", "field"), [("review-decide", "change"), ("review-act", "due_on")])
def test_a_bad_form_keeps_every_word_and_its_item(
    lead: Client,
    alice: Membership,
    review: Review,
    name: str,
    field: str,
    headers: dict[str, str],
) -> None:
    said = typed(review, alice, **{field: ""})
    go_on(review, alice)

    answer = lead.post(url(review, name), said, headers=headers)

    assert answer.status_code == 422
    assert ("Pair the offer." if name == "review-decide" else "Ask for an export.") in answer.text
    assert "On “API latency”" in answer.text
    assert "data-touched" in answer.text
    assert ("<html" in answer.text) == (not headers)
    assert not Decision.objects.exists()
    assert not ActionItem.objects.exists()


def test_a_contributor_captures_nothing_and_a_sponsor_does(
    client: Client, alice: Membership, review: Review
) -> None:
    build.sign_in(client, alice.engagement, Role.CONTRIBUTOR)
    assert client.post(url(review, "review-decide"), typed(review, alice)).status_code == 403

    build.sign_in(client, alice.engagement, Role.SPONSOR)
    assert client.post(url(review, "review-decide"), typed(review, alice)).status_code == 302


def test_what_somebody_wrote_is_escaped(lead: Client, alice: Membership, review: Review) -> None:
    lead.post(url(review, "review-decide"), typed(review, alice, text="<b>bold</b>"))

    assert "&lt;b&gt;bold&lt;/b&gt;" in lead.get(url(review, "review-detail")).text


@pytest.mark.parametrize("name", ["review-decide", "review-act"])
def test_a_form_that_comes_twice_is_taken_once(
    lead: Client, alice: Membership, review: Review, name: str
) -> None:
    said = typed(review, alice)

    answers = [lead.post(url(review, name), said, headers=HTMX) for _ in range(2)]
    other = lead.post(url(review, name), {**said, "due_on": "2026-03-25"}, headers=HTMX)

    assert [one.status_code for one in answers] == [200, 200]
    assert Decision.objects.count() + ActionItem.objects.count() == 1
    assert other.status_code == 422
    assert "This form was already sent. Reload the page." in other.text


@pytest.mark.parametrize("name", ["review-decide", "review-act"])
def test_a_form_without_its_key_is_not_taken(
    lead: Client, alice: Membership, review: Review, name: str
) -> None:
    answer = lead.post(url(review, name), {**typed(review, alice), "key": ""}, headers=HTMX)

    assert answer.status_code == 422
    assert "Reload the page." in answer.text


def keys(page: str) -> list[str]:
    return re.findall(r'name="key" value="([0-9a-f-]{36})"', page)


def test_each_form_that_opens_has_a_key_of_its_own_and_a_refused_one_keeps_it(
    lead: Client, alice: Membership, review: Review
) -> None:
    opened = keys(lead.get(url(review, "review-detail")).text)
    said = typed(review, alice, key=opened[0])

    refused = lead.post(url(review, "review-decide"), {**said, "text": ""}, headers=HTMX)
    taken = lead.post(url(review, "review-decide"), said, headers=HTMX)

    assert len(set(opened)) == 2
    assert opened[0] in keys(refused.text)
    assert len(keys(taken.text)) == 2
    assert not set(keys(taken.text)) & set(opened)


def test_nothing_is_captured_before_the_review_has_started(
    lead: Client, alice: Membership, rows: list[KeyResult]
) -> None:
    to_come = plan(alice)

    waiting = lead.get(url(to_come, "review-detail"))
    lead.post(url(to_come, "review-start"))
    started = lead.get(url(to_come, "review-detail"))

    assert "record decisions and actions here once the review has started." in waiting.text
    assert 'id="decision-text"' not in waiting.text
    assert 'id="decision-text"' in started.text


def test_what_superseded_after_the_close_is_not_of_the_meeting(
    lead: Client, alice: Membership, review: Review, clock: time_machine.Traveller
) -> None:
    first = decide(review, alice)
    close_review(review=review, by=alice, now=TUESDAY, **YES)
    clock.shift(60)
    supersede(first, alice, now=timezone.now())

    page = lead.get(url(review, "review-detail")).text
    listed = lead.get(reverse("reviews:review-list", args=[alice.engagement.slug])).text

    assert "<s>Move the offer.</s>" in page
    assert "Move it to day twenty." not in page
    assert '<td class="n">1</td>' in listed
    assert '<td class="n">2</td>' not in listed


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_words_that_come_after_the_close_are_given_back(
    lead: Client, alice: Membership, review: Review, headers: dict[str, str]
) -> None:
    form = typed(review, alice)
    close_review(review=review, by=alice, now=TUESDAY, **YES)

    answer = lead.post(url(review, "review-decide"), form, headers=headers)

    to = answer.headers.get("HX-Redirect") or answer.headers["Location"]
    assert to == url(review, "review-detail")
    assert "Not recorded: “Pair the offer.”" in lead.get(to).text
    assert not Decision.objects.exists()
