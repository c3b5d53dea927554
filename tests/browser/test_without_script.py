from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser import cast
from tests.browser.conftest import PHONE, Opens
from tests.browser.test_my_week import DEALERS, ONLINE, STORES, card, write
from tests.browser.test_reviews import led, plan_and_start


@pytest.mark.parametrize("screen", [PHONE], ids=str)
def test_two_cards_are_saved_without_script_one_after_an_error(opens: Opens) -> None:
    alice, visitor = cast.user(), opens(script=False)
    cast.cards(cast.member(cast.client("Ashton Mills"), alice), STORES, ONLINE)
    cast.cards(cast.member(cast.client("Brook Foods"), alice), DEALERS)
    visitor.signs_in_as(alice)
    visitor.visit("/", says="3 check-ins to do.")
    page, first = visitor.page, card(visitor.page, STORES)

    first.get_by_role("link", name="Check in").click()
    expect(first.get_by_label("Value", exact=True)).to_be_focused()
    visitor.inspect("card open without script")
    write(first, value="700", action="")
    first.get_by_role("button", name="Save and open next").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Not saved yet")
    expect(first.get_by_label("Value", exact=True)).to_have_value("700")
    expect(first.get_by_label("Insight")).to_have_value("The shorter form did it.")
    visitor.inspect("card refused without script")
    write(first, value="7,5")
    first.get_by_role("button", name="Save").first.click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("2 check-ins to do.")
    expect(page.get_by_role("status")).to_contain_text("Saved:")
    second = card(page, ONLINE)
    expect(second.get_by_label("Value", exact=True)).to_be_focused()
    visitor.inspect("next card open without script")
    write(second, value="900")
    second.get_by_role("button", name="Save", exact=True).click()
    expect(second).to_contain_text("900 is 113 times the last value (8) and outside")
    visitor.inspect("unclear figure without script")
    second.get_by_role("button", name="9", exact=True).click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("1 check-in to do.")
    expect(second).to_have_attribute("data-state", "saved")
    visitor.inspect("saved without script")


@pytest.mark.parametrize("screen", [PHONE], ids=str)
def test_a_review_runs_without_script(opens: Opens) -> None:
    lead, _ = led("Cedar Advisory")
    visitor = opens(script=False)
    page = visitor.page
    first = plan_and_start(visitor, lead)

    page.locator("#capture .seg label", has_text="Action").click()
    page.locator("#action-what").fill("Call them")
    page.get_by_role("button", name="Add action").click()
    expect(page.locator("#recorded")).to_contain_text("Call them")
    expect(page.locator("#action-what")).to_be_visible()
    page.get_by_role("button", name="Next item").click()
    expect(page.locator("#items h2")).not_to_have_text(first)
    visitor.inspect("review without script")
