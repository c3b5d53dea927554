from __future__ import annotations

import datetime as dt
from decimal import Decimal

from engagements.models import Membership
from okrs.commands.key_results import update_key_result
from okrs.models import KeyResult, Objective, Stage
from okrs.queries.changes import changes
from okrs.states import KeyResultState
from scoring import Rag
from tenancy.scoping import identity
from tests import build
from tests.query_counts import assert_constant_queries

TODAY = dt.date(2026, 2, 15)
NOW = dt.datetime(2026, 2, 15, 12, tzinfo=dt.UTC)


def log(key_result: KeyResult) -> list[tuple[str, str, str, str]]:
    return [(each.who, each.field, each.old, each.new) for each in changes(key_result)]


def update(key_result: KeyResult, by: Membership, **fields: object) -> None:
    current = KeyResult.objects.get(pk=key_result.pk)
    same = {"version": current.version, "title": current.title}
    update_key_result(key_result=current, by=by, **{**same, **fields})  # type: ignore[arg-type]


def test_the_log_names_who_changed_which_field_from_what_to_what(
    lead: Membership, bob: Membership, objective: Objective
) -> None:
    key_result = build.key_result(objective, title="Onboarding")
    update(key_result, lead, target=Decimal("4.5"), metric=build.metric(lead.engagement))
    with identity(user_id=bob.user_id):
        update(key_result, bob, owner=bob, title="Median onboarding time")
    update(key_result, lead, method="ladder", ladder=[(4, "1"), (8, "0.3")])

    assert log(key_result) == [
        ("Alice", "Ladder", "–", "4: 1.00, 8: 0.30"),
        ("Alice", "Method", "Linear", "Threshold ladder"),
        ("Bob", "Owner", "Alice", "Bob"),
        ("Bob", "Title", "Onboarding", "Median onboarding time"),
        ("Alice", "Target", "4", "4.5"),
        ("Alice", "Metric", "–", "Onboarding time"),
    ]


def test_a_commit_is_a_change_and_a_check_in_is_none(objective: Objective) -> None:
    key_result = build.key_result(objective)
    assert changes(key_result) == []
    build.change(key_result, stage=Stage.COMMITTED, committed_at=NOW)
    good = KeyResultState(value=Decimal(5), score=Decimal("0.80"), rag=Rag.GREEN, confidence=4)

    build.set_state(key_result=key_result, state=good, by=objective.owner, now=NOW)

    assert key_result.stage == Stage.ON_TRACK
    assert log(key_result) == [("Alice", "Stage", "Draft", "Committed")]


def test_the_log_takes_three_queries_however_long(lead: Membership, objective: Objective) -> None:
    key_result = build.key_result(objective, build.metric(lead.engagement))

    def grow() -> None:
        version = KeyResult.objects.get(pk=key_result.pk).version
        for number in range(version, version + 10):
            update(key_result, lead, target=Decimal(number) / 4)

    grow()

    assert_constant_queries(lambda: changes(key_result), grow=grow, name="changes")
