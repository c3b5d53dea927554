"""Problems that prevent a commit (M4.2, M3, M2.5), and where each is fixed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.core.exceptions import ValidationError

from engagements.models import Membership
from engagements.permissions import check_owners
from okrs.audit import Criterion, answers_of, audit
from okrs.models import KeyResult, Objective
from okrs.queries.findings import (
    guardrail_findings,
    key_result_findings,
    objective_findings,
)
from okrs.standards import Finding, Severity
from okrs.writing import without_reason


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
    # "incomplete" repeats what the audit says criterion by criterion.
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
