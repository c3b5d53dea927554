"""Without a card My week begins with what waits, a review that is near among it."""

from __future__ import annotations

import datetime as dt

from django.test import Client

from engagements.models import Membership
from okrs.models import KeyResult
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import TUESDAY
from tests.query_counts import assert_constant_queries
from tests.reviews.meeting import act, close, planned

TOMORROW = TUESDAY + dt.timedelta(days=1)
IN_THREE_DAYS = TUESDAY + dt.timedelta(days=3)


def test_the_lead_finds_the_review_that_is_near(lead: Client, alice: Membership) -> None:
    review = planned(alice, title="March review", scheduled_at=TOMORROW)
    planned(alice, title="Far away", scheduled_at=IN_THREE_DAYS)
    planned(alice, title="Long gone", scheduled_at=TUESDAY - dt.timedelta(days=3))
    close(planned(alice, title="Over"))

    page = lead.get("/").text

    assert "Review · Northwind SaaS · tomorrow\u00a009:40" in page
    assert f"/e/northwind/reviews/{review.public_id}/" in page
    assert ">1</span>" in page[page.index('id="waiting"') :]
    assert not any(title in page for title in ("Far away", "Long gone", "Over<"))


def test_the_review_of_another_lead_waits_for_them(lead: Client, alice: Membership) -> None:
    planned(build.member(alice.engagement, "Lena"), title="March review", scheduled_at=TOMORROW)

    assert "March review" not in lead.get("/").text


def test_what_waits_stands_in_the_main_column_where_there_is_no_card(
    lead: Client, alice: Membership, onboarding: KeyResult
) -> None:
    act(alice, due_on=TUESDAY.date())
    without = lead.get("/").text
    with scope(alice.engagement_id):
        KeyResult.objects.filter(pk=onboarding.pk).update(owner=alice)
    with_card = lead.get("/").text

    for page in (without, with_card):
        assert page.count('id="waits"') == page.count('id="waiting"') == 1
    assert without.index('id="waits"') < without.index('class="aside"')
    assert with_card.index('id="waits"') > with_card.index('class="aside"')


def test_the_count_goes_with_the_reviews(lead: Client, alice: Membership) -> None:
    planned(alice, scheduled_at=TOMORROW)

    counted = lead.get("/?part=waiting", headers={"HX-Request": "true"}).text

    assert counted.lstrip().startswith('<span class="meta" id="waiting"')
    assert ">1</span>" in counted


def test_costs_the_same_however_many_are_near(lead: Client, alice: Membership) -> None:
    def ten_more() -> None:
        for _ in range(10):
            planned(alice, scheduled_at=TOMORROW)

    ten_more()

    assert_constant_queries(lambda: lead.get("/"), grow=ten_more, name="my-week-reviews")
