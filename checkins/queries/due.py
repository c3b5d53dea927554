from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.db.models import Case, F, OuterRef, QuerySet, Subquery, Value, When

from checkins.assessment import assess_standing, standing_prompt
from checkins.models import CheckIn, Escalation, EscalationState
from checkins.periods import Period, closed_periods, due_after, next_opening, open_periods
from checkins.queries.cards import DueCard, Group, MyWeek
from checkins.queries.states import due_of
from checkins.rhythms import missed_periods, rhythm_of
from checkins.undoing import undo_refusal
from engagements.models import Engagement, Membership
from engagements.permissions import Permission, may, may_here
from okrs.models import KeyResult
from okrs.models.key_results import KeyResultQuerySet
from scoring import pace

Members = Mapping[int, Membership]  # by engagement


def my_week(*, memberships: Iterable[Membership], now: dt.datetime) -> MyWeek:
    """The cards that this person owns or helps with, wherever a period is open (M6.3).

    Cards are grouped by client and cycle; groups and cards come late first, then by due time, then
    by name, those that are done last. Two queries.
    """
    members = {one.engagement_id: one for one in memberships if may(one.role, Permission.CHECK_IN)}
    mine = list(_live().answered_for_by(members.values()))
    waiting = [one for one in mine if open_periods(rhythm_of(one), now)]
    cards = list(_cards(waiting, members=members, now=now))
    opening = min(_openings(mine, now=now), key=lambda pair: pair[0], default=(None, None))
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
        .annotate(
            latest_check_in_id=Subquery(latest.order_by("-id").values("public_id")[:1]),
            escalation_state=Subquery(_open_escalation()),
        )
    )


def _open_escalation() -> QuerySet[Escalation, str]:
    """The state of a key result's open escalation, as `Escalation.state` reads it."""
    states = {
        "raised_at": EscalationState.RAISED,
        "answered_at": EscalationState.ANSWERED,
        "activated_at": EscalationState.ACTIVE,
    }
    whens = [When(**{f"{at}__isnull": False}, then=Value(state)) for at, state in states.items()]
    rows = Escalation.objects.open().filter(
        engagement_id=OuterRef("engagement_id"), key_result_id=OuterRef("pk")
    )
    read = Case(*whens, default=Value(EscalationState.WATCHING))
    return rows.order_by("-streak").annotate(stands=read).values_list("stands", flat=True)[:1]


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
    due = due_of(key_result, now=now)
    found = assess_standing(key_result, today=rhythm.day_of(now))
    state = getattr(key_result, "escalation_state", None)
    return DueCard(
        key_result=key_result,
        due=due,
        missed=_missed_before(due.period, key_result=key_result, now=now),
        previous=previous,
        may_undo=previous is not None
        and undo_refusal(previous, newest=previous, rhythm=rhythm, by=member, now=now) is None,
        assessment=found,
        prompt=standing_prompt(key_result, assessment=found, now=now),
        latest_check_in_id=getattr(key_result, "latest_check_in_id", None) or "",
        next_action_due=max(due_after(rhythm, due.period), rhythm.day_of(now)),
        escalation=EscalationState(state) if state else None,
    )


def _missed_before(period: Period, *, key_result: KeyResult, now: dt.datetime) -> Period | None:
    """The period that closed just before this one opened to posts, if it went without."""
    closed = closed_periods(rhythm_of(key_result), now)
    missed = missed_periods(key_result, now=now)
    is_last = bool(missed) and missed[-1] == closed[-1] and missed[-1].monday < period.monday
    return missed[-1] if is_last else None


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
