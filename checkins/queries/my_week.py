"""My week: the cards of one person over all clients, and what else they wait for there."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from operator import itemgetter
from typing import Any

from django.db.models import F

from checkins.models import CheckIn
from checkins.periods import Asking, Rhythm, asked_since, next_opening, rhythm_between
from checkins.queries.cards import CardState, Due, WeekCard, due_by
from engagements.models import Engagement, Membership
from engagements.permissions import Permission, may
from okrs.models import Cycle, KeyResult
from scoring import pace
from tenancy.models import rows

Members = Mapping[int, Membership]  # by engagement
CURRENT = (
    *("id", "engagement_id", "public_id", "key_result_id", "period", "measured_on", "posted_at"),
    *("author_id", "undone_by_id", "author__name"),
)
SHOWN_IN_ROW = (
    *("id", "engagement_id", "public_id", "title", "latest_value", "measured_on", "score", "rag"),
    *(
        "on_pace",
        "silent_from",
        "evidence_url",
        "red_since",
        "last_week",
        "metric__unit",
        "objective__title",
    ),
)
# The stages are written out because only then the index of live key results is used.
WEEK = """
    SELECT key_result.id, key_result.engagement_id, key_result.public_id, key_result.title,
        key_result.committed_at, cycle.id AS cycle_id, cycle.public_id AS cycle_public_id,
        cycle.name AS cycle_name, cycle.starts_on, cycle.ends_on,
        key_result.due_on, key_result.is_finished,
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
# Key results of one commit are alike in all that being late depends on.
LIVE = """
    SELECT key_result.engagement_id, cycle.starts_on, cycle.ends_on, key_result.committed_at,
        key_result.due_on, key_result.is_finished,
        jsonb_path_query_array(key_result.trail, '$[last-6 to last][0]')::text AS lately,
        key_result.silent_from, count(*) AS count, count(*) FILTER (WHERE NOT key_result.on_pace) AS behind
    FROM okrs_keyresult key_result
    JOIN okrs_objective objective ON objective.id = key_result.objective_id
    JOIN okrs_cycle cycle ON cycle.id = objective.cycle_id
    WHERE key_result.engagement_id = ANY(%(scope)s::bigint[])
        AND key_result.engagement_id = ANY(%(engagements)s::bigint[])
        AND key_result.stage IN ('committed', 'on_track', 'at_risk')
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""


@dataclass(frozen=True, kw_only=True)
class LiveRow:
    """What the due time of key results depends on.

    `lately` has the Mondays of the last seven check-ins (JSON). Two periods may be open, the older
    one a month's: where it was a week's before, five check-ins lie in it, and one in the period
    after it.
    """

    engagement_id: int
    committed_at: dt.datetime
    starts_on: dt.date
    ends_on: dt.date
    due_on: dt.date | None
    is_finished: bool
    lately: str

    def rhythm(self, engagement: Engagement) -> Rhythm:
        return rhythm_between(self.starts_on, self.ends_on, engagement=engagement)

    @cached_property
    def filled(self) -> set[dt.date]:
        return {dt.date.fromisoformat(monday) for monday in json.loads(self.lately)}

    @property
    def asking(self) -> Asking:
        last = max(self.filled, default=None)
        return Asking(due_on=self.due_on, is_finished=self.is_finished, last=last)

    def asks_now(self, engagement: Engagement, *, now: dt.datetime) -> bool:
        return bool(self.asking.periods_in(self.rhythm(engagement), now))

    def due(self, engagement: Engagement, *, now: dt.datetime) -> Due:
        return due_by(
            self.rhythm(engagement),
            asking=self.asking,
            filled=self.filled,
            since=asked_since(self.committed_at, engagement=engagement),
            now=now,
        )


@dataclass(frozen=True, kw_only=True)
class WeekRow(LiveRow):
    """A live key result with its cycle."""

    id: int
    public_id: str
    title: str
    cycle_id: int
    cycle_public_id: str
    cycle_name: str


@dataclass(frozen=True, kw_only=True)
class CountRow(LiveRow):
    """Live key results of a client that are late or not together."""

    silent_from: dt.date | None
    count: int
    behind: int


@dataclass(frozen=True, kw_only=True)
class Client:
    """A client of this person with the counts of all its cards; none if the role may not read."""

    membership: Membership
    reads: bool
    late: int
    behind: int


@dataclass(frozen=True, kw_only=True)
class Cards:
    """Cards, counted by how much they press."""

    cards: Sequence[WeekCard]

    @property
    def total(self) -> int:
        return len(self.cards)

    @property
    def late(self) -> int:
        return sum(card.is_late for card in self.cards)

    @property
    def due_today(self) -> int:
        return sum(card.is_due_today for card in self.cards)

    @property
    def later(self) -> int:
        return sum(card.state is CardState.LATER for card in self.cards)

    @property
    def done(self) -> int:
        return sum(card.is_done for card in self.cards)

    @property
    def left(self) -> int:
        return self.total - self.done


@dataclass(frozen=True, kw_only=True)
class Group(Cards):
    """The cards of one cycle of a client, most urgent first; `is_only` if it has no other cycle."""

    engagement: Engagement
    cycle: Cycle
    is_only: bool
    membership: Membership
    week: int
    weeks: int
    pace: Decimal

    @property
    def anchor(self) -> str:
        """Return the DOM id of the group."""
        slug: str = self.engagement.slug
        return slug if self.is_only else f"{slug}-{self.cycle.public_id}"


@dataclass(frozen=True, kw_only=True)
class MyWeek(Cards):
    """All cards that wait for one person's check-in, over all their clients."""

    groups: Sequence[Group]
    next_opens_at: dt.datetime | None
    next_engagement: Engagement | None


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
    waiting = [row for row in mine if row.asks_now(clients[row.engagement_id], now=now)]
    dues = {row.id: row.due(clients[row.engagement_id], now=now) for row in waiting}
    previous = _current([row.id for row in waiting if dues[row.id].is_done], members)
    cards = [
        WeekCard(
            membership=members[row.engagement_id],
            key_result_id=row.id,
            public_id=row.public_id,
            title=row.title,
            rhythm=rhythms[row.id],
            previous=previous.get(row.id),
            now=now,
            **vars(dues[row.id]),
        )
        for row in waiting
    ]
    groups = _groups(sorted(cards, key=_urgency), rows={row.id: row for row in waiting})
    openings = [
        (period.opens_at, clients[row.engagement_id])
        for row in mine
        if not cards
        and (period := next_opening(rhythms[row.id], now))
        and row.asking.includes(period)
    ]
    opens_at, engagement = min(openings, key=itemgetter(0), default=(None, None))
    return MyWeek(
        cards=[card for group in groups for card in group.cards],
        groups=groups,
        next_opens_at=opens_at,
        next_engagement=engagement,
    )


def clients(*, memberships: Iterable[Membership], now: dt.datetime) -> list[Client]:
    """Return each client of this person with its key results that are late or behind pace. One query."""
    members = list(memberships)
    readable = {one.engagement_id: one for one in members if may(one.role, Permission.READ)}
    late, behind = Counter[int](), Counter[int]()
    for row in rows(LIVE, CountRow, engagements=list(readable)):
        engagement = readable[row.engagement_id].engagement
        if row.silent_from is None or row.silent_from > engagement.today(now):  # M9.2
            behind[row.engagement_id] += row.behind
        if row.asks_now(engagement, now=now) and row.due(engagement, now=now).is_late:
            late[row.engagement_id] += row.count
    return [
        Client(
            membership=one,
            reads=one.engagement_id in readable,
            late=late[one.engagement_id],
            behind=behind[one.engagement_id],
        )
        for one in members
    ]


def row_contexts(cards: Collection[WeekCard]) -> list[dict[str, Any]]:
    """Return what the row of each card shows. One query."""
    found = KeyResult.objects.filter(
        engagement_id__in={card.membership.engagement_id for card in cards},
        pk__in=[card.key_result_id for card in cards],
    )
    shown = found.select_related("objective", "metric").only(*SHOWN_IN_ROW).in_bulk()
    return [{"card": card, "key_result": shown[card.key_result_id]} for card in cards]


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


def _groups(cards: Iterable[WeekCard], *, rows: Mapping[int, WeekRow]) -> list[Group]:
    """Group cards by cycle; both keep the order in which the cards come."""
    by_cycle: dict[tuple[int, int], list[WeekCard]] = defaultdict(list)
    for card in cards:
        row = rows[card.key_result_id]
        by_cycle[row.engagement_id, row.cycle_id].append(card)
    cycles = Counter(client for client, _ in by_cycle)
    return [
        _group(found, row=rows[found[0].key_result_id], cycles=cycles)
        for found in by_cycle.values()
    ]


def _group(cards: Sequence[WeekCard], *, row: WeekRow, cycles: Counter[int]) -> Group:
    card = cards[0]
    cycle = Cycle(
        id=row.cycle_id,
        engagement_id=row.engagement_id,
        public_id=row.cycle_public_id,
        name=row.cycle_name,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
    )
    return Group(
        engagement=card.engagement,
        cycle=cycle,
        is_only=cycles[row.engagement_id] == 1,
        membership=card.membership,
        cards=cards,
        week=cycle.week_on(card.today),
        weeks=cycle.weeks,
        pace=pace(start=cycle.starts_on, due=cycle.ends_on, today=card.today),
    )


def _urgency(card: WeekCard) -> tuple[bool, bool, dt.datetime, str, int]:
    return (
        card.is_done,
        not card.is_late,
        card.period.due_at if card.is_asked else card.period.closes_at,
        card.engagement.client_name.casefold(),
        card.key_result_id,
    )
