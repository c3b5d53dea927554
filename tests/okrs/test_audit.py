"""The audit: six criteria that a key result must meet (M4.2)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from metrics.models import Metric
from okrs.audit import audit
from okrs.models import KeyResult, KeyResultAudit

YES = KeyResultAudit(refresh_confirmed=True, ambitious=True)


def card(**fields: Any) -> KeyResult:
    complete = {
        "title": "Median onboarding time",
        "metric": Metric(name="Onboarding time", source="Loyalty system", refresh="weekly"),
        "owner_id": 1,
        "baseline": Decimal(9),
        "target": Decimal(4),
        "due_on": dt.date(2026, 3, 31),
    }
    return KeyResult(**{**complete, **fields})


def open_criteria(key_result: KeyResult, answers: KeyResultAudit | None = YES) -> list[str]:
    return [one.code for one in audit(key_result, answers) if not one.passed]


def test_a_complete_card_passes_all_six() -> None:
    assert len(audit(card(), YES)) == 6
    assert open_criteria(card()) == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"target": None}, "answerable"),
        ({"due_on": None}, "answerable"),
        ({"method": "ladder"}, "answerable"),
        ({"metric": Metric(name="Onboarding time", source=" ", refresh="daily")}, "source_named"),
        ({"metric": Metric(name="Onboarding time", source="CRM")}, "refresh_confirmed"),
        ({"baseline": None}, "baseline_measured"),
        ({"owner_id": None}, "one_owner"),
    ],
)
def test_what_the_card_lacks_fails_one_criterion(fields: dict[str, Any], code: str) -> None:
    assert open_criteria(card(**fields)) == [code]


def test_without_a_metric_neither_source_nor_refresh_passes() -> None:
    assert open_criteria(card(metric=None)) == ["source_named", "refresh_confirmed"]


@pytest.mark.parametrize(
    ("answers", "failed"),
    [
        (None, ["refresh_confirmed", "ambitious"]),
        (KeyResultAudit(refresh_confirmed=True), ["ambitious"]),
        (KeyResultAudit(ambitious=True), ["refresh_confirmed"]),
    ],
)
def test_two_criteria_wait_for_a_person(answers: KeyResultAudit | None, failed: list[str]) -> None:
    assert open_criteria(card(), answers) == failed


def test_it_says_what_to_add() -> None:
    first = audit(card(target=None, due_on=None), YES)[0]

    assert first.fix == "Add a target and a due date."
