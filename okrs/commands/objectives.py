from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, TypedDict, Unpack

from django.core.exceptions import ValidationError
from django.db import transaction

from engagements.models import Membership
from engagements.permissions import Permission, check_owners, require_right
from okrs.commands.collaborators import set_collaborators
from okrs.models import Cycle, CycleKind, Objective, Team
from okrs.writing import check_objective, refused
from tenancy.locks import lock, lock_for_edit, locking


class ObjectiveFields(TypedDict, total=False):
    """Optional fields of an objective; missing ones stay unchanged."""

    team: Team | None
    parent: Objective | None
    why_now: str
    origin: str
    reviewer: Membership | None
    review_by: dt.date | None
    divergence_reason: str
    reasons: dict[str, str] | None
    collaborators: Iterable[Membership]


@transaction.atomic
def draft_objective(
    *,
    cycle: Cycle,
    title: str,
    owner: Membership,
    by: Membership,
    **fields: Unpack[ObjectiveFields],
) -> Objective:
    """Draft an objective; without a team it is the company's.

    Raises ValidationError: the codes of M3 that block a draft (`empty`, `said_twice`), `owner`,
    `parent` (team objectives link to a company one, company ones to an annual one, M2.1).
    """
    lock(cycle)
    require_right(by, Permission.DRAFT)
    objective = Objective(
        engagement_id=cycle.engagement_id, cycle=cycle, owner=owner, created_by=by
    )
    changed = _assign(objective, title=title, fields=dict(fields))
    check_owners(owner, objective.reviewer)
    _check(objective, changed=changed)
    objective.position = cycle.objectives.filter(team=objective.team).count()
    objective.save(force_insert=True)
    set_collaborators(fields.get("collaborators"), objective=objective)
    return objective


@transaction.atomic
def update_objective(
    *,
    objective: Objective,
    version: int,
    by: Membership,
    title: str,
    owner: Membership,
    **fields: Unpack[ObjectiveFields],
) -> Objective:
    """Change an objective, committed or not.

    Errors as in `draft_objective`; `frozen` for another team once it is committed, because
    guardrails and approval depend on the team; StaleEdit if someone was faster.
    """
    lock(objective.cycle)
    current: Objective = lock_for_edit(objective, version=version)
    require_right(by, Permission.DRAFT)
    people = {current.owner_id, current.reviewer_id}
    team_id = current.team_id
    changed = _assign(current, title=title, fields={"owner": owner, **fields})
    check_owners(*(one for one in (owner, current.reviewer) if one and one.pk not in people))
    if current.committed_at and current.team_id != team_id:
        raise ValidationError(
            "This objective is committed. It can’t move to another team.", code="frozen"
        )
    _check(current, changed=changed)
    current.version += 1
    current.save(update_fields=[*changed, "version"])
    set_collaborators(fields.get("collaborators"), objective=current)
    return current


def _assign(objective: Objective, *, title: str, fields: dict[str, Any]) -> list[str]:
    fields.pop("collaborators", None)
    fields["title"] = " ".join(title.split())
    if "reasons" in fields:
        fields["reasons"] = clean_reasons(fields["reasons"])
    for field, value in fields.items():
        setattr(objective, field, value)
    return list(fields)


def clean_reasons(reasons: dict[str, str] | None) -> dict[str, str]:
    """Strip the reasons, given by the code of their check, and drop blank ones (M3.1)."""
    return {code: text.strip() for code, text in (reasons or {}).items() if text.strip()}


def _check(objective: Objective, *, changed: list[str]) -> None:
    others = Objective.objects.filter(
        engagement_id=objective.engagement_id, cycle_id=objective.cycle_id
    ).exclude(pk=objective.pk)
    titles = others.values_list("title", flat=True)
    problems = refused(check_objective(title=objective.title, others=titles))
    if {"team", "parent"} & set(changed):
        problems += _link_problems(objective)
    if problems:
        raise ValidationError(problems)


def _link_problems(objective: Objective) -> list[ValidationError]:
    parent = objective.parent
    problems = []
    if parent is not None and not _may_link(objective, parent):
        problems.append(
            "Choose a company objective. A company objective can only link to an annual one."
        )
    if objective.team is not None and objective.pk and objective.children.exists():
        problems.append("Other objectives link to this company objective. It can’t move to a team.")
    return [ValidationError(problem, code="parent") for problem in problems]


def _may_link(objective: Objective, parent: Objective) -> bool:
    if parent.team_id is not None or parent.pk == objective.pk:
        return False
    annual = parent.cycle.kind == CycleKind.ANNUAL
    return objective.team is not None or (annual and objective.cycle.kind != CycleKind.ANNUAL)


@transaction.atomic
def discard_objective(*, objective: Objective, by: Membership) -> None:
    """Delete an objective that was never committed, with its drafts; the history keeps them.

    Raises ValidationError: `frozen` if it or one of its key results is committed, `children` if
    other objectives link to it.
    """
    lock(objective.cycle)
    (current,) = lock(objective, exclusive=True)
    drafts = list(locking(current.key_results.all(), exclusive=True))
    require_right(by, Permission.DRAFT)
    if current.committed_at or not all(one.is_draft for one in drafts):
        raise ValidationError(
            "This is committed. Only an approved change can withdraw it.", code="frozen"
        )
    if titles := list(current.children.values_list("title", flat=True)):
        named = ", ".join(f"“{title}”" for title in titles)
        raise ValidationError(
            f"Other objectives link to this one: {named}. Link them elsewhere first.",
            code="children",
        )
    for draft in drafts:
        draft.delete()
    current.delete()
