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
from tests.query_counts import assert_constant_queries

pytestmark = pytest.mark.django_db
WEEK = dt.timedelta(days=7)


def url(engagement: Engagement) -> str:
    return reverse("okrs:board", args=[engagement.slug])


def test_the_empty_board_leads_to_the_cycles(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    page = client.get(url(engagement))

    assert "No key results yet" in page.text
    assert reverse("okrs:cycle-list", args=[engagement.slug]) in page.text


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

    page = client.get(url(engagement))

    at_risk = page.text.partition('id="stage-at_risk"')[2].partition("<section")[0]
    assert "Days until first value" in at_risk
    assert "Red" in at_risk
    assert "confidence 2" in at_risk


@pytest.mark.parametrize(
    ("weeks", "said"), [(0, ""), (1, ""), (2, "red for two weeks"), (10, "red for ten weeks")]
)
def test_a_card_says_for_how_many_weeks_it_is_red(
    client: Client, engagement: Engagement, *, weeks: int, said: str
) -> None:
    lead = build.sign_in(client, engagement)
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

    board = client.get(url(engagement)).text
    of_cycle = client.get(reverse("okrs:cycle-detail", args=["northwind", cycle.public_id])).text

    for page in (board, of_cycle):
        assert said in page
        assert ("red for" in page) == bool(said)


def test_the_headline_says_what_is_found(
    client: Client, engagement: Engagement, objective: Objective
) -> None:
    for stage in (Stage.ON_TRACK, Stage.ON_TRACK, Stage.AT_RISK, Stage.COMMITTED):
        build.live_key_result(objective, stage=stage)
    build.key_result(objective)

    page = client.get(url(engagement))

    assert "<h1>2 on track, 1 at risk, 1 committed, 1 in draft</h1>" in page.text
    assert "Board · 5 cards · stages update with each check-in" in page.text


def test_green_without_evidence_reads_unverified(
    client: Client, engagement: Engagement, objective: Objective
) -> None:
    build.live_key_result(objective, stage=Stage.ON_TRACK, score=Decimal("0.70"), rag="green")

    assert "unverified" in client.get(url(engagement)).text


def test_it_shows_the_cycle_that_is_asked_for(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    first = build.cycle(engagement, "2026-Q1")
    second = build.cycle(
        engagement, "2026-Q2", starts_on=dt.date(2026, 4, 1), ends_on=dt.date(2026, 6, 30)
    )
    build.key_result(build.objective(lead, first), title="Of the first quarter")
    build.key_result(build.objective(lead, second), title="Of the second quarter")

    page = client.get(url(engagement), {"cycle": first.public_id})

    assert "Of the first quarter" in page.text
    assert "Of the second quarter" not in page.text


def test_all_cycles_can_be_shown(client: Client, engagement: Engagement, lead: Membership) -> None:
    for name in ("2025-Q4", "2026-Q1"):
        build.key_result(build.objective(lead, build.cycle(engagement, name)), title=f"Of {name}")

    page = client.get(url(engagement), {"cycle": ""})

    assert "Of 2025-Q4" in page.text
    assert "Of 2026-Q1" in page.text


def test_htmx_gets_the_columns_alone(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    part = client.get(url(engagement), {"cycle": ""}, headers={"HX-Request": "true"})

    assert part.text.strip().startswith('<div id="board"')
    assert 'id="head" hx-swap-oob="true"' in part.text


def test_twenty_cards_take_as_many_queries_as_ten(
    client: Client, engagement: Engagement, objective: Objective
) -> None:
    metric = build.metric(engagement)

    def ten_more() -> None:
        for number in range(10):
            (build.key_result if number % 2 else build.live_key_result)(objective, metric)

    ten_more()
    assert_constant_queries(lambda: client.get(url(engagement)), grow=ten_more, most=9)


def test_the_rules_of_the_stages_are_folded_above_the_cards(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    build.key_result(build.objective(lead, build.cycle(engagement)), title="Onboarding time")

    page = client.get(url(engagement)).text

    assert page.index("What the stages mean") < page.index("Onboarding time")
    assert page.count("<dt>Responsible</dt>") == 6


def test_a_stage_without_cards_takes_no_column(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    build.key_result(build.objective(lead, build.cycle(engagement)), title="Onboarding time")

    response = client.get(url(engagement))

    assert response.context["empty"] == ["Committed", "On track", "At risk", "Closed", "Learning"]
    assert response.text.count('<section aria-labelledby="stage-') == 1
