"""A lead gives a link away; whoever holds it reads the status page, until it is revoked."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser import cast
from tests.browser.conftest import Opens


def says(page: Page, headline: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(headline)


def make(page: Page, *, label: str) -> None:
    page.get_by_label("Recipient").fill(label)
    page.get_by_role("button", name="Create link").click()


def test_a_lead_copies_a_link_its_holder_reads_until_it_is_revoked(opens: Opens) -> None:
    alice, client = cast.user(), cast.client("Harbour Lights")
    cast.member(client, alice)
    lead, holder = opens(), opens()
    lead.context.grant_permissions(["clipboard-read", "clipboard-write"])
    lead.signs_in_as(alice)
    lead.visit(f"/e/{client.slug}/share-links/", says="No share link is open.")
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
    page.get_by_text("Revoke the link for Board").click()
    page.get_by_role("button", name="Revoke link").click()
    says(page, "No share link is open.")
    page.get_by_text("1 ended").click()
    lead.inspect("link revoked")
    holder.expected.add(404)
    holder.page.reload()
    says(holder.page, "This link no longer works.")
    holder.inspect("link that ended")
