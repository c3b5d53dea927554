from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.db.models import BigIntegerField, F, OuterRef, QuerySet, Subquery

from checkins.models import CheckIn
from checkins.periods import next_opening, open_periods, rhythm_of
from checkins.queries.cards import DueCard, Group, MyWeek
from checkins.queries.states import LATELY, Due, due_lately, due_of
from engagements.models import Engagement, Membership
from engagements.permissions import Permission, may, may_here
from okrs.models import KeyResult
from okrs.models.key_results import KeyResultQuerySet
from scoring import pace
from tenancy.compiled import AnyOf, Compiled, Slot

Members = Mapping[int, Membership]  # by engagement
# What a closed card shows; the rest is read once somebody opens one.
SHOWN = (
    *("id", "engagement_id", "public_id", "title", "stage", "committed_at"),
    *("latest_value", "measured_on", "score", "rag", "evidence_url", "red_since", "last_week"),
    *("metric__unit", "objective__title"),
    *("objective__cycle__public_id", "objective__cycle__name"),
    *("objective__cycle__starts_on", "objective__cycle__ends_on"),
)
SAID = (
    *("id", "engagement_id", "public_id", "key_result_id", "period", "measured_on", "posted_at"),
    *("author_id", "undone_by_id", "author__name"),
)


def my_week(*, memberships: Iterable[Membership], now: dt.datetime) -> MyWeek:
    """The cards that this person owns or helps with, wherever a period is open (M6.3).

    Cards are grouped by client and cycle; groups and cards come late first, then by due time, then
    by name, those that are done last. Two queries; what a closed card does not show is not read:
    the check-in that stands only of those that are done.
    """
    members = {one.engagement_id: one for one in memberships if may(one.role, Permission.CHECK_IN)}
    mine = MINE(members=[one.pk for one in members.values()], engagements=list(members))
    for one in mine:
        one.engagement = members[one.engagement_id].engagement
    waiting = [one for one in mine if open_periods(rhythm_of(one), now)]
    dues = {one.pk: due_lately(one, now=now) for one in waiting}
    done = [one for one in waiting if dues[one.pk].is_done]
    previous = _previous(done, read=STANDING_SHOWN)
    cards = list(_cards(waiting, dues=dues, previous=previous, members=members, now=now))
    opening = min(
        () if cards else _openings(mine, now=now), key=lambda pair: pair[0], default=(None, None)
    )
    return MyWeek(
        groups=_groups(cards, members=members, now=now),
        next_opens_at=opening[0],
        next_engagement=opening[1],
    )


def due_card(*, key_result: KeyResult, membership: Membership, now: dt.datetime) -> DueCard | None:
    """The card of one key result, whether or not a period is open. Two queries.

    None where it is not live, or where this member may not check in.
    """
    if not may_here(membership, Permission.CHECK_IN):
        return None
    found = ONE(engagement=membership.engagement_id, key_result=key_result.pk)
    dues = {one.pk: due_of(one, now=now) for one in found}
    members, previous = {membership.engagement_id: membership}, _previous(found, read=STANDING)
    return next(_cards(found, dues=dues, previous=previous, members=members, now=now), None)


def _mine() -> KeyResultQuerySet:
    rows = (
        KeyResult.objects.live()
        .answered_for_by("members")
        .filter(AnyOf("engagement_id", "engagements"))
    )
    return rows.select_related("objective__cycle", "metric").only(*SHOWN).annotate(lately=LATELY)


def _one() -> KeyResultQuerySet:
    latest = CheckIn.objects.filter(
        engagement_id=OuterRef("engagement_id"), key_result_id=OuterRef("pk")
    )
    newest = Subquery(latest.order_by("-id").values("public_id")[:1])
    rows = (
        KeyResult.objects.live()
        .for_card()
        .select_related("engagement")
        .annotate(latest_check_in_id=newest)
    )
    return rows.filter(
        engagement_id=Slot("engagement", BigIntegerField()),
        pk=Slot("key_result", BigIntegerField()),
    )


def _standing() -> QuerySet[CheckIn]:
    rows = CheckIn.objects.current().select_related("author").order_by()
    return rows.filter(
        AnyOf("engagement_id", "engagements"),
        AnyOf("key_result_id", "key_results"),
        period=F("key_result__last_period"),
    )


MINE, ONE, STANDING = Compiled(_mine), Compiled(_one), Compiled(_standing)
STANDING_SHOWN = Compiled(lambda: _standing().only(*SAID))


def _previous(key_results: Sequence[KeyResult], *, read: Compiled[CheckIn]) -> dict[int, CheckIn]:
    """The check-in that stands, by key result. No query for none."""
    clients, ids = {one.engagement_id for one in key_results}, [one.pk for one in key_results]
    standing = read(engagements=list(clients), key_results=ids) if ids else []
    return {one.key_result_id: one for one in standing}


def _cards(
    key_results: Iterable[KeyResult],
    *,
    dues: Mapping[int, Due],
    previous: Mapping[int, CheckIn],
    members: Members,
    now: dt.datetime,
) -> Iterator[DueCard]:
    for one in key_results:
        yield DueCard(
            key_result=one,
            membership=members[one.engagement_id],
            due=dues[one.pk],
            previous=previous.get(one.pk),
            latest_check_in_id=getattr(one, "latest_check_in_id", None) or "",
            now=now,
        )


def _groups(cards: Iterable[DueCard], *, members: Members, now: dt.datetime) -> list[Group]:
    by_cycle: dict[tuple[int, int], list[DueCard]] = defaultdict(list)
    for card in cards:
        row = card.key_result
        by_cycle[row.engagement_id, row.objective.cycle_id].append(card)
    cycles = Counter(client for client, _ in by_cycle)
    groups = [
        _group(found, membership=members[client], is_only=cycles[client] == 1, now=now)
        for (client, _), found in by_cycle.items()
    ]
    return sorted(groups, key=lambda group: _urgency(group.cards[0]))


def _group(
    cards: Sequence[DueCard], *, membership: Membership, is_only: bool, now: dt.datetime
) -> Group:
    ranked = sorted(cards, key=_urgency)
    first = ranked[0].key_result
    cycle, today = first.objective.cycle, rhythm_of(first).day_of(now)
    return Group(
        engagement=first.engagement,
        cycle=cycle,
        is_only=is_only,
        membership=membership,
        cards=ranked,
        week=cycle.week_on(today),
        weeks=cycle.weeks,
        pace=pace(start=cycle.starts_on, due=cycle.ends_on, today=today),
    )


def _urgency(card: DueCard) -> tuple[bool, bool, dt.datetime, str, int]:
    return (
        card.is_done,
        not card.is_late,
        card.due_at if card.is_asked else card.closes_at,
        card.engagement.client_name.casefold(),
        card.key_result.pk,
    )


def _openings(
    key_results: Iterable[KeyResult], *, now: dt.datetime
) -> Iterator[tuple[dt.datetime, Engagement]]:
    for one in key_results:
        period = next_opening(rhythm_of(one), now)
        if period:
            yield period.opens_at, one.engagement
