from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from checkins.periods import asked_since, open_periods, rhythm_between
from checkins.queries.states import LATELY, due_by, mondays
from engagements.models import Membership
from engagements.permissions import Permission, may
from okrs.models import KeyResult, Stage
from tenancy.compiled import AnyOf, Compiled


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
    readable = {one.engagement_id: one for one in members if may(one.role, Permission.READ)}
    late, at_risk = Counter[int](), Counter[int]()
    for client, count, risky, *facts in ALIKE(engagements=list(readable)):
        at_risk[client] += risky
        if _is_late(readable[client], *facts, now=now):
            late[client] += count
    return [
        Client(
            membership=one,
            reads=one.engagement_id in readable,
            late=late[one.engagement_id],
            at_risk=at_risk[one.engagement_id],
        )
        for one in members
    ]


def _alike() -> QuerySet[KeyResult, tuple[Any, ...]]:
    """Live key results by what their being late depends on; those of one commit are alike."""
    rows = KeyResult.objects.live().filter(AnyOf("engagement_id", "engagements"))
    cycle = ("objective__cycle__starts_on", "objective__cycle__ends_on")
    alike = rows.order_by().values("engagement_id", *cycle, "committed_at", lately=LATELY)
    counts = {"count": Count("pk"), "at_risk": Count("pk", filter=Q(stage=Stage.AT_RISK))}
    found: QuerySet[KeyResult, tuple[Any, ...]] = alike.annotate(**counts).values_list(
        "engagement_id", "count", "at_risk", *cycle, "committed_at", "lately"
    )
    return found


ALIKE = Compiled(_alike)


def _is_late(
    membership: Membership,
    starts_on: dt.date,
    ends_on: dt.date,
    committed_at: dt.datetime,
    lately: Sequence[str],
    *,
    now: dt.datetime,
) -> bool:
    engagement = membership.engagement
    rhythm = rhythm_between(starts_on, ends_on, engagement=engagement)
    if not open_periods(rhythm, now):
        return False
    since = asked_since(committed_at, engagement=engagement)
    return due_by(rhythm, filled=mondays(lately), since=since, now=now).is_late
