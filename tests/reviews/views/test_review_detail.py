from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from engagements.models import Membership
from okrs.models import KeyResult
from reviews.commands import next_item
from reviews.models import Review
from tests.checkins.posting import TUESDAY, at
from tests.reviews.meeting import act
from tests.reviews.running import checked, key_results, plan, run

HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def clock(db: None) -> Iterator[time_machine.Traveller]:
    """Tuesday 10 March 2026, 09:40 in Berlin."""
    with time_machine.travel(TUESDAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def lead(client: Client, alice: Membership) -> Client:
    """Alice, who runs the review."""
    assert alice.user is not None
    client.force_login(alice.user)
    return client


@pytest.fixture
def rows(alice: Membership) -> list[KeyResult]:
    """One red, one behind, one won."""
    found = key_results(alice, "API latency", "Day seven", "Enterprise NPS")
    checked(found[0], alice, "8.9", "8.8", confidence=2, blocker="No export.")
    checked(found[1], alice, "7.5", "7", confidence=2)
    checked(found[2], alice, "6", "5")
    return found


def url(review: Review, name: str = "review-detail", *more: str) -> str:
    return reverse(f"reviews:{name}", args=[review.engagement.slug, review.public_id, *more])


def test_the_room_is_at_one_item_at_a_time(
    lead: Client, alice: Membership, rows: list[KeyResult]
) -> None:
    review = run(alice)

    first = lead.get(url(review)).text
    next_item(review=review, by=alice, now=TUESDAY)
    second = lead.get(url(review)).text

    assert "Item 1 of 4" in first
    assert "(8.8 − 9) ÷ (4 − 9) = 0.04, red to 0.30" in first
    assert "red 2 weeks, reported twice; waits on others" in first
    assert "No export." in first
    assert "The shorter form did it." in first
    assert "Item 2 of 4" in second
    assert "Discussed: " in second


def test_all_items_stand_on_one_page_where_asked(
    lead: Client, alice: Membership, rows: list[KeyResult]
) -> None:
    page = lead.get(url(run(alice)) + "?view=all").text

    assert page.count('class="stack review-item"') == 4
    assert "Are we on outcomes?" in page


def test_every_kind_of_item_is_drawn(lead: Client, alice: Membership, rows: list[KeyResult]) -> None:
    from reviews.commands import add_item

    act(alice, due_on=TUESDAY.date())
    review = plan(alice, now=at("2026-03-11T09:00"))
    add_item(
        review=review, title="", minutes=3, objective=rows[0].objective, by=alice, now=TUESDAY
    )
    add_item(review=review, title="The off-site", minutes=3, by=alice, now=TUESDAY)

    page = lead.get(url(review) + "?view=all").text

    assert "Ask for a nightly export" in page
    assert "Do its key results still prove it?" in page
    assert "The off-site" in page
    assert "9 → <strong>5\u00a0days</strong>" in page
