from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import BigIntegerField, DateField, Q, QuerySet

from checkins.models import CheckIn
from checkins.queries.thread import ThreadEntry
from engagements.models import Membership, Role
from engagements.permissions import Permission, may
from escalations.clocks import Clock, ClockState, Step, clocks, path
from escalations.models import Escalation, EscalationQuerySet, EscalationState
from escalations.queries.facts import ended_at, is_of, told_of
from escalations.rule import EscalationAct, Facts, acts_of, raise_due_at, speaks_for_sponsor
from escalations.words import OVER, Told, either
from okrs.models import KeyResult
from scoring import Rag
from tenancy.compiled import AnyOf, Compiled, Slot

ENGAGEMENT = Slot("engagement", BigIntegerField())
LAST_CYCLE = dt.timedelta(days=100)  # closed ones stay in the list so long after its end
MOST_TRIED = 3
CHAMPION = "key_result__objective__team__champion"
JOINED = (
    "key_result__engagement",
    "key_result__metric",
    "key_result__owner",
    "key_result__objective__owner",
    "key_result__objective__cycle",
    f"{CHAMPION}__user",
    "activated_by",
    "huddle_set_by",
    "plan_owner",
    "answered_by",
    "decided_by",
)


@dataclass(frozen=True, kw_only=True)
class EscalationCard:
    """What a screen shows of one escalation (M7).

    `told` is what the words are made of; `tried` holds red check-ins of its weeks, newest first,
    whose next actions had their time; `coming` is the one whose next action still runs. `acts` is what the reader may do about it now, and
    `on_behalf` whether a verdict of theirs is the word of somebody else.
    """

    escalation: Escalation
    told: Told
    clocks: Sequence[Clock]
    path: Sequence[Step]
    tried: Sequence[CheckIn]
    coming: CheckIn | None
    acts: frozenset[EscalationAct]
    on_behalf: bool

    @property
    def key_result(self) -> KeyResult:
        found: KeyResult = self.escalation.key_result
        return found

    @property
    def state(self) -> EscalationState:
        return self.escalation.state

    @property
    def is_still_red(self) -> bool:
        """Whether it was decided while its streak runs on."""
        row, key_result = self.escalation, self.key_result
        return (
            row.state is EscalationState.DECIDED
            and key_result.rag == Rag.RED
            and key_result.red_since == row.streak
        )

    @property
    def is_over_time(self) -> bool:
        return any(clock.state is ClockState.OVER for clock in self.clocks)


@dataclass(frozen=True, kw_only=True)
class Escalations:
    """Open ones by urgency; closed ones, newest first: decided but still red, and as memory."""

    open: Sequence[EscalationCard]
    decided: Sequence[EscalationCard]
    closed: Sequence[EscalationCard]

    @property
    def rows(self) -> list[Escalation]:
        return [card.escalation for card in (*self.open, *self.decided, *self.closed)]

    @property
    def counts(self) -> Counter[str]:
        """How many are over their time, and how many of the others stand where."""
        return Counter(OVER if card.is_over_time else card.state for card in self.open)


# How urgent a state is; what is over its time comes before all of them.
URGENCY = (
    EscalationState.RAISED,
    EscalationState.ACTIVE,
    EscalationState.ANSWERED,
    EscalationState.WATCHING,
)


def escalations(*, membership: Membership, now: dt.datetime) -> Escalations:
    """Those of one client: all that are open, the closed ones of the last cycle. Three queries."""
    engagement = membership.engagement
    since = engagement.today(now) - LAST_CYCLE
    rows = LATELY(engagement=engagement.pk, since=since)
    return _sorted(_cards(rows, tries=_tries(rows), membership=membership, now=now))


def escalations_of(
    key_result: KeyResult,
    *,
    thread: Iterable[ThreadEntry],
    membership: Membership,
    now: dt.datetime,
) -> Escalations:
    """Those of one key result, whose thread is given. Two queries, one where there is none."""
    rows = OF_KEY_RESULT(engagement=key_result.engagement_id, key_result=key_result.pk)
    tries = [entry.current for entry in thread if entry.current]
    return _sorted(_cards(rows, tries=tries, membership=membership, now=now))


def escalation_card(
    escalation: Escalation, *, membership: Membership, now: dt.datetime
) -> EscalationCard:
    """One as it stands in the database now. Three queries."""
    return escalation_cards([escalation.pk], membership=membership, now=now)[escalation.pk]


def escalation_cards(
    ids: Iterable[int], *, membership: Membership, now: dt.datetime
) -> dict[int, EscalationCard]:
    """Those of this engagement with these ids, as they stand now. Three queries, however many."""
    rows = NAMED(engagement=membership.engagement_id, ids=list(ids))
    cards = _cards(rows, tries=_tries(rows), membership=membership, now=now)
    return {card.escalation.pk: card for card in cards}


def joined() -> EscalationQuerySet:
    """With all that a card shows joined in."""
    return Escalation.objects.select_related(*JOINED)


def _lately() -> QuerySet[Escalation]:
    lately = Q(key_result__objective__cycle__ends_on__gte=Slot("since", DateField()))
    return joined().filter(_open() | lately, engagement_id=ENGAGEMENT)


def _of_key_result() -> QuerySet[Escalation]:
    key_result = Slot("key_result", BigIntegerField())
    return joined().filter(engagement_id=ENGAGEMENT, key_result_id=key_result)


def _named() -> QuerySet[Escalation]:
    return joined().filter(AnyOf("id", "ids"), engagement_id=ENGAGEMENT)


def _posts() -> QuerySet[CheckIn]:
    rows = CheckIn.objects.filter(AnyOf("key_result_id", "key_results"), engagement_id=ENGAGEMENT)
    return rows.current()


def _people() -> QuerySet[Membership]:
    return Membership.objects.active().filter(
        engagement_id=ENGAGEMENT, role__in=(Role.LEAD, Role.SPONSOR), user__is_active=True
    )


LATELY, OF_KEY_RESULT, NAMED = Compiled(_lately), Compiled(_of_key_result), Compiled(_named)
POSTS, PEOPLE = Compiled(_posts), Compiled(_people)


def _tries(rows: Sequence[Escalation]) -> list[CheckIn]:
    """Check-ins that stand, of the key results of these; they are of one client."""
    key_results = list({row.key_result_id for row in rows})
    return POSTS(engagement=rows[0].engagement_id, key_results=key_results) if rows else []


def can_convene(champion: Membership | None) -> bool:
    """Whether there is a champion to convene the huddle: else the leads do (M7.3)."""
    if champion is None or champion.removed_at is not None or champion.user is None:
        return False
    return champion.user.is_active and may(champion.role, Permission.HUDDLE)


def _open() -> Q:
    return Q(recovered_at=None, decided_at=None)


def _sorted(cards: Sequence[EscalationCard]) -> Escalations:
    open_ones = [card for card in cards if card.escalation.is_open]
    over = [card for card in cards if not card.escalation.is_open]
    over.sort(key=lambda card: ended_at(card.escalation), reverse=True)
    return Escalations(
        open=sorted(open_ones, key=_urgency),
        decided=[card for card in over if card.is_still_red],
        closed=[card for card in over if not card.is_still_red],
    )


def _urgency(card: EscalationCard) -> tuple[bool, int, dt.date, int]:
    row = card.escalation
    return not card.is_over_time, URGENCY.index(card.state), row.streak, row.pk


def _cards(
    rows: Sequence[Escalation],
    *,
    tries: Iterable[CheckIn],
    membership: Membership,
    now: dt.datetime,
) -> list[EscalationCard]:
    if not rows:
        return []
    people = PEOPLE(engagement=membership.engagement_id)
    by_role: dict[str, list[Membership]] = defaultdict(list)
    for one in people:
        by_role[one.role].append(one)
    by_key_result: dict[int, list[CheckIn]] = defaultdict(list)
    for post in sorted(tries, key=lambda one: one.posted_at, reverse=True):
        by_key_result[post.key_result_id].append(post)
    known: dict[str, Any] = {"people": by_role, "membership": membership, "now": now}
    return [_card(row, posts=by_key_result[row.key_result_id], **known) for row in rows]


def _card(
    row: Escalation,
    *,
    people: Mapping[str, Sequence[Membership]],
    posts: Sequence[CheckIn],
    membership: Membership,
    now: dt.datetime,
) -> EscalationCard:
    team = row.key_result.objective.team
    champion = team.champion if team else None
    alone = [champion] if champion and can_convene(champion) else []
    conveners = alone or people.get(Role.LEAD, ())
    names = either([str(one) for one in conveners])
    today = row.key_result.engagement.today(now)
    red = [one for one in posts if is_of(one, row) and one.rag == Rag.RED]
    # Newest first: what stands before all others is followed by none, and runs until its day.
    coming = next((one for one in red if one == posts[0] and one.next_action_due >= today), None)
    rises = raise_due_at(Facts(key_result=row.key_result, escalation=row, now=now))
    sponsors = [str(one) for one in people.get(Role.SPONSOR, ())]
    return EscalationCard(
        escalation=row,
        told=told_of(row, conveners=names, sponsors=sponsors, posts=posts, red=red, now=now),
        clocks=clocks(row, rises=rises, today=today, now=now),
        path=path(row, now=now),
        tried=[one for one in red if one != coming][:MOST_TRIED],
        coming=coming,
        acts=acts_of(row, by=membership),
        on_behalf=speaks_for_sponsor(membership),
    )
