"""The log and the actions, from a review's outcome to what waits on somebody's own page."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from playwright.sync_api import Locator, expect

from engagements.models import Membership
from okrs.models import KeyResult
from reviews.models import Review
from tenancy.scoping import scope
from tests.browser import cast
from tests.browser.conftest import Opens
from tests.checkins.posting import post
from tests.reviews.meeting import act, decide, planned

FIRST = "Offer the expansion at day 20 instead of day 30."
SECOND = "Pair the expansion offer with first use of reports, whatever the day."


def decided(lead: Membership) -> tuple[Review, KeyResult]:
    """A review with a decision about a key result that has moved since, and an action."""
    (key_result,) = cast.cards(lead, "Accounts that expand within thirty days")
    now = timezone.now()
    review = planned(lead, title="March review", scheduled_at=now)
    with scope(lead.engagement_id):
        url = "https://example.com/usage-of-the-last-forty-expansions"
        earlier = now - dt.timedelta(days=3)
        known = {"key_result": key_result, "client_visible": True, "evidence_url": url}
        decide(review, lead, FIRST, due_on=now.date(), now=earlier, **known)
        post(key_result, lead, actual=7, now=now, measured_on=now.date())
        about = {"review": review, "key_result": key_result, "now": now}
        act(lead, "Ask for a nightly export of usage", due_on=now.date(), **about)
    return review, key_result


def test_a_decision_is_read_found_and_superseded(opens: Opens) -> None:
    alice, visitor = cast.user(), opens()
    lead = cast.member(cast.client("Ashton Mills"), alice)
    _, key_result = decided(lead)
    page = visitor.page
    visitor.signs_in_as(alice)

    visitor.visit(f"/e/{lead.engagement.slug}/decisions/", says="1 decision is recorded, on")
    expect(page.locator("#decision-1")).to_contain_text("Since then ")
    if not visitor.screen.is_phone:
        stands_in_one_row(page.locator(".filters"))
    visitor.inspect("log")
    page.get_by_label("Find words or a number").fill("harbr")
    expect(page.locator("#decisions")).to_contain_text("No decision matches “harbr”.")
    visitor.inspect("log, nothing found")
    page.get_by_label("Find words or a number").fill("day 20")
    page.get_by_role("link", name="Supersede").click()
    page.locator("[name=text]").fill(SECOND)
    page.get_by_role("button", name="Record new decision").click()
    expect(page.get_by_role("alert")).to_be_focused()
    visitor.inspect("superseding refused")
    page.get_by_label("Due").fill(f"{timezone.now().date() + dt.timedelta(days=14)}")
    page.get_by_role("button", name="Record new decision").click()

    expect(page.locator("#decision-2")).to_contain_text(SECOND)
    expect(page.locator("#decision-1")).to_have_count(0)
    page.get_by_role("link", name="decision 1", exact=True).click()
    expect(page.locator("#decision-1")).to_contain_text("superseded by decision 2")
    visitor.inspect("superseded")
    for path in (
        f"/e/{lead.engagement.slug}/key-results/{key_result.public_id}/",
        f"/e/{lead.engagement.slug}/objectives/{key_result.objective.public_id}/",
    ):
        visitor.visit(path)
        expect(page.locator("#object-log")).to_contain_text(SECOND)
        expect(page.locator("#object-log")).to_contain_text("Ask for a nightly export of usage")
        visitor.inspect(path)


def stands_in_one_row(filters: Locator) -> None:
    """However long the names are that there is to choose from."""
    button = filters.get_by_role("button", name="Find").bounding_box()
    first = filters.get_by_label("Owner").bounding_box()
    assert button
    assert first
    assert abs(button["y"] - first["y"]) < first["height"]


def test_an_action_is_done_in_one_click_and_taken_back(opens: Opens) -> None:
    alice, visitor = cast.user(), opens()
    lead = cast.member(cast.client("Ashton Mills"), alice)
    decided(lead)
    page = visitor.page
    visitor.signs_in_as(alice)
    visitor.visit("/")
    action = page.locator("#waits li").filter(has_text="Ask for a nightly export")
    expect(page.locator("#waiting")).to_have_text("1")
    visitor.inspect("an action waits")

    action.get_by_role("button", name="Mark done").click()
    expect(action.get_by_role("button", name="Undo")).to_be_focused()
    expect(page.locator("#waiting")).to_have_text("0")
    visitor.inspect("an action is done")
    action.get_by_role("button", name="Undo").click()
    expect(action.get_by_role("button", name="Mark done")).to_be_focused()
    expect(page.locator("#waiting")).to_have_text("1")

    visitor.visit(f"/e/{lead.engagement.slug}/actions/", says="1 action is open")
    visitor.inspect("actions")
