"""Writing checks (M3), guardrails (M2.5) and everything else that prevents a commit (M4.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.core.exceptions import ValidationError

from engagements.models import Membership
from engagements.permissions import check_owners
from metrics.models import Refresh
from okrs.audit import Criterion, answers_of, audit
from okrs.guardrails import (
    check_key_results,
    check_micro,
    check_objectives,
    guardrails,
    objectives_span,
)
from okrs.models import ContributionLink, Cycle, CycleKind, KeyResult, Objective, Stage
from okrs.writing import (
    SOLE_AUTHOR,
    Finding,
    Severity,
    check_key_result,
    check_objective,
    check_set,
    without_reason,
)


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

    While `committing`, drafts do not count against the highest number.
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


class Place(StrEnum):
    """The page or section where a problem is fixed."""

    OBJECTIVE = "objective"
    CYCLE = "cycle"
    KEY_RESULTS = "key_results"
    CONTRIBUTIONS = "contributions"
    KEY_RESULT = "key_result"
    METRIC = "metric"
    AUDIT = "audit"


GUARDRAIL_PLACES = {
    "objectives_most": Place.CYCLE,
    "objectives_fewest": Place.CYCLE,
    "key_results_count": Place.KEY_RESULTS,
    "micro_days": Place.CYCLE,
    "micro_parent": Place.CONTRIBUTIONS,
}


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A problem to fix before the commit."""

    code: str
    message: str
    place: Place


@dataclass(frozen=True, kw_only=True)
class ProblemGroup:
    """The problems of a key result, or of the objective and its set if that is None."""

    key_result: KeyResult | None
    problems: Sequence[Problem]


def commit_problems(objective: Objective, drafts: Iterable[KeyResult]) -> list[ProblemGroup]:
    """Find everything that prevents the commit of this objective with these drafts.

    The drafts come with metric, owner and audits. At most six queries, however many there are.
    """
    groups = [
        ProblemGroup(key_result=None, problems=_objective_problems(objective)),
        *(ProblemGroup(key_result=one, problems=_key_result_problems(one)) for one in drafts),
    ]
    return [group for group in groups if group.problems]


def _objective_problems(objective: Objective) -> list[Problem]:
    guardrails = guardrail_findings(objective, committing=True)
    return [
        *_owner_problems(objective.owner, place=Place.OBJECTIVE),
        *_blocking(objective_findings(objective), objective.reasons, place=Place.OBJECTIVE),
        *(
            Problem(code=found.code, message=found.message, place=GUARDRAIL_PLACES[found.code])
            for found in guardrails
        ),
    ]


def _key_result_problems(key_result: KeyResult) -> list[Problem]:
    criteria = audit(key_result, answers_of(key_result))
    # "incomplete" repeats the criteria of the audit.
    findings = [found for found in key_result_findings(key_result) if found.code != "incomplete"]
    return [
        *(
            Problem(code=one.code, message=one.fix, place=_place_of(one, key_result))
            for one in criteria
            if not one.passed
        ),
        *_owner_problems(key_result.owner, place=Place.KEY_RESULT),
        *(
            Problem(code=code, message=text, place=Place.KEY_RESULT)
            for code, text in term_problems(key_result).items()
        ),
        *_blocking(findings, key_result.reasons, place=Place.KEY_RESULT),
    ]


def _place_of(criterion: Criterion, key_result: KeyResult) -> Place:
    metric = key_result.metric
    if criterion.code == "ambitious":
        return Place.AUDIT
    if criterion.code == "source_named" and metric is not None:
        return Place.METRIC
    if criterion.code == "refresh_confirmed" and metric is not None:
        return Place.AUDIT if metric.refresh else Place.METRIC
    return Place.KEY_RESULT


def _owner_problems(owner: Membership | None, *, place: Place) -> list[Problem]:
    try:
        check_owners(owner)
    except ValidationError as refusal:
        return [Problem(code="owner", message=refusal.messages[0], place=place)]
    return []


def term_problems(key_result: KeyResult) -> dict[str, str]:
    """Check metric and due date, which an archived metric or a moved cycle makes wrong."""
    metric, due_on = key_result.metric, key_result.due_on
    texts = {}
    if metric is not None and metric.archived_at:
        texts["archived"] = f"The metric “{metric}” is archived. Choose another one."
    if due_on is not None and due_on <= key_result.starts_on:
        texts["due_on"] = "Choose a due date after the start of the cycle."
    return texts


def _blocking(findings: list[Finding], reasons: dict[str, str], *, place: Place) -> list[Problem]:
    """Return the findings that block, then those that still need a reason."""
    blocks = [found for found in findings if found.severity is Severity.BLOCK]
    return [
        *(Problem(code=found.code, message=found.message, place=place) for found in blocks),
        *(
            Problem(
                code=found.code,
                message=f"{found.message} Or give a reason to keep it.",
                place=place,
            )
            for found in without_reason(findings, reasons)
        ),
    ]
