from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
import time_machine
from django.test import Client

from decisions.commands.actions import complete_action
from decisions.models import ActionItem
from engagements.models import Membership, Role
from okrs.models import KeyResult
from reviews.models import Review
from tests import build
from tests.checkins.posting import TUESDAY
from tests.query_counts import assert_constant_queries
from tests.reviews.meeting import act

LIST = "/e/northwind/actions/"
HTMX = {"HX-Request": "true"}
LATER = TUESDAY + dt.timedelta(days=3)


def url(action: ActionItem, verb: str) -> str:
    return f"{LIST}{action.public_id}/{verb}/"


def test_says_that_there_is_none_yet(lead: Client) -> None:
    page = lead.get(LIST)

    assert "No actions yet." in page.text
    assert "No actions are open." in page.text


def test_shows_overdue_ones_first_and_marks_them(
    lead: Client, alice: Membership, clock: time_machine.Traveller
) -> None:
    act(alice, "Write to the board", due_on=dt.date(2026, 3, 20))
    act(alice, "Ask for an export", due_on=dt.date(2026, 3, 11))
    clock.move_to(LATER)

    page = lead.get(LIST)

    assert "2 actions are open. 1 is overdue." in page.text
    assert page.text.index("Ask for an export") < page.text.index("Write to the board")
    assert page.text.count('<span class="flag">Overdue</span>') == 1


def test_links_to_what_it_is_about(
    lead: Client, alice: Membership, review: Review, onboarding: KeyResult
) -> None:
    act(alice, review=review, key_result=onboarding)

    page = lead.get(LIST)

    assert f'href="/e/northwind/key-results/{onboarding.public_id}/"' in page.text
    assert f'href="/e/northwind/reviews/{review.public_id}/"' in page.text


def test_is_done_in_one_click(lead: Client, alice: Membership) -> None:
    action = act(alice)

    answer = lead.post(url(action, "done"))

    assert answer["Location"] == LIST
    action.refresh_from_db()
    assert (action.done_by, action.done_at) == (alice, TUESDAY)
    page = lead.get(LIST)
    assert "Done: Ask for a nightly export" in page.text
    assert "No open actions." in page.text
    assert "Done 10\u00a0Mar by Alice" in page.text


def test_swaps_its_row_and_offers_to_take_it_back(lead: Client, alice: Membership) -> None:
    action = act(alice)

    row = lead.post(url(action, "done"), headers=HTMX)

    assert f'<li id="action-{action.public_id}"' in row.text
    assert f'hx-post="{url(action, "reopen")}"' in row.text
    assert ">Undo<" in row.text
    assert "<html" not in row.text
    assert {"toast", "action-changed"} <= set(row.headers["HX-Trigger"].split('"'))

    again = lead.post(url(action, "reopen"), headers=HTMX)

    assert f'hx-post="{url(action, "done")}"' in again.text
    action.refresh_from_db()
    assert action.is_open


@pytest.mark.parametrize("verb", ["done", "drop"])
def test_says_long_words_in_short(lead: Client, alice: Membership, verb: str) -> None:
    action = act(alice, "Ask für den Export " * 200)

    row = lead.post(url(action, verb), headers=HTMX)

    said = json.loads(row.headers["HX-Trigger"])["toast"]["text"]
    assert said.endswith("…")
    assert len(said) <= 90
    assert len(row.headers["HX-Trigger"]) < 700


def test_goes_back_to_where_the_button_was(lead: Client, alice: Membership) -> None:
    assert lead.post(url(act(alice), "done"), {"next": "/"})["Location"] == "/"
    assert lead.post(url(act(alice), "done"), {"next": "//evil.test/"})["Location"] == LIST


def test_is_dropped_by_who_may(client: Client, alice: Membership, clock: Any) -> None:
    action = act(alice)
    build.sign_in(client, alice.engagement, Role.CONTRIBUTOR)

    assert "/drop/" not in client.get(LIST).text
    refused = client.post(url(action, "drop"), headers=HTMX)

    assert "Only the owner, the author or the lead can drop it." in refused.headers["HX-Trigger"]
    action.refresh_from_db()
    assert action.is_open


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_dropped_one_is_not_done_by_an_old_page(
    lead: Client, alice: Membership, headers: Any
) -> None:
    action = act(alice)
    lead.post(url(action, "drop"))

    answer = lead.post(url(action, "done"), headers=headers)

    assert answer.status_code in (200, 302)
    action.refresh_from_db()
    assert action.done_at is None
    assert "Dropped 10\u00a0Mar by Alice" in lead.get(LIST).text


def test_forgets_what_was_done_long_ago(
    lead: Client, alice: Membership, clock: time_machine.Traveller
) -> None:
    complete_action(action=act(alice, "Write to the board"), by=alice, now=TUESDAY)
    clock.move_to(TUESDAY + dt.timedelta(days=15))

    assert "Write to the board" not in lead.get(LIST).text


def test_costs_the_same_however_many_there_are(
    lead: Client, alice: Membership, review: Review, onboarding: KeyResult
) -> None:
    def ten_more() -> None:
        for _ in range(5):
            act(alice, review=review, key_result=onboarding)
            complete_action(action=act(alice), by=alice, now=TUESDAY)

    ten_more()

    # Session, user, membership; open, done, dropped.
    assert_constant_queries(lambda: lead.get(LIST), grow=ten_more, most=6)
