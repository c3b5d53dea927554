from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from engagements.models import Engagement, Membership
from okrs.models import Objective, Stage
from tests import build
from tests.okrs.views.forms import HTMX, url_of
from tests.query_counts import assert_constant_queries

pytestmark = pytest.mark.django_db
WEEK = dt.timedelta(days=7)


def test_a_card_stands_in_the_column_of_its_stage(
    client: Client, engagement: Engagement, objective: Objective
) -> None:
    build.live_key_result(
        objective,
        title="Days until first value",
        stage=Stage.AT_RISK,
        score=Decimal("0.30"),
        rag="red",
        confidence=2,
    )
    build.live_key_result(objective, stage=Stage.ON_TRACK, score=Decimal("0.70"), rag="green")
    build.key_result(objective)

    page = client.get(reverse("okrs:board", args=[engagement.slug]))

    at_risk = page.text.partition('id="stage-at_risk"')[2].partition("<section")[0]
    for shown in ("Days until first value", "Red", "confidence 2"):
        assert shown in at_risk
    assert "unverified" in page.text
    assert page.context["headline"] == "1 on track, 1 at risk, 1 in draft"
    assert page.context["empty"] == ["Committed", "Closed", "Learning"]
    assert page.text.count('<section aria-labelledby="stage-') == 3


@pytest.mark.parametrize(("weeks", "shown"), [(0, ""), (1, ""), (2, "red for two weeks")])
def test_a_card_shows_from_two_weeks_on_how_long_it_has_been_red(
    client: Client, engagement: Engagement, lead: Membership, *, weeks: int, shown: str
) -> None:
    today = engagement.today(timezone.now())
    monday = today - dt.timedelta(days=today.weekday())
    cycle = build.cycle(engagement, starts_on=monday - 12 * WEEK, ends_on=monday + 3 * WEEK)
    build.live_key_result(
        build.objective(lead, cycle),
        stage=Stage.AT_RISK,
        rag="red",
        score=Decimal("0.10"),
        red_since=monday - (weeks - 1) * WEEK if weeks else None,
        last_week=monday,
    )

    for url in (reverse("okrs:board", args=[engagement.slug]), url_of(cycle, "cycle-detail")):
        page = client.get(url).text
        assert shown in page
        assert ("red for" in page) == bool(shown)


def test_the_board_shows_the_chosen_cycle_or_all(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    cycles = [build.cycle(engagement, name) for name in ("2025-Q4", "2026-Q1")]
    for cycle in cycles:
        build.key_result(build.objective(lead, cycle), title=f"Of {cycle}")
    url = reverse("okrs:board", args=[engagement.slug])

    first, both = (client.get(url, {"cycle": id}).text for id in (cycles[0].public_id, ""))

    assert [text in first for text in ("Of 2025-Q4", "Of 2026-Q1")] == [True, False]
    assert [text in both for text in ("Of 2025-Q4", "Of 2026-Q1")] == [True, True]


def test_htmx_gets_the_columns_alone(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    part = client.get(reverse("okrs:board", args=[engagement.slug]), {"cycle": ""}, headers=HTMX)

    assert part.text.strip().startswith('<div id="board"')
    assert 'id="head" hx-swap-oob="true"' in part.text


def test_twenty_cards_take_as_many_queries_as_ten(
    client: Client, engagement: Engagement, objective: Objective
) -> None:
    metric = build.metric(engagement)
    url = reverse("okrs:board", args=[engagement.slug])

    def ten_more() -> None:
        for number in range(10):
            (build.key_result if number % 2 else build.live_key_result)(objective, metric)

    ten_more()
    assert_constant_queries(lambda: client.get(url), grow=ten_more, name="board")
