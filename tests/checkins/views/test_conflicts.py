from __future__ import annotations

import re
from typing import Any

import pytest
import time_machine
from django.test import Client

from checkins.commands import undo_check_in
from checkins.models import Blocker, HelpRequest
from engagements.models import Membership
from okrs.models import KeyResult
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import (
    HTMX,
    TUESDAY,
    at,
    check_ins,
    newest,
    post,
    save,
    standing,
    typed,
    url,
)


@pytest.fixture
def saved_by_alice(onboarding: KeyResult, alice: Membership) -> None:
    """Bob's form was open when Alice saved the same card."""
    words = {"insight": "Paper forms take nine days.", "confidence": 3}
    post(onboarding, alice, actual="7.2", now=at("2026-03-10T09:36"), **words)


def hidden(text: str) -> dict[str, Any]:
    """What the choices hand back: the hidden fields of the answer."""
    inputs = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text)
    return dict(inputs)


@pytest.mark.usefixtures("saved_by_alice")
def test_the_second_to_save_sees_both_versions(signed_in: Client, onboarding: KeyResult) -> None:
    answer = save(signed_in, onboarding)

    assert answer.status_code == 409
    assert 'data-state="conflict"' in answer.text
    assert "Alice saved this card today\u00a009:36, while you were writing." in answer.text
    assert "it stays on this device as a draft" in answer.text
    assert 'btn-primary" type="submit" name="keep" value="mine"' in answer.text
    assert "Paper forms take <mark>nine</mark> days." in answer.text
    assert "Paper forms take <mark>eleven</mark> days." in answer.text
    assert len(check_ins(onboarding)) == 1


@pytest.mark.usefixtures("saved_by_alice")
def test_without_a_script_both_versions_are_a_page(
    signed_in: Client, onboarding: KeyResult
) -> None:
    answer = save(signed_in, onboarding, plain=True)

    assert answer.status_code == 409
    assert "<!doctype html>" in answer.text
    assert 'name="keep" value="theirs"' in answer.text


@pytest.mark.usefixtures("saved_by_alice")
def test_theirs_is_kept(signed_in: Client, onboarding: KeyResult) -> None:
    both = save(signed_in, onboarding)

    kept = {**hidden(both.text), "keep": "theirs"}
    answer = save(signed_in, onboarding, **kept)

    assert 'data-state="saved"' in answer.text
    assert '"check-in-recorded": {"draft": ""}' in answer.headers["HX-Trigger"]
    assert "Yours stays as a draft on this device" in answer.headers["HX-Trigger"]
    assert len(check_ins(onboarding)) == 1


@pytest.mark.usefixtures("saved_by_alice")
def test_mine_is_posted_on_top_of_it(signed_in: Client, onboarding: KeyResult) -> None:
    both = save(signed_in, onboarding)

    mine = {**hidden(both.text), "keep": "mine"}
    answer = save(signed_in, onboarding, **mine)

    first, second = check_ins(onboarding)
    assert answer.status_code == 200
    assert second.supersedes_id == first.pk
    assert standing(onboarding).insight == "Paper forms take eleven days."


@pytest.mark.usefixtures("saved_by_alice")
def test_mine_is_edited_first(signed_in: Client, onboarding: KeyResult) -> None:
    both = save(signed_in, onboarding)

    edited = {**hidden(both.text), "keep": "edit"}
    form = save(signed_in, onboarding, **edited)
    again = typed(seen=hidden(form.text)["seen"], key=hidden(form.text)["key"])
    answer = save(signed_in, onboarding, **again)

    assert 'data-state="open"' in form.text
    assert 'value="7.4"' in form.text
    assert "Paper forms take eleven days." in form.text
    assert answer.status_code == 200
    assert len(check_ins(onboarding)) == 2


@pytest.mark.usefixtures("saved_by_alice")
def test_a_check_in_that_was_taken_back_meanwhile_is_a_conflict_too(
    signed_in: Client, onboarding: KeyResult, alice: Membership
) -> None:
    latest = newest(onboarding)
    assert latest is not None
    undo_check_in(check_in=latest, by=alice, now=TUESDAY)

    answer = save(signed_in, onboarding, seen=latest.public_id)

    assert answer.status_code == 409
    assert re.search(r"Alice\s+undid the last check-in", answer.text)


def test_words_changed_after_an_answer_got_lost_are_not_dropped(
    signed_in: Client, onboarding: KeyResult, clock: time_machine.Traveller
) -> None:
    lost = typed()
    save(signed_in, onboarding, **lost)
    clock.shift(60)

    again = {**lost, "insight": "Paper forms take twelve days."}
    answer = save(signed_in, onboarding, **again)

    assert answer.status_code == 409
    assert "You saved this card today\u00a009:40 with different content" in answer.text
    assert "<mark>twelve</mark>" in answer.text


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("blocker", "No nightly export.", "No nightly export."),
        ("help_needed", "A data person.", "A data person."),
        ("measured_on", "2026-03-09", "Mon 9"),
        ("next_action_due", "2026-03-20", "20"),
    ],
)
def test_nothing_that_was_added_after_an_answer_got_lost_is_dropped(
    signed_in: Client,
    onboarding: KeyResult,
    clock: time_machine.Traveller,
    field: str,
    value: str,
    shown: str,
) -> None:
    lost = typed()
    save(signed_in, onboarding, **lost)
    clock.shift(60)

    both = save(signed_in, onboarding, **{**lost, field: value})
    mine = {**hidden(both.text), "keep": "mine"}
    answer = save(signed_in, onboarding, **mine)

    assert (both.status_code, answer.status_code) == (409, 200)
    assert f"<mark>{shown}</mark>" in both.text
    assert "HX-Trigger" not in both.headers  # the draft is kept
    assert len(check_ins(onboarding)) == 2


def test_asks_of_the_first_post_are_not_raised_again_by_the_one_on_top(
    signed_in: Client, onboarding: KeyResult
) -> None:
    lost = typed(help_needed="A data person.")
    save(signed_in, onboarding, **lost)

    added = {**lost, "blocker": "No nightly export."}
    both = save(signed_in, onboarding, **added)
    mine = {**hidden(both.text), "keep": "mine"}
    save(signed_in, onboarding, **mine)

    with scope(onboarding.engagement_id):
        assert HelpRequest.objects.get().text == "A data person."
        assert Blocker.objects.get().text == "No nightly export."


def test_words_that_were_put_back_meanwhile_carry_both_names(
    client: Client, onboarding: KeyResult, alice: Membership, bob: Membership
) -> None:
    build.sign_in(client, onboarding.engagement)
    first = post(onboarding, bob)
    undo_check_in(check_in=post(onboarding, alice, actual=5), by=alice, now=TUESDAY)

    answer = client.post(
        url("check-in-create", onboarding), typed(seen=first.public_id), headers=HTMX
    )

    assert re.search(r"Alice\s+restored an earlier check-in\s+today\u00a009:40", answer.text)
    assert "Keep Bob’s" in answer.text
