from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from checkins.commands import undo_check_in
from checkins.models import Blocker, HelpRequest
from engagements.models import Membership
from okrs.models import KeyResult, Stage
from tests import build
from tests.checkins.posting import (
    HTMX,
    TUESDAY,
    at,
    check_ins,
    post,
    save,
    standing,
    typed,
    url,
)

WORDS = "Paper forms take eleven days."  # as `typed` has them


def hidden(text: str) -> dict[str, Any]:
    """Return the hidden fields of the choices, as they post them."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text))


def toasted_undo(page: Any) -> str:
    """Return where the toast of a page posts to."""
    toast = page.text[page.text.index('<div class="toast"') :]
    (action,) = re.findall(r'<form method="post" action="([^"]+)"', toast)
    return str(action)


def test_it_opens_as_a_card_or_as_a_page_with_the_card(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob, actual="7.8", now=at("2026-03-03T09:00"))
    card = signed_in.get(url("check-in-create", onboarding), headers=HTMX)
    page = signed_in.get(url("check-in-create", onboarding))

    assert card.text.strip().startswith('<li class="due"')
    assert 'data-state="open"' in card.text
    assert "Last 7.8\u00a0days, Tue\u00a03\u00a0Mar." in card.text
    assert 'value="2026-03-10"' in card.text  # measured today
    assert 'value="2026-03-16"' in card.text  # the next action by the next due date
    assert "<!doctype html>" in page.text
    assert page.text.count('class="due"') == 1


def test_a_saved_card_opens_with_its_words_and_closes_to_its_row(
    signed_in: Client, onboarding: KeyResult
) -> None:
    save(signed_in, onboarding, plain=True, actual="1234.5", confirm_range="on")

    page = signed_in.get(url("check-in-create", onboarding), headers=HTMX)
    row = signed_in.get(f"{url('check-in-create', onboarding)}?closed", headers=HTMX)

    assert 'value="1234.5"' in page.text  # never with digits grouped
    assert WORDS in page.text
    assert 'data-state="saved"' in row.text


def test_it_saves_and_renders_the_card_again(signed_in: Client, onboarding: KeyResult) -> None:
    answer = save(signed_in, onboarding)

    assert answer.status_code == 200
    assert 'data-state="saved"' in answer.text
    events = json.loads(answer.headers["HX-Trigger"])
    assert events["check-in-recorded"]["draft"].endswith(f":{onboarding.public_id}")
    assert "7.4\u00a0days, 0.32 Amber" in events["toast"]["text"]
    assert events["toast"]["undo"]["url"] in answer.text  # the form of the line, once more
    assert standing(onboarding).score == Decimal("0.32")


def test_all_fields_are_saved(signed_in: Client, onboarding: KeyResult) -> None:
    asked = {
        "help_needed": "Two days of somebody who knows billing.",
        "blocker": "No nightly export, with Harbor IT.",
        "evidence_url": "https://example.com/board",
    }
    started = str(int(TUESDAY.timestamp()) - 25)

    save(signed_in, onboarding, plain=True, started=started, **asked)

    (check_in,) = check_ins(onboarding)
    assert HelpRequest.objects.get().text == asked["help_needed"]
    assert Blocker.objects.get().text == asked["blocker"]
    assert (check_in.evidence_url, check_in.seconds_spent) == (asked["evidence_url"], 25)


@pytest.mark.parametrize(
    ("sent", "there"),
    [
        pytest.param({"then": "next"}, "/?after={card}", id="next-card"),
        pytest.param({"then": "stay"}, "/#card-{card}", id="same-card"),
        pytest.param({"next": "{page}"}, "{page}", id="page-it-came-from"),
        pytest.param({"next": "https://elsewhere.example/"}, "/?after={card}", id="no-other-site"),
    ],
)
def test_without_a_script_it_goes_on(
    signed_in: Client, onboarding: KeyResult, sent: dict[str, str], there: str
) -> None:
    known = {"card": onboarding.public_id, "page": url("key-result-detail", onboarding)}

    answer = save(
        signed_in,
        onboarding,
        plain=True,
        **{name: value.format(**known) for name, value in sent.items()},
    )

    assert answer.headers["Location"] == there.format(**known)
    assert len(check_ins(onboarding)) == 1


def test_with_a_script_too_it_goes_back_to_the_page_it_came_from(
    signed_in: Client, onboarding: KeyResult
) -> None:
    answer = save(signed_in, onboarding, next=url("key-result-detail", onboarding))

    assert answer.headers["HX-Redirect"] == url("key-result-detail", onboarding)
    assert "check-in-recorded" in answer.headers["HX-Trigger"]


def test_the_toast_of_a_page_undoes_it_and_leads_back(
    signed_in: Client, onboarding: KeyResult
) -> None:
    there = url("key-result-detail", onboarding)
    page = signed_in.post(url("check-in-create", onboarding), typed(next=there), follow=True)

    assert signed_in.post(toasted_undo(page)).headers["Location"] == there
    assert standing(onboarding).score is None


@pytest.mark.parametrize("plain", [False, True])
def test_errors_are_shown_at_their_fields_and_all_words_stay(
    signed_in: Client, onboarding: KeyResult, *, plain: bool
) -> None:
    sent = {"actual": "12,5k", "next_action": "", "help_needed": "Ask Tom"}
    answer = save(signed_in, onboarding, plain=plain, **sent)

    assert answer.status_code == 422
    assert 'data-state="error"' in answer.text
    assert "“12,5k” is not a number. Enter 12500." in answer.text
    assert f'href="#c-{onboarding.public_id}-next_action"' in answer.text
    assert WORDS in answer.text
    assert "Ask Tom" in answer.text
    assert "<details open>" in answer.text
    assert ("<!doctype html>" in answer.text) is plain
    assert check_ins(onboarding) == []


def test_a_value_out_of_range_asks_for_confirmation(
    signed_in: Client, onboarding: KeyResult
) -> None:
    asked = save(signed_in, onboarding, actual="400")
    confirmed = save(signed_in, onboarding, actual="400", confirm_range="on")

    assert (asked.status_code, confirmed.status_code) == (422, 200)
    assert 'name="confirm_range"' in asked.text


@pytest.mark.parametrize("stage", [Stage.DRAFT, Stage.CLOSED])
def test_a_draft_and_a_closed_one_take_none_and_return_the_words(
    signed_in: Client, onboarding: KeyResult, stage: Stage
) -> None:
    build.change(onboarding, stage=stage)

    asked = signed_in.get(url("check-in-create", onboarding))
    answer = save(signed_in, onboarding)

    assert asked.headers["Location"] == url("key-result-detail", onboarding)
    assert answer.status_code == 422
    assert WORDS in answer.text


def test_a_key_result_of_another_client_is_not_found(client: Client, onboarding: KeyResult) -> None:
    harbor = build.engagement("Harbor Retail")
    build.sign_in(client, harbor)
    there = reverse("checkins:check-in-create", args=[harbor.slug, onboarding.public_id])

    assert client.post(there, typed()).status_code == 404


# Someone else saved the card while the form was open.


@pytest.fixture
def saved_by_alice(onboarding: KeyResult, alice: Membership) -> None:
    words = {"insight": "Paper forms take nine days.", "confidence": 3}
    post(onboarding, alice, actual="7.2", now=at("2026-03-10T09:36"), **words)


@pytest.mark.usefixtures("saved_by_alice")
@pytest.mark.parametrize("plain", [False, True])
def test_the_second_to_save_sees_both_versions(
    signed_in: Client, onboarding: KeyResult, *, plain: bool
) -> None:
    answer = save(signed_in, onboarding, plain=plain)

    assert answer.status_code == 409
    assert 'data-state="conflict"' in answer.text
    assert "Alice saved this card today\u00a009:36, while you were writing." in answer.text
    assert "Paper forms take <mark>nine</mark> days." in answer.text
    assert "Paper forms take <mark>eleven</mark> days." in answer.text
    assert ("<!doctype html>" in answer.text) is plain
    assert "HX-Trigger" not in answer.headers  # the draft is kept
    assert len(check_ins(onboarding)) == 1


@pytest.mark.usefixtures("saved_by_alice")
def test_theirs_is_kept_and_the_draft_too(signed_in: Client, onboarding: KeyResult) -> None:
    both = save(signed_in, onboarding)

    answer = save(signed_in, onboarding, **{**hidden(both.text), "keep": "theirs"})

    assert 'data-state="saved"' in answer.text
    assert '"check-in-recorded": {"draft": ""}' in answer.headers["HX-Trigger"]
    assert len(check_ins(onboarding)) == 1


@pytest.mark.usefixtures("saved_by_alice")
def test_mine_is_posted_on_top_of_it(signed_in: Client, onboarding: KeyResult) -> None:
    both = save(signed_in, onboarding)

    answer = save(signed_in, onboarding, **{**hidden(both.text), "keep": "mine"})

    first, second = check_ins(onboarding)
    assert answer.status_code == 200
    assert second.supersedes_id == first.pk
    assert standing(onboarding).insight == WORDS


@pytest.mark.usefixtures("saved_by_alice")
def test_mine_is_edited_first(signed_in: Client, onboarding: KeyResult) -> None:
    both = save(signed_in, onboarding)

    form = save(signed_in, onboarding, **{**hidden(both.text), "keep": "edit"})
    fields = hidden(form.text)
    answer = save(signed_in, onboarding, seen=fields["seen"], key=fields["key"])

    assert 'data-state="open"' in form.text
    assert 'value="7.4"' in form.text
    assert WORDS in form.text
    assert answer.status_code == 200
    assert len(check_ins(onboarding)) == 2


@pytest.mark.parametrize(
    ("superseded", "shown"),
    [
        pytest.param(True, r"Alice\s+restored an earlier check-in\s+today", id="restored"),
        pytest.param(False, r"Alice\s+undid the last check-in", id="undone"),
    ],
)
def test_one_that_was_undone_meanwhile_is_a_conflict_too(
    signed_in: Client, onboarding: KeyResult, alice: Membership, *, superseded: bool, shown: str
) -> None:
    if superseded:
        post(onboarding, alice)
    seen = post(onboarding, alice, actual=5)
    undo_check_in(check_in=seen, by=alice, now=TUESDAY)

    answer = save(signed_in, onboarding, seen=seen.public_id)

    assert answer.status_code == 409
    assert re.search(shown, answer.text)


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("insight", "Paper forms take twelve days.", "twelve"),
        ("blocker", "No nightly export.", "No nightly export."),
        ("measured_on", "2026-03-09", "Mon 9"),
        ("next_action_due", "2026-03-20", "20"),
    ],
)
def test_words_changed_after_an_answer_got_lost_are_not_dropped(
    signed_in: Client,
    onboarding: KeyResult,
    clock: time_machine.Traveller,
    field: str,
    value: str,
    shown: str,
) -> None:
    lost = typed(help_needed="A data person.")
    save(signed_in, onboarding, **lost)
    clock.shift(60)

    both = save(signed_in, onboarding, **{**lost, field: value})
    answer = save(signed_in, onboarding, **{**hidden(both.text), "keep": "mine"})

    assert (both.status_code, answer.status_code) == (409, 200)
    assert f"<mark>{shown}</mark>" in both.text
    assert len(check_ins(onboarding)) == 2
    assert HelpRequest.objects.get().text == "A data person."  # asked once
