"""Writing checks (M3), guardrails (M2.5) and everything else that prevents a commit (M4.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from django.core.exceptions import ValidationError

from engagements.models import Membership
from engagements.permissions import check_owners
from metrics.models import Metric, Refresh
from okrs.audit import answers_of, audit
from okrs.contradictions import check_numbers
from okrs.formatting import write_day
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
from scoring import Method

STILL_AFTER = 4  # equal values of a metric in a row


def key_result_findings(
    key_result: KeyResult, *, others: Iterable[str] = (), moves: bool = True
) -> list[Finding]:
    """Check a key result; `others` are the other titles of its objective (M3).

    Pass `moves` from `metric_moves` where hints are shown.
    """
    metric = key_result.metric
    numbers = check_numbers(
        higher_is_better=key_result.higher_is_better,
        baseline=key_result.baseline,
        target=key_result.target,
        low=metric.valid_low if metric else None,
        high=metric.valid_high if metric else None,
        is_ladder=key_result.method == Method.LADDER,
    )
    findings = check_key_result(
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
        moves=moves,
    )
    return [*findings, *numbers] if key_result.is_draft else findings  # others are frozen


def metric_moves(metric: Metric | None) -> bool:
    """Return whether the metric's last four values differ, across its key results (M3).

    One query, or none if the metric is new or its key results were fetched.
    """
    if metric is None or metric.pk is None:
        return True
    trails = [row.trail for row in metric.key_results.all()]
    values = {period: value for trail in trails for period, value, _ in trail if value is not None}
    last = [Decimal(values[period]) for period in sorted(values)[-STILL_AFTER:]]
    return len(last) < STILL_AFTER or len(set(last)) > 1


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
    titles = Objective.objects.all().other_titles(objective)
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
    level = "company" if objective.team_id is None else "team"
    return [
        *check_objectives(
            span=objectives_span(preset=preset, kind=cycle.kind, level=level),
            drafted=peers.count(),
            committed=peers.committed().exclude(pk=objective.pk).count(),
            committing=1 if committing else 0,
            who="The company" if objective.team is None else objective.team.name,
        ),
        *check_key_results(
            span=guardrails(preset=preset, kind=cycle.kind).key_results, count=len(key_results)
        ),
        *check_micro(kind=cycle.kind, has_parent=_has_parent(key_results, cycle=cycle)),
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


# Where a problem is fixed, unless on the form of its objective or key result.
PLACES = {
    "objectives_most": "cycle",
    "objectives_fewest": "cycle",
    "key_results_count": "key_results",
    "micro_parent": "contributions",
    "ambitious": "audit",
}


class Problem(NamedTuple):
    """A problem to fix before the commit, and the page or section where it is fixed."""

    code: str
    message: str
    place: str


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
        *(
            ProblemGroup(key_result=one, problems=_key_result_problems(one, cycle=objective.cycle))
            for one in drafts
        ),
    ]
    return [group for group in groups if group.problems]


def _objective_problems(objective: Objective) -> list[Problem]:
    texts = [
        *_owner_problems(objective.owner),
        *_blocking(objective_findings(objective), objective.reasons),
        *_blocking(guardrail_findings(objective, committing=True), {}),
    ]
    return [Problem(code, text, PLACES.get(code, "objective")) for code, text in texts]


def _key_result_problems(key_result: KeyResult, *, cycle: Cycle) -> list[Problem]:
    criteria = audit(key_result, answers_of(key_result))
    # "incomplete" repeats the criteria of the audit.
    findings = [found for found in key_result_findings(key_result) if found.code != "incomplete"]
    texts = [
        *((one.code, one.fix) for one in criteria if not one.passed),
        *_owner_problems(key_result.owner),
        *term_problems(key_result, cycle=cycle).items(),
        *_blocking(findings, key_result.reasons),
    ]
    places = dict(PLACES)
    if key_result.metric:  # another is chosen on the form of the key result
        places |= dict.fromkeys(("source_named", "refresh_confirmed"), "metric")
    return [Problem(code, text, places.get(code, "key_result")) for code, text in texts]


def _owner_problems(owner: Membership | None) -> list[tuple[str, str]]:
    try:
        check_owners(owner)
    except ValidationError as refusal:
        return [("owner", refusal.messages[0])]
    return []


def term_problems(key_result: KeyResult, *, cycle: Cycle) -> dict[str, str]:
    """Check metric, start and due date, which an archived metric or a moved cycle makes wrong."""
    metric, due_on = key_result.metric, key_result.due_on
    texts = {}
    if metric is not None and metric.archived_at:
        texts["archived"] = f"The metric “{metric}” is archived. Choose another one."
    first_day = key_result.starts_on or cycle.starts_on
    if due_on is not None and due_on <= cycle.starts_on:
        texts["due_on"] = "Choose a due date after the start of the cycle."
    elif due_on is not None and due_on > cycle.ends_on:
        last = write_day(cycle.ends_on, today=cycle.ends_on, weekday=False)
        texts["due_on"] = f"Choose a due date by {last}, the last day of the cycle."
    elif due_on is not None and due_on <= first_day:
        texts["starts_on"] = "Choose a start before the due date."
    elif first_day < cycle.starts_on:
        texts["starts_on"] = "Choose a start on or after the first day of the cycle."
    return texts


def _blocking(findings: list[Finding], reasons: dict[str, str]) -> list[tuple[str, str]]:
    """Return the findings that block, then those that still need a reason."""
    return [
        *((one.code, one.message) for one in findings if one.severity is Severity.BLOCK),
        *(
            (one.code, f"{one.message} Or give a reason to keep it.")
            for one in without_reason(findings, reasons)
        ),
    ]
