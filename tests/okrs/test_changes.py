from __future__ import annotations

import datetime as dt
from decimal import Decimal

from engagements.models import Membership
from okrs.commands import update_key_result
from okrs.models import KeyResult, Objective, Stage
from okrs.queries.changes import changes
from okrs.states import KeyResultState
from scoring import Rag
from tenancy.scoping import identity
from tests import build
from tests.query_counts import assert_constant_queries

TODAY = dt.date(2026, 2, 15)
NOW = dt.datetime(2026, 2, 15, 12, tzinfo=dt.UTC)


def told(key_result: KeyResult) -> list[tuple[str, str, str, str]]:
    return [(each.who, each.field, each.old, each.new) for each in changes(key_result)]


def update(key_result: KeyResult, by: Membership, **fields: object) -> None:
    current = KeyResult.objects.get(pk=key_result.pk)
    same = {"version": current.version, "title": current.title}
    update_key_result(key_result=current, by=by, **{**same, **fields})  # type: ignore[arg-type]


def test_a_new_card_has_no_changes(objective: Objective) -> None:
    assert changes(build.key_result(objective)) == []


def test_it_tells_who_changed_what_from_what_to_what(
    lead: Membership, bob: Membership, objective: Objective
) -> None:
    key_result = build.key_result(objective, title="Onboarding")
    update(key_result, lead, target=Decimal("4.5"), metric=build.metric(lead.engagement))
    with identity(user_id=bob.user_id):
        update(key_result, bob, owner=bob, title="Median onboarding time")

    assert told(key_result) == [
        ("Bob", "Owner", "Alice", "Bob"),
        ("Bob", "Title", "Onboarding", "Median onboarding time"),
        ("Alice", "Target", "4", "4.5"),
        ("Alice", "Metric", "–", "Onboarding time"),
    ]


def test_choices_and_ladders_are_put_in_words(lead: Membership, objective: Objective) -> None:
    key_result = build.key_result(objective)
    update(key_result, lead, method="ladder", ladder=[(4, "1"), (8, "0.3")])

    assert told(key_result) == [
        ("Alice", "Ladder", "–", "4: 1.00, 8: 0.30"),
        ("Alice", "Method", "Linear", "Threshold ladder"),
    ]


def test_check_ins_are_no_changes(objective: Objective) -> None:
    live = build.live_key_result(objective)
    good = KeyResultState(value=Decimal(5), score=Decimal("0.80"), rag=Rag.GREEN, confidence=4)

    build.set_state(key_result=live, state=good, by=objective.owner, now=NOW)

    assert live.stage == Stage.ON_TRACK
    assert changes(live) == []


def test_a_commit_is_one(objective: Objective) -> None:
    key_result = build.key_result(objective)
    key_result.stage = Stage.COMMITTED
    key_result.committed_at = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
    key_result.save(update_fields=["stage", "committed_at"])

    assert told(key_result) == [("Alice", "Stage", "Draft", "Committed")]


def test_the_log_takes_three_queries_however_long(lead: Membership, objective: Objective) -> None:
    key_result = build.key_result(objective, build.metric(lead.engagement))

    def grow() -> None:
        version = KeyResult.objects.get(pk=key_result.pk).version
        for number in range(version, version + 10):
            update(key_result, lead, target=Decimal(number) / 4)

    grow()

    assert_constant_queries(lambda: changes(key_result), grow=grow, name="changes")
