from __future__ import annotations

import datetime as dt
from decimal import Decimal
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from engagements.models import Engagement, Membership, Role
from okrs.models import Cycle, KeyResult, Objective, Stage, Team
from tenancy.scoping import scope
from tests import build
from tests.okrs.views.forms import HTMX, NUMBER_IN_TITLE, typed, typed_objective, url_of
from tests.query_counts import assert_constant_queries

pytestmark = pytest.mark.django_db

QUARTER = {
    "name": "2026-Q2",
    "kind": "quarterly",
    "starts_on": "2026-04-01",
    "ends_on": "2026-06-30",
}
EARLIER = {"starts_on": dt.date(2025, 1, 1), "ends_on": dt.date(2025, 3, 31)}


def test_it_adds_a_cycle(client: Client, engagement: Engagement, lead: Membership) -> None:
    answer = client.post(reverse("okrs:cycle-create", args=[engagement.slug]), QUARTER)

    with scope(engagement.id):
        cycle = Cycle.objects.get()
    assert cycle.ends_on == dt.date(2026, 6, 30)
    assert answer.headers["Location"] == url_of(cycle, "cycle-detail")


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_dates_out_of_order_are_refused_and_kept(
    client: Client, engagement: Engagement, lead: Membership, headers: dict[str, str]
) -> None:
    typed = {**QUARTER, "ends_on": "2026-03-01"}

    answer = client.post(
        reverse("okrs:cycle-create", args=[engagement.slug]), typed, headers=headers
    )

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["ends_on"]
    assert 'value="2026-03-01"' in answer.text
    assert ("<html" in answer.text) is not bool(headers)


def test_the_page_shows_the_sets_with_what_overlaps_and_is_not_linked(
    client: Client, engagement: Engagement, lead: Membership, cycle: Cycle
) -> None:
    objective = build.objective(lead, cycle, team=build.team(engagement))
    metric = build.metric(engagement, "Onboarding time")
    for title in ("Days until first value", "Days until second value"):
        build.live_key_result(objective, metric, title=title)

    page = client.get(url_of(cycle, "cycle-detail")).text

    assert "Make first-time buyers want to return" in page
    assert "Days until first value" in page
    assert "Overlaps" in page
    assert '<span class="flag">Unaligned</span>' in page


@pytest.mark.parametrize("name", ["cycle-list", "team-list", "cycle-detail", "board"])
def test_twenty_rows_take_as_many_queries_as_ten(
    client: Client, engagement: Engagement, lead: Membership, cycle: Cycle, name: str
) -> None:
    metric = build.metric(engagement)
    args = [engagement.slug, *([cycle.public_id] if name == "cycle-detail" else [])]
    url = reverse(f"okrs:{name}", args=args)

    def ten_more() -> None:
        for _ in range(10):
            build.cycle(engagement, f"Cycle {uuid4()}", **EARLIER)
            team = build.team(engagement, f"Team {uuid4()}", champion=lead)
            objective = build.objective(lead, cycle, title=f"Objective {uuid4()}", team=team)
            one, two = build.key_result(objective, metric), build.live_key_result(objective, metric)
            build.contribution(one, two)

    ten_more()
    assert_constant_queries(lambda: client.get(url), grow=ten_more, name=name)


@pytest.mark.parametrize(
    ("headers", "onward"), [({}, "Location"), (HTMX, "HX-Redirect")], ids=["page", "htmx"]
)
def test_it_adds_a_team(
    client: Client, engagement: Engagement, lead: Membership, headers: dict[str, str], onward: str
) -> None:
    url = reverse("okrs:team-create", args=[engagement.slug])

    answer = client.post(url, {"name": "Growth", "champion": lead.public_id}, headers=headers)

    assert answer.headers[onward] == reverse("okrs:team-list", args=[engagement.slug])
    with scope(engagement.id):
        assert Team.objects.get().champion == lead


def test_a_champion_without_the_role_is_refused_and_the_input_kept(
    client: Client, engagement: Engagement, lead: Membership
) -> None:
    bob = build.member(engagement, "Bob", Role.CONTRIBUTOR)
    url = reverse("okrs:team-create", args=[engagement.slug])

    answer = client.post(url, {"name": "Growth", "champion": bob.public_id})

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["champion"]
    assert 'value="Growth"' in answer.text


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


@pytest.mark.parametrize("noun", ["cycle", "team", "objective", "key-result"])
def test_a_stale_edit_shows_both_versions_and_saving_again_wins(
    client: Client, lead: Membership, objective: Objective, noun: str
) -> None:
    dates = {"starts_on": "2026-01-01", "ends_on": "2026-03-31"}
    row, fields, field = {
        "cycle": (objective.cycle, {**QUARTER, **dates}, "name"),
        "team": (build.team(lead.engagement), {}, "name"),
        "objective": (objective, typed_objective(lead), "title"),
        "key-result": (build.key_result(objective), typed(), "title"),
    }[noun]
    url = url_of(row, f"{noun}-update")
    shy, old = (f"Win {word} buyers back" for word in ("shy", "old"))
    client.post(url, {**fields, "version": 1, field: shy})

    stale = client.post(url, {**fields, "version": 1, field: old})
    again = client.post(url, {**fields, "version": 2, field: old})

    assert (stale.status_code, stale.context["saved_by"]) == (409, "Lead")
    for shown in ("<mark>shy</mark>", "<mark>old</mark>", 'name="version" value="2"'):
        assert shown in stale.text
    assert again.status_code == 302


@pytest.mark.parametrize("name", ["objective-discard", "key-result-discard", "key-result-audit"])
def test_what_is_committed_is_neither_deleted_nor_audited(
    client: Client, objective: Objective, name: str
) -> None:
    live = build.live_key_result(objective)
    row = objective if name.startswith("objective") else live

    answer = client.post(url_of(row, name), {"version": 1, "ambitious": "on"})

    assert answer.status_code == 422
    assert "is committed" in answer.context["refusal"]


@pytest.mark.parametrize("noun", ["objective", "key-result"])
def test_a_draft_is_deleted_from_its_form_with_what_it_holds(
    client: Client, drafted: Objective, noun: str
) -> None:
    key_result = build.key_result(drafted)
    row = drafted if noun == "objective" else key_result
    url = url_of(row, f"{noun}-discard")

    page = client.get(url_of(row, f"{noun}-update"))
    answer = client.post(url)

    assert url in page.text
    onward = url_of(drafted.cycle, "cycle-detail") if noun == "objective" else url_of(drafted)
    assert answer.headers["Location"] == onward
    with scope(drafted.engagement_id):
        assert Objective.objects.exists() is (noun != "objective")
        assert not KeyResult.objects.exists()


@pytest.mark.parametrize(
    ("noun", "fields", "shown"),
    [
        pytest.param("objective", {"title": NUMBER_IN_TITLE}, True, id="M3-measure"),
        pytest.param("key-result", {}, True, id="M3-count"),
        pytest.param(
            "key-result", {"metric_name": "Parts", "metric_unit": "percent"}, False, id="M3-share"
        ),
    ],
)
def test_checks_are_shown_as_people_type_and_save_nothing(
    client: Client, drafted: Objective, noun: str, fields: dict[str, str], *, shown: bool
) -> None:
    row = drafted.cycle if noun == "objective" else drafted
    parts = typed(title="Parts delivered on two sites", baseline="0", target="12")
    data = typed_objective(drafted.owner) if noun == "objective" else parts

    part = client.post(url_of(row, f"{noun}-check"), {**data, **fields}, headers=HTMX)

    reason = "measure" if noun == "objective" else "activity"
    assert (f'name="reason-{reason}"' in part.text) is shown
    assert "<html" not in part.text
    with scope(drafted.engagement_id):
        assert Objective.objects.get() == drafted
        assert not KeyResult.objects.exists()
