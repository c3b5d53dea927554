"""The pages of the decision log and of the actions."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
import time_machine
from django.test import Client

from decisions import views
from decisions.commands import complete_action, record_release
from decisions.models import ActionItem, DecisionHead
from engagements.models import Membership, Role
from okrs.models import KeyResult
from reviews.models import Review
from tests import build
from tests.checkins.posting import HTMX, TUESDAY, post
from tests.query_counts import assert_constant_queries
from tests.reviews.meeting import act, decide, planned, supersede

LOG, ACTIONS = "/e/northwind/decisions/", "/e/northwind/actions/"


def url(action: ActionItem, verb: str) -> str:
    return f"{ACTIONS}{action.public_id}/{verb}/"


def test_the_log_shows_the_newest_first_with_its_values_and_evidence(
    lead: Client, alice: Membership, review: Review, onboarding: KeyResult
) -> None:
    post(onboarding, alice, actual=6)
    decide(review, alice, "<script>alert(1)</script>")
    link = "https://example.com/usage"
    decide(review, alice, "Call on day two.", key_result=onboarding, evidence_url=link)
    post(onboarding, alice, actual=5, now=TUESDAY + dt.timedelta(days=7))

    page = lead.get(LOG)
    part = lead.get(LOG, headers=HTMX).text

    head = DecisionHead.objects.get(engagement=alice.engagement)
    assert page.context["head"] == head
    assert f"2:{head.hash[:16]}</code>" in page.text
    for text in (page.text, part):
        assert text.index("Call on day two.") < text.index("&lt;script&gt;alert(1)")
        assert "<script>alert(1)" not in text
        assert f'href="/e/northwind/key-results/{onboarding.public_id}/"' in text
        assert f'href="{link}"' in text
        assert "Since then 6\u00a0→ 5\u00a0days<" in text  # without naming a cause
    assert "<html" not in part


def test_a_superseded_decision_shows_on_request_with_the_later_one(
    client: Client, lead: Client, alice: Membership, review: Review
) -> None:
    supersede(decide(review, alice, "Day ten."), alice, text="Day twenty.")

    current, everything = lead.get(LOG).text, lead.get(LOG, {"superseded": "on"}).text

    assert "Day ten." not in current
    assert "<s>Day ten.</s>" in everything
    assert "decision 2</a>" in everything
    assert '<a href="/e/northwind/decisions/?q=%231&amp;superseded=on#decision-1">' in current
    assert current.count("/supersede/") == everything.count("/supersede/") == 1
    build.sign_in(client, alice.engagement, Role.CONTRIBUTOR)
    assert "/supersede/" not in client.get(LOG).text


def test_the_log_marks_what_clients_see(lead: Client, alice: Membership, review: Review) -> None:
    decide(review, alice, client_visible=True)

    before = lead.get(LOG).context["entries"][0].is_published
    record_release(report_hash="", occasion=review.occasion, by=alice, now=TUESDAY)
    after = lead.get(LOG).context["entries"][0].is_published

    assert (before, after) == (False, True)


def test_the_filter_finds_words_numbers_owners_changes_reviews_and_objectives(
    lead: Client, alice: Membership, bob: Membership, review: Review, onboarding: KeyResult
) -> None:
    april = planned(alice, title="April")
    decide(review, alice, "Move the offer.", key_result=onboarding)
    decide(april, alice, "Hire an analyst.", owner=bob, change="resources")
    objective = onboarding.objective.public_id

    for query, numbers in (
        ("q=OFFER", [1]),
        ("q=%232", [2]),
        (f"owner={bob.public_id}", [2]),
        ("change=resources", [2]),
        (f"review={april.public_id}", [2]),
        (f"objective={objective}", [1]),
        ("q=harbr", []),
        ("q=" + "9" * 30, []),
        ("owner=nobody&change=mood&page=x", [2, 1]),
    ):
        page = lead.get(f"{LOG}?{query}")
        assert [entry.decision.number for entry in page.context["entries"]] == numbers, query
        assert ("Clear the filter" in page.text) == (not numbers)


def test_pages_of_the_log_keep_the_filter(
    lead: Client, alice: Membership, review: Review, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "ON_A_PAGE", 1)
    for number in range(2):
        decide(review, alice, f"Decided {number}.")

    older = lead.get(LOG, {"q": "Decided", "page": "2"})

    assert f'href="{LOG}?q=Decided&amp;page=2"' in lead.get(LOG, {"q": "Decided"}).text
    assert [entry.decision.text for entry in older.context["entries"]] == ["Decided 0."]


def test_a_longer_log_costs_no_more_queries(
    lead: Client, alice: Membership, review: Review, onboarding: KeyResult
) -> None:
    def add(number: int) -> None:
        decide(review, alice, f"Decided {number}.", key_result=onboarding)

    post(onboarding, alice)
    # Session, user, membership; head; count, rows, key results, reviews; the filter's choices.
    assert_constant_queries(lambda: lead.get(LOG), add=add, name="decision-list")


def test_overdue_actions_come_first_with_a_flag_and_links_to_their_objects(
    lead: Client, alice: Membership, review: Review, onboarding: KeyResult
) -> None:
    later, overdue = act(alice), act(alice, review=review, key_result=onboarding)
    build.change(overdue, due_on=dt.date(2026, 3, 9))

    page = lead.get(ACTIONS)

    assert page.context["page"].open == [overdue, later]
    assert page.text.count('<span class="flag">Overdue</span>') == 1
    assert f'href="/e/northwind/key-results/{onboarding.public_id}/"' in page.text
    assert f'href="/e/northwind/reviews/{review.public_id}/"' in page.text


def test_an_action_is_done_in_one_click_and_leaves_the_list_after_two_weeks(
    lead: Client, alice: Membership, clock: time_machine.Traveller
) -> None:
    action = act(alice)

    answer = lead.post(url(action, "done"))

    assert answer["Location"] == ACTIONS
    assert lead.get(ACTIONS).context["page"].ended == [action]
    clock.move_to(TUESDAY + dt.timedelta(days=15))
    assert lead.get(ACTIONS).context["page"].ended == []


def test_htmx_gets_the_changed_row_with_undo_and_toast(lead: Client, alice: Membership) -> None:
    action = act(alice, "Ask für den Export " * 200)

    row = lead.post(url(action, "done"), headers=HTMX)
    again = lead.post(url(action, "reopen"), headers=HTMX)

    assert f'<li id="action-{action.public_id}"' in row.text
    assert f'hx-post="{url(action, "reopen")}"' in row.text
    assert "<html" not in row.text
    trigger = json.loads(row.headers["HX-Trigger"])
    assert trigger.keys() == {"toast", "action-changed"}
    assert len(trigger["toast"]["text"]) <= 90
    assert f'hx-post="{url(action, "done")}"' in again.text


def test_a_button_leads_back_to_a_page_of_this_site(lead: Client, alice: Membership) -> None:
    assert lead.post(url(act(alice), "done"), {"next": "/"})["Location"] == "/"
    assert lead.post(url(act(alice), "done"), {"next": "//evil.test/"})["Location"] == ACTIONS


def test_a_refused_drop_says_why(client: Client, alice: Membership, clock: Any) -> None:
    action = act(alice)
    build.sign_in(client, alice.engagement, Role.CONTRIBUTOR)

    assert "/drop/" not in client.get(ACTIONS).text
    refused = client.post(url(action, "drop"), headers=HTMX)

    assert "Only the owner, the author or the lead can drop it." in refused.headers["HX-Trigger"]


def test_more_actions_cost_no_more_queries(
    lead: Client, alice: Membership, review: Review, onboarding: KeyResult
) -> None:
    def add(number: int) -> None:
        act(alice, review=review, key_result=onboarding)
        complete_action(action=act(alice), by=alice, now=TUESDAY)

    # Session, user, membership; open, ended; reviews.
    assert_constant_queries(lambda: lead.get(ACTIONS), add=add, name="action-list")
