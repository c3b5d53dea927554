"""Decisions and releases, appended to the engagement's log, and action items."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, cast
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from decisions.models import (
    NO_OCCASION,
    ActionItem,
    ActionItemQuerySet,
    Decision,
    DecisionHead,
    Occasion,
    Release,
)
from engagements.models import Membership, Role
from engagements.permissions import Permission, check_owners, require_right
from okrs.formatting import plain
from okrs.models import KeyResult, Objective
from tenancy.locks import locking

Touches = list[dict[str, Any]]
Evidence = list[dict[str, str]]


def lock_head(engagement_id: int) -> DecisionHead:
    """Return the head of the engagement's log, locked until the transaction ends.

    Numbers of decisions and releases are given under this lock, so each sees the one before.
    """
    return DecisionHead.objects.raw("SELECT * FROM lock_decision_head(%s)", [engagement_id])[0]


@transaction.atomic
def record_decision(
    *,
    text: str,
    owner: Membership,
    due_on: dt.date,
    change: str,
    client_visible: bool,
    by: Membership,
    now: dt.datetime,
    occasion: Occasion = NO_OCCASION,
    objective: Objective | None = None,
    key_result: KeyResult | None = None,
    evidence: Sequence[dict[str, str]] = (),
    evidence_url: str = "",
    idempotency_key: UUID | None = None,
) -> Decision:
    """Append a decision to the engagement's log (M8.2).

    The key result or objective is sealed with its current values, and so is the evidence. The
    database sets number and hash. Posting the same form again, with the same `idempotency_key`,
    returns the first row.

    Raises ValidationError: `no_right`, `reused` if the key comes with other values, or by field
    `owner`, `before_decision`.
    """
    head = lock_head(by.engagement_id)
    require_right(by, Permission.DECIDE, owners=[owner])
    values: dict[str, Any] = {
        "text": text,
        "owner": owner,
        "due_on": due_on,
        "change": change,
        "client_visible": client_visible,
        **occasion.columns,
    }
    log = Decision.objects.filter(engagement_id=by.engagement_id)
    posted = find_posted(log, key=idempotency_key, evidence_url=evidence_url, **values)
    if posted is not None:
        return cast(Decision, posted)
    return _append(
        head=head,
        by=by,
        now=now,
        touches=_touches(by.engagement_id, objective=objective, key_result=key_result),
        evidence=[*evidence, *_links(evidence_url)],
        idempotency_key=idempotency_key or uuid4(),
        **values,
    )


@transaction.atomic
def supersede_decision(
    *,
    decision: Decision,
    by: Membership,
    now: dt.datetime,
    evidence: Sequence[dict[str, str]] = (),
    evidence_url: str = "",
    **values: Any,
) -> Decision:
    """Append a decision that replaces an earlier one; both stay in the log (M8.2).

    `values` as in `record_decision`. It has the same occasion and is about the same objects, with
    their current values; deleted ones keep their old values. Raises ValidationError: `no_right`,
    `superseded`, or by field `owner`, `before_decision`.
    """
    head = lock_head(by.engagement_id)
    require_right(by, Permission.DECIDE, owners=[values["owner"]])
    if Decision.objects.filter(engagement_id=by.engagement_id, supersedes=decision).exists():
        raise ValidationError("This decision is already superseded.", code="superseded")
    current = key_results(by.engagement_id, key_result_ids(decision.touches))
    fresh = {row.public_id: _key_result(row) for row in current}
    return _append(
        head=head,
        by=by,
        now=now,
        touches=[fresh.get(touch.get("key_result", ""), touch) for touch in decision.touches],
        evidence=[*evidence, *_links(evidence_url)],
        supersedes=decision,
        **decision.occasion.columns,
        **values,
    )


@transaction.atomic
def record_release(
    *, report_hash: str, by: Membership, now: dt.datetime, occasion: Occasion = NO_OCCASION
) -> Release:
    """Append a release: from now on clients read the decisions of `occasion` (M8.2).

    It also releases earlier supersessions. `report_hash` seals the report published with it.
    Raises ValidationError `no_right`.
    """
    head = lock_head(by.engagement_id)
    require_right(by, Permission.RUN_REVIEWS)
    release = Release.objects.create(
        engagement_id=by.engagement_id,
        report_hash=report_hash,
        by=by,
        at=max(now, head.recorded_at),
        **occasion.columns,
    )
    release.refresh_from_db(fields=["number", "head_number", "head_hash", "hash"])
    return release


@transaction.atomic
def add_action(
    *,
    what: str,
    owner: Membership,
    due_on: dt.date,
    by: Membership,
    now: dt.datetime,
    occasion: Occasion = NO_OCCASION,
    objective: Objective | None = None,
    key_result: KeyResult | None = None,
    idempotency_key: UUID | None = None,
) -> ActionItem:
    """Add an action with owner and due date (M8.3). Any member except viewers may.

    Posting the same form again, with the same `idempotency_key`, returns the first row.

    Raises ValidationError: `no_right`, `reused` if the key comes with other values, or by field
    `owner`, `in_past`.
    """
    require_right(by, Permission.READ, owners=[owner])
    values: dict[str, Any] = {
        **occasion.columns,
        "objective": objective or (key_result.objective if key_result else None),
        "key_result": key_result,
        "what": what,
        "owner": owner,
        "due_on": due_on,
    }
    actions = ActionItem.objects.filter(engagement_id=by.engagement_id)
    posted: ActionItem | None = find_posted(actions, key=idempotency_key, **values)
    if posted is not None:
        return posted
    too_early = ValidationError("This day has passed. Choose a later one.", code="in_past")
    check_owner_and_due(owner, due_on, today=by.engagement.today(now), too_early=too_early)
    action, _ = ActionItem.objects.get_or_create(
        engagement_id=by.engagement_id,
        idempotency_key=idempotency_key or uuid4(),
        defaults={"created_by": by, "created_at": now, **values},
    )
    # Without a lock, the same form may arrive twice at the same moment.
    require_same_values(action, **values)
    return action


@transaction.atomic
def complete_action(*, action: ActionItem, by: Membership, now: dt.datetime) -> ActionItem:
    """Mark an action as done; doing so twice is harmless. Any member except viewers may.

    Raises ValidationError: `no_right`, or `dropped` if it was dropped.
    """
    locked = _lock_action(action, by=by)
    if locked.dropped_at is not None:
        raise ValidationError("This action was dropped. Reopen it first.", code="dropped")
    if locked.done_at is None:
        locked.done_at, locked.done_by = now, by
        _save_action(locked, "done_at", "done_by")
    return locked


@transaction.atomic
def reopen_action(*, action: ActionItem, by: Membership, now: dt.datetime) -> ActionItem:
    """Reopen a done or dropped action. Any member except viewers may.

    Raises ValidationError: `no_right`.
    """
    locked = _lock_action(action, by=by)
    if not locked.is_open:
        locked.done_at = locked.done_by = locked.dropped_at = locked.dropped_by = None
        _save_action(locked, "done_at", "done_by", "dropped_at", "dropped_by")
    return locked


@transaction.atomic
def drop_action(*, action: ActionItem, by: Membership, now: dt.datetime) -> ActionItem:
    """Drop an action. The lead, its author or its owner may.

    Raises ValidationError: `no_right`, or `done` if it is already done.
    """
    locked = _lock_action(action, by=by)
    if by.role != Role.LEAD and by.pk not in (locked.owner_id, locked.created_by_id):
        raise ValidationError(
            "Only the owner, the author or the lead can drop it.", code="no_right"
        )
    if locked.done_at is not None:
        raise ValidationError("This action is already done.", code="done")
    if locked.dropped_at is None:
        locked.dropped_at, locked.dropped_by = now, by
        _save_action(locked, "dropped_at", "dropped_by")
    return locked


def withdraw_actions(actions: ActionItemQuerySet, *, by: Membership, now: dt.datetime) -> None:
    """Drop the open ones of these, within a command that has checked the right to."""
    for action in locking(actions.open()):
        action.dropped_at, action.dropped_by = now, by
        _save_action(action, "dropped_at", "dropped_by")


def find_posted(rows: QuerySet[Any], *, key: UUID | None, **values: Any) -> Any:
    """Return the row already created by the form with this key, None without one.

    A form arrives twice after a double click or a lost response. Raises ValidationError `reused` if
    its values differ.
    """
    posted = None if key is None else rows.filter(idempotency_key=key).first()
    if posted is not None:
        require_same_values(posted, **values)
    return posted


def require_same_values(posted: Any, **values: Any) -> None:
    """Raise ValidationError `reused` if the values differ."""
    if any(getattr(posted, name) != value for name, value in values.items()):
        raise ValidationError("This form was already sent. Reload the page.", code="reused")


def check_owner_and_due(
    owner: Membership, due_on: dt.date, *, today: dt.date, too_early: ValidationError
) -> None:
    """Raise one ValidationError by field: `owner` (M9.3), or `too_early` for a day before today."""
    errors: dict[str, Any] = {}
    try:
        check_owners(owner)
    except ValidationError as refusal:
        errors["owner"] = refusal.error_list
    if due_on < today:
        errors["due_on"] = too_early
    if errors:
        raise ValidationError(errors)


def key_results(engagement_id: int, public_ids: Sequence[str]) -> Iterable[KeyResult]:
    if not public_ids:
        return []
    rows = KeyResult.objects.filter(engagement_id=engagement_id, public_id__in=public_ids)
    return rows.select_related("objective", "engagement")


def key_result_ids(touches: Touches) -> list[str]:
    """List the public ids of the key results that a decision is about."""
    return [touch["key_result"] for touch in touches if "key_result" in touch]


def _append(*, head: DecisionHead, by: Membership, now: dt.datetime, **values: Any) -> Decision:
    """Append the row, never dated before the last one even if the clocks of two hosts differ."""
    today = by.engagement.today(now)
    message = "This day is before the decision. Choose a later one."
    too_early = ValidationError(message, code="before_decision")
    check_owner_and_due(values["owner"], values["due_on"], today=today, too_early=too_early)
    decision = Decision.objects.create(
        engagement_id=by.engagement_id,
        decided_on=today,
        recorded_by=by,
        recorded_at=max(now, head.recorded_at),
        **values,
    )
    decision.refresh_from_db(fields=["number", "previous_hash", "hash"])
    return decision


def _links(url: str) -> Evidence:
    return [{"label": url, "url": url}] if url else []


def _touches(
    engagement_id: int, *, objective: Objective | None, key_result: KeyResult | None
) -> Touches:
    """Return the key result with its current values, else the objective, else nothing."""
    if key_result is not None:
        return [_key_result(row) for row in key_results(engagement_id, [key_result.public_id])]
    if objective is not None:
        return [{"objective": objective.public_id, "title": objective.title}]
    return []


def _key_result(key_result: KeyResult) -> dict[str, Any]:
    return {
        "objective": key_result.objective.public_id,
        "key_result": key_result.public_id,
        "title": key_result.title,
        "value": plain(key_result.latest_value),
        "score": None if key_result.score is None else f"{key_result.score:.2f}",
        "rag": key_result.rag,
    }


def _lock_action(action: ActionItem, *, by: Membership) -> ActionItem:
    actions = locking(ActionItem.objects.select_related("owner"))
    locked = actions.get(engagement_id=by.engagement_id, pk=action.pk)
    require_right(by, Permission.READ)
    return locked


def _save_action(action: ActionItem, *fields: str) -> None:
    action.version += 1
    action.save(update_fields=[*fields, "version"])
