from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any, TypedDict, Unpack

from django.core.exceptions import ValidationError
from django.db import transaction

from engagements.models import Membership
from engagements.permissions import Permission, check_owners, require_right
from metrics.commands import create_metric
from metrics.models import Metric
from okrs.commands.objectives import clean_reasons, lock_contributions, set_collaborators
from okrs.models import ContributionLink, KeyResult, KeyResultAudit, Objective
from okrs.queries.findings import key_result_findings, term_problems
from okrs.writing import refused
from scoring import Number, ScoringError, validate_rungs
from tenancy.locks import StaleEdit, lock, lock_for_edit, lock_names, locking
from tenancy.text import one_line

# Fields that a commit freezes, with their labels (M5.10). Metric, dates and commitment are
# among them because they decide the value, the pace and the verdict.
FROZEN = {
    "method": "method",
    "direction": "direction",
    "baseline": "baseline",
    "target": "target",
    "ladder": "ladder",
    "weight": "weight",
    "metric": "metric",
    "starts_on": "start",
    "due_on": "due date",
    "commitment": "commitment",
}
# A change of these asks again whether the target is ambitious (M4.2).
TARGET_FIELDS = {"method", "direction", "baseline", "target", "ladder"}


class KeyResultFields(TypedDict, total=False):
    """Optional fields of a key result; missing ones stay unchanged."""

    metric: Metric | None
    new_metric: dict[str, str]  # fields of a metric to add to the dictionary
    owner: Membership | None
    method: str
    direction: str
    baseline: Decimal | None
    target: Decimal | None
    ladder: Iterable[tuple[Number, Number]]
    starts_on: dt.date | None
    due_on: dt.date | None
    weight: Decimal
    indicator: str
    commitment: str
    reasons: dict[str, str] | None
    collaborators: Collection[Membership]


@transaction.atomic
def draft_key_result(
    *, objective: Objective, title: str, by: Membership, **fields: Unpack[KeyResultFields]
) -> KeyResult:
    """Draft a key result, which starts with its commit and is due with its cycle unless given (M5.11).

    A `new_metric` is added to the dictionary (M4.4). Raises ValidationError: the codes of M3 that
    block a draft (`empty`, `repeated`, `target_is_baseline`, `direction`, `baseline`,
    `target`), `ladder` (M5.3), `starts_on`, `due_on`,
    `weight`, `owner`, `archived`, `duplicate`.
    """
    current = _lock(objective)
    _lock_names(fields, by=by)
    owners = [fields.get("owner"), *fields.get("collaborators", ())]
    require_right(by, Permission.DRAFT, owners=owners)
    key_result = KeyResult(
        engagement_id=current.engagement_id,
        objective=current,
        due_on=current.cycle.ends_on,
        created_by=by,
        position=current.key_results.count(),
    )
    values = _with_new_metric(fields, objective=current, by=by)
    changed = _assign(key_result, title=title, fields=values)
    _check(key_result, changed=changed)
    key_result.save(force_insert=True)
    set_collaborators(fields.get("collaborators"), key_result=key_result)
    return key_result


@transaction.atomic
def update_key_result(
    *,
    key_result: KeyResult,
    version: int,
    by: Membership,
    title: str,
    **fields: Unpack[KeyResultFields],
) -> KeyResult:
    """Change a key result.

    Once it is committed, only title, owner, collaborators, indicator and reasons can change here;
    any other change raises `frozen` (M5.10) and needs an approved change (M9.5). Changing a draft
    clears the audit answers that the change affects. Other errors as in `draft_key_result`;
    StaleEdit if someone was faster.
    """
    objective = _lock(key_result.objective)
    current: KeyResult = lock_for_edit(key_result, version=version)
    _lock_names(fields, by=by)
    owners = [fields.get("owner"), *fields.get("collaborators", ())]
    require_right(by, Permission.DRAFT, owners=owners)
    current.objective = objective
    before = _comparable(current)
    values = _with_new_metric(fields, objective=objective, by=by)
    assigned = _assign(current, title=title, fields=values)
    changed = [field for field, value in _comparable(current).items() if value != before[field]]
    if not current.is_draft:
        require_unfrozen(changed)
    _check(current, changed=changed)
    current.version += 1
    current.save(update_fields=[*assigned, "title_key", "version"])
    set_collaborators(fields.get("collaborators"), key_result=current)
    if TARGET_FIELDS.intersection(changed):
        current.audits.filter(ambitious=True).update(ambitious=False)
    return current


def _lock(objective: Objective) -> Objective:
    # Titles and guardrails are counted per cycle, and drafts take its dates: one writer at a time.
    locked, cycle = lock(objective, objective.cycle)
    locked.cycle = cycle
    return locked


def _lock_names(fields: KeyResultFields, *, by: Membership) -> None:
    if fields.get("new_metric"):
        lock_names(by.engagement_id)


def _with_new_metric(
    fields: KeyResultFields, *, objective: Objective, by: Membership
) -> dict[str, Any]:
    """Add the new metric, if any; the key result's owner becomes its owner and steward."""
    values: dict[str, Any] = dict(fields)
    if new := values.pop("new_metric", None):
        owner = values.get("owner")
        details: dict[str, Any] = {**new, "owner": owner, "steward": owner}
        values["metric"] = create_metric(engagement=objective.engagement, by=by, **details)
    return values


def _assign(key_result: KeyResult, *, title: str, fields: dict[str, Any]) -> list[str]:
    fields.pop("collaborators", None)
    fields["title"] = one_line(title)
    if "reasons" in fields:
        fields["reasons"] = clean_reasons(fields["reasons"])
    if fields.get("due_on", dt.date.max) is None:
        fields["due_on"] = key_result.objective.cycle.ends_on
    ladder = fields.pop("ladder", None)
    for field, value in fields.items():
        setattr(key_result, field, value)
    if ladder is not None:
        key_result.ladder = fields["ladder"] = _rungs(key_result, list(ladder))
    return list(fields)


def _comparable(key_result: KeyResult) -> dict[str, Any]:
    # Rungs as numbers, because "0.3" equals "0.30".
    values = {field: getattr(key_result, field) for field in (*FROZEN, "owner")}
    return {**values, "ladder": key_result.rungs}


def _rungs(key_result: KeyResult, ladder: list[tuple[Number, Number]]) -> list[list[str]]:
    if not ladder:
        return []
    try:
        rungs = validate_rungs(ladder, higher_is_better=key_result.higher_is_better)
    except ScoringError as error:
        raise ValidationError(str(error), code="ladder") from error
    return [[f"{rung.threshold.normalize():f}", f"{rung.score:f}"] for rung in rungs]


def _check(key_result: KeyResult, *, changed: list[str]) -> None:
    titles = KeyResult.objects.all().other_titles(key_result)
    problems = refused(key_result_findings(key_result, others=titles))
    is_draft = key_result.is_draft
    matters = {"archived": "metric" in changed, "starts_on": is_draft, "due_on": is_draft}
    problems += [
        ValidationError(text, code=code)
        for code, text in term_problems(key_result, cycle=key_result.objective.cycle).items()
        if matters[code]
    ]
    if key_result.weight <= 0:
        problems.append(ValidationError("Enter a weight above 0.", code="weight"))
    if problems:
        raise ValidationError(problems)
    if "owner" in changed:
        check_owners(key_result.owner)


def require_unfrozen(changed: list[str]) -> None:
    """Refuse changes of what a commit froze (M5.10)."""
    frozen = [FROZEN[field] for field in changed if field in FROZEN]
    if frozen:
        raise ValidationError(
            f"Frozen at commit: {', '.join(frozen)}. This needs an approved change.", code="frozen"
        )


@transaction.atomic
def answer_audit(
    *,
    key_result: KeyResult,
    ambitious: bool,
    by: Membership,
    now: dt.datetime,
    version: int | None = None,
    note: str | None = None,
) -> KeyResultAudit:
    """Store a person's answer to the audit of a draft (M4.2).

    `version` is the one that the person read, or None. Without a `note`, the saved one stays.
    Raises ValidationError (`frozen`), and StaleEdit if the draft was changed since.
    """
    (current,) = lock(key_result)
    require_right(by, Permission.DRAFT)
    if not current.is_draft:
        raise ValidationError(
            "This key result is committed, so its audit is closed.", code="frozen"
        )
    if version is not None and current.version != version:
        raise StaleEdit(current)
    values = {"ambitious": ambitious, "answered_by": by, "answered_at": now}
    if note is not None:
        values["note"] = note.strip()
    answers, _ = KeyResultAudit.objects.update_or_create(
        engagement_id=current.engagement_id, key_result=current, defaults=values
    )
    return answers


@transaction.atomic
def answer_audits(
    *,
    objective: Objective,
    versions: Mapping[str, int],
    ambitious: bool,
    by: Membership,
    now: dt.datetime,
) -> list[KeyResultAudit]:
    """Give the same answer for several drafts of an objective (M4.2).

    `versions` holds those that the person read, by public id. Errors as in `answer_audit`.
    """
    read = KeyResult.objects.filter(objective=objective, public_id__in=versions)
    return [
        answer_audit(
            key_result=row, ambitious=ambitious, by=by, now=now, version=versions[row.public_id]
        )
        for row in locking(read)
    ]


@transaction.atomic
def discard_key_result(*, key_result: KeyResult, by: Membership) -> None:
    """Delete a draft with its audit, collaborators and links; the history keeps it.

    Raises ValidationError (`frozen`) if it is committed: that takes an approved change (M9.1).
    """
    lock(key_result.objective.cycle)
    (current,) = lock(key_result, exclusive=True)
    lock_contributions(current)
    require_right(by, Permission.DRAFT)
    if not current.is_draft:
        raise ValidationError(
            f"“{current.title}” is committed. Only an approved change can withdraw it.",
            code="frozen",
        )
    current.delete()


@transaction.atomic
def link_contribution(
    *, source: KeyResult, target: KeyResult, how: str, by: Membership
) -> ContributionLink:
    """Link `source` to the `target` that it contributes to, or change `how` (M2.2, M2.4).

    Raises ValidationError (`loop`) if the target contributes to the source, itself or through
    others.
    """
    lock(source, target)
    links = ContributionLink.objects.filter(source=source, target=target)
    list(locking(links))
    require_right(by, Permission.DRAFT)
    lock(by.engagement)  # of two who link in opposite directions, one waits
    if source.pk == target.pk or _reaches(target, source):
        raise ValidationError(
            f"“{target.title}” already contributes to “{source.title}”. Choose another key result.",
            code="loop",
        )
    link, _ = ContributionLink.objects.update_or_create(
        engagement_id=source.engagement_id, source=source, target=target, defaults={"how": how}
    )
    return link


@transaction.atomic
def unlink_contribution(*, link: ContributionLink, by: Membership) -> None:
    """Remove a contribution; the history keeps it."""
    lock(link, exclusive=True)
    require_right(by, Permission.DRAFT)
    link.delete()


def _reaches(start: KeyResult, goal: KeyResult) -> bool:
    links = ContributionLink.objects.filter(engagement_id=start.engagement_id)
    seen: set[int] = set()
    edge = {start.pk}
    while edge:
        if goal.pk in edge:
            return True
        seen |= edge
        edge = set(links.filter(source__in=edge).values_list("target_id", flat=True)) - seen
    return False
