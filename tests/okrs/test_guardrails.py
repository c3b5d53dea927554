"""Guardrails (M2.5) and the audit (M4.2)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from engagements.models import GuardrailPreset
from metrics.models import Metric
from okrs.audit import audit
from okrs.guardrails import (
    PRESETS,
    Span,
    check_key_results,
    check_micro,
    check_objectives,
    guardrails,
    objectives_span,
)
from okrs.models import KeyResult, KeyResultAudit
from okrs.writing import Finding


def codes(findings: list[Finding]) -> list[str]:
    return [finding.code for finding in findings]


@pytest.mark.parametrize(
    ("preset", "kind", "level", "most"),
    [
        ("playbook", "annual", "company", 5),
        ("playbook", "quarterly", "company", 4),
        ("playbook", "quarterly", "team", 4),
        ("small_business", "quarterly", "company", 3),
        ("small_business", "quarterly", "team", 2),
        ("wide", "quarterly", "team", 5),
        ("wide", "micro", "team", 1),
        ("playbook", "micro", "company", 1),
    ],
)
def test_each_preset_caps_the_objectives(preset: str, kind: str, level: str, most: int) -> None:
    assert objectives_span(preset=preset, kind=kind, level=level).most == most


@pytest.mark.parametrize(
    ("preset", "kind", "fewest", "most"),
    [
        ("playbook", "quarterly", 2, 4),
        ("small_business", "annual", 2, 4),
        ("wide", "quarterly", 3, 5),
        ("wide", "micro", 1, 2),
    ],
)
def test_each_preset_bounds_the_key_results(preset: str, kind: str, fewest: int, most: int) -> None:
    assert guardrails(preset=preset, kind=kind).key_results == Span(fewest, most)


def test_every_preset_that_an_engagement_can_choose_is_there() -> None:
    assert set(PRESETS) == set(GuardrailPreset.values)


def test_a_draft_is_warned_by_what_is_written_down() -> None:
    span = Span(3, 5)

    assert codes(check_objectives(span=span, drafted=2, committed=0, who="The company")) == [
        "objectives_fewest"
    ]
    assert codes(check_objectives(span=span, drafted=6, committed=0, who="The company")) == [
        "objectives_most"
    ]
    assert check_objectives(span=span, drafted=5, committed=5, who="The company") == []


def test_a_commit_counts_only_what_is_committed_against_the_most() -> None:
    span = Span(1, 4)

    assert check_objectives(span=span, drafted=9, committed=3, committing=1, who="Platform") == []
    (finding,) = check_objectives(span=span, drafted=9, committed=4, committing=1, who="Platform")
    assert finding.message == ("Platform would have 5 objectives, at most 4: merge or drop one.")


@pytest.mark.parametrize(("count", "fits"), [(1, False), (2, True), (4, True), (5, False)])
def test_it_counts_key_results_at_both_ends(count: int, fits: bool) -> None:
    assert (check_key_results(span=Span(2, 4), count=count) == []) is fits


def test_a_micro_objective_is_short_and_has_a_parent() -> None:
    assert codes(check_micro(kind="micro", days=29, has_parent=False)) == [
        "micro_days",
        "micro_parent",
    ]
    assert check_micro(kind="micro", days=28, has_parent=True) == []
    assert check_micro(kind="quarterly", days=90, has_parent=False) == []


def test_too_few_and_too_many_key_results_name_their_own_rule() -> None:
    (few,) = check_key_results(span=Span(2, 4), count=1)
    (many,) = check_key_results(span=Span(2, 4), count=5)

    assert few.rule == "Enough key results to prove success."
    assert many.rule == "Few enough to focus on."


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
