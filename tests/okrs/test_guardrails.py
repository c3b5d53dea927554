"""Guardrails (M2.5) and the audit (M4.2)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from engagements.models import GuardrailPreset, Membership
from metrics.models import Metric
from okrs.audit import audit
from okrs.guardrails import (
    PRESETS,
    Span,
    check_key_results,
    check_objectives,
    guardrails,
    objectives_span,
)
from okrs.models import KeyResult, KeyResultAudit


@pytest.mark.parametrize(
    ("preset", "kind", "company", "team", "key_results"),
    [
        ("playbook", "annual", Span(3, 5), Span(3, 5), Span(2, 4)),
        ("playbook", "quarterly", Span(1, 4), Span(1, 4), Span(2, 4)),
        ("small_business", "annual", Span(1, 3), Span(1, 3), Span(2, 4)),
        ("small_business", "quarterly", Span(1, 3), Span(1, 2), Span(2, 4)),
        ("wide", "quarterly", Span(3, 5), Span(3, 5), Span(3, 5)),
        ("wide", "micro", Span(1, 1), Span(1, 1), Span(1, 2)),
        ("playbook", "micro", Span(1, 1), Span(1, 1), Span(1, 2)),
    ],
)
def test_each_preset_bounds_objectives_and_key_results(
    preset: str, kind: str, company: Span, team: Span, key_results: Span
) -> None:
    assert objectives_span(preset=preset, kind=kind, level="company") == company
    assert objectives_span(preset=preset, kind=kind, level="team") == team
    assert guardrails(preset=preset, kind=kind).key_results == key_results


def test_every_preset_that_an_engagement_can_choose_is_there() -> None:
    assert set(PRESETS) == set(GuardrailPreset.values)


@pytest.mark.parametrize(
    ("counts", "found"),
    [
        pytest.param((2, 0, 0), ["objectives_fewest"], id="M2.5-too-few-drafts"),
        pytest.param((6, 0, 0), ["objectives_most"], id="M2.5-too-many-drafts"),
        pytest.param((5, 5, 0), [], id="M2.5-as-many-as-fit"),
        pytest.param((9, 4, 1), [], id="M2.5-commit-counts-no-drafts"),
        pytest.param((9, 5, 1), ["objectives_most"], id="M2.5-commit-of-one-too-many"),
    ],
)
def test_it_counts_objectives(counts: tuple[int, int, int], found: list[str]) -> None:
    named = dict(zip(("drafted", "committed", "committing"), counts, strict=True))

    findings = check_objectives(span=Span(3, 5), who="Platform", **named)

    assert [finding.code for finding in findings] == found


ENOUGH, FEW = "Enough key results to prove success.", "Few enough to focus on."


@pytest.mark.parametrize(("count", "rules"), [(1, [ENOUGH]), (2, []), (4, []), (5, [FEW])])
def test_it_counts_key_results_at_both_ends(count: int, rules: list[str]) -> None:
    assert [each.rule for each in check_key_results(span=Span(2, 4), count=count)] == rules


YES = KeyResultAudit(ambitious=True)


def card(**fields: Any) -> KeyResult:
    complete = {
        "title": "Median onboarding time",
        "metric": Metric(name="Onboarding time", source="Loyalty system", refresh="weekly"),
        "owner": Membership(name="Dana"),
        "baseline": Decimal(9),
        "target": Decimal(4),
        "due_on": dt.date(2026, 3, 31),
    }
    return KeyResult(**{**complete, **fields})


@pytest.mark.parametrize(
    ("fields", "answers", "codes"),
    [
        ({}, YES, []),
        ({"target": None}, YES, ["answerable"]),
        ({"due_on": None}, YES, ["answerable"]),
        ({"method": "ladder"}, YES, ["answerable"]),
        ({"metric": Metric(source=" ", refresh="daily")}, YES, ["source_named"]),
        ({"metric": Metric(source="CRM")}, YES, ["refresh_confirmed"]),
        ({"metric": None}, YES, ["source_named", "refresh_confirmed"]),
        ({"baseline": None}, YES, ["baseline_measured"]),
        ({"owner": None}, YES, ["one_owner"]),
        ({}, None, ["ambitious"]),
        ({}, KeyResultAudit(), ["ambitious"]),
    ],
)
def test_the_data_answers_the_audit_but_for_the_ambition(  # M4.2
    fields: dict[str, Any], answers: KeyResultAudit | None, codes: list[str]
) -> None:
    criteria = audit(card(**fields), answers)

    assert len(criteria) == 6
    assert [one.code for one in criteria if not one.passed] == codes


def test_the_audit_shows_the_data_that_passes_a_criterion() -> None:
    facts = [one.fact for one in audit(card(), YES) if one.fact]

    assert facts == ["Loyalty system", "Weekly", "Dana"]
