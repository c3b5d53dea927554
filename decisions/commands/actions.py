from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import transaction

from decisions.commands.decisions import check_owner_and_due, find_posted, require_same_values
from decisions.models import NO_OCCASION, ActionItem, Occasion
from engagements.models import Membership, Role
from engagements.permissions import Permission, require_right
from okrs.models import KeyResult, Objective
from tenancy.locks import locking


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
    require_right(by, Permission.READ)
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
    locked = _lock(action, by=by)
    if locked.dropped_at is not None:
        raise ValidationError("This action was dropped. Reopen it first.", code="dropped")
    if locked.done_at is None:
        locked.done_at, locked.done_by = now, by
        _save(locked, "done_at", "done_by")
    return locked


@transaction.atomic
def reopen_action(*, action: ActionItem, by: Membership, now: dt.datetime) -> ActionItem:
    """Reopen a done or dropped action. Any member except viewers may.

    Raises ValidationError: `no_right`.
    """
    locked = _lock(action, by=by)
    if not locked.is_open:
        locked.done_at = locked.done_by = locked.dropped_at = locked.dropped_by = None
        _save(locked, "done_at", "done_by", "dropped_at", "dropped_by")
    return locked


@transaction.atomic
def drop_action(*, action: ActionItem, by: Membership, now: dt.datetime) -> ActionItem:
    """Drop an action. The lead, its author or its owner may.

    Raises ValidationError: `no_right`, or `done` if it is already done.
    """
    locked = _lock(action, by=by)
    if by.role != Role.LEAD and by.pk not in (locked.owner_id, locked.created_by_id):
        raise ValidationError(
            "Only the owner, the author or the lead can drop it.", code="no_right"
        )
    if locked.done_at is not None:
        raise ValidationError("This action is already done.", code="done")
    if locked.dropped_at is None:
        locked.dropped_at, locked.dropped_by = now, by
        _save(locked, "dropped_at", "dropped_by")
    return locked


def _lock(action: ActionItem, *, by: Membership) -> ActionItem:
    """Return the current action, locked."""
    actions = locking(ActionItem.objects.select_related("owner"))
    locked = actions.get(engagement_id=by.engagement_id, pk=action.pk)
    require_right(by, Permission.READ)
    return locked


def _save(action: ActionItem, *fields: str) -> None:
    action.version += 1
    action.save(update_fields=[*fields, "version"])
