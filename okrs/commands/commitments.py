from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from engagements.models import Membership, Role
from engagements.permissions import Permission, require_right
from metrics.models import GAP_FOR, Metric
from okrs.models import KeyResult, Objective, Stage
from okrs.queries.blocks import commit_problems
from okrs.states import early_until
from tenancy.locks import StaleEdit, lock, locking


@transaction.atomic
def commit_objective(
    *,
    objective: Objective,
    on: dt.date,
    by: Membership,
    versions: Mapping[str, int] | None = None,
    now: dt.datetime | None = None,
) -> list[KeyResult]:
    """Commit an objective and its drafts, which freezes them (M5.10); return these drafts.

    `on` is the date in the engagement's zone. `versions` are those of the objective and of each
    draft that the person read, by public id, or None. A key result whose metric has open data
    questions gets a data gap of 14 days (M4.3).

    Raises StaleEdit if a version differs, and one ValidationError with all problems: the audit
    (M4.2), owners who left, archived metrics, blocks and missing reasons (M3), guardrails (M2.5),
    or `gate` if `by` may not commit here (M9.4).
    """
    committed_at = now or timezone.now()
    current, drafts = _locked(objective)
    require_right(by, Permission.COMMIT)
    _check_gate(current, by=by)
    if current.committed_at and not drafts:
        return []
    if versions is not None and versions != versions_of(current, drafts):
        raise StaleEdit(current)
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


def versions_of(objective: Objective, drafts: Iterable[KeyResult]) -> dict[str, int]:
    """Return the versions of all that a commit would freeze, by public id."""
    return {objective.public_id: objective.version} | {one.public_id: one.version for one in drafts}


def _locked(objective: Objective) -> tuple[Objective, list[KeyResult]]:
    lock(objective.cycle)
    objectives = Objective.objects.select_related("cycle", "team__champion", "engagement", "owner")
    current = locking(objectives).get(pk=objective.pk)
    drafts = KeyResult.objects.filter(
        engagement_id=current.engagement_id, objective=current, stage=Stage.DRAFT
    )
    drafts = locking(drafts.select_related("owner").prefetch_related("audits"))
    _hold_metrics(drafts, engagement_id=current.engagement_id)
    return current, list(drafts)


def _hold_metrics(drafts: Iterable[KeyResult], *, engagement_id: int) -> None:
    # So that no one archives or redefines a metric while it is being frozen.
    used = [one.metric_id for one in drafts if one.metric_id]
    held = locking(Metric.objects.filter(engagement=engagement_id, pk__in=used)).in_bulk()
    for one in drafts:
        one.metric = held.get(one.metric_id)


def _check_gate(objective: Objective, *, by: Membership) -> None:
    """Refuse all but a lead and the champion of the objective's own team (M9.4)."""
    champion = objective.team.champion if objective.team else None
    if by.role == Role.LEAD:
        return
    if by.role == Role.CHAMPION and champion is not None and champion.pk == by.pk:
        return
    who = "Only" if champion is None else f"Only {champion.name} or"
    raise ValidationError(f"{who} the program lead can commit this.", code="gate")


def _problems(objective: Objective, drafts: list[KeyResult]) -> list[ValidationError]:
    return [
        ValidationError(
            f"{group.key_result}: {problem.message}" if group.key_result else problem.message,
            code=problem.code,
        )
        for group in commit_problems(objective, drafts)
        for problem in group.problems
    ]


def _freeze(key_result: KeyResult, *, on: dt.date, by: Membership, at: dt.datetime) -> None:
    metric = key_result.metric
    key_result.stage = Stage.COMMITTED
    key_result.committed_at, key_result.committed_by = at, by
    key_result.data_gap_until = on + GAP_FOR if metric and metric.data_questions_open else None
    key_result.early_until = early_until(key_result)
    key_result.version += 1
    key_result.save(
        update_fields=[
            "stage",
            "committed_at",
            "committed_by",
            "data_gap_until",
            "early_until",
            "version",
        ]
    )
