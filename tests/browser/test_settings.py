"""A lead walks all of the settings, by mouse and by keyboard, and closes the engagement."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from engagements.models import Role
from tests import build
from tests.browser import cast
from tests.browser.conftest import ENDS, Opens
from tests.browser.visitors import Visitor

BOTH = pytest.mark.parametrize("screen", ENDS, ids=str)
PAGES = {
    "Teams": "Teams",
    "Share links": "No share link is open.",
    "Notification log": "Notification log",
    "Engagement": "Settings",
}


@BOTH
def test_a_lead_walks_the_settings_and_closes_the_engagement(opens: Opens) -> None:
    alice, ashton = cast.user(), cast.client("Ashton Mills")
    cast.member(ashton, alice)
    build.member(ashton, "Bob", Role.CONTRIBUTOR, user=None)
    visitor = opens()
    visitor.signs_in_as(alice)
    visitor.visit(f"/e/{ashton.slug}/members/", says="2 members")

    mend_a_name(visitor)
    tabs = visitor.page.get_by_role("navigation", name="Settings")
    for tab, headline in PAGES.items():
        tabs.get_by_role("link", name=tab).click()
        expect(visitor.page.get_by_role("heading", level=1)).to_have_text(headline)
        expect(tabs.locator("[aria-current=page]")).to_have_text(tab)
        visitor.inspect(f"settings: {tab}")
    name_an_owner(visitor)
    close(visitor)


def mend_a_name(visitor: Visitor) -> None:
    page = visitor.page
    page.get_by_text("What each role can do").first.click()
    visitor.inspect("members with roles")
    page.get_by_role("link", name="Edit Bob").click()
    visitor.inspect("edit a placeholder")
    page.get_by_label("Name").fill("Robert")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Robert")).to_be_visible()


def name_an_owner(visitor: Visitor) -> None:
    page = visitor.page
    expect(page.get_by_text(re.compile("It is .* in UTC"))).to_be_visible()
    page.get_by_label("Workflow owner").select_option(label="Robert")
    page.get_by_label("Client", exact=True).fill("")
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_role("alert")).to_contain_text("Not saved yet.")
    visitor.inspect("settings refused")
    page.get_by_label("Client", exact=True).fill("Ashton Mills")
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_role("status")).to_contain_text("Settings saved.")
    expect(page.get_by_label("Workflow owner").locator("option:checked")).to_have_text("Robert")


def close(visitor: Visitor) -> None:
    page = visitor.page
    page.get_by_role("link", name="Close engagement").click()
    visitor.inspect("close?")
    page.get_by_role("button", name="Close engagement").press("Enter")
    expect(page.get_by_text("Closed on").first).to_be_visible()
    visitor.inspect("closed")
    visitor.visit("/")
    expect(page.get_by_text("All your engagements are closed.")).to_be_visible()
    visitor.inspect("nothing but closed ones")
    page.get_by_role("link", name="Your profile").click()
    page.get_by_role("link", name="Ashton Mills", exact=True).click()
    page.get_by_role("link", name="Settings", exact=True).click()
    page.get_by_role("navigation", name="Settings").get_by_role("link", name="Engagement").click()
    page.get_by_role("button", name="Reopen engagement").click()
    expect(page.get_by_role("status")).to_contain_text("has been reopened.")


@BOTH
def test_a_lead_hands_over_all_that_someone_left(opens: Opens) -> None:
    alice, ashton = cast.user(), cast.client("Ashton Mills")
    lead = cast.member(ashton, alice)
    bob = build.member(ashton, "Bob Marley", Role.CHAMPION, user=None)
    objective = build.objective(bob, cast.cycle(ashton))
    for number in range(20):
        build.live_key_result(objective, title=f"Key result {number}", owner_id=bob.pk)
    build.team(ashton, champion=bob)
    visitor = opens()
    visitor.signs_in_as(alice)
    page = visitor.page
    visitor.visit(f"/e/{ashton.slug}/members/{bob.public_id}/remove/", says="Remove Bob Marley?")
    page.get_by_role("button", name="Remove Bob Marley").press("Enter")

    visitor.inspect("hand over")
    page.get_by_role("button", name="Hand over items of Bob Marley").click()
    expect(page.get_by_text("Choose one person.")).to_be_visible()
    visitor.inspect("hand over refused")
    page.get_by_label("Hand over to").select_option(label=lead.name)
    page.get_by_role("button", name="Hand over items of Bob Marley").click()
    expect(page.get_by_role("status")).to_contain_text("Alice takes over 22 items.")
    visitor.inspect("nothing to hand over")


@BOTH
def test_a_profile_says_what_time_it_is_and_when_the_next_mail_comes(opens: Opens) -> None:
    alice, ashton = cast.user(), cast.client("Ashton Mills")
    cast.member(ashton, alice)
    visitor, elsewhere = opens(), opens()
    for browser in (visitor, elsewhere):
        browser.signs_in_as(alice)
    page = visitor.page
    device = visitor.context.new_cdp_session(page)
    device.send("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Calcutta"})
    visitor.visit("/profile/", says="Profile")

    expect(page.get_by_text("Your next email comes on")).to_be_visible()
    page.get_by_label("Time zone").select_option("Asia/Tokyo")
    expect(page.get_by_text(re.compile("It is .* in Tokyo"))).to_be_visible()
    visitor.inspect("profile")
    take_this_devices_zone(page)
    page.get_by_role("link", name="Change your email address").press("Enter")
    visitor.inspect("change of address")
    page.get_by_label("New email address").fill("alice@")
    page.get_by_role("button", name="Send link").click()
    visitor.inspect("change of address refused")
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("button", name="Sign out everywhere else").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Signed out everywhere else.")
    elsewhere.visit("/profile/")
    expect(elsewhere.page.get_by_label("Password")).to_be_visible()


def take_this_devices_zone(page: Page) -> None:
    """The browser reports the old name of its zone, and today's is offered."""
    assert page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone") == "Asia/Calcutta"
    offered = page.get_by_role("button", name="Use this device’s time zone: Asia/Kolkata")
    offered.click()
    expect(page.get_by_label("Time zone")).to_have_value("Asia/Kolkata")
    expect(offered).to_be_hidden()
