from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import transaction

from engagements.holdings import Holding, Item, items_of
from engagements.models import Membership, Role
from engagements.permissions import Permission, check_owners, require_right
from tenancy.locks import lock

GONE = "These items were given away in the meantime. Reload the page."


@transaction.atomic
def hand_over(
    *, leaver: Membership, to: Membership, items: Collection[str], by: Membership, now: dt.datetime
) -> int:
    """Give items of someone who left or only reads to a colleague; return how many (M9.5).

    It needs only the lead. `items` are tokens; those given away meanwhile are left out. Terms that
    a commit freezes stay as they are. Raises ValidationError: `no_right`, `stays` for a leaver who
    can own things, `to` for a colleague who can't take one of them, `gone` if nothing is left.
    """
    today = by.engagement.today(now)
    chosen = [item for item in items_of(leaver, today=today) if item.token in items]
    try:
        fresh: tuple[Any, ...] = lock(*(item.row for item in chosen))
    except ObjectDoesNotExist as error:  # a draft that was discarded
        raise ValidationError(GONE, code="gone") from error
    require_right(by, Permission.PLAN, owners=[to, leaver])
    if leaver.can_own:
        raise ValidationError(f"{leaver.name} is an active member.", code="stays")
    held = [
        Item(holding=item.holding, row=row)
        for item, row in zip(chosen, fresh, strict=True)
        if getattr(row, f"{item.holding.key}_id") == leaver.pk
    ]
    if not held:
        raise ValidationError(GONE, code="gone")
    _check_colleague(to, held)
    for item in held:
        _give(item.holding, item.row, to=to)
    return len(held)


def _check_colleague(to: Membership, items: Collection[Item]) -> None:
    try:
        check_owners(to)
    except ValidationError as refusal:
        raise ValidationError(refusal.messages[0], code="to") from refusal
    refused = next((item for item in items if to.role not in item.holding.roles), None)
    if refused is not None:
        roles = " or ".join(role.label for role in Role if role.value in refused.holding.roles)
        raise ValidationError(
            f"{to.name} can’t take over “{refused.title}”, which needs the role {roles}. Choose"
            " someone else, or untick it.",
            code="to",
        )


def _give(holding: Holding, row: Any, *, to: Membership) -> None:
    setattr(row, holding.key, to)
    for counter in holding.counters:
        setattr(row, counter, getattr(row, counter) + 1)
    row.save(update_fields=[holding.key, *holding.counters])
    if holding.after is not None:
        holding.after(row)
