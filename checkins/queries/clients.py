from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from checkins.periods import open_periods
from checkins.queries.states import due_of
from checkins.rhythms import rhythm_of
from engagements.models import Membership
from engagements.permissions import Permission, may
from okrs.models import KeyResult, Stage


@dataclass(frozen=True, kw_only=True)
class Client:
    """How one client stands, whoever its cards belong to; nothing where the role does not read."""

    membership: Membership
    reads: bool
    late: int
    at_risk: int


def clients(*, memberships: Iterable[Membership], now: dt.datetime) -> list[Client]:
    """Each client of this person with its late and at-risk key results. One query."""
    members = list(memberships)
    readable = [one.engagement_id for one in members if may(one.role, Permission.READ)]
    rows = KeyResult.objects.live().filter(engagement_id__in=readable)
    live = list(rows.select_related("engagement", "objective__cycle"))
    late = Counter(one.engagement_id for one in live if _is_late(one, now=now))
    at_risk = Counter(one.engagement_id for one in live if one.stage == Stage.AT_RISK)
    return [
        Client(
            membership=one,
            reads=one.engagement_id in readable,
            late=late[one.engagement_id],
            at_risk=at_risk[one.engagement_id],
        )
        for one in members
    ]


def _is_late(key_result: KeyResult, *, now: dt.datetime) -> bool:
    is_asked = bool(open_periods(rhythm_of(key_result), now))
    return is_asked and due_of(key_result, now=now).is_late
