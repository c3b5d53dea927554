"""A lead runs a review from its agenda to the published summary, while a sponsor watches."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.utils import timezone
from playwright.sync_api import APIResponse, Page, Route, expect

from engagements.models import Membership, Role
from okrs.models import Objective
from tenancy.scoping import scope
from tests.browser import cast
from tests.browser.conftest import ENDS, Opens
from tests.browser.visitors import Visitor

PRESS_NEXT = """document.addEventListener("htmx:afterSwap", () =>
  setTimeout(() => document.getElementById("next-item").click()), { once: true })"""
FOLLOWS = 10_000  # milliseconds; a screen asks every three seconds
Held = tuple[Route, APIResponse]


def now() -> str:
    return timezone.now().strftime("%Y-%m-%dT%H:%M")


def led(client_name: str) -> tuple[Membership, Membership]:
    """A lead whose three key results are behind, and a sponsor."""
    client = cast.client(client_name)
    lead = cast.member(client, cast.user("Alice"))
    cast.cards(lead, "Days to a first visit", "Days to a second visit", "Days to a reply")
    with scope(client.id):
        committed_at = timezone.now() - dt.timedelta(weeks=3)
        Objective.objects.update(committed_at=committed_at, committed_by=lead)
    return lead, cast.member(client, cast.user("Priya"), Role.SPONSOR)


def test_a_review_runs_from_its_agenda_to_the_published_summary(opens: Opens) -> None:
    lead, sponsor = led("Northwind SaaS")
    room, watcher = opens(), opens()
    room.signs_in_as(lead.user)
    watcher.signs_in_as(sponsor.user)

    plans(room, lead)
    watcher.visit(room.page.url, says="Our review")
    moves_the_room(room, watcher)
    captures(room, watcher)
    closes_and_publishes(room, watcher)
    reads(opens(), cast.member(lead.engagement, cast.user("Dana"), Role.VIEWER))


def plans(room: Visitor, lead: Membership) -> None:
    page = room.page
    room.visit(f"/e/{lead.engagement.slug}/reviews/", says="No review is planned.")
    room.inspect("no review")
    page.get_by_role("link", name="Plan review").click()
    page.get_by_label("Title").fill("Our review")
    page.get_by_label("When").fill(now())
    room.inspect("plan")
    page.get_by_role("button", name="Plan review").click()
    expect(page.get_by_role("button", name="Start review")).to_be_visible()
    room.inspect("planned review")


def moves_the_room(room: Visitor, watcher: Visitor) -> None:
    page, other = room.page, watcher.page
    page.get_by_role("button", name="Start review").click()
    expect(page.get_by_role("button", name="Next item")).to_be_visible()
    expect(page.locator("#head .people")).to_contain_text("Present Alice")
    expect(page.locator(".agenda .tune").nth(1)).to_have_css("opacity", "1")  # untouched too
    first = page.locator("#items h2").inner_text()
    expect(other.get_by_text("of 45 left")).to_be_visible(timeout=FOLLOWS)
    other.locator("#decision-text").fill("Half a thought")
    page.get_by_role("button", name="Next item").click()
    expect(page.locator("#items h2")).not_to_have_text(first)
    second = page.locator("#items h2").inner_text()
    expect(other.locator("#items h2")).to_have_text(second, timeout=FOLLOWS)
    expect(other.locator("#now")).to_have_text(f"Now: {second}")
    expect(other.locator("#decision-text")).to_have_value("Half a thought")
    expect(other.locator("#capture")).to_contain_text(f"On “{first}”")
    watcher.inspect("a room that has gone on")
    expect(other.locator("[data-elsewhere]")).to_contain_text(
        f"The review has moved on to “{second}”"
    )
    other.get_by_role("button", name="Write about that item").click()
    expect(other.locator("#capture")).to_contain_text(f"On “{second}”")
    expect(other.locator("[data-elsewhere]")).to_be_hidden()
    other.locator("#decision-text").fill("")
    page.get_by_role("button", name="Previous").click()
    expect(other.locator("#capture")).to_contain_text(f"On “{first}”", timeout=FOLLOWS)
    room.inspect("running review")
    watcher.inspect("review of a sponsor")


def captures(room: Visitor, watcher: Visitor) -> None:
    page = room.page
    page.locator("#decision-text").fill("Bring the form to the north.")
    page.get_by_role("button", name="Record decision").click()
    expect(page.locator("#capture [role=alert]")).to_be_visible()  # what it changes is missing
    expect(page.locator("#decision-text")).to_have_value("Bring the form to the north.")
    page.get_by_label("What changes").select_option("bet")
    page.get_by_label("Show to the client once published").check()
    page.get_by_role("button", name="Record decision").click()
    expect(page.locator("#recorded")).to_contain_text("Bring the form to the north.")
    expect(page.locator("#decision-text")).to_have_value("")
    heard = watcher.page.locator("#recorded")
    expect(heard).to_contain_text("Bring the form to the north.", timeout=FOLLOWS)
    expect(page.locator("#decision-text")).to_be_focused()
    page.locator("#capture .seg label", has_text="Action").click()
    adds_three_in_a_row(room)
    expect(heard).to_contain_text("Send the note", timeout=FOLLOWS)


def adds_three_in_a_row(room: Visitor) -> None:
    """By mouse, then with the keyboard alone: the form and the focus stay where they are."""
    page = room.page
    words, add = page.locator("#action-what"), page.get_by_role("button", name="Add action")
    words.fill("Call them")
    add.click()
    for said in ("Ask for an export", "Send the note"):
        expect(words).to_be_focused()
        expect(words).to_have_value("")
        expect(page.locator("#now")).to_have_text("Action added.")
        page.keyboard.type(said)
        add.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#recorded")).to_contain_text(said)
    room.settle()
    page.get_by_role("button", name="Next item").click()
    expect(page.locator("#now")).to_contain_text("Now:")
    expect(words).to_be_visible()  # the room moves on, the choice stays


def closes_and_publishes(room: Visitor, watcher: Visitor) -> None:
    page = room.page
    page.get_by_role("link", name="Close review").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Close review")
    # Everyone invited has the review open, so no one is left to ask about.
    expect(page.get_by_text("Who else was present?")).to_have_count(0)
    for question in page.get_by_role("radio", name="Yes").all():
        question.check()
    room.inspect("close")
    page.get_by_role("button", name="Close review").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Summary for the client")
    expect(page.get_by_label("What was decided")).to_have_value(re.compile("Bring the form"))
    room.inspect("summary")
    read = watcher.page.get_by_role("link", name="Read summary")
    expect(read).to_be_visible(timeout=FOLLOWS)
    watcher.inspect("closed review")
    page.get_by_role("button", name="Publish report").click()
    expect(page.locator("main")).to_contain_text("Bring the form to the north.")
    room.inspect("published report")


def reads(visitor: Visitor, viewer: Membership) -> None:
    """The client finds the decision at once, and nothing of the room."""
    visitor.signs_in_as(viewer.user)
    visitor.visit("/")
    expect(visitor.page.get_by_text("Bring the form to the north.").first).to_be_visible()
    expect(visitor.page.get_by_text("Call them")).to_have_count(0)
    visitor.inspect("status page after the review")


def plan_and_start(visitor: Visitor, lead: Membership) -> str:
    """Start a review at once, and wait until it has started; return its first item."""
    visitor.signs_in_as(lead.user)
    visitor.visit(f"/e/{lead.engagement.slug}/reviews/new/", says="Plan a review")
    visitor.page.get_by_label("When").fill(now())
    visitor.page.get_by_role("button", name="Plan review").click()
    visitor.page.get_by_role("button", name="Start review").click()
    expect(visitor.page.get_by_role("button", name="Next item")).to_be_visible()
    return visitor.page.locator("#items h2").inner_text()


def hold_answers(page: Page, path: str) -> list[Held]:
    """Hold back the answers to all further requests of the path.

    A screen that asks for its state asks for the whole of it.
    """
    held: list[Held] = []

    def hold(route: Route) -> None:
        held.append((route, route.fetch(url=route.request.url.replace("seen=", "old="))))

    page.route(re.compile(path), hold)
    return held


def wait_for_answers(page: Page, held: list[Held], count: int = 1) -> None:
    while len(held) < count:
        page.wait_for_timeout(100)


@pytest.mark.parametrize("screen", ENDS[:1], ids=str)
def test_keys_move_the_room_and_all_of_it_prints(opens: Opens) -> None:
    lead, _ = led("Harbor Retail")
    visitor = opens()
    page = visitor.page
    first = plan_and_start(visitor, lead)
    late = hold_answers(page, "/live/")
    wait_for_answers(page, late)

    page.keyboard.press("j")
    expect(page.locator("#items h2")).not_to_have_text(first)
    for route, answer in late:
        route.fulfill(response=answer)
    page.wait_for_timeout(500)
    assert first not in page.locator("#items").inner_text()
    page.keyboard.press("k")
    expect(page.locator("#items h2")).to_have_text(first)

    page.get_by_role("link", name="Show full agenda").click()
    expect(page.locator(".review-item")).to_have_count(page.locator("ol.agenda > li").count())
    page.emulate_media(media="print")
    expect(page.locator("#capture")).to_be_hidden()
    expect(page.locator(".review-item").last).to_be_visible()


@pytest.mark.parametrize("screen", ENDS[:1], ids=str)
def test_a_button_pressed_as_soon_as_it_is_shown_is_answered_in_place(opens: Opens) -> None:
    lead, _ = led("Harbor Retail")
    visitor = opens()
    page = visitor.page
    plan_and_start(visitor, lead)
    page.evaluate(PRESS_NEXT)

    page.locator("#capture .seg label", has_text="Action").click()
    page.locator("#action-what").fill("Call them")
    page.get_by_role("button", name="Add action").click()

    expect(page.locator("#now")).to_contain_text("Now:")


@pytest.mark.parametrize("screen", ENDS[:1], ids=str)
def test_answers_that_cross_leave_the_screen_current(opens: Opens) -> None:
    lead, _ = led("Harbor Retail")
    cast.member(lead.engagement, cast.user("Sofia"), Role.CHAMPION)
    visitor = opens()
    page = visitor.page
    first = plan_and_start(visitor, lead)

    moves = hold_answers(page, "/next/")
    page.keyboard.press("j")
    expect(page.locator("#items h2")).not_to_have_text(first, timeout=FOLLOWS)  # the screen asked
    for route, answer in moves:
        route.fulfill(response=answer)
    expect(page.locator("#next-item")).not_to_have_attribute("aria-busy", "true")
    page.keyboard.press("k")
    expect(page.locator("#items h2")).to_have_text(first)

    marks = hold_answers(page, "/here/")
    for button in page.locator("#here").get_by_role("button", name="Mark present").all():
        button.click()
    wait_for_answers(page, marks, count=2)
    for route, answer in marks:
        route.fulfill(response=answer)
    expect(page.locator("#here")).to_contain_text("3 of 3 present", timeout=FOLLOWS)
    visitor.inspect("all present")
