from __future__ import annotations

import datetime as dt
from decimal import Decimal

from engagements.models import Membership
from okrs.commands import answer_audit
from okrs.models import Cycle, KeyResult, Objective, Stage
from okrs.queries.boards import board
from okrs.queries.cards import Card, trace
from okrs.states import KeyResultState
from scoring import Rag
from tenancy.scoping import identity, scope
from tests import build
from tests.query_counts import assert_constant_queries

TODAY = dt.date(2026, 2, 15)
NOW = dt.datetime(2026, 2, 15, 12, tzinfo=dt.UTC)


def cards(lead: Membership, cycle: Cycle | None = None) -> dict[str, list[Card]]:
    columns = board(lead.engagement, cycle, today=TODAY)
    return {column.stage.value: list(column.cards) for column in columns}


def check_in(key_result: KeyResult, *, value: str, score: str, rag: Rag) -> KeyResult:
    standing = KeyResultState(value=Decimal(value), score=Decimal(score), rag=rag, confidence=4)
    return build.set_state(
        key_result=key_result, state=standing, by=key_result.objective.owner, now=NOW
    )


def test_the_columns_stand_in_the_order_of_the_stages(lead: Membership) -> None:
    columns = board(lead.engagement, today=TODAY)

    assert [column.label for column in columns] == [
        "Draft",
        "Committed",
        "On track",
        "At risk",
        "Closed",
        "Learning",
    ]
    assert columns[3].holder == "KR owner with objective owner"


def test_withdrawn_has_a_column_only_where_it_holds_any(objective: Objective) -> None:
    build.live_key_result(objective, stage=Stage.WITHDRAWN)

    assert len(cards(objective.owner)["withdrawn"]) == 1


def test_a_live_card_shows_score_pace_and_forecast(objective: Objective) -> None:
    check_in(build.live_key_result(objective), value="5.5", score="0.70", rag=Rag.GREEN)

    (card,) = cards(objective.owner)["on_track"]

    assert (card.score, card.rag, card.pace) == (Decimal("0.70"), Rag.GREEN, Decimal("0.51"))
    assert card.forecast_holds is True
    assert card.explanation == "(5.5 − 9) ÷ (4 − 9) = 0.70, green from 0.61"
    assert card.audit == ()


def test_a_card_that_falls_behind_says_so_without_a_check_in(objective: Objective) -> None:
    live = check_in(build.live_key_result(objective), value="6.9", score="0.42", rag=Rag.AMBER)
    assert live.stage == Stage.ON_TRACK

    columns = board(objective.engagement, today=dt.date(2026, 3, 15))

    (card,) = columns[2].cards
    assert card.forecast_holds is False


def test_a_card_without_data_has_no_forecast(objective: Objective) -> None:
    build.live_key_result(objective)

    (card,) = cards(objective.owner)["committed"]

    assert (card.score, card.rag, card.forecast_holds) == (None, Rag.NO_DATA, None)


def test_a_draft_shows_how_far_its_audit_is(objective: Objective) -> None:
    draft = build.key_result(objective, build.metric(objective.engagement), target=None)
    answer_audit(key_result=draft, refresh_confirmed=True, ambitious=False, by=objective.owner)

    (card,) = cards(objective.owner)["draft"]

    assert (card.audit_passed, len(card.audit)) == (4, 6)
    assert [finding.code for finding in card.findings] == ["incomplete"]


def test_it_shows_one_cycle_or_all(lead: Membership, cycle: Cycle, objective: Objective) -> None:
    build.key_result(objective)
    later = build.cycle(
        lead.engagement, "2026-Q2", starts_on=dt.date(2026, 4, 1), ends_on=dt.date(2026, 6, 30)
    )
    build.key_result(build.objective(lead, later))

    assert len(cards(lead, cycle)["draft"]) == 1
    assert len(cards(lead)["draft"]) == 2


def test_another_clients_cards_are_not_on_the_board(objective: Objective) -> None:
    stranger = build.member(build.engagement("Harbor Clinics"), "Charlie")
    with identity(user_id=stranger.user_id):
        build.key_result(build.objective(stranger, build.cycle(stranger.engagement)))

    with scope(objective.engagement_id, stranger.engagement_id):
        assert cards(objective.owner)["draft"] == []


def test_a_data_gap_shows_until_the_questions_are_answered(objective: Objective) -> None:
    metric = build.metric(objective.engagement, access="")
    gap = dt.date(2026, 1, 19)
    build.live_key_result(objective, metric, data_gap_until=gap)

    assert cards(objective.owner)["committed"][0].data_gap_until == gap
    type(metric).objects.update(access="Everybody")
    assert cards(objective.owner)["committed"][0].data_gap_until is None


def test_a_trace_has_gaps_where_periods_are_missing() -> None:
    trail = [["2026-01-05", "9", "0.00"], ["2026-01-26", "8", "0.20"]]

    assert trace(trail, cadence="weekly") == [Decimal(9), None, None, Decimal(8)]
    assert trace(trail, cadence="monthly") == [Decimal(9), Decimal(8)]


def test_the_board_takes_two_queries_however_full(objective: Objective) -> None:
    metric = build.metric(objective.engagement)

    def grow() -> None:
        for index in range(10):
            make = build.key_result if index % 2 else build.live_key_result
            make(objective, metric)

    def read() -> None:
        for held in cards(objective.owner).values():
            for card in held:
                assert card.objective.title
                assert card.cycle.name
                assert card.owner

    grow()

    assert_constant_queries(read, grow=grow, most=2)
