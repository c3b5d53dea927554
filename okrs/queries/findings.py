"""The writing checks (M3) and guardrails (M2.5), applied to rows."""

from __future__ import annotations

from collections.abc import Iterable

from metrics.models import Refresh
from okrs.guardrails import (
    check_key_results,
    check_micro,
    check_objectives,
    guardrails,
    objectives_span,
)
from okrs.models import ContributionLink, Cycle, CycleKind, KeyResult, Objective, Stage
from okrs.standards import SOLE_AUTHOR, Finding
from okrs.writing import check_key_result, check_objective, check_set


def key_result_findings(key_result: KeyResult, *, others: Iterable[str] = ()) -> list[Finding]:
    """Check a key result; `others` are the other titles of its objective (M3)."""
    metric = key_result.metric
    return check_key_result(
        title=key_result.title,
        others=others,
        method=key_result.method,
        higher_is_better=key_result.higher_is_better,
        baseline=key_result.baseline,
        target=key_result.target,
        rungs=key_result.rungs,
        unit=metric.unit if metric else "",
        missing=_missing(key_result),
        fits_weekly=metric is None or not metric.refresh or Refresh(metric.refresh).fits_weekly,
    )


def _missing(key_result: KeyResult) -> list[str]:
    metric = key_result.metric
    needed = {
        "a baseline": key_result.baseline,
        "a target": key_result.target,
        "a due date": key_result.due_on,
        "an owner": key_result.owner_id,
        "a metric": metric,
        "the source of its metric": metric is None or metric.source.strip() or None,
    }
    return [name for name, value in needed.items() if value is None]


def objective_findings(objective: Objective) -> list[Finding]:
    """Check an objective's title and key results (M3) and its reviewer (M9.4). Two queries."""
    titles = (
        Objective.objects.filter(engagement_id=objective.engagement_id, cycle_id=objective.cycle_id)
        .exclude(pk=objective.pk)
        .values_list("title", flat=True)
    )
    indicators = [key_result.indicator for key_result in counted(objective)]
    micro = objective.cycle.kind == CycleKind.MICRO
    return [
        *check_objective(title=objective.title, others=titles),
        *check_set(indicators, micro=micro),
        *([SOLE_AUTHOR] if _reviewed_by_its_author(objective) else []),
    ]


def _reviewed_by_its_author(objective: Objective) -> bool:
    """Return whether the reviewer, by default the owner, is the only author (M9.4)."""
    reviewer = objective.reviewer_id or objective.owner_id
    alone = objective.committed_at is None and reviewer == objective.created_by_id
    return alone and not objective.collaborators.all()


def guardrail_findings(objective: Objective, *, committing: bool = False) -> list[Finding]:
    """Check an objective and its set against the guardrails (M2.5). Three queries.

    While `committing`, only what would be committed counts against the highest number.
    """
    cycle, preset = objective.cycle, objective.engagement.guardrails
    peers = Objective.objects.all().in_set_of(objective)
    key_results = counted(objective)
    return [
        *check_objectives(
            span=objectives_span(preset=preset, kind=cycle.kind, level=objective.level),
            drafted=peers.count(),
            committed=peers.committed().exclude(pk=objective.pk).count(),
            committing=1 if committing else 0,
            who="The company" if objective.team is None else objective.team.name,
        ),
        *check_key_results(
            span=guardrails(preset=preset, kind=cycle.kind).key_results, count=len(key_results)
        ),
        *check_micro(
            kind=cycle.kind,
            days=(cycle.ends_on - cycle.starts_on).days + 1,
            has_parent=_has_parent(key_results, cycle=cycle),
        ),
    ]


def counted(objective: Objective) -> list[KeyResult]:
    """Return the objective's key results without withdrawn ones."""
    return [one for one in objective.key_results.all() if one.stage != Stage.WITHDRAWN]


def _has_parent(key_results: list[KeyResult], *, cycle: Cycle) -> bool:
    if cycle.kind != CycleKind.MICRO or not key_results:
        return True
    return ContributionLink.objects.filter(
        engagement_id=cycle.engagement_id, source__in=key_results
    ).exists()
