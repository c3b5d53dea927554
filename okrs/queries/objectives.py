from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Prefetch, prefetch_related_objects

from engagements.models import Membership
from metrics.models import GAP_FOR, Metric
from okrs.models import Collaborator, KeyResult, Objective
from okrs.queries.findings import (
    ProblemGroup,
    commit_problems,
    guardrail_findings,
    objective_findings,
)
from okrs.queries.sets import ObjectiveRow, fetch_set, objective_row
from okrs.writing import Finding


@dataclass(frozen=True, kw_only=True)
class ObjectivePage:
    """An objective with its key results, checks and overlaps.

    `findings` are those of M3, `guardrails` those of M2.5. `overlaps` holds key results of other
    objectives in the cycle that use the same metric (M2.3). `problems` prevent a commit; empty if
    nothing is left to commit. `gap_until` is the day until which a commit of today would leave a
    data gap (M4.3).
    """

    row: ObjectiveRow
    collaborators: Sequence[Membership]
    findings: Sequence[Finding]
    guardrails: Sequence[Finding]
    overlaps: Sequence[KeyResult]
    problems: Sequence[ProblemGroup]
    gap_until: dt.date

    @property
    def objective(self) -> Objective:
        return self.row.objective

    @property
    def drafts(self) -> list[KeyResult]:
        return self.row.drafts

    @property
    def gaps(self) -> list[Metric]:
        """Return the metrics of the drafts that have open data questions, each once."""
        metrics = {one.metric.pk: one.metric for one in self.drafts if one.metric}
        return [metric for metric in metrics.values() if metric.data_questions_open]

    @property
    def problem_count(self) -> int:
        return sum(len(group.problems) for group in self.problems)

    def changed_since(self, read: Mapping[str, int]) -> list[str]:
        """Describe the changes since a person read these versions, given by public id."""
        rows: list[Objective | KeyResult] = [self.objective, *self.drafts]
        changed = [
            f"“{row.title}” was {'changed' if row.public_id in read else 'added'}."
            for row in rows
            if read.get(row.public_id) != row.version
        ]
        gone = read.keys() - {row.public_id for row in rows}
        return [*changed, *(["A draft was deleted or committed."] if gone else [])]


def objective_page(objective: Objective, *, today: dt.date) -> ObjectivePage:
    """Return the page of an objective that comes with engagement, cycle, team and people.

    At most sixteen queries more, however many key results there are.
    """
    fetch_set(objective)
    helpers = Collaborator.objects.select_related("member")
    prefetch_related_objects([objective], Prefetch("collaborators", helpers))
    row = objective_row(objective, engagement=objective.engagement, today=today)
    open_to_commit = row.drafts or objective.committed_at is None
    return ObjectivePage(
        row=row,
        collaborators=[collaborator.member for collaborator in objective.collaborators.all()],
        findings=objective_findings(objective),
        guardrails=guardrail_findings(objective),
        overlaps=list(_overlaps(objective)),
        problems=commit_problems(objective, row.drafts) if open_to_commit else [],
        gap_until=today + GAP_FOR,
    )


def _overlaps(objective: Objective) -> Sequence[KeyResult]:
    metrics = {one.metric_id for one in objective.key_results.all() if one.metric_id}
    if not metrics:
        return []
    return list(
        KeyResult.objects.filter(
            engagement=objective.engagement_id,
            objective__cycle=objective.cycle_id,
            metric__in=metrics,
        )
        .exclude(objective=objective)
        .exclude(stage="withdrawn")
        .for_card()
    )
