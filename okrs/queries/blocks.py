"""What stands in the way of a commit (M4.2, M3, M2.5), and where each is mended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.core.exceptions import ValidationError

from engagements.models import Membership
from engagements.ownership import check_owners
from okrs.audit import Criterion, answers_of, audit
from okrs.models import KeyResult, Objective
from okrs.queries.findings import (
    guardrail_findings,
    key_result_findings,
    objective_findings,
)
from okrs.standards import Finding, Severity
from okrs.writing import without_reason

AUDITED = {"incomplete"}  # the audit says the same, criterion by criterion


class Place(StrEnum):
    """Where a person mends it."""

    OBJECTIVE = "objective"
    CYCLE = "cycle"
    KEY_RESULTS = "key_results"
    CONTRIBUTIONS = "contributions"
    KEY_RESULT = "key_result"
    METRIC = "metric"
    AUDIT = "audit"


GUARDED_AT = {
    "objectives_most": Place.CYCLE,
    "objectives_fewest": Place.CYCLE,
    "key_results_count": Place.KEY_RESULTS,
    "micro_days": Place.CYCLE,
    "micro_parent": Place.CONTRIBUTIONS,
}


@dataclass(frozen=True, kw_only=True)
class Block:
    """One thing to mend before the commit: its code, one sentence, and where."""

    code: str
    message: str
    place: Place


@dataclass(frozen=True, kw_only=True)
class Blocked:
    """What one key result has in the way; the objective and its set where that is None."""

    key_result: KeyResult | None
    blocks: Sequence[Block]

    @property
    def before(self) -> str:
        """What a message starts with where it stands alone."""
        return f"{self.key_result.title}: " if self.key_result else ""


def in_the_way(objective: Objective, drafts: Iterable[KeyResult]) -> list[Blocked]:
    """All that refuses the commit of this objective with these drafts; empty if nothing does.

    The drafts came with metric, owner and audits. At most six queries, however many there are.
    """
    found = [
        Blocked(key_result=None, blocks=_of_objective(objective)),
        *(Blocked(key_result=one, blocks=_of_key_result(one)) for one in drafts),
    ]
    return [one for one in found if one.blocks]


def _of_objective(objective: Objective) -> list[Block]:
    sentence = _refusing(objective_findings(objective), reasons=objective.reasons)
    held = _refusing(guardrail_findings(objective, committing=True), reasons={})
    return [
        *_owner(objective.owner, place=Place.OBJECTIVE),
        *(Block(code=code, message=text, place=Place.OBJECTIVE) for code, text in sentence),
        *(Block(code=code, message=text, place=GUARDED_AT[code]) for code, text in held),
    ]


def _of_key_result(key_result: KeyResult) -> list[Block]:
    open_criteria = [one for one in audit(key_result, answers_of(key_result)) if not one.passed]
    findings = [one for one in key_result_findings(key_result) if one.code not in AUDITED]
    return [
        *(_open(criterion, key_result) for criterion in open_criteria),
        *_owner(key_result.owner, place=Place.KEY_RESULT),
        *_card(key_result),
        *(
            Block(code=code, message=text, place=Place.KEY_RESULT)
            for code, text in _refusing(findings, reasons=key_result.reasons)
        ),
    ]


def _open(criterion: Criterion, key_result: KeyResult) -> Block:
    metric = key_result.metric
    place = Place.KEY_RESULT
    if criterion.code == "ambitious":
        place = Place.AUDIT
    elif criterion.code == "source_named" and metric is not None:
        place = Place.METRIC
    elif criterion.code == "refresh_confirmed" and metric is not None:
        place = Place.AUDIT if metric.refresh else Place.METRIC
    return Block(code=criterion.code, message=criterion.mend, place=place)


def _owner(owner: Membership | None, *, place: Place) -> list[Block]:
    try:
        check_owners(owner)
    except ValidationError as refusal:
        return [Block(code="owner", message=refusal.messages[0], place=place)]
    return []


def _card(key_result: KeyResult) -> list[Block]:
    """What may have changed under a draft since it was written: its metric, its cycle's start."""
    metric, due_on = key_result.metric, key_result.due_on
    blocks = []
    if metric is not None and metric.archived_at:
        text = f"The metric “{metric}” is archived. Choose one in use."
        blocks.append(Block(code="archived", message=text, place=Place.KEY_RESULT))
    if due_on is not None and due_on <= key_result.starts_on:
        text = "The due date must follow the start."
        blocks.append(Block(code="due_on", message=text, place=Place.KEY_RESULT))
    return blocks


def _refusing(findings: list[Finding], *, reasons: dict[str, str]) -> list[tuple[str, str]]:
    """Code and sentence of what blocks, and of what still needs a reason."""
    blocks = [(one.code, one.message) for one in findings if one.severity is Severity.BLOCK]
    unexplained = without_reason(findings, reasons)
    return blocks + [
        (one.code, f"{one.message} Or give a reason to keep it.") for one in unexplained
    ]
