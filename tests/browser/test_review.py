"""A lead runs the monthly review to its published summary, while the sponsor watches."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from engagements.models import Membership, Role
from engagements.scoping import scope
from okrs.models import Objective
from reviews.commands import plan_review
from reviews.models import Review
from tests.browser import cast
from tests.browser.conftest import SCREENS, Opens
from tests.browser.visitors import Visitor

DESK = [screen for screen in SCREENS if not screen.is_phone][:1]


@dataclass(frozen=True, kw_only=True)
class Meeting:
    """A client with two cards that are behind, and the people of its March review."""

    review: Review
    alice: Membership  # the lead
    priya: Membership  # the sponsor
    dana: Membership  # a viewer


def meeting() -> Meeting:
    client = cast.client("Harbour Lights")
    lead = cast.member(client, cast.user("Alice"))
    sponsor = cast.member(client, cast.user("Priya"), Role.SPONSOR)
    viewer = cast.member(client, cast.user("Dana"), Role.VIEWER)
    cast.cards(lead, "Onboarding time", "Waiting time")
    with scope(client.pk):
        Objective.objects.update(committed_at=timezone.now() - 3 * cast.WEEK, committed_by=lead)
    return Meeting(review=planned(lead, sponsor), alice=lead, priya=sponsor, dana=viewer)


def planned(lead: Membership, *attendees: Membership) -> Review:
    now = timezone.now()
    with scope(lead.engagement_id):
        return plan_review(
            engagement=lead.engagement,
            kind="monthly",
            title="March review",
            scheduled_at=now + dt.timedelta(minutes=5),
            lead=lead,
            attendees=[lead, *attendees],
            by=lead,
            now=now,
        )


def screen_of(visitor: Visitor, member: Membership, review: Review) -> Page:
    assert member.user is not None
    visitor.signs_in_as(member.user)
    visitor.visit(f"/e/{member.engagement.slug}/reviews/{review.public_id}/", says="March review")
    return visitor.page


def decide(page: Page, text: str) -> None:
    page.get_by_label("What is decided?").fill(text)
    page.get_by_label("What it changes").select_option(label="Bet change")
    page.get_by_label("Client may see it").check()
    page.get_by_role("button", name="Record the decision").click()


def act(page: Page, text: str) -> None:
    page.locator(".seg").get_by_text("Action", exact=True).click()
    page.get_by_label("What is to be done?").fill(text)
    page.get_by_role("button", name="Add the action").click()


def close(page: Page) -> None:
    page.get_by_role("link", name="Close the review").first.click()
    expect(page.get_by_label("Yes")).to_have_count(3)
    for answer in page.get_by_label("Yes").all():
        answer.check()
    page.get_by_role("button", name="Close the review").click()


def start(page: Page) -> None:
    page.get_by_role("button", name="Start the review").click()
    expect(page.get_by_role("button", name=re.compile("^Next item"))).to_be_visible()


def at(page: Page, title: str) -> None:
    """The screen shows this item."""
    expect(page.get_by_role("heading", level=2, name=title)).to_be_visible()


def hold(lead: Visitor, watching: Page) -> None:
    """From the start to the last capture, each step seen by who watches."""
    page = lead.page
    start(page)
    at(page, "Onboarding time")
    at(watching, "Onboarding time")
    decide(page, "")
    expect(page.get_by_role("alert")).to_be_visible()
    lead.inspect("decision without words")
    decide(page, "Move the welcome call to day two.")
    expect(watching.get_by_text("Move the welcome call to day two.")).to_be_visible()
    lead.inspect("decision recorded")
    page.get_by_role("button", name=re.compile("^Next item")).click()
    at(watching, "Waiting time")
    act(page, "Ask for a nightly export")
    expect(watching.get_by_text("Ask for a nightly export")).to_be_visible()


def publish(lead: Visitor) -> None:
    page = lead.page
    decided = page.get_by_label("What was decided")
    expect(decided).to_have_value(re.compile("Move the welcome call to day two"))
    lead.inspect("drafted summary")
    page.get_by_label("Headline").fill("Members start sooner.")
    page.get_by_role("button", name=re.compile("^Publish")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Members start sooner.")
    lead.inspect("published summary")


def test_a_review_from_its_agenda_to_the_published_summary(opens: Opens) -> None:
    held = meeting()
    lead, sponsor, viewer = opens(), opens(), opens()
    page, watching = (
        screen_of(lead, held.alice, held.review),
        screen_of(sponsor, held.priya, held.review),
    )
    lead.inspect("planned review")

    hold(lead, watching)
    sponsor.inspect("review that is followed")
    close(page)
    publish(lead)

    assert held.dana.user is not None
    viewer.signs_in_as(held.dana.user)
    viewer.visit("/")
    expect(viewer.page.get_by_text("Move the welcome call to day two.").first).to_be_visible()
    expect(viewer.page.get_by_text("Ask for a nightly export")).to_have_count(0)
    viewer.inspect("status page after the review")


@pytest.mark.parametrize("screen", DESK, ids=str)
def test_typed_words_survive_when_the_room_moves_on(opens: Opens) -> None:
    held = meeting()
    lead, sponsor = opens(), opens()
    page = screen_of(lead, held.alice, held.review)
    watching = screen_of(sponsor, held.priya, held.review)
    start(page)
    at(watching, "Onboarding time")

    watching.get_by_label("What is decided?").fill("Half a thought")
    page.get_by_role("button", name=re.compile("^Next item")).click()

    at(watching, "Waiting time")
    expect(watching.get_by_label("What is decided?")).to_have_value("Half a thought")
    expect(watching.locator(".capture").get_by_text("On “Onboarding time”")).to_be_visible()
    sponsor.inspect("half a thought")


@pytest.mark.parametrize("screen", DESK, ids=str)
def test_the_keyboard_moves_the_room(opens: Opens) -> None:
    held, lead = meeting(), opens()
    page = screen_of(lead, held.alice, held.review)
    start(page)
    at(page, "Onboarding time")

    page.keyboard.press("j")
    at(page, "Waiting time")
    page.keyboard.press("k")

    at(page, "Onboarding time")
    lead.inspect("moved by keys")


@pytest.mark.parametrize("screen", DESK, ids=str)
def test_all_of_it_works_without_script(opens: Opens) -> None:
    held, lead = meeting(), opens(script=False)
    page = screen_of(lead, held.alice, held.review)

    start(page)
    at(page, "Onboarding time")
    decide(page, "Move the welcome call to day two.")
    expect(page.get_by_text("Move the welcome call to day two.").first).to_be_visible()
    page.get_by_role("button", name=re.compile("^Next item")).click()
    at(page, "Waiting time")
    close(page)
    page.get_by_role("button", name=re.compile("^Publish")).click()

    expect(page.get_by_text("From the March review")).to_be_visible()
    lead.inspect("published without script")
