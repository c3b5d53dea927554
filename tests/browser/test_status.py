"""A client reads where it stands, by login, and can change nothing."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from engagements.models import Role
from okrs.models import Objective
from tenancy.scoping import scope
from tests.browser import cast
from tests.browser.conftest import ENDS, Opens
from tests.browser.test_pages import somebody


def test_a_client_reads_what_was_published_and_what_is_live(opens: Opens) -> None:
    visitor = opens()
    visitor.signs_in_as(somebody("client"))

    visitor.visit("/", says="Two clients show you where they stand.")
    visitor.inspect("start of a viewer")
    visitor.page.get_by_role("link", name="Harbor Retail").click()
    expect(visitor.page.get_by_role("heading", level=1)).to_contain_text("More first buyers return")
    expect(
        visitor.page.get_by_text(re.compile("Published by Jonas Bauer, report 1"))
    ).to_be_visible()
    visitor.inspect("published page")
    visitor.visit("/e/cedar/status/", says="on pace")
    visitor.inspect("live page")
    visitor.expected.add(404)
    visitor.page.get_by_label("Show the page as of").fill("2020-01-01")
    visitor.page.get_by_role("button", name="Show page").click()
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("No page yet on that day")
    visitor.inspect("page of an early day")


@pytest.mark.parametrize("screen", ENDS[:1], ids=str)
def test_a_long_set_is_folded_and_prints_whole(opens: Opens) -> None:
    person, client = cast.user("Dana"), cast.client("Long Set")
    lead = cast.member(client, cast.user("Alice"))
    cast.member(client, person, Role.VIEWER)
    cast.cards(lead, *(f"Result {number}" for number in range(9)))
    with scope(client.pk):
        Objective.objects.update(committed_at=timezone.now() - 3 * cast.WEEK, committed_by=lead)
    visitor = opens()
    visitor.signs_in_as(person)

    visitor.visit("/")
    last = visitor.page.get_by_role("heading", name="Result 8")
    expect(visitor.page).to_have_url(re.compile(r"/status/$"))  # the only one, so at once
    expect(last).to_be_hidden()
    visitor.inspect("folded set")
    visitor.page.locator("details.block > summary").click()
    expect(last).to_be_visible()
    visitor.inspect("unfolded set")
    visitor.page.locator("details.block > summary").click()
    visitor.page.emulate_media(media="print")
    expect(last).to_be_visible()
    expect(visitor.page.get_by_role("button", name="Print")).to_be_hidden()
    # Nothing keeps the last words of a column with what follows, or all three move to the next page.
    none_decided = visitor.page.locator("section[aria-labelledby=decided-h] > :last-child")
    expect(none_decided).to_have_css("break-after", "auto")
    expect(visitor.page.locator("details.block > summary")).to_have_css("break-after", "avoid")
