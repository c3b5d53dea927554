from __future__ import annotations

import datetime as dt
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db.models import F

from checkins.models import CheckIn
from checkins.periods import (
    Rhythm,
    asked_since,
    next_opening,
    open_periods,
    rhythm_between,
    rhythm_of,
)
from checkins.queries.cards import Due, DueCard, Group, MyWeek, WeekCard, due_by, due_of, mondays
from checkins.queries.key_results import KeyResultRow, key_result_row
from engagements.models import Engagement, Membership
from engagements.permissions import Permission, may, may_here
from okrs.models import Cycle, KeyResult
from scoring import pace
from tenancy.sql import rows

Members = Mapping[int, Membership]  # by engagement
CURRENT = (
    *("id", "engagement_id", "public_id", "key_result_id", "period", "measured_on", "posted_at"),
    *("author_id", "undone_by_id", "author__name"),
)
# The stages are written out because only then the index of live key results is used.
WEEK = """
    SELECT key_result.id, key_result.engagement_id, key_result.public_id, key_result.title,
        key_result.committed_at, cycle.id AS cycle_id, cycle.public_id AS cycle_public_id,
        cycle.name AS cycle_name, cycle.starts_on, cycle.ends_on,
        jsonb_path_query_array(key_result.trail, '$[last-6 to last][0]')::text AS lately
    FROM okrs_keyresult key_result
    JOIN okrs_objective objective ON objective.id = key_result.objective_id
    JOIN okrs_cycle cycle ON cycle.id = objective.cycle_id
    WHERE key_result.engagement_id = ANY(%(scope)s::bigint[])
        AND key_result.engagement_id = ANY(%(engagements)s::bigint[])
        AND key_result.stage IN ('committed', 'on_track', 'at_risk')
        AND (
            key_result.owner_id = ANY(%(members)s::bigint[])
            OR EXISTS (
                SELECT 1 FROM okrs_collaborator helper
                WHERE helper.engagement_id = key_result.engagement_id
                    AND helper.engagement_id = ANY(%(engagements)s::bigint[])
                    AND helper.key_result_id = key_result.id
                    AND helper.member_id = ANY(%(members)s::bigint[])
            )
        )
    ORDER BY key_result.position, key_result.id
"""


@dataclass(frozen=True)
class WeekRow:
    """A live key result with its cycle; `lately` has the Mondays of its last check-ins (JSON)."""

    id: int
    engagement_id: int
    public_id: str
    title: str
    committed_at: dt.datetime
    cycle_id: int
    cycle_public_id: str
    cycle_name: str
    starts_on: dt.date
    ends_on: dt.date
    lately: str

    def rhythm(self, engagement: Engagement) -> Rhythm:
        return rhythm_between(self.starts_on, self.ends_on, engagement=engagement)

    def due(self, engagement: Engagement, *, now: dt.datetime) -> Due:
        return due_by(
            self.rhythm(engagement),
            filled=mondays(json.loads(self.lately)),
            since=asked_since(self.committed_at, engagement=engagement),
            now=now,
        )

    @cached_property
    def cycle(self) -> Cycle:
        return Cycle(
            id=self.cycle_id,
            engagement_id=self.engagement_id,
            public_id=self.cycle_public_id,
            name=self.cycle_name,
            starts_on=self.starts_on,
            ends_on=self.ends_on,
        )


def my_week(*, memberships: Iterable[Membership], now: dt.datetime) -> MyWeek:
    """Return the cards that this person owns or helps with if a period is open (M6.3).

    Cards are grouped by client and cycle; groups and cards come late first, then by due time, then
    by name, those that are done last. Two queries.
    """
    members = {one.engagement_id: one for one in memberships if may(one.role, Permission.CHECK_IN)}
    ids = [one.pk for one in members.values()]
    mine = rows(WEEK, WeekRow, members=ids, engagements=list(members))
    clients = {pk: one.engagement for pk, one in members.items()}
    rhythms = {row.id: row.rhythm(clients[row.engagement_id]) for row in mine}
    waiting = [row for row in mine if open_periods(rhythms[row.id], now)]
    dues = {row.id: row.due(clients[row.engagement_id], now=now) for row in waiting}
    previous = _current([row.id for row in waiting if dues[row.id].is_done], members)
    cards = [
        (
            row,
            WeekCard(
                membership=members[row.engagement_id],
                key_result_id=row.id,
                public_id=row.public_id,
                title=row.title,
                rhythm=rhythms[row.id],
                due=dues[row.id],
                previous=previous.get(row.id),
                now=now,
            ),
        )
        for row in waiting
    ]
    openings = (
        []
        if cards
        else [
            (period.opens_at, clients[row.engagement_id])
            for row in mine
            if (period := next_opening(rhythms[row.id], now))
        ]
    )
    opening = min(openings, key=lambda pair: pair[0], default=(None, None))
    return MyWeek(
        groups=_groups(cards, now=now), next_opens_at=opening[0], next_engagement=opening[1]
    )


def due_card(*, key_result: KeyResult, membership: Membership, now: dt.datetime) -> DueCard | None:
    """Read the card of one key result, whether or not a period is open. One query.

    None if it is not live, or if this member may not check in.
    """
    row = key_result_row(key_result.public_id, engagement=membership.engagement)
    return card_of(row, membership=membership, now=now) if row else None


def card_of(row: KeyResultRow, *, membership: Membership, now: dt.datetime) -> DueCard | None:
    """Return the card of a row that was read; None as for `due_card`."""
    key_result = row.key_result
    if not key_result.is_live or not may_here(membership, Permission.CHECK_IN):
        return None
    return DueCard(
        membership=membership,
        key_result_id=key_result.pk,
        public_id=key_result.public_id,
        title=key_result.title,
        rhythm=rhythm_of(key_result),
        due=due_of(key_result, now=now),
        previous=row.current,
        now=now,
        key_result=key_result,
        latest_check_in_id=row.latest_check_in_id,
    )


def _current(key_result_ids: Collection[int], members: Members) -> dict[int, CheckIn]:
    """Return the check-in in effect, by key result. No query for none."""
    if not key_result_ids:
        return {}
    found = CheckIn.objects.current().filter(
        engagement_id__in=members,
        key_result_id__in=key_result_ids,
        period=F("key_result__last_period"),
    )
    current = found.select_related("author").order_by().only(*CURRENT)
    return {one.key_result_id: one for one in current}


def _groups(cards: Iterable[tuple[WeekRow, WeekCard]], *, now: dt.datetime) -> list[Group]:
    by_cycle: dict[tuple[int, int], list[tuple[WeekRow, WeekCard]]] = defaultdict(list)
    for row, card in cards:
        by_cycle[row.engagement_id, row.cycle_id].append((row, card))
    cycles = Counter(client for client, _ in by_cycle)
    groups = [
        _group(found, is_only=cycles[client] == 1, now=now)
        for (client, _), found in by_cycle.items()
    ]
    return sorted(groups, key=lambda group: _urgency(group.cards[0]))


def _group(found: Sequence[tuple[WeekRow, WeekCard]], *, is_only: bool, now: dt.datetime) -> Group:
    row, card = found[0]
    cycle, today = row.cycle, card.today
    return Group(
        engagement=card.engagement,
        cycle=cycle,
        is_only=is_only,
        membership=card.membership,
        cards=sorted((card for _, card in found), key=_urgency),
        week=cycle.week_on(today),
        weeks=cycle.weeks,
        pace=pace(start=cycle.starts_on, due=cycle.ends_on, today=today),
    )


def _urgency(card: WeekCard) -> tuple[bool, bool, dt.datetime, str, int]:
    return (
        card.is_done,
        not card.is_late,
        card.due_at if card.is_asked else card.closes_at,
        card.engagement.client_name.casefold(),
        card.key_result_id,
    )
