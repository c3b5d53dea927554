"""Cycles (M1) with mixes (M2.2, M3.2) and overlaps (M2.3), and the board (M9)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from engagements.models import Membership, Role
from okrs.models import Cycle, Forecast, KeyResult, Objective, Stage
from okrs.queries.cards import Card, board, trace
from okrs.queries.cycles import current_cycle, cycle_list, cycle_page, next_quarter, team_list
from okrs.states import KeyResultState
from scoring import Rag
from tenancy.scoping import identity, scope
from tests import build

TODAY = dt.date(2026, 2, 15)
NOW = dt.datetime(2026, 2, 15, 12, tzinfo=dt.UTC)


def test_the_current_cycle_runs_or_comes_next_or_was_last(lead: Membership) -> None:
    engagement = lead.engagement
    build.cycle(engagement, "2026", kind="annual", ends_on=dt.date(2026, 12, 31))
    assert current_cycle(engagement, today=TODAY) is None
    first = build.cycle(engagement, "2026-Q1")
    july, september = dt.date(2026, 7, 1), dt.date(2026, 9, 30)
    third = build.cycle(engagement, "2026-Q3", starts_on=july, ends_on=september)

    for today, current in (
        (dt.date(2025, 6, 1), first),
        (dt.date(2026, 1, 1), first),
        (dt.date(2026, 3, 31), first),
        (dt.date(2026, 4, 10), third),
        (dt.date(2026, 7, 1), third),
        (dt.date(2027, 1, 1), third),
    ):
        assert current_cycle(engagement, today=today) == current, today


def test_the_next_quarter_is_the_first_that_no_quarterly_cycle_covers(lead: Membership) -> None:
    def planned() -> str:
        return " ".join(map(str, next_quarter(lead.engagement, today=TODAY).values()))

    build.cycle(lead.engagement, "2026", kind="annual", ends_on=dt.date(2026, 12, 31))
    assert planned() == "2026-Q1 2026-01-01 2026-03-31"
    ours = build.cycle(lead.engagement, "Ours", ends_on=dt.date(2026, 4, 12))
    assert planned() == "2026-Q2 2026-04-13 2026-06-30"
    build.change(ours, starts_on=dt.date(2026, 2, 15), ends_on=dt.date(2026, 5, 16))
    assert planned() == "2026-Q3 2026-07-01 2026-09-30"


def test_the_list_counts_what_cycles_hold_latest_first(lead: Membership, cycle: Cycle) -> None:
    later = dt.date(2026, 4, 1)
    build.cycle(lead.engagement, "2026-Q2", starts_on=later, ends_on=dt.date(2026, 6, 30))
    build.objective(lead, cycle, title="Drafted")
    committed = build.objective(lead, cycle, committed=True)
    for stage in ("committed", "on_track", "withdrawn"):
        build.live_key_result(committed, stage=stage)

    second, first = cycle_list(lead.engagement)

    assert (second.name, second.objective_count) == ("2026-Q2", 0)
    assert (first.objective_count, first.committed_count, first.key_result_count) == (2, 1, 2)


def test_the_company_comes_first_then_teams_by_name(lead: Membership, cycle: Cycle) -> None:
    for name in ("Sales", "Platform"):
        team = build.team(lead.engagement, name)
        build.objective(lead, cycle, title=f"Help {name}", team=team)
    build.objective(lead, cycle)

    page = cycle_page(cycle, today=TODAY)

    assert [group.name for group in page.groups] == ["Company", "Platform", "Sales"]
    assert page.week == 7


def test_the_page_counts_both_mixes(lead: Membership, cycle: Cycle) -> None:
    assert cycle_page(cycle, today=TODAY).commitment.share is None
    objective = build.objective(lead, cycle, origin="bottom_up")
    build.objective(lead, cycle, title="Earn trust")
    for commitment in ("committed", "committed", "aspirational"):
        build.key_result(objective, commitment=commitment)

    page = cycle_page(cycle, today=TODAY)

    assert (page.origin.first, page.origin.second, page.origin.share) == (1, 1, 50)
    assert (page.commitment.first, page.commitment.share) == (2, 67)


def test_the_page_warns_of_a_set_that_is_too_large(lead: Membership, cycle: Cycle) -> None:
    for index in range(5):
        build.objective(lead, cycle, title=f"Objective {index}")

    (group,) = cycle_page(cycle, today=TODAY).groups

    assert [finding.code for finding in group.guardrails] == ["objectives_most"]


def test_the_page_lists_what_is_not_linked(lead: Membership, objective: Objective) -> None:
    cycle = objective.cycle
    alone = build.objective(lead, cycle, title="Calm work", team=build.team(lead.engagement))
    linked = build.key_result(alone, title="Linked")
    build.key_result(alone, title="Unlinked")

    before = cycle_page(cycle, today=TODAY)
    build.contribution(linked, build.key_result(objective))
    after = cycle_page(cycle, today=TODAY)

    assert [row.objective for row in before.unaligned] == [alone]
    assert after.unaligned == []
    assert [key_result.title for key_result in after.unlinked] == ["Unlinked"]


def test_the_page_lists_overlaps(lead: Membership, cycle: Cycle, objective: Objective) -> None:
    shared, own = build.metric(lead.engagement), build.metric(lead.engagement, "NPS")
    one, two = build.key_result(objective, shared), build.key_result(objective, shared)
    above = build.key_result(objective, own)
    for source in (one, two):
        build.contribution(source, above)

    page = cycle_page(cycle, today=TODAY)

    for overlaps, on in ((page.metric_overlaps, shared), (page.contribution_overlaps, above)):
        assert [(each.shared, each.key_results) for each in overlaps] == [(on, [one, two])]


def test_teams_are_listed_by_name_with_champion_and_count(lead: Membership, cycle: Cycle) -> None:
    lena = build.member(lead.engagement, "Lena Cho", Role.CHAMPION)
    sales = build.team(lead.engagement, "Sales")
    platform = build.team(lead.engagement, champion=lena)
    build.objective(lead, cycle, team=sales)

    rows = team_list(lead.engagement)

    assert [(row, row.objective_count) for row in rows] == [(platform, 0), (sales, 1)]
    assert rows[0].champion == lena


def test_nothing_of_another_client_is_shown(lead: Membership, cycle: Cycle) -> None:
    stranger = build.member(build.engagement("Harbor Clinics"), "Charlie")
    with identity(user_id=stranger.user_id):
        build.key_result(build.objective(stranger, build.cycle(stranger.engagement)))
        build.team(stranger.engagement)

    with scope(lead.engagement_id, stranger.engagement_id):
        assert list(cycle_list(lead.engagement)) == [cycle]
        assert not team_list(lead.engagement)
        assert cards(lead)["draft"] == []


def cards(lead: Membership) -> dict[str, list[Card]]:
    columns = board(lead.engagement, today=TODAY)
    return {stage.value: cards for stage, cards in columns.items()}


def check_in(objective: Objective, *, value: str, score: str, rag: Rag) -> KeyResult:
    state = KeyResultState(
        value=Decimal(value),
        score=Decimal(score),
        rag=rag,
        confidence=4,
        measured_on=NOW.date(),
        period=dt.date(2026, 2, 16),
    )
    live = build.live_key_result(objective)
    return build.set_state(key_result=live, state=state, by=objective.owner, now=NOW)


def test_the_columns_are_the_stages_and_withdrawn_if_any(objective: Objective) -> None:
    stages = ["draft", "committed", "on_track", "at_risk", "closed", "learning"]

    assert list(cards(objective.owner)) == stages
    build.live_key_result(objective, stage=Stage.WITHDRAWN)
    assert list(cards(objective.owner)) == [*stages, "withdrawn"]


def test_a_live_card_shows_score_pace_and_forecast(objective: Objective) -> None:
    check_in(objective, value="5.5", score="0.70", rag=Rag.GREEN)
    build.live_key_result(objective)

    columns = cards(objective.owner)

    (card,) = columns["on_track"]
    assert (card.pace, card.forecast) == (Decimal("0.51"), Forecast.ON_PACE)
    assert card.explanation == "(5.5 − 9) ÷ (4 − 9) = 0.70, green from 0.61"
    assert card.audit == ()
    (silent,) = columns["committed"]
    assert silent.forecast is Forecast.NOT_MEASURED


@pytest.mark.parametrize(
    ("day", "forecast"),
    [
        pytest.param(dt.date(2026, 3, 8), Forecast.ON_PACE, id="M9.2-stays-until-then"),
        pytest.param(dt.date(2026, 3, 9), Forecast.NO_RECENT_UPDATE, id="M9.2-two-missed"),
    ],
)
def test_a_card_has_no_recent_update_after_two_missed_periods(
    objective: Objective, day: dt.date, forecast: Forecast
) -> None:
    check_in(objective, value="6.9", score="0.42", rag=Rag.AMBER)

    (card,) = board(objective.engagement, today=day)[Stage.ON_TRACK]

    assert card.forecast is forecast


def test_a_draft_shows_how_far_its_audit_is(objective: Objective) -> None:
    draft = build.key_result(objective, build.metric(objective.engagement), target=None)
    build.change(build.audited(draft, by=objective.owner).audits.get(), ambitious=False)

    (card,) = cards(objective.owner)["draft"]

    assert (card.audit_passed, len(card.audit)) == (4, 6)
    assert [finding.code for finding in card.findings] == ["incomplete"]


def test_a_data_gap_shows_until_the_questions_are_answered(objective: Objective) -> None:
    metric = build.metric(objective.engagement, access="")
    gap = dt.date(2026, 1, 19)
    build.live_key_result(objective, metric, data_gap_until=gap)

    assert cards(objective.owner)["committed"][0].key_result.open_gap_until == gap
    build.change(metric, access="Everybody")
    assert cards(objective.owner)["committed"][0].key_result.open_gap_until is None


def test_a_trace_has_gaps_where_periods_are_missing() -> None:
    trail = [["2026-01-05", "9", "0.00"], ["2026-01-26", "8", "0.20"]]

    assert trace(trail, cadence="weekly") == [Decimal(9), None, None, Decimal(8)]
    assert trace(trail, cadence="monthly") == [Decimal(9), Decimal(8)]
