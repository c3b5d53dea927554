"""The checks of M3 and M2.5 on rows: what the pure rules are given."""

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
    """What M3 says of this key result; `others` are the titles beside it."""
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
        "a start": key_result.baseline,
        "a goal": key_result.target,
        "a due date": key_result.due_on,
        "an owner": key_result.owner_id,
        "a metric": metric,
        "the source of its metric": metric is None or metric.source.strip() or None,
    }
    return [name for name, value in needed.items() if value is None]


def objective_findings(objective: Objective) -> list[Finding]:
    """What M3 says of this objective’s sentence and set, and M9.4 of its reviewer. 2 queries."""
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
    """M9.4: the reviewer, by default the owner, is never the sole author."""
    reviewer = objective.reviewer_id or objective.owner_id
    alone = objective.committed_at is None and reviewer == objective.created_by_id
    return alone and not objective.collaborators.all()


def guardrail_findings(objective: Objective, *, committing: bool = False) -> list[Finding]:
    """Where this objective and the set that it stands in pass the guardrails (M2.5). 3 queries.

    While `committing`, only what is committed counts against the most.
    """
    cycle, preset = objective.cycle, objective.engagement.guardrails
    beside = Objective.objects.all().standing_beside(objective)
    key_results = counted(objective)
    return [
        *check_objectives(
            span=objectives_span(preset=preset, kind=cycle.kind, level=objective.level),
            drafted=beside.count(),
            committed=beside.committed().exclude(pk=objective.pk).count(),
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
    """The objective's key results, the withdrawn ones left out."""
    return [one for one in objective.key_results.all() if one.stage != Stage.WITHDRAWN]


def _has_parent(key_results: list[KeyResult], *, cycle: Cycle) -> bool:
    if cycle.kind != CycleKind.MICRO or not key_results:
        return True
    return ContributionLink.objects.filter(
        engagement_id=cycle.engagement_id, source__in=key_results
    ).exists()
