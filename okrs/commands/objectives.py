from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypedDict, Unpack

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from engagements.models import Membership, Role
from engagements.permissions import Permission, check_owners, require_right
from metrics.models import GAP_FOR, Metric
from okrs.models import (
    Collaborator,
    ContributionLink,
    Cycle,
    CycleKind,
    KeyResult,
    Objective,
    Stage,
    Team,
)
from okrs.queries.findings import commit_problems
from okrs.states import early_until
from okrs.writing import check_objective, refused
from tenancy.locks import StaleEdit, lock, lock_for_edit, locking
from tenancy.text import one_line


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
    collaborators: Collection[Membership]


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

    Raises ValidationError: the codes of M3 that block a draft (`empty`, `repeated`), `owner`,
    `parent` (team objectives link to a company one, company ones to an annual one, M2.1).
    """
    lock(cycle, fields.get("parent") or cycle)
    owners = [owner, fields.get("reviewer"), *fields.get("collaborators", ())]
    require_right(by, Permission.DRAFT, owners=owners)
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
    lock(objective.cycle, objective, fields.get("parent") or objective)
    current: Objective = lock_for_edit(objective, version=version)
    owners = [owner, fields.get("reviewer"), *fields.get("collaborators", ())]
    require_right(by, Permission.DRAFT, owners=owners)
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
    current.save(update_fields=[*changed, "title_key", "version"])
    set_collaborators(fields.get("collaborators"), objective=current)
    return current


def _assign(objective: Objective, *, title: str, fields: dict[str, Any]) -> list[str]:
    fields.pop("collaborators", None)
    fields["title"] = one_line(title)
    if "reasons" in fields:
        fields["reasons"] = clean_reasons(fields["reasons"])
    for field, value in fields.items():
        setattr(objective, field, value)
    return list(fields)


def clean_reasons(reasons: dict[str, str] | None) -> dict[str, str]:
    """Strip the reasons, given by the code of their check, and drop blank ones (M3.1)."""
    return {code: text.strip() for code, text in (reasons or {}).items() if text.strip()}


def _check(objective: Objective, *, changed: list[str]) -> None:
    titles = Objective.objects.all().other_titles(objective)
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
    lock_contributions(*drafts)
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


def lock_contributions(*drafts: KeyResult) -> None:
    """Lock the links from and to drafts before the first delete, which locks the engagement."""
    links = ContributionLink.objects.filter(Q(source__in=drafts) | Q(target__in=drafts))
    list(locking(links, exclusive=True))


def set_collaborators(
    people: Iterable[Membership] | None,
    *,
    objective: Objective | None = None,
    key_result: KeyResult | None = None,
) -> None:
    """Make these people the collaborators (M9.3); None changes nothing.

    Runs in the caller's transaction, whose `require_right` holds them. Raises ValidationError
    (`owner`) for viewers and for people who left.
    """
    subject = objective or key_result
    if people is None or subject is None:
        return
    wanted = {person.pk: person for person in people if person.pk != subject.owner_id}
    named = Collaborator.objects.filter(
        engagement_id=subject.engagement_id, objective=objective, key_result=key_result
    )
    named.exclude(member_id__in=wanted).delete()
    new = wanted.keys() - set(named.values_list("member_id", flat=True))
    check_owners(*(wanted[pk] for pk in new))
    Collaborator.objects.bulk_create(
        Collaborator(
            engagement_id=subject.engagement_id,
            objective=objective,
            key_result=key_result,
            member_id=pk,
        )
        for pk in sorted(new)
    )


def drop_second_mention(subject: Objective | KeyResult) -> None:
    """Remove a new owner from the collaborators, within a command that holds the subject."""
    Collaborator.objects.filter(
        engagement_id=subject.engagement_id,
        member=subject.owner,
        **{"objective" if isinstance(subject, Objective) else "key_result": subject},
    ).delete()


@transaction.atomic
def commit_objective(
    *,
    objective: Objective,
    by: Membership,
    now: dt.datetime,
    versions: Mapping[str, int] | None = None,
) -> list[KeyResult]:
    """Commit an objective and its drafts, which freezes them (M5.10); return these drafts.

    `versions` are those of the objective and of each draft that the person read, by public id, or
    None. A draft without a start starts today, or with its cycle if that is later (M5.11). A key result whose metric has open data questions gets a data gap of 14 days (M4.3).

    Raises StaleEdit if a version differs, and one ValidationError with all problems: the audit
    (M4.2), owners who left, archived metrics, blocks and missing reasons (M3), guardrails (M2.5),
    or `gate` if `by` may not commit here (M9.4).
    """
    current, drafts = _locked(objective)
    require_right(by, Permission.COMMIT)
    _check_gate(current, by=by)
    if current.committed_at and not drafts:
        return []
    if versions is not None and versions != versions_of(current, drafts):
        raise StaleEdit(current)
    today = by.engagement.today(now)
    for draft in drafts:  # M5.11
        draft.starts_on = draft.starts_on or max(today, current.cycle.starts_on)
    problems = [
        ValidationError(
            f"{group.key_result}: {problem.message}" if group.key_result else problem.message,
            code=problem.code,
        )
        for group in commit_problems(current, drafts)
        for problem in group.problems
    ]
    if problems:
        raise ValidationError(problems)
    for key_result in drafts:
        _freeze(key_result, by=by, now=now)
    if current.committed_at is None:
        current.committed_at, current.committed_by = now, by
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
    # Locked, so that no one archives or redefines a metric while it is being frozen.
    used = [draft.metric_id for draft in drafts if draft.metric_id]
    metrics = locking(
        Metric.objects.filter(engagement=current.engagement_id, pk__in=used)
    ).in_bulk()
    for draft in drafts:
        draft.objective, draft.metric = current, metrics.get(draft.metric_id)
    return current, list(drafts)


def _check_gate(objective: Objective, *, by: Membership) -> None:
    """Refuse all but a lead and the champion of the objective's own team (M9.4)."""
    champion = objective.team.champion if objective.team else None
    is_champion = by.role == Role.CHAMPION and champion is not None and champion.pk == by.pk
    if by.role == Role.LEAD or is_champion:
        return
    who = "Only" if champion is None else f"Only {champion.name} or"
    raise ValidationError(f"{who} the program lead can commit this.", code="gate")


def _freeze(key_result: KeyResult, *, by: Membership, now: dt.datetime) -> None:
    metric, today = key_result.metric, by.engagement.today(now)
    frozen = {
        "stage": Stage.COMMITTED,
        "committed_at": now,
        "committed_by": by,
        "data_gap_until": today + GAP_FOR if metric and metric.data_questions_open else None,
        "starts_on": key_result.starts_on,
        "early_until": early_until(key_result),
        "version": key_result.version + 1,
    }
    for field, value in frozen.items():
        setattr(key_result, field, value)
    key_result.save(update_fields=list(frozen))
