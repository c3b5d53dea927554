"""A champion answers an escalation in a running review, and the lead's screen follows."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from playwright.sync_api import expect

from engagements.models import Membership, Role
from okrs.models import Objective
from reviews.models import Review
from tenancy.scoping import scope
from tests.browser import cast
from tests.browser.conftest import Opens
from tests.browser.visitors import Visitor
from tests.checkins.posting import post
from tests.reviews.running import run

FOLLOWS = 10_000  # milliseconds; a screen asks every three seconds
PLAN = "Borrow an engineer from Reporting until the export runs by night."


def escalated(client_name: str) -> tuple[Membership, Review]:
    """A lead and their running review, which is at a key result that has been red for two weeks."""
    client = cast.client(client_name)
    lead = cast.member(client, cast.user("Alice"))
    first, _ = cast.cards(lead, "Days to a first visit", "Days to a second visit")
    now = timezone.now()
    with scope(client.id):
        Objective.objects.update(committed_at=now - dt.timedelta(weeks=3), committed_by=lead)
        post(first, lead, actual="8.5", now=now, measured_on=now.date())
        return lead, run(lead, now=now)


def test_an_escalation_is_answered_in_the_room(opens: Opens) -> None:
    lead, review = escalated("Northwind SaaS")
    champion = cast.member(lead.engagement, cast.user("Lena"), Role.CHAMPION)
    room, other = opens(), opens()
    for visitor, member in ((room, lead), (other, champion)):
        visitor.signs_in_as(member.user)
        visitor.visit(f"/e/{lead.engagement.slug}/reviews/{review.public_id}/", says=review.title)
    room.inspect("a review at an escalation")

    writes_while_the_room_moves(room, other)
    answers(other, champion)

    expect(room.page.locator("#items .escalation")).to_contain_text(PLAN, timeout=FOLLOWS)
    expect(room.page.locator("#items .escalation")).to_contain_text("Plan under way")
    room.inspect("a review with a plan that runs")


def writes_while_the_room_moves(room: Visitor, other: Visitor) -> None:
    page = other.page
    page.locator("#items").get_by_role("link", name="Record recovery plan").click()
    page.locator("[name=plan]").fill(PLAN)
    room.page.get_by_role("button", name="Next item").click()
    expect(other.page.locator("#agenda li[aria-current]")).to_contain_text(
        "Days to a second visit", timeout=FOLLOWS
    )
    expect(page.locator("[name=plan]")).to_have_value(PLAN)
    other.inspect("a form in a room that has gone on")
    room.page.get_by_role("button", name="Previous").click()
    expect(room.page.locator("#items h2").first).to_have_text("Days to a first visit")


def answers(other: Visitor, champion: Membership) -> None:
    page = other.page
    page.locator("#items .seg label", has_text="Ask for help").click()
    page.get_by_label("Plan owner").select_option(label=str(champion))
    in_a_week = timezone.now().date() + dt.timedelta(days=7)
    page.get_by_label("Checkpoint").fill(in_a_week.isoformat())
    page.locator("#items").get_by_role("button", name="Record recovery plan").click()
    expect(page.locator("#items .escalation")).to_contain_text(PLAN)
    expect(page.locator("#items .escalation-form")).to_have_count(0)
