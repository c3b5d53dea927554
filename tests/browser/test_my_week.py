from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from engagements.models import Role
from tests.browser import cast
from tests.browser.conftest import ENDS, Opens
from tests.browser.visitors import Visitor
from tests.build import PASSWORD
from tests.escalations.escalating import escalated

STORES = "Median onboarding time in the stores"
ONLINE = "Median onboarding time online"
DEALERS = "Median onboarding time of the dealers"
PREVIEW_IS_FASTER = """(_, later = setTimeout) => void (window.setTimeout = (run, ms) =>
  later(run, ms === 300 ? 60_000 : ms))"""  # than the save of a draft


def card(page: Page, title: str) -> Locator:
    return page.locator(".due").filter(has=page.get_by_role("link", name=title, exact=True))


def write(card: Locator, *, value: str, action: str = "Roll it out to all stores") -> None:
    card.get_by_label("Value", exact=True).fill(value)
    card.locator(".scale label").nth(3).click()
    card.get_by_label("Insight").fill("The shorter form did it.")
    card.get_by_label("Next action").fill(action)


def test_somebody_updates_three_cards_of_two_clients(opens: Opens) -> None:
    alice, bob, visitor = cast.user(), cast.user("Bob"), opens()
    cast.cards(cast.member(cast.client("Ashton Mills"), alice), STORES, ONLINE)
    brook = cast.client("Brook Foods")
    (dealers,) = cast.cards(cast.member(brook, alice), DEALERS)
    cast.member(brook, bob)
    visitor.signs_in_as(alice)
    visitor.visit("/", says="3 check-ins to do. All are due by 23:59.")
    visitor.inspect("my week")

    save_at_the_first_try(visitor)
    mend_an_error(visitor)
    colleague = opens()
    colleague.signs_in_as(bob)
    address = f"/e/{brook.slug}/key-results/{dealers.public_id}/"
    settle_a_conflict(visitor, colleague=colleague, address=address)

    # One of them has made it two red weeks.
    visitor.visit("/", says="All 3 check-ins are saved. 1 escalation is waiting on you.")
    visitor.inspect("all saved")


def save_at_the_first_try(visitor: Visitor) -> None:
    page, first = visitor.page, card(visitor.page, STORES)
    page.keyboard.press("j")
    expect(first.get_by_role("link", name="Check in")).to_be_focused()
    page.keyboard.press("j")
    press_in_russian(page, "л", code="KeyK")
    page.keyboard.press("c")
    expect(first.get_by_label("Value", exact=True)).to_be_focused()
    visitor.inspect("card open")

    first.get_by_label("Value", exact=True).press_sequentially("6,5")
    expect(first.locator(".preview")).to_contain_text("Amber 0.50")
    visitor.inspect("preview")
    first.locator(".scale input").first.press("4")
    expect(first.locator(".scale input").nth(3)).to_be_checked()
    write(first, value="6,5")
    expect(first.locator(".preview")).to_contain_text("On pace")
    first.get_by_role("button", name="Save and open next").click()

    expect(first).to_have_attribute("data-state", "saved")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "2 check-ins to do. All are due by 23:59."
    )
    expect(page.locator("#sitting")).to_contain_text("1 of 3")
    expect(page.locator("#sitting")).to_contain_text("Ashton 1/2")


def mend_an_error(visitor: Visitor) -> None:
    page, second = visitor.page, card(visitor.page, ONLINE)
    value = second.get_by_label("Value", exact=True)
    expect(value).to_be_focused()

    write(second, value="700", action="")
    # As dragging its corner does; the policy forbids to carry that style over to the new form.
    second.get_by_label("Insight").evaluate("(field) => { field.style.height = '9rem' }")
    page.keyboard.press("Control+Enter")

    expect(second).to_have_attribute("data-state", "error")
    expect(value).to_have_value("700")
    expect(second.get_by_label("Insight")).to_have_value("The shorter form did it.")
    refused = second.get_by_role("alert")
    expect(refused).to_contain_text("Not saved yet.")
    expect(refused).to_be_focused()
    visitor.inspect("card refused")
    refused.get_by_role("link", name="Next action").click()
    expect(second.get_by_label("Next action")).to_be_focused()

    second.get_by_label("Yes, this is correct").check()
    second.get_by_label("Next action").fill("Ask the web team why")
    page.keyboard.press("Control+Enter")

    expect(second).to_have_attribute("data-state", "saved")
    expect(page.locator("#sitting")).to_contain_text("2 of 3")


def test_an_unclear_figure_is_answered_by_a_button(opens: Opens) -> None:
    alice, visitor = cast.user(), opens()
    cast.cards(cast.member(cast.client("Ashton Mills"), alice), STORES, latest=40)
    visitor.signs_in_as(alice)
    visitor.visit("/", says="1 check-in to do.")
    page, first = visitor.page, card(visitor.page, STORES)
    first.get_by_role("link", name="Check in").click()
    value = first.get_by_label("Value", exact=True)

    # While it is typed, an answer fills in the field.
    value.press_sequentially("1.250")
    expect(first).to_contain_text("Did you mean 1250 or 1,25?")
    visitor.inspect("unclear figure typed")
    first.get_by_role("button", name="1,25").click()
    expect(value).to_have_value("1,25")
    expect(value).to_be_focused()
    expect(first.locator(".preview")).to_contain_text("Stretch 1.00")

    # After it was sent, an answer sends the form again. Enter does not answer.
    write(first, value="1.250")
    first.get_by_label("Next action").press("Enter")
    expect(first).to_have_attribute("data-state", "error")
    expect(first.get_by_label("Insight")).to_have_value("The shorter form did it.")
    visitor.inspect("unclear figure refused")
    with page.expect_response("**/check-in/"):
        first.get_by_label("Next action").press("Enter")
    expect(first.get_by_role("alert")).to_be_focused()
    first.get_by_role("button", name="1,25").click()

    expect(first).to_have_attribute("data-state", "saved")
    expect(page.get_by_role("status")).to_contain_text("1.25\u00a0days")


def settle_a_conflict(visitor: Visitor, *, colleague: Visitor, address: str) -> None:
    page, third = visitor.page, card(visitor.page, DEALERS)
    expect(third.get_by_label("Value", exact=True)).to_be_focused()
    check_in_on_its_page(colleague, address)

    write(third, value="6.5")
    third.get_by_role("button", name="Save and open next").click()

    expect(third).to_have_attribute("data-state", "conflict")
    expect(third.get_by_role("alert")).to_be_focused()
    expect(third.get_by_role("alert")).to_contain_text("Bob saved this card")
    expect(third.locator(".version").nth(0)).to_contain_text("7")
    expect(third.locator(".version").nth(1)).to_contain_text("6.5")
    visitor.inspect("card in conflict")
    page.keyboard.press("Tab")
    expect(third.get_by_role("button", name="Keep Bob’s version")).to_be_focused()
    third.get_by_role("button", name="Use mine").click()

    expect(third).to_have_attribute("data-state", "saved")
    expect(third).to_contain_text("6.5 days")
    expect(page.get_by_role("heading", level=1)).to_contain_text("All 3 check-ins are saved.")
    expect(third.get_by_role("link", name=DEALERS, exact=True)).to_be_focused()
    visitor.inspect("last card saved")
    third.get_by_role("link", name=DEALERS, exact=True).click()
    expect(page.locator(".log").first).to_contain_text("1 earlier")
    visitor.inspect("thread with both")


def check_in_on_its_page(visitor: Visitor, address: str) -> None:
    visitor.visit(address, says=DEALERS)
    visitor.inspect("key result")
    visitor.page.keyboard.press("c")
    expect(visitor.page.get_by_label("Value", exact=True)).to_be_focused()
    visitor.inspect("check-in on its own page")
    write(visitor.page.locator(".due"), value="7")
    visitor.page.get_by_role("button", name="Save", exact=True).click()
    expect(visitor.page.get_by_role("status")).to_contain_text("Saved:")
    visitor.inspect("key result with its check-in")


def test_what_was_saved_is_taken_back_from_where_it_is_said(opens: Opens) -> None:
    alice, visitor = cast.user(), opens()
    cast.cards(cast.member(cast.client("Ashton Mills"), alice), STORES, ONLINE)
    visitor.signs_in_as(alice)
    visitor.visit("/", says="2 check-ins to do.")
    page, first = visitor.page, card(visitor.page, STORES)
    first.get_by_role("link", name="Check in").click()
    value = first.get_by_label("Value", exact=True)
    expect(value).to_be_focused()
    rings = "(one) => getComputedStyle(one).outlineStyle"
    assert value.locator("..").evaluate(rings) == "solid"  # around the unit too
    assert value.evaluate(rings) == "none"
    write(first, value="7")
    first.get_by_role("button", name="Save and open next").click()
    expect(page.locator("#sitting")).to_contain_text("1 of 2")
    expect(page.locator(".toast")).to_contain_text("Saved:")
    visitor.inspect("saved, with the way back")
    covers_no_field(page)

    page.locator(".toast").get_by_role("button", name="Undo").click()

    expect(first).to_have_attribute("data-state", "todo")
    expect(first.get_by_role("link", name="Check in")).to_be_focused()
    expect(page.locator("#sitting")).to_contain_text("0 of 2")
    expect(page.locator(".toast")).to_contain_text("Undone.")
    expect(page.locator(".toast").get_by_role("button", name="Undo")).to_have_count(0)


@pytest.mark.parametrize("screen", ENDS[:1], ids=str)
def test_a_huddle_half_planned_stays_while_a_card_is_saved(opens: Opens) -> None:
    lead = cast.member(cast.client("Ashton Mills"), cast.user())
    _, red = cast.cards(lead, STORES, ONLINE)
    escalated(red, lead, now=timezone.now())
    visitor = opens()
    visitor.signs_in_as(lead.user)
    visitor.visit("/", says="1 check-in to do.")
    page = visitor.page
    page.locator("#waits").get_by_role("link", name="Schedule huddle").click()
    at = page.locator("#waits").get_by_label("When")
    at.fill("2030-01-07T09:30")

    card(page, STORES).get_by_role("link", name="Check in").click()
    write(card(page, STORES), value="6.5")
    card(page, STORES).get_by_role("button", name="Save", exact=True).click()

    expect(page.locator("#sitting")).to_contain_text("2 of 2")
    expect(at).to_have_value("2030-01-07T09:30")
    visitor.inspect("a huddle half planned")


def press_in_russian(page: Page, key: str, *, code: str) -> None:
    """Press a letter key while the keyboard layout is Cyrillic."""
    pressed = "([key, code]) => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key, code, bubbles: true, cancelable: true}))"
    page.evaluate(pressed, [key, code])


def covers_no_field(page: Page) -> None:
    """Assert that the toast lies above all that is typed or pressed in the cards."""
    toast = page.locator(".toast").bounding_box()
    assert toast
    for control in page.locator(".due :is(input, textarea, button, a):visible").all():
        box = control.bounding_box()
        assert box
        assert box["y"] < 0 or box["y"] >= toast["y"] + toast["height"]


def test_a_draft_outlives_a_reload_and_an_expired_sign_in(opens: Opens) -> None:
    alice, visitor = cast.user(), opens()
    cast.cards(cast.member(cast.client("Ashton Mills"), alice, Role.CONTRIBUTOR), STORES)
    visitor.signs_in_as(alice)
    visitor.visit("/", says="1 check-in to do.")
    page, only = visitor.page, card(visitor.page, STORES)
    only.get_by_role("link", name="Check in").click()
    write(only, value="6,5")
    expect(only).to_contain_text("Draft saved")

    page.reload()

    expect_what_was_written(only)
    visitor.inspect("draft restored")

    visitor.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    only.get_by_role("button", name="Save", exact=True).click()

    expect(page).to_have_url(re.compile("/accounts/login/"))
    visitor.signs_in_as(alice)
    page.reload()
    expect_what_was_written(only)
    page.evaluate(PREVIEW_IS_FASTER)
    visitor.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    only.get_by_label("Value", exact=True).fill("7")

    expect(page.get_by_text("What you typed is saved")).to_be_visible()
    visitor.inspect("signed out meanwhile")
    page.get_by_label("Email").fill(alice.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Password").press("Enter")

    expect(only.get_by_label("Value", exact=True)).to_have_value("7")
    only.get_by_role("button", name="Save", exact=True).click()
    expect(only).to_have_attribute("data-state", "saved")
    assert page.evaluate("localStorage.length") == 0


def expect_what_was_written(card: Locator) -> None:
    expect(card.get_by_label("Value", exact=True)).to_have_value("6,5")
    expect(card.get_by_label("Insight")).to_have_value("The shorter form did it.")
    expect(card.get_by_label("4 Good")).to_be_checked()
    expect(card.locator(".preview")).to_contain_text("0.50")
    expect(card).to_contain_text("Restored what you had typed at")


@pytest.mark.parametrize("screen", ENDS, ids=str)
def test_a_prompt_is_answered_on_its_card(opens: Opens) -> None:
    alice, visitor = cast.user(), opens()
    cast.cards(cast.member(cast.client("Ashton Mills"), alice), STORES, latest=9)
    visitor.signs_in_as(alice)
    visitor.visit("/", says="1 check-in to do.")
    first = card(visitor.page, STORES)
    first.get_by_role("link", name="Check in").click()
    expect(first).to_contain_text("Red: response overdue since")
    first.get_by_role("link", name="Respond").click()
    first.get_by_label("Root cause").fill("Paper forms take days.")
    visitor.inspect("a prompt and its answer")
    first.get_by_role("button", name="Save answer").click()
    expect(first).to_contain_text("Add the revised bet.")

    first.get_by_label("Revised bet").fill("One form on the phone.")
    first.get_by_role("button", name="Save answer").click()

    expect(first).to_contain_text("Answered.")
    expect(first.get_by_label("Value", exact=True)).to_be_visible()
    visitor.inspect("an answered prompt")
