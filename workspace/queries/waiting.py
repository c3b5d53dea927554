"""What waits for a person on My week, next to their cards."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from checkins.queries.asks import Asks, open_asks
from decisions.queries.log import WaitingAction, waiting_actions
from engagements.models import Membership
from engagements.permissions import Permission, may
from escalations.models import EscalationAct
from escalations.pending import tasks_for
from escalations.queries import EscalationCard
from reviews.models import Review

AHEAD = dt.timedelta(days=2)
BEHIND = dt.timedelta(days=1)  # not closed yet, or not begun in time


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """The tasks of one person at all clients of a page."""

    asks: Asks
    actions: Sequence[WaitingAction]
    escalations: Sequence[EscalationCard]
    reviews: Sequence[Review]

    @property
    def total(self) -> int:
        return self.asks.total + len(self.actions) + len(self.escalations) + len(self.reviews)

    @property
    def overdue_actions(self) -> int:
        return sum(one.action.is_overdue(today=one.today) for one in self.actions)

    @property
    def asking_escalations(self) -> int:
        """Count those that ask for something: a plan that runs to its checkpoint does not."""
        return sum(
            one.deadline is not EscalationAct.PLAN or one.is_over_time for one in self.escalations
        )


def waiting(*, memberships: Iterable[Membership], with_reviews: bool, now: dt.datetime) -> Waiting:
    """Return what waits; reviews are near only for someone who has no card."""
    memberships = list(memberships)
    return Waiting(
        asks=open_asks(memberships=memberships),
        actions=waiting_actions(memberships=memberships, now=now),
        escalations=tasks_for(memberships=memberships, now=now),
        reviews=_near_reviews(memberships, now=now) if with_reviews else [],
    )


def _near_reviews(memberships: Iterable[Membership], *, now: dt.datetime) -> list[Review]:
    """Those that this person runs within two days, and yesterday's that is open.

    One query, none for somebody who runs no review anywhere.
    """
    members = [one for one in memberships if may(one.role, Permission.RUN_REVIEWS)]
    if not members:
        return []
    rows = Review.objects.filter(
        engagement_id__in=[one.engagement_id for one in members],
        lead_id__in=[one.pk for one in members],
        closed_at=None,
        scheduled_at__range=(now - BEHIND, now + AHEAD),
    )
    return list(rows.select_related("engagement").defer("standings").order_by("scheduled_at", "id"))
