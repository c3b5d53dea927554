from __future__ import annotations

import pytest
from django.test import Client

from engagements.models import Membership, Role
from okrs.models import KeyResult
from reviews.commands.agendas import add_item
from reviews.commands.reviews import close_review
from reviews.models import AgendaItem
from tests import build
from tests.checkins.posting import HTMX, TUESDAY, at, post
from tests.query_counts import assert_constant_queries, assert_query_count, queries_of
from tests.reviews.meeting import act, decide, planned
from tests.reviews.running import (
    YES,
    checked,
    current_title,
    escalate,
    go_on,
    item,
    key_results,
    plan,
    reported,
    run,
    seen,
    url,
)

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def rows(alice: Membership) -> list[KeyResult]:
    """One red, one behind, one won."""
    red, behind, won = key_results(alice, "API latency", "Day seven", "Enterprise NPS")
    checked(red, alice, "8.9", "8.8", confidence=2, blocker="No export.")
    reported(behind, alice, "7.5", "7", confidence=2)
    reported(won, alice, "6", "5")
    return [red, behind, won]


def test_it_shows_an_item_at_a_time(lead: Client, alice: Membership, rows: list[KeyResult]) -> None:
    review = run(alice)

    first = lead.get(url(review)).text
    go_on(review, alice)
    second = lead.get(url(review)).text

    for expected in ("Item 1 of 4", "= 0.04, red up to 0.30", "red for two weeks", "No export."):
        assert expected in first
    assert "Item 2 of 4" in second


def test_each_kind_of_item_is_shown(lead: Client, alice: Membership, rows: list[KeyResult]) -> None:
    act(alice, due_on=TUESDAY.date())
    review = plan(alice, now=at("2026-03-11T09:00"))
    add_item(review=review, title="", minutes=3, objective=rows[0].objective, by=alice, now=TUESDAY)
    add_item(review=review, title="The off-site", minutes=3, by=alice, now=TUESDAY)

    page = lead.get(url(review) + "?view=all")

    assert page.text.count('class="stack review-item"') == 7
    kinds = {view.kind for view in page.context["page"].agenda}
    assert kinds == {"list", "key_result", "objective", "plain", "closing"}


def test_a_reader_looks_at_another_item_while_the_review_stays(
    lead: Client, alice: Membership, rows: list[KeyResult]
) -> None:
    review = run(alice)
    other = item(review, "Day seven")

    page = lead.get(f"{url(review)}?item={other.public_id}").text

    assert "The review is at “<bdi>API latency</bdi>”." in page
    assert "Show this to everyone" in page
    review.refresh_from_db()
    assert review.current_item == item(review, "API latency")


def test_a_plan_shows_stale_data(lead: Client, alice: Membership, rows: list[KeyResult]) -> None:
    review, stale = plan(alice), []

    for change in (
        lambda: None,
        lambda: post(rows[0], alice, actual="8.7", now=TUESDAY),
        lambda: lead.post(url(review, "review-draw")),
    ):
        change()
        page = lead.get(url(review))
        stale.append(page.context["page"].is_stale)

    assert stale == [False, True, False]
    assert 'id="decision-text"' not in page.text  # records wait for the start


def test_a_refused_button_says_why(lead: Client, alice: Membership) -> None:
    refused = lead.post(url(planned(alice), "review-next"), headers=HTMX)

    assert refused.status_code == 422
    assert "This review has not started yet." in refused.text


def test_on_another_day_a_start_is_confirmed(lead: Client, alice: Membership) -> None:
    review = plan(alice, scheduled_at=at("2026-03-21T00:30"))  # Friday in UTC
    start = url(review, "review-start")
    plain, parts = (lead.post(start, headers=headers) for headers in ({}, HTMX))
    assert plain.headers["Location"] == parts.headers["HX-Redirect"] == start
    assert "planned for Sat\xa021\xa0Mar. Start it now?" in lead.get(start).text
    lead.post(start, {"confirm_day": "yes"})
    assert lead.get(start).headers["Location"] == url(review)  # it runs


def test_a_closed_review_shows_the_facts_of_its_close_without_buttons(
    lead: Client, alice: Membership, rows: list[KeyResult]
) -> None:
    review = run(alice)
    decide(review, alice, "Pair the offer")
    close_review(review=review, by=alice, now=TUESDAY, closing_note="Good pace.", **YES)
    post(rows[0], alice, actual="5", now=TUESDAY)

    page = lead.get(url(review) + "?view=all").text

    assert page.count("8.8<small>days") == 1
    assert "Pair the offer" in page
    assert "Good pace." in page
    assert "<button" not in page.split('id="review-detail"')[1].split("<footer")[0]
    assert url(review, "summary-update") in page


@pytest.mark.parametrize("role", [Role.CONTRIBUTOR, Role.CHAMPION])
def test_others_follow_and_decide_by_their_role(
    client: Client, alice: Membership, rows: list[KeyResult], role: str
) -> None:
    escalation = escalate(rows[0])
    build.sign_in(client, alice.engagement, role)

    page = client.get(url(run(alice))).text

    assert f'id="escalation-{escalation.public_id}"' in page
    for text in ("Next item", "Close review"):
        assert text not in page
    for text in ("Record decision", "Is this still the right key result?", "outcome/?place=review"):
        assert (text in page) == (role != Role.CONTRIBUTOR)


def test_an_open_screen_gets_its_parts_only_after_a_change(
    client: Client, alice: Membership, rows: list[KeyResult]
) -> None:
    review = run(alice)
    build.sign_in(client, alice.engagement, Role.SPONSOR)
    at = item(review, "API latency").public_id
    live = f"{url(review, 'live-review')}?seen={seen(client, review)}&at={at}"

    unchanged = client.get(live, headers=HTMX)
    go_on(review, alice)
    changed = client.get(live, headers=HTMX)
    close_review(review=review, by=alice, now=TUESDAY, **YES)

    assert (unchanged.status_code, unchanged.content) == (204, b"")
    assert changed.status_code == 200
    assert changed.text.count('hx-swap-oob="true"') == 6  # head to capture
    assert "Now: Day seven" in changed.text
    assert "<html" not in changed.text
    assert client.get(live, headers=HTMX).headers["HX-Redirect"] == url(review)


@pytest.mark.parametrize("name", ["review-next", "review-previous"])
def test_a_button_moves_on_from_the_item_it_was_shown_with(
    lead: Client, alice: Membership, rows: list[KeyResult], name: str
) -> None:
    review = run(alice)
    go_on(review, alice)
    old, shown = item(review, "API latency").public_id, item(review, "Day seven").public_id
    assert lead.get(url(review)).text.count(f'name="at" value="{shown}"') == 3

    for seen_at, moves in ((old, False), (shown, True)):
        lead.post(url(review, name), {"at": seen_at}, headers=HTMX)
        assert (current_title(review) != "Day seven") is moves


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("review-next", {}),
        ("review-previous", {}),
        ("review-draw", {}),
        ("review-start", {}),
        ("item-show", {}),
        ("item-move", {"to": "up"}),
        ("item-move", {"to": "down"}),
        ("item-park", {}),
        ("item-unpark", {}),
        ("item-answer", {"still_right": "no"}),
        ("item-done", {}),
        ("attendance-mark", {"is_here": "yes"}),
    ],
)
def test_every_button_works_with_and_without_htmx(
    lead: Client, alice: Membership, rows: list[KeyResult], name: str, data: dict[str, str]
) -> None:
    action = act(alice, due_on=TUESDAY.date())
    review = run(alice, now=at("2026-03-11T09:00"))
    more = [item(review, "API latency").public_id] if name.startswith("item") else []
    if name == "attendance-mark":
        more = [alice.public_id]
    elif name == "item-done":
        more = [item(review, "1 overdue action").public_id, action.public_id]

    plain = lead.post(url(review, name, *more) + "?view=all", data)
    parts = lead.post(url(review, name, *more), data, headers=HTMX)

    assert plain.headers["Location"] == url(review) + "?view=all"
    assert parts.status_code == 200
    assert '<div id="live-review-state"' in parts.text
    assert "<html" not in parts.text


def test_more_items_and_key_results_cost_no_more_queries(lead: Client, alice: Membership) -> None:
    (row,) = key_results(alice, "Row")
    reported(row, alice, "8.9", confidence=2)
    review = run(alice)
    decide(review, alice, agenda_item=item(review, "Row"), key_result=row)

    def add(number: int) -> None:
        more = build.live_key_result(row.objective, title=f"Row {number}")
        reported(more, alice, "8.9", confidence=2)
        decide(review, alice, key_result=more)
        act(alice, review=review)
        build.member(alice.engagement, f"Member {number}", Role.CONTRIBUTOR, user=None)
        lead.post(url(review, "review-draw"))

    address = url(review)
    assert_constant_queries(lambda: lead.get(address), add=add, name="review-detail")
    assert AgendaItem.objects.filter(review=review).count() == 22
    live = f"{url(review, 'live-review')}?seen={seen(lead, review)}"
    assert_query_count(queries_of(lambda: lead.get(live, headers=HTMX)), name="review-live")
