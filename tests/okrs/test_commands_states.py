from __future__ import annotations

import datetime as dt
from decimal import Decimal

from engagements.models import Membership
from okrs.models import KeyResult, Objective
from okrs.states import KeyResultState
from scoring import Rag
from tests import build
from tests.okrs.refusals import refused
from tests.query_counts import queries_of

HALF_WAY = dt.datetime(2026, 2, 15, 12, tzinfo=dt.UTC)
LATE = dt.datetime(2026, 3, 30, 12, tzinfo=dt.UTC)
STATE = KeyResultState(
    value=Decimal("6.6"),
    score=Decimal("0.48"),
    rag=Rag.AMBER,
    confidence=4,
    measured_on=dt.date(2026, 2, 13),
    checked_in_at=dt.datetime(2026, 2, 13, 9, tzinfo=dt.UTC),
    period=dt.date(2026, 2, 16),
    insight="The shorter form did it.",
    evidence_url="https://example.test/chart",
    trail=[["2026-02-16", "6.6", "0.48"]],
)


def test_it_writes_the_standing_and_the_stage_that_follows(
    lead: Membership, objective: Objective
) -> None:
    live = build.live_key_result(objective)

    build.set_state(key_result=live, state=STATE, by=lead, now=HALF_WAY)

    kept = KeyResult.objects.get(pk=live.pk)
    assert (kept.latest_value, kept.score, kept.rag) == (Decimal("6.6"), Decimal("0.48"), "amber")
    assert (kept.confidence, kept.last_period) == (4, dt.date(2026, 2, 16))
    assert kept.trail == [["2026-02-16", "6.6", "0.48"]]
    assert kept.stage == "on_track"


def test_late_in_the_cycle_the_same_score_is_at_risk(
    lead: Membership, objective: Objective
) -> None:
    live = build.live_key_result(objective)

    build.set_state(key_result=live, state=STATE, by=lead, now=LATE)

    assert live.stage == "at_risk"


def test_a_card_due_before_it_starts_is_refused(lead: Membership, objective: Objective) -> None:
    live = build.live_key_result(objective, due_on=objective.cycle.starts_on)

    with refused("dates"):
        build.set_state(key_result=live, state=STATE, by=lead, now=HALF_WAY)


def test_an_empty_standing_is_no_data(lead: Membership, objective: Objective) -> None:
    live = build.live_key_result(objective)
    build.set_state(key_result=live, state=STATE, by=lead, now=HALF_WAY)

    build.set_state(key_result=live, state=KeyResultState(), by=lead, now=HALF_WAY)

    kept = KeyResult.objects.get(pk=live.pk)
    assert (kept.score, kept.rag, kept.stage, kept.trail) == (None, "no_data", "committed", [])


def test_it_leaves_the_promise_alone(lead: Membership, objective: Objective) -> None:
    live = build.live_key_result(objective)
    KeyResult.objects.filter(pk=live.pk).update(title="Renamed meanwhile")

    *_, update = queries_of(
        lambda: build.set_state(key_result=live, state=STATE, by=lead, now=HALF_WAY)
    )

    assert update.startswith('UPDATE "okrs_keyresult"')
    assert '"target"' not in update
    assert KeyResult.objects.get(pk=live.pk).title == "Renamed meanwhile"


def test_a_draft_has_no_standing(lead: Membership, objective: Objective) -> None:
    draft = build.key_result(objective)

    with refused("draft"):
        build.set_state(key_result=draft, state=STATE, by=lead, now=HALF_WAY)
