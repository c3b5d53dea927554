from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from checkins.periods import asked_since, open_periods, rhythm_between
from checkins.queries.cards import due_by, mondays
from engagements.models import Membership
from engagements.permissions import Permission, may
from tenancy.sql import rows

# Key results of one commit are alike in all that being late depends on.
LIVE = """
    SELECT key_result.engagement_id, cycle.starts_on, cycle.ends_on, key_result.committed_at,
        jsonb_path_query_array(key_result.trail, '$[last-6 to last][0]')::text AS lately,
        count(*) AS count, count(*) FILTER (WHERE key_result.stage = 'at_risk') AS at_risk
    FROM okrs_keyresult key_result
    JOIN okrs_objective objective ON objective.id = key_result.objective_id
    JOIN okrs_cycle cycle ON cycle.id = objective.cycle_id
    WHERE key_result.engagement_id = ANY(%(scope)s::bigint[])
        AND key_result.engagement_id = ANY(%(engagements)s::bigint[])
        AND key_result.stage IN ('committed', 'on_track', 'at_risk')
    GROUP BY 1, 2, 3, 4, 5
"""


@dataclass(frozen=True, slots=True)
class LiveRow:
    """Live key results of a client that are late or not together."""

    engagement_id: int
    starts_on: dt.date
    ends_on: dt.date
    committed_at: dt.datetime
    lately: str
    count: int
    at_risk: int


@dataclass(frozen=True, kw_only=True)
class Client:
    """A client of this person with the counts of all its cards; none if the role may not read."""

    membership: Membership
    reads: bool
    late: int
    at_risk: int


def clients(*, memberships: Iterable[Membership], now: dt.datetime) -> list[Client]:
    """Return each client of this person with its late and at-risk key results. One query."""
    members = list(memberships)
    readable = {one.engagement_id: one for one in members if may(one.role, Permission.READ)}
    late, at_risk = Counter[int](), Counter[int]()
    for like in rows(LIVE, LiveRow, engagements=list(readable)):
        at_risk[like.engagement_id] += like.at_risk
        if _is_late(readable[like.engagement_id], like, now=now):
            late[like.engagement_id] += like.count
    return [
        Client(
            membership=one,
            reads=one.engagement_id in readable,
            late=late[one.engagement_id],
            at_risk=at_risk[one.engagement_id],
        )
        for one in members
    ]


def _is_late(membership: Membership, like: LiveRow, *, now: dt.datetime) -> bool:
    engagement = membership.engagement
    rhythm = rhythm_between(like.starts_on, like.ends_on, engagement=engagement)
    if not open_periods(rhythm, now):
        return False
    since = asked_since(like.committed_at, engagement=engagement)
    return due_by(rhythm, filled=mondays(json.loads(like.lately)), since=since, now=now).is_late
