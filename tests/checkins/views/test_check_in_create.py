from __future__ import annotations

import datetime as dt
import json
import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from checkins.commands import undo_check_in
from checkins.models import HelpRequest
from checkins.queries.asks import asks_of
from engagements.models import Membership
from okrs.models import KeyResult, Stage
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import HTMX, TUESDAY, at, check_ins, post, save, standing, typed, url

WORDS = "Paper forms take eleven days."  # as `typed` has them


def hidden(text: str) -> dict[str, Any]:
    """Return the hidden fields of the choices, as they post them."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text))


def answers(text: str) -> list[tuple[str, str]]:
    """Return value and text of the buttons that answer a question about a figure."""
    pattern = r'name="answer_actual" value="([^"]+)"[^>]*>\s*(?:Yes, )?([^<]+?)\s*</button>'
    return re.findall(pattern, text)


@pytest.fixture
def engineers(alice: Membership, bob: Membership) -> KeyResult:
    """Bob's: a count of engineers from 0 to 100, so that no figure is near its baseline."""
    objective = build.objective(alice, build.cycle(alice.engagement))
    metric = build.metric(alice.engagement, "Engineers", unit="engineers", valid_high=None)
    terms: dict[str, Any] = {"baseline": 0, "target": 100, "direction": "higher"}
    return build.live_key_result(objective, metric, owner_id=bob.pk, **terms)


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


def test_the_first_check_in_is_offered_the_value_of_the_imported_sheet(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    with scope(onboarding.engagement_id):
        offer = {"offered_value": Decimal("7.5"), "offered_on": dt.date(2026, 3, 2)}
        KeyResult.objects.filter(pk=onboarding.pk).update(**offer)
    first = signed_in.get(url("check-in-create", onboarding), headers=HTMX)
    post(onboarding, bob, actual="6", now=at("2026-03-10T09:00"))
    second = signed_in.get(url("check-in-create", onboarding), headers=HTMX)

    assert re.search(
        r'name="actual"[^>]* value="7[.,]5"|value="7[.,]5"[^>]* name="actual"', first.text
    )
    assert "7.5\u00a0days in your sheet of Mon\u00a02\u00a0Mar." in first.text
    assert "in your sheet" not in second.text


@pytest.mark.parametrize(
    ("cadence", "now", "shown"),
    [
        pytest.param("weekly", "2026-03-03T09:00", "Last week: 4, Good.", id="the-week-before"),
        pytest.param("weekly", "2026-02-24T09:00", "Last time: 4, Good.", id="two-weeks-before"),
        pytest.param("monthly", "2026-02-03T09:00", "Last time: 4, Good.", id="the-month-before"),
    ],
)
def test_confidence_is_chosen_anew_with_the_last_one_next_to_it(
    *, signed_in: Client, onboarding: KeyResult, bob: Membership, cadence: str, now: str, shown: str
) -> None:
    build.change(onboarding.engagement, cadence=cadence)
    post(onboarding, bob, now=at(now))
    card = signed_in.get(url("check-in-create", onboarding), headers=HTMX)

    assert shown in card.text
    assert " checked" not in card.text
    assert "Choose a confidence from 1 to 5." in save(signed_in, onboarding, confidence="").text


def test_a_saved_card_opens_with_its_words_and_closes_to_its_row(
    signed_in: Client, onboarding: KeyResult
) -> None:
    save(signed_in, onboarding, plain=True, actual="1234.5", answer_actual="1234.5")

    page = signed_in.get(url("check-in-create", onboarding), headers=HTMX)
    row = signed_in.get(f"{url('check-in-create', onboarding)}?closed", headers=HTMX)

    assert 'value="1234,5"' in page.text  # never with digits grouped
    assert WORDS in page.text
    assert page.text.count(" checked") == 1  # its own confidence
    assert "Last " not in page.text.split("Confidence that")[1].split("</fieldset>")[0]
    assert 'data-state="saved"' in row.text


def test_it_saves_all_fields_and_renders_the_card_again(
    signed_in: Client, onboarding: KeyResult
) -> None:
    asked: dict[str, Any] = {"help_needed": "Two days of billing.", "blocker": "No nightly export."}
    known: dict[str, Any] = {
        "evidence_url": "https://example.com/board",
        "started": f"{TUESDAY.timestamp() - 25:.0f}",
    }

    answer = save(signed_in, onboarding, **asked, **known)

    assert answer.status_code == 200
    assert 'data-state="saved"' in answer.text
    events = json.loads(answer.headers["HX-Trigger"])
    assert events["check-in-recorded"]["draft"].endswith(f":{onboarding.public_id}")
    assert "7.4\u00a0days, 0.32 Amber" in events["toast"]["text"]
    assert events["toast"]["undo"]["url"] in answer.text  # the form of the line, once more
    assert standing(onboarding).score == Decimal("0.32")
    (check_in,) = check_ins(onboarding)
    assert asks_of(check_in) == asked
    assert (check_in.evidence_url, check_in.seconds_spent) == (known["evidence_url"], 25)


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

    fields = {name: value.format(**known) for name, value in sent.items()}
    answer = save(signed_in, onboarding, plain=True, **fields)

    assert answer.headers["Location"] == there.format(**known)
    assert len(check_ins(onboarding)) == 1


def test_it_goes_back_to_the_page_it_came_from_whose_toast_undoes_it(
    signed_in: Client, onboarding: KeyResult
) -> None:
    there = url("key-result-detail", onboarding)
    answer = save(signed_in, onboarding, next=there)
    page = signed_in.get(there)

    assert answer.headers["HX-Redirect"] == there
    assert "check-in-recorded" in answer.headers["HX-Trigger"]
    toast = page.text[page.text.index('<div class="toast"') :]
    (undo,) = re.findall(r'<form method="post" action="([^"]+)"', toast)
    assert signed_in.post(undo).headers["Location"] == there
    assert standing(onboarding).score is None


@pytest.mark.parametrize("plain", [False, True])
def test_errors_are_shown_at_their_fields_and_all_words_stay(
    signed_in: Client, onboarding: KeyResult, *, plain: bool
) -> None:
    sent = {"actual": "12 days or 13", "next_action": "", "help_needed": "Ask Tom"}
    answer = save(signed_in, onboarding, plain=plain, **sent)

    assert answer.status_code == 422
    assert 'data-state="error"' in answer.text
    assert "Enter a number, for example 9." in answer.text
    assert f'href="#c-{onboarding.public_id}-next_action"' in answer.text
    assert WORDS in answer.text
    assert "Ask Tom" in answer.text
    assert "<details open>" in answer.text
    assert ("<!doctype html>" in answer.text) is plain
    assert check_ins(onboarding) == []


def test_a_value_out_of_range_asks_for_confirmation(
    signed_in: Client, onboarding: KeyResult
) -> None:
    answer = save(signed_in, onboarding, actual="400")

    assert answer.status_code == 422
    assert 'name="confirm_range"' in answer.text


@pytest.mark.parametrize("plain", [False, True])
def test_a_separator_before_three_digits_is_asked_about_with_two_buttons(
    signed_in: Client, engineers: KeyResult, *, plain: bool
) -> None:
    asked = save(signed_in, engineers, plain=plain, actual="1.250")

    assert asked.status_code == 422
    assert "Did you mean 1250 or 1,25?" in asked.text
    assert answers(asked.text) == [("1250", "1250"), ("1.25", "1,25")]
    assert WORDS in asked.text
    assert check_ins(engineers) == []

    save(signed_in, engineers, plain=plain, actual="1.250", answer_actual="1.25")

    assert [each.actual for each in check_ins(engineers)] == [Decimal("1.25")]


def test_the_answer_stays_while_another_field_is_corrected(
    signed_in: Client, engineers: KeyResult
) -> None:
    text: dict[str, Any] = {"actual": "1.250", "answer_actual": "1.25", "insight": ""}
    again = save(signed_in, engineers, **text)

    assert again.context["form"].errors.keys() == {"insight"}
    assert again.context["form"]["actual"].value() == "1,25"


@pytest.mark.parametrize(
    ("last", "actual", "question", "buttons", "another"),
    [
        pytest.param("9", "900", "100 times the last value (9)", ["900", "9"], "950", id="larger"),
        pytest.param(
            "9", "0,09", "100 times less than the last value (9)", ["0.09", "9"], "0,08", id="less"
        ),
        pytest.param(
            None, "0,02", "450 times less than the baseline (9)", ["0.02", "20"], "0,03", id="first"
        ),
    ],
)
def test_a_value_100_times_off_is_asked_about_and_confirmed_for_this_value_only(
    *,
    signed_in: Client,
    onboarding: KeyResult,
    bob: Membership,
    last: str | None,
    actual: str,
    question: str,
    buttons: list[str],
    another: str,
) -> None:
    build.change(onboarding.metric, valid_low=None, valid_high=None)
    if last:
        post(onboarding, bob, actual=last, now=at("2026-03-03T09:00"))
    before = check_ins(onboarding)
    confirmed: dict[str, Any] = {"confirmed_actual": buttons[0]}
    confirmed["seen"] = before[-1].public_id if before else ""

    asked = save(signed_in, onboarding, actual=actual)

    assert f"{actual} is {question}. Is it right?" in asked.text
    assert [value for value, _ in answers(asked.text)] == buttons
    assert save(signed_in, onboarding, actual=another, **confirmed).status_code == 422
    assert check_ins(onboarding) == before
    assert save(signed_in, onboarding, actual=actual, **confirmed).status_code == 200
    assert check_ins(onboarding)[-1].actual == Decimal(buttons[0])


def test_a_value_far_off_and_out_of_range_is_asked_about_once(
    signed_in: Client, onboarding: KeyResult
) -> None:
    asked = save(signed_in, onboarding, actual="1250")

    assert "139 times the baseline (9) and outside the expected range (0–365). Is" in asked.text
    assert 'name="confirm_range"' not in asked.text
    assert save(signed_in, onboarding, actual="1250", answer_actual="1250").status_code == 200


def test_another_unit_is_asked_about_and_the_own_is_read(
    signed_in: Client, onboarding: KeyResult
) -> None:
    asked = save(signed_in, onboarding, actual="5 tickets")
    in_hours = save(signed_in, onboarding, actual="5 hours")

    assert "The unit is days. Is this 5\u00a0days?" in asked.text
    assert "Yes, 5\u00a0days" in asked.text
    assert "The unit is days. Convert 5 hours to days." in in_hours.text
    assert "Yes, 5\u00a0days" not in in_hours.text
    assert save(signed_in, onboarding, actual="5 days").status_code == 200


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


def test_one_that_is_closed_after_the_check_in_was_saved_is_shown_as_saved(
    signed_in: Client, onboarding: KeyResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "checkins.views.end_writing", lambda: build.change(onboarding, stage=Stage.CLOSED)
    )

    answer = save(signed_in, onboarding)

    assert answer.headers["HX-Redirect"] == url("key-result-detail", onboarding)
    assert len(check_ins(onboarding)) == 1


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
    choices = re.findall(r'name="keep" value="(\w+)"', answer.text)
    assert choices == ["theirs", "mine", "edit"]  # Enter takes the first
    assert "Keep Alice’s version" in answer.text
    assert ("<!doctype html>" in answer.text) is plain
    assert "HX-Trigger" not in answer.headers  # the draft is kept
    assert len(check_ins(onboarding)) == 1


@pytest.mark.usefixtures("saved_by_alice")
@pytest.mark.parametrize(
    ("keep", "draft", "count"),
    [
        pytest.param("theirs", "", 1, id="M6.2-theirs-and-the-draft-are-kept"),
        pytest.param("mine", "{card}", 2, id="M6.2-mine-supersedes-theirs"),
    ],
)
def test_one_of_both_versions_is_kept(
    signed_in: Client, onboarding: KeyResult, keep: str, draft: str, count: int
) -> None:
    both = save(signed_in, onboarding)

    answer = save(signed_in, onboarding, **{**hidden(both.text), "keep": keep})

    assert 'data-state="saved"' in answer.text
    posted = json.loads(answer.headers["HX-Trigger"])["check-in-recorded"]["draft"]
    assert posted.partition(":")[2] == draft.format(card=onboarding.public_id)
    assert len(check_ins(onboarding)) == count
    assert (standing(onboarding).insight == WORDS) is (keep == "mine")


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


def test_words_changed_after_an_answer_got_lost_are_not_dropped(
    signed_in: Client, onboarding: KeyResult
) -> None:
    lost = typed(help_needed="A data person.")
    changed = {
        **{"insight": "Paper forms take twelve days.", "blocker": "No nightly export."},
        **{"measured_on": "2026-03-09", "next_action_due": "2026-03-20"},
    }
    save(signed_in, onboarding, **lost)

    both = save(signed_in, onboarding, **{**lost, **changed})
    answer = save(signed_in, onboarding, **{**hidden(both.text), "keep": "mine"})

    assert (both.status_code, answer.status_code) == (409, 200)
    for shown in ("twelve", "No nightly export.", "Mon 9", "20"):
        assert f"<mark>{shown}</mark>" in both.text
    assert len(check_ins(onboarding)) == 2
    assert HelpRequest.objects.get().text == "A data person."  # asked once
