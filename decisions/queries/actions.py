"""Action items that are open, that ended lately, or that are waiting on one person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models.functions import Coalesce

from decisions.models import ActionItem, ActionItemQuerySet, load_occasions
from engagements.models import Engagement, Membership
from engagements.permissions import Permission, may
from okrs.models import KeyResult, Objective
from tenancy.models import instances, select_list

LATELY = dt.timedelta(days=14)
SOON = dt.timedelta(days=7)
MOST_ENDED = 100
WAITING = f"""
    SELECT {select_list(ActionItem, "action")}, {select_list(Objective, "objective")},
        {select_list(KeyResult, "key_result")}
    FROM decisions_actionitem action
    LEFT JOIN okrs_objective objective
        ON objective.engagement_id = action.engagement_id AND objective.id = action.objective_id
    LEFT JOIN okrs_keyresult key_result
        ON key_result.engagement_id = action.engagement_id AND key_result.id = action.key_result_id
    WHERE action.engagement_id = ANY(%(scope)s) AND action.engagement_id = ANY(%(engagements)s)
        AND action.owner_id = ANY(%(owners)s) AND action.due_on <= %(latest)s
        AND action.done_at IS NULL AND action.dropped_at IS NULL
    ORDER BY action.due_on, action.id
"""  # noqa: S608 - columns


@dataclass(frozen=True, kw_only=True)
class Actions:
    """An engagement's actions: open ones by date, so overdue first, and those that ended lately."""

    open: Sequence[ActionItem]
    ended: Sequence[ActionItem]
    today: dt.date

    @property
    def overdue(self) -> int:
        return sum(action.is_overdue(today=self.today) for action in self.open)


def actions(engagement: Engagement, *, now: dt.datetime) -> Actions:
    """Return the actions of the engagement's list. Three queries."""
    rows = _joined().filter(engagement=engagement)
    ended = rows.annotate(ended_at=Coalesce("done_at", "dropped_at")).filter(
        ended_at__gte=now - LATELY
    )
    page = Actions(
        open=list(rows.open()),
        ended=list(ended.order_by("-ended_at", "-id")[:MOST_ENDED]),
        today=engagement.today(now),
    )
    load_occasions([*page.open, *page.ended])
    return page


def action_row(*, engagement: Engagement, action: ActionItem) -> ActionItem:
    """Return the current action with everything that its row shows. Two queries."""
    row = _joined().get(engagement=engagement, pk=action.pk)
    load_occasions([row])
    return row


@dataclass(frozen=True, kw_only=True)
class WaitingAction:
    """An action of one person, and the client's day."""

    action: ActionItem
    today: dt.date


def waiting_actions(*, memberships: Iterable[Membership], now: dt.datetime) -> list[WaitingAction]:
    """List a person's open actions that are overdue or due within seven days, over all clients.

    The earliest first. Two queries.
    """
    members = {one.engagement_id: one for one in memberships if may(one.role, Permission.READ)}
    today = {pk: one.engagement.today(now) for pk, one in members.items()}
    tomorrow = now.date() + dt.timedelta(days=1)  # nowhere is it later than that
    waiting = []
    for action, objective, key_result in instances(
        WAITING,
        ActionItem,
        Objective,
        KeyResult,
        engagements=list(members),
        owners=[one.pk for one in members.values()],
        latest=tomorrow + SOON,
    ):
        if action.due_on <= today[action.engagement_id] + SOON:
            action.owner = members[action.engagement_id]
            action.engagement = action.owner.engagement
            action.objective, action.key_result = objective, key_result
            waiting.append(action)
    load_occasions(waiting)
    return [WaitingAction(action=row, today=today[row.engagement_id]) for row in waiting]


def _joined() -> ActionItemQuerySet:
    joins = ("engagement", "owner", "objective", "key_result", "done_by", "dropped_by")
    rows: ActionItemQuerySet = ActionItem.objects.select_related(*joins).order_by("due_on", "id")
    return rows
