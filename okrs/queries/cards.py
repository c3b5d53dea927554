"""The card of a key result on board, objective and cycle."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from engagements.models import Cadence, Engagement
from okrs.audit import Criterion, answers_of, audit
from okrs.headlines import Progress
from okrs.models import Cycle, KeyResult, Stage
from okrs.queries.findings import key_result_findings, metric_moves
from okrs.states import expected_pace, explain_key_result
from okrs.writing import Finding
from scoring import ScoringError

STEPS = {Cadence.WEEKLY: 7, Cadence.BIWEEKLY: 14}


@dataclass(frozen=True, kw_only=True)
class Card(Progress):
    """A key result with its pace and forecast of today.

    Only drafts have `audit` and `findings`. Collaborators are those that were fetched with the
    key result.
    """

    engagement: Engagement

    @cached_property
    def explanation(self) -> str:
        key_result, engagement = self.key_result, self.engagement
        try:
            return explain_key_result(
                key_result, actual=key_result.latest_value, engagement=engagement
            )
        except ScoringError as incomplete:
            return str(incomplete)

    @cached_property
    def audit(self) -> Sequence[Criterion]:
        return (
            audit(self.key_result, answers_of(self.key_result)) if self.key_result.is_draft else ()
        )

    @cached_property
    def findings(self) -> Sequence[Finding]:
        if not self.key_result.is_draft:
            return ()
        return key_result_findings(self.key_result, moves=metric_moves(self.key_result.metric))

    @cached_property
    def trace(self) -> Sequence[Decimal | None]:
        return trace(self.key_result.trail, cadence=self.engagement.cadence)

    @property
    def collaborators(self) -> Sequence[str]:
        return [named.member.name_as_owner for named in self.key_result.collaborators.all()]

    @property
    def audit_passed(self) -> int:
        return sum(criterion.passed for criterion in self.audit)

    @cached_property
    def audit_open(self) -> set[str]:
        """Return the codes of the criteria that don't pass."""
        return {criterion.code for criterion in self.audit if not criterion.passed}


def card(key_result: KeyResult, *, engagement: Engagement, today: dt.date) -> Card:
    """Return the card of a row that comes with metric, owner and, for drafts, audits. No query."""
    return Card(
        key_result=key_result,
        engagement=engagement,
        pace=expected_pace(key_result, today=today),
        forecast=key_result.forecast_on(today),
    )


def board(
    engagement: Engagement, cycle: Cycle | None = None, *, today: dt.date
) -> dict[Stage, list[Card]]:
    """Return the key results of a cycle, or of all, by stage in the order of M9. Two queries.

    Withdrawn comes last, and only if there are any.
    """
    key_results = (
        KeyResult.objects.filter(engagement=engagement).for_card().prefetch_related("audits")
    )
    if cycle is not None:
        key_results = key_results.filter(objective__cycle=cycle)
    columns: dict[Stage, list[Card]] = {stage: [] for stage in Stage}
    for row in key_results.order_by("due_on", "objective_id", "position", "id"):
        columns[Stage(row.stage)].append(card(row, engagement=engagement, today=today))
    if not columns[Stage.WITHDRAWN]:
        del columns[Stage.WITHDRAWN]
    return columns


def trace(trail: Sequence[Sequence[str | None]], *, cadence: str) -> list[Decimal | None]:
    """Return the values of a sparkline, oldest first, None for periods without a value."""
    values: list[Decimal | None] = []
    last: dt.date | None = None
    for period, value, _score in trail:
        monday = dt.date.fromisoformat(str(period))
        if last is not None:
            values.extend([None] * (_periods_between(last, monday, cadence=cadence) - 1))
        values.append(None if value is None else Decimal(value))
        last = monday
    return values


def _periods_between(first: dt.date, then: dt.date, *, cadence: str) -> int:
    if cadence == Cadence.MONTHLY:
        return (then.year - first.year) * 12 + then.month - first.month
    return (then - first).days // STEPS[Cadence(cadence)]
