from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from engagements.models import Membership, Role
from metrics.models import GAP_FOR
from okrs.audit import answers_of, audit
from okrs.models import Cycle, KeyResult, Objective, Stage
from okrs.queries.findings import guardrail_findings, key_result_findings, objective_findings
from okrs.writing import Finding, Severity, without_reason

AUDITED = {"incomplete"}  # the audit says the same, criterion by criterion


@transaction.atomic
def commit_objective(
    *, objective: Objective, on: dt.date, by: Membership, now: dt.datetime | None = None
) -> list[KeyResult]:
    """Commit an objective and all its drafts: from here on they are frozen (M5.10).

    `on` is the date in the engagement's zone, `now` the instant, this one if not given. Returns
    the key results that this commit froze: those drafted since, where the objective is committed
    already. Raises one ValidationError with everything in the way: the audit (M4.2), the blocks
    and missing reasons of M3, the guardrails (M2.5), `gate` where somebody else commits here
    (M9.4). Where a data question of M4.3 is still open, the key result carries a data gap with 14
    days to close it.
    """
    committed_at = now or timezone.now()
    current, drafts = _locked(objective)
    _check_gate(current, by=by)
    if current.committed_at and not drafts:
        return []
    problems = _problems(current, drafts)
    if problems:
        raise ValidationError(problems)
    for key_result in drafts:
        _freeze(key_result, on=on, by=by, at=committed_at)
    if current.committed_at is None:
        current.committed_at, current.committed_by = committed_at, by
        current.version += 1
        current.save(update_fields=["committed_at", "committed_by", "version"])
    return drafts


def _locked(objective: Objective) -> tuple[Objective, list[KeyResult]]:
    # Cycle, objective, key results: the order of every command. Guardrails count per cycle.
    Cycle.objects.select_for_update(of=("self",), no_key=True).get(pk=objective.cycle_id)
    current = (
        Objective.objects.select_for_update(of=("self",))
        .select_related("cycle", "team__champion", "engagement")
        .get(pk=objective.pk)
    )
    drafts = (
        KeyResult.objects.select_for_update(of=("self",))
        .filter(engagement_id=current.engagement_id, objective=current, stage=Stage.DRAFT)
        .select_related("metric", "owner")
        .prefetch_related("audits")
    )
    return current, list(drafts)


def _check_gate(objective: Objective, *, by: Membership) -> None:
    """The lead commits any; a champion the objectives of the team that is theirs (M9.4)."""
    champion = objective.team.champion if objective.team else None
    if by.role == Role.LEAD:
        return
    if by.role == Role.CHAMPION and champion is not None and champion.pk == by.pk:
        return
    who = (
        "The lead commits this" if champion is None else f"{champion.name} or the lead commits this"
    )
    raise ValidationError(f"{who}.", code="gate")


def _problems(objective: Objective, drafts: list[KeyResult]) -> list[ValidationError]:
    own = [
        *_in_the_way(objective_findings(objective), reasons=objective.reasons),
        *_in_the_way(guardrail_findings(objective, committing=True), reasons={}),
    ]
    return [*own, *(problem for one in drafts for problem in _key_result_problems(one))]


def _key_result_problems(key_result: KeyResult) -> list[ValidationError]:
    failed = [
        ValidationError(f"{key_result.title}: {criterion.mend}", code=criterion.code)
        for criterion in audit(key_result, answers_of(key_result))
        if not criterion.passed
    ]
    findings = [one for one in key_result_findings(key_result) if one.code not in AUDITED]
    return [
        *failed,
        *_in_the_way(findings, reasons=key_result.reasons, before=f"{key_result.title}: "),
    ]


def _in_the_way(
    findings: list[Finding], *, reasons: dict[str, str], before: str = ""
) -> list[ValidationError]:
    blocks = [one for one in findings if one.severity is Severity.BLOCK]
    unexplained = without_reason(findings, reasons)
    return [
        *(ValidationError(f"{before}{one.message}", code=one.code) for one in blocks),
        *(
            ValidationError(f"{before}{one.message} Or give a reason to keep it.", code=one.code)
            for one in unexplained
        ),
    ]


def _freeze(key_result: KeyResult, *, on: dt.date, by: Membership, at: dt.datetime) -> None:
    metric = key_result.metric
    key_result.stage = Stage.COMMITTED
    key_result.committed_at, key_result.committed_by = at, by
    key_result.data_gap_until = on + GAP_FOR if metric and metric.data_questions_open else None
    key_result.version += 1
    key_result.save(
        update_fields=["stage", "committed_at", "committed_by", "data_gap_until", "version"]
    )
