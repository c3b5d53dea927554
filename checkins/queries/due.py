from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.db.models import F, OuterRef, Subquery

from checkins.assessment import assess_standing, standing_prompt
from checkins.models import CheckIn
from checkins.periods import (
    Period,
    closed_periods,
    due_after,
    fill,
    fillable_periods,
    next_opening,
    open_periods,
)
from checkins.queries.cards import CardState, DueCard, Group, MyWeek
from checkins.rhythms import filled_periods, is_overdue, missed_periods, rhythm_of
from checkins.undoing import undo_refusal
from engagements.models import Engagement, Membership
from engagements.permissions import Permission, may
from okrs.models import KeyResult
from okrs.models.key_results import KeyResultQuerySet
from scoring import pace

Members = Mapping[int, Membership]  # by engagement


def my_week(*, memberships: Iterable[Membership], now: dt.datetime) -> MyWeek:
    """The cards that this person owns or helps with, wherever a period is open (M6.3).

    Clients and cards come late first, then by due time, then by name. Two queries.
    """
    members = {one.engagement_id: one for one in memberships if may(one.role, Permission.CHECK_IN)}
    mine = list(_live().answered_for_by(members.values()))
    waiting = [one for one in mine if open_periods(rhythm_of(one), now)]
    cards: dict[int, list[DueCard]] = defaultdict(list)
    for card in _cards(waiting, members=members, now=now):
        cards[card.key_result.engagement_id].append(card)
    groups = [_group(cards[one], membership=members[one], now=now) for one in cards]
    opening = min(_openings(mine, now=now), key=lambda pair: pair[0], default=(None, None))
    return MyWeek(
        groups=sorted(groups, key=lambda group: _urgency(group.cards[0])),
        next_opens_at=opening[0],
        next_engagement=opening[1],
    )


def due_card(*, key_result: KeyResult, membership: Membership, now: dt.datetime) -> DueCard | None:
    """The card of one key result, whether or not a period is open. Two queries.

    None where it is not live, or where this member may not check in.
    """
    if not may(membership.role, Permission.CHECK_IN):
        return None
    found = _live().filter(engagement_id=membership.engagement_id, pk=key_result.pk)
    members = {membership.engagement_id: membership}
    return next(_cards(list(found), members=members, now=now), None)


def _live() -> KeyResultQuerySet:
    latest = CheckIn.objects.filter(
        engagement_id=OuterRef("engagement_id"), key_result_id=OuterRef("pk")
    )
    return (
        KeyResult.objects.live()
        .for_card()
        .select_related("engagement")
        .annotate(latest_check_in_id=Subquery(latest.order_by("-id").values("public_id")[:1]))
    )


def _cards(
    key_results: Sequence[KeyResult], *, members: Members, now: dt.datetime
) -> Iterator[DueCard]:
    standing = CheckIn.objects.standing().filter(
        engagement_id__in={one.engagement_id for one in key_results},
        key_result__in=key_results,
        period=F("key_result__last_period"),
    )
    previous = {one.key_result_id: one for one in standing.select_related("author")}
    for one in key_results:
        yield _card(one, previous=previous.get(one.pk), member=members[one.engagement_id], now=now)


def _card(
    key_result: KeyResult, *, previous: CheckIn | None, member: Membership, now: dt.datetime
) -> DueCard:
    rhythm = rhythm_of(key_result)
    period = fill(fillable_periods(rhythm, now), filled_periods(key_result))
    state = _state(key_result, period=period, today=rhythm.day_of(now))
    is_late = state is CardState.TODO and is_overdue(key_result, period=period, now=now)
    found = assess_standing(key_result, today=rhythm.day_of(now))
    return DueCard(
        key_result=key_result,
        state=state,
        is_late=is_late,
        is_due_today=state is CardState.TODO and not is_late,
        period=period,
        missed=_missed_before(period, key_result=key_result, now=now),
        previous=previous,
        may_undo=previous is not None
        and undo_refusal(previous, newest=previous, rhythm=rhythm, by=member, now=now) is None,
        assessment=found,
        prompt=standing_prompt(key_result, assessment=found, now=now),
        latest_check_in_id=getattr(key_result, "latest_check_in_id", None) or "",
        next_action_due=max(due_after(rhythm, period), rhythm.day_of(now)),
    )


def _state(key_result: KeyResult, *, period: Period, today: dt.date) -> CardState:
    if period.monday in filled_periods(key_result):
        return CardState.SAVED
    due_on = rhythm_of(key_result).day_of(period.due_at)
    return CardState.TODO if due_on <= today else CardState.LATER


def _missed_before(period: Period, *, key_result: KeyResult, now: dt.datetime) -> Period | None:
    """The period that closed just before this one opened to posts, if it went without."""
    closed = closed_periods(rhythm_of(key_result), now)
    missed = missed_periods(key_result, now=now)
    is_last = bool(missed) and missed[-1] == closed[-1] and missed[-1].monday < period.monday
    return missed[-1] if is_last else None


def _group(cards: Sequence[DueCard], *, membership: Membership, now: dt.datetime) -> Group:
    ranked = sorted(cards, key=_urgency)
    first = ranked[0].key_result
    cycle, today = first.objective.cycle, rhythm_of(first).day_of(now)
    return Group(
        engagement=first.engagement,
        membership=membership,
        cards=ranked,
        week=cycle.week_on(today),
        weeks=cycle.weeks,
        pace=pace(start=cycle.starts_on, due=cycle.ends_on, today=today),
    )


def _urgency(card: DueCard) -> tuple[bool, bool, dt.datetime, str, int]:
    return (
        card.is_saved,
        not card.is_late,
        card.due_at,
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
