"""Reads of action items: what is open, what was done lately, what waits for one person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from decisions.models import ActionItem
from decisions.models.occasions import load_occasions
from engagements.models import Engagement, Membership
from engagements.permissions import Permission, may

LATELY = dt.timedelta(days=14)
SOON = dt.timedelta(days=7)
MOST_DONE = 50


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
    """Four queries."""
    here = _joined().filter(engagement=engagement)
    done = here.filter(done_at__gte=now - LATELY).order_by("-done_at")[:MOST_DONE]
    dropped = here.filter(dropped_at__gte=now - LATELY).order_by("-dropped_at")[:MOST_DONE]
    ended = sorted([*done, *dropped], key=ended_at, reverse=True)
    still_open = list(here.filter(done_at=None, dropped_at=None))
    load_occasions([*still_open, *ended])
    return Actions(
        open=still_open,
        ended=ended,
        today=engagement.today(now),
    )


def action_row(*, engagement: Engagement, action: ActionItem) -> ActionItem:
    """One action as it stands now, with all that its row shows. Two queries."""
    row = _joined().get(engagement=engagement, pk=action.pk)
    load_occasions([row])
    return row


def ended_at(action: ActionItem) -> dt.datetime:
    ended: dt.datetime | None = action.done_at or action.dropped_at
    assert ended is not None  # noqa: S101 - for the type checker: only those that ended are asked
    return ended


@dataclass(frozen=True, kw_only=True)
class WaitingAction:
    """An action of this person's, and what day it is for its client."""

    action: ActionItem
    today: dt.date


def waiting_actions(*, memberships: Iterable[Membership], now: dt.datetime) -> list[WaitingAction]:
    """Their own open actions that are overdue or due within seven days, in every engagement.

    The earliest first. Two queries.
    """
    members = [one for one in memberships if may(one.role, Permission.READ)]
    tomorrow = now.date() + dt.timedelta(days=1)  # nowhere is it later than that
    rows = _joined().filter(
        engagement_id__in=[one.engagement_id for one in members],
        owner_id__in=[one.pk for one in members],
        done_at=None,
        dropped_at=None,
        due_on__lte=tomorrow + SOON,
    )
    today = {one.engagement_id: one.engagement.today(now) for one in members}
    found = [WaitingAction(action=row, today=today[row.engagement_id]) for row in rows]
    waiting = [one for one in found if one.action.due_on <= one.today + SOON]
    load_occasions(one.action for one in waiting)
    return waiting


def _joined() -> QuerySet[ActionItem]:
    joins = ("engagement", "owner", "objective", "key_result", "done_by", "dropped_by")
    rows = ActionItem.objects.select_related(*joins)
    return rows.order_by("due_on", "id")
