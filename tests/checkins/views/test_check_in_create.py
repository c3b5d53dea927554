from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from checkins.models import Blocker, HelpRequest
from engagements.models import Membership, Role
from okrs.models import KeyResult, Stage
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import HTMX, at, check_ins, post, save, standing, typed, url


def test_it_opens_the_card_as_a_form(signed_in: Client, onboarding: KeyResult) -> None:
    page = signed_in.get(url("check-in-create", onboarding), headers=HTMX)

    assert page.text.strip().startswith('<li class="due"')
    assert 'data-state="open"' in page.text
    assert 'inputmode="decimal"' in page.text
    assert 'value="2026-03-10"' in page.text  # measured today
    assert 'value="2026-03-16"' in page.text  # the next action by the next due date


def test_the_deep_link_of_a_mail_is_a_page_with_the_one_card(
    signed_in: Client, onboarding: KeyResult
) -> None:
    page = signed_in.get(url("check-in-create", onboarding))

    assert "<!doctype html>" in page.text
    assert page.text.count('class="due"') == 1


def test_it_shows_the_previous_value_and_its_date(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob, actual="7.8")

    page = signed_in.get(url("check-in-create", onboarding), headers=HTMX)

    assert "Last 7.8\u00a0days, Tue\u00a010\u00a0Mar." in page.text


def test_it_saves_and_renders_the_card_again(signed_in: Client, onboarding: KeyResult) -> None:
    answer = save(signed_in, onboarding)

    assert answer.status_code == 200
    assert 'data-state="saved"' in answer.text
    assert "Undo" in answer.text
    events = json.loads(answer.headers["HX-Trigger"])
    assert events["check-in-recorded"]["draft"].endswith(f":{onboarding.public_id}")
    assert "7.4\u00a0days, 0.32 Amber" in events["toast"]["text"]
    assert events["toast"]["undo"]["url"] in answer.text  # the form of the line, once more
    assert standing(onboarding).score == Decimal("0.32")


def test_the_message_of_a_plain_page_takes_it_back_too(
    signed_in: Client, onboarding: KeyResult
) -> None:
    page = signed_in.post(url("check-in-create", onboarding), typed(), follow=True)

    toast = page.text[page.text.index('<div class="toast"') :]
    (action,) = re.findall(r'<form method="post" action="([^"]+)"', toast)
    signed_in.post(action)
    assert standing(onboarding).score is None


def test_a_message_leads_back_to_where_the_form_came_from(
    signed_in: Client, onboarding: KeyResult
) -> None:
    there = url("key-result-detail", onboarding)
    posted = {**typed(), "next": there}

    page = signed_in.post(url("check-in-create", onboarding), posted, follow=True)

    toast = page.text[page.text.index('<div class="toast"') :]
    (action,) = re.findall(r'<form method="post" action="([^"]+)"', toast)
    assert signed_in.post(action).headers["Location"] == there


def test_it_says_what_it_saved_of_a_long_title_too(
    signed_in: Client, onboarding: KeyResult, alice: Membership
) -> None:
    with scope(alice.engagement_id):
        KeyResult.objects.filter(pk=onboarding.pk).update(title="Days to go " * 20)

    answer = save(signed_in, onboarding)

    said = json.loads(answer.headers["HX-Trigger"])["toast"]["text"]
    assert said.startswith("Saved: Days to go Days")
    assert said.endswith("…, 7.4\u00a0days, 0.32 Amber.")
    assert len(said) < 120


def test_a_late_card_reads_as_saved_though_the_next_week_is_open(
    signed_in: Client, onboarding: KeyResult, clock: time_machine.Traveller
) -> None:
    clock.move_to(at("2026-03-15T10:00"))  # a Sunday

    answer = save(signed_in, onboarding)

    assert 'data-state="saved"' in answer.text
    assert "week of 9\u00a0Mar saved ✓" in answer.text
    assert "week of 16\u00a0Mar open, due Mon\u00a016\u00a0Mar" in answer.text


def test_without_a_script_it_goes_on_to_the_next_card(
    signed_in: Client, onboarding: KeyResult
) -> None:
    answer = save(signed_in, onboarding, plain=True, then="next")

    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/?after={onboarding.public_id}"
    assert len(check_ins(onboarding)) == 1


def test_without_a_script_it_may_stay_on_the_card(signed_in: Client, onboarding: KeyResult) -> None:
    answer = save(signed_in, onboarding, plain=True, then="stay")

    assert answer.headers["Location"] == f"/#card-{onboarding.public_id}"


def test_it_goes_back_to_the_page_it_came_from(signed_in: Client, onboarding: KeyResult) -> None:
    back = url("key-result-detail", onboarding)

    plain = save(signed_in, onboarding, plain=True, next=back)
    shown = url("check-in-create", onboarding)
    seen = check_ins(onboarding)[0].public_id
    htmx = signed_in.post(shown, typed(next=back, seen=seen), headers=HTMX)

    assert plain.headers["Location"] == back
    assert htmx.headers["HX-Redirect"] == back
    assert "check-in-recorded" in htmx.headers["HX-Trigger"]


def test_it_never_goes_to_a_stranger_s_page(signed_in: Client, onboarding: KeyResult) -> None:
    answer = save(signed_in, onboarding, plain=True, next="https://elsewhere.example/")

    assert answer.headers["Location"] == f"/?after={onboarding.public_id}"


def test_it_takes_a_comma(signed_in: Client, onboarding: KeyResult) -> None:
    save(signed_in, onboarding, plain=True, actual="7,25")

    assert standing(onboarding).latest_value == Decimal("7.25")


def test_help_blocker_and_evidence_are_kept(signed_in: Client, onboarding: KeyResult) -> None:
    asked = {
        "help_needed": "Two days of somebody who knows billing.",
        "blocker": "No nightly export, with Harbor IT.",
        "evidence_url": "https://example.com/board",
    }

    save(signed_in, onboarding, plain=True, **asked)

    assert HelpRequest.objects.get().text == asked["help_needed"]
    assert Blocker.objects.get().text == asked["blocker"]
    assert check_ins(onboarding)[0].evidence_url == asked["evidence_url"]


def test_it_keeps_how_long_it_took(signed_in: Client, onboarding: KeyResult) -> None:
    started = str(1773132000 - 25)  # 2026-03-10T08:40Z

    save(signed_in, onboarding, plain=True, started=started)

    assert check_ins(onboarding)[0].seconds_spent == 25


def test_what_is_wrong_is_said_and_every_word_kept(
    signed_in: Client, onboarding: KeyResult
) -> None:
    answer = save(signed_in, onboarding, actual="12,5k", next_action="", help_needed="Ask Tom")

    assert answer.status_code == 422
    assert 'data-state="error"' in answer.text
    assert "“12,5k” is not a number. Enter 12500." in answer.text
    assert "Add a next action." in answer.text
    assert f'href="#c-{onboarding.public_id}-next_action"' in answer.text
    assert "Paper forms take eleven days." in answer.text
    assert "Ask Tom" in answer.text
    assert "<details open>" in answer.text
    assert check_ins(onboarding) == []


def test_without_a_script_a_wrong_form_is_a_page_of_its_own(
    signed_in: Client, onboarding: KeyResult
) -> None:
    answer = save(signed_in, onboarding, plain=True, insight="")

    assert answer.status_code == 422
    assert "<!doctype html>" in answer.text
    assert f'name="next" value="/?after={onboarding.public_id}"' in answer.text


def test_a_value_out_of_range_asks_for_confirmation(
    signed_in: Client, onboarding: KeyResult
) -> None:
    asked = save(signed_in, onboarding, actual="400")
    confirmed = save(signed_in, onboarding, actual="400", confirm_range="on")

    assert asked.status_code == 422
    assert "400 is outside the expected range (0–365). Fix it or confirm it." in asked.text
    assert 'name="confirm_range"' in asked.text
    assert confirmed.status_code == 200
    assert check_ins(onboarding)[0].out_of_range_confirmed


def test_a_double_click_makes_one_check_in(signed_in: Client, onboarding: KeyResult) -> None:
    same = typed()

    first = save(signed_in, onboarding, **same)
    second = save(signed_in, onboarding, **same)

    assert (first.status_code, second.status_code) == (200, 200)
    assert len(check_ins(onboarding)) == 1


def test_a_saved_card_opens_with_its_words_to_be_corrected(
    signed_in: Client, onboarding: KeyResult
) -> None:
    save(signed_in, onboarding, plain=True, actual="1234.5", confirm_range="on")

    page = signed_in.get(url("check-in-create", onboarding), headers=HTMX)

    assert 'value="1234.5"' in page.text  # never with digits grouped
    assert "Paper forms take eleven days." in page.text


def test_closing_it_shows_the_row_again(signed_in: Client, onboarding: KeyResult) -> None:
    page = signed_in.get(f"{url('check-in-create', onboarding)}?closed", headers=HTMX)

    assert 'data-state="todo"' in page.text


def test_a_draft_is_not_checked_in(signed_in: Client, alice: Membership) -> None:
    with scope(alice.engagement_id):
        cycle = build.cycle(alice.engagement)
        draft = build.key_result(build.objective(alice, cycle))

    asked = signed_in.get(url("check-in-create", draft))
    answer = signed_in.post(url("check-in-create", draft), typed(), headers=HTMX)

    assert asked.headers["Location"] == url("key-result-detail", draft)
    assert answer.status_code == 422
    assert "A draft takes no check-ins." in answer.text
    assert "Paper forms take eleven days." in answer.text


def test_a_closed_key_result_takes_none_and_hands_the_words_back(
    signed_in: Client, onboarding: KeyResult
) -> None:
    KeyResult.objects.filter(pk=onboarding.pk).update(stage=Stage.CLOSED)

    answer = save(signed_in, onboarding, plain=True)

    assert answer.status_code == 422
    assert "Paper forms take eleven days." in answer.text


@pytest.mark.parametrize("role", [Role.SPONSOR, Role.VIEWER])
def test_sponsors_and_viewers_do_not_check_in(
    client: Client, onboarding: KeyResult, role: str
) -> None:
    build.sign_in(client, onboarding.engagement, role)

    assert client.get(url("check-in-create", onboarding)).status_code == 403
    assert client.post(url("check-in-create", onboarding), typed()).status_code == 403


def test_strangers_find_nothing(client: Client, onboarding: KeyResult) -> None:
    build.sign_in(client, build.engagement("Harbor Retail"))

    assert client.get(url("check-in-create", onboarding)).status_code == 404


def test_a_key_result_of_another_client_is_not_found(client: Client, onboarding: KeyResult) -> None:
    harbor = build.engagement("Harbor Retail")
    build.sign_in(client, harbor)
    there = reverse("checkins:check-in-create", args=[harbor.slug, onboarding.public_id])

    assert client.post(there, typed()).status_code == 404
    assert check_ins(onboarding) == []
