"""Action items that are open, that ended lately, or that are waiting on one person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models.functions import Coalesce

from decisions.models import ActionItem, ActionItemQuerySet, load_occasions
from engagements.models import Engagement, Membership
from engagements.permissions import Permission, may

LATELY = dt.timedelta(days=14)
SOON = dt.timedelta(days=7)
MOST_ENDED = 100


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
    members = [one for one in memberships if may(one.role, Permission.READ)]
    today = {one.engagement_id: one.engagement.today(now) for one in members}
    tomorrow = now.date() + dt.timedelta(days=1)  # nowhere is it later than that
    rows = (
        _joined()
        .open()
        .filter(
            engagement__in=today, owner__in=[one.pk for one in members], due_on__lte=tomorrow + SOON
        )
    )
    waiting = [row for row in rows if row.due_on <= today[row.engagement_id] + SOON]
    load_occasions(waiting)
    return [WaitingAction(action=row, today=today[row.engagement_id]) for row in waiting]


def _joined() -> ActionItemQuerySet:
    joins = ("engagement", "owner", "objective", "key_result", "done_by", "dropped_by")
    rows: ActionItemQuerySet = ActionItem.objects.select_related(*joins).order_by("due_on", "id")
    return rows
