"""A lead gives a link away; whoever holds it reads the status page, until it is revoked."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from engagements.links import share_link_token
from engagements.models import Membership
from tenancy.scoping import scope
from tests import build
from tests.browser import cast
from tests.browser.conftest import SCREENS, Opens
from tests.browser.test_pages import client_of, somebody

DESK = [screen for screen in SCREENS if not screen.is_phone][:1]


def says(page: Page, headline: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(headline)


def make(page: Page, *, label: str) -> None:
    page.get_by_label("Recipient").fill(label)
    page.get_by_role("button", name="Create link").click()


def revoke(page: Page) -> None:
    page.get_by_text("Revoke the link for Board").click()
    page.get_by_role("button", name="Revoke link").click()
    says(page, "No link shows the status page.")


def test_a_lead_copies_a_link_its_holder_reads_until_it_is_revoked(opens: Opens) -> None:
    alice, client = cast.user(), cast.client("Harbour Lights")
    cast.member(client, alice)
    lead, holder = opens(), opens()
    lead.context.grant_permissions(["clipboard-read", "clipboard-write"])
    lead.signs_in_as(alice)
    lead.visit(f"/e/{client.slug}/share-links/", says="No link shows the status page.")
    page = lead.page

    make(page, label="")
    expect(page.get_by_role("alert")).to_be_focused()
    lead.inspect("link without a name")
    make(page, label="Board")
    says(page, "1 link shows the status page.")
    page.get_by_role("button", name="Copy link for Board").click()
    expect(page.get_by_role("status")).to_contain_text("Copied.")
    lead.inspect("link made")

    holder.visit(page.evaluate("navigator.clipboard.readText()"))
    expect(holder.page.get_by_text("Status on")).not_to_have_count(0)
    holder.inspect("status page by link")
    revoke(page)
    page.get_by_text("1 ended").click()
    lead.inspect("link revoked")
    holder.expected.add(404)
    holder.page.reload()
    says(holder.page, "This link no longer works.")
    holder.inspect("link that ended")


def test_a_holder_reads_the_page_of_a_client_in_mid_cycle(opens: Opens) -> None:
    lead, holder = somebody("lead"), opens()
    client = client_of(lead)
    with scope(client.id):
        member = Membership.objects.select_related("engagement").get(user=lead)

    holder.visit(reverse("status:shared-status", args=[share_link_token(build.share(member))]))

    expect(holder.page.get_by_role("navigation")).to_have_count(0)
    holder.inspect("status page by link")


@pytest.mark.parametrize("screen", DESK, ids=str)
def test_all_of_it_works_without_script(opens: Opens) -> None:
    alice, client = cast.user(), cast.client("Harbour Lights")
    cast.member(client, alice)
    lead = opens(script=False)
    lead.signs_in_as(alice)
    lead.visit(f"/e/{client.slug}/share-links/")
    page = lead.page

    make(page, label="Board")
    says(page, "1 link shows the status page.")
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)
    lead.visit(page.get_by_label("Address of the link for Board").input_value())
    expect(page.get_by_text("Status on")).not_to_have_count(0)

    page.go_back()
    revoke(page)
