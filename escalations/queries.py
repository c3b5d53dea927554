from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import ClassVar

from django.db.models import Q

from checkins.models import CheckIn
from checkins.queries.thread import ThreadEntry
from engagements.models import Membership, Role
from escalations.models import (
    OPEN,
    Escalation,
    EscalationAct,
    EscalationQuerySet,
    EscalationState,
)
from escalations.rule import (
    HUDDLE_HOURS,
    TABLE,
    WEEKS_TO_FIRE,
    WEEKS_TO_RAISE,
    Facts,
    Response,
    acts_of,
    champion_of,
    huddle_due_at,
    raise_due_at,
    response_to,
)
from okrs.models import KeyResult
from okrs.states import EARLY_PACE, expected_pace
from okrs.weeks import weeks_red
from scoring import Rag
from scoring.forecasts import ENOUGH_CONFIDENCE

LAST_CYCLE = dt.timedelta(days=100)  # for so long after its end the list shows closed ones
MOST_TRIED = 3
# In order of urgency; overdue ones come before all of them.
URGENCY = (
    EscalationState.RAISED,
    EscalationState.ACTIVE,
    EscalationState.ANSWERED,
    EscalationState.WATCHING,
)


@dataclass(frozen=True, kw_only=True)
class Clock:
    """A deadline, the time until it or since it, and whether it is overdue.

    `at` is None for a plan, whose `span` is whole days to the checkpoint, and for an outcome that
    is due at no time.
    """

    deadline: EscalationAct
    at: dt.datetime | None
    span: dt.timedelta
    is_over: bool


@dataclass(frozen=True, kw_only=True)
class EscalationCard(Facts):
    """An escalation as a screen shows it to a reader (M7), with the facts of its rule.

    `posts` are its check-ins, newest first, `latest` is that of the key result. `conveners` and
    `sponsors` are names. `has_sponsor` is whether a sponsor signs in.
    """

    escalation: Escalation
    reader: Membership
    has_sponsor: bool
    posts: Sequence[CheckIn] = ()
    latest: CheckIn | None = None
    conveners: Sequence[str] = ()
    sponsors: Sequence[str] = ()
    min_confidence: ClassVar[int] = ENOUGH_CONFIDENCE
    early_pace: ClassVar[Decimal] = EARLY_PACE
    huddle_hours: ClassVar[int] = HUDDLE_HOURS

    @property
    def closed_on(self) -> dt.date | None:
        row = self.escalation
        return None if row.is_open else row.key_result.engagement.today(row.ended_at)

    @property
    def response(self) -> Response:
        red_since = self.key_result.red_since
        return response_to(self.escalation, red_since=red_since, today=self.today)

    @property
    def red(self) -> list[CheckIn]:
        return [post for post in self.posts if post.rag == Rag.RED]

    @cached_property
    def coming(self) -> CheckIn | None:
        """Return the latest check-in if it is one of its red ones and its action is not due yet."""
        post = self.latest
        return post if post in self.red and post.next_action_due >= self.today else None

    @property
    def tried(self) -> list[CheckIn]:
        """Return the last red check-ins whose next actions are over."""
        return [post for post in self.red if post != self.coming][:MOST_TRIED]

    @property
    def weeks(self) -> int:
        """Return the red weeks in a row, up to now or its end (M7.1)."""
        row, last_week = self.escalation, self.key_result.last_week
        if not row.is_open:
            last_week = max((post.week for post in self.red), default=None)
        weeks = weeks_red(
            red_since=row.streak,
            last_week=last_week,
            today=self.closed_on or self.today,
            ends_on=self.key_result.objective.cycle.ends_on,
        )
        return weeks if row.is_open else max(weeks, WEEKS_TO_FIRE)

    @property
    def reported(self) -> int:
        """Return how many of those weeks had a red check-in."""
        if self.escalation.is_open and self.is_same_streak:
            return int(self.key_result.red_reported)
        return len({post.week for post in self.red})

    @property
    def pace(self) -> Decimal | None:
        return expected_pace(self.key_result, today=self.today)

    @property
    def is_raised_next(self) -> bool:
        """Return whether it goes to the sponsor after the huddle if it is activated now (M7.4)."""
        return self.weeks >= WEEKS_TO_RAISE and replace(self, now=huddle_due_at(self)).is_in_cycle

    @property
    def last_score(self) -> Decimal | None:
        return self.posts[0].score if self.posts else self.key_result.score

    @property
    def huddle_is_held(self) -> bool:
        return self.escalation.is_huddle_held(self.now)

    @property
    def acts(self) -> list[EscalationAct]:
        return acts_of(self.escalation, by=self.reader)

    @property
    def is_still_red(self) -> bool:
        """Return whether it was decided and its streak is still red."""
        return self.escalation.state is EscalationState.DECIDED and self.is_same_streak

    @cached_property
    def clocks(self) -> list[Clock]:
        return clocks(self)

    @property
    def is_over_time(self) -> bool:
        return any(clock.is_over for clock in self.clocks)

    @cached_property
    def deadline(self) -> EscalationAct | None:
        """Return the deadline for which it waits on the reader, if it does (M7.3, M7.4).

        The huddle waits on who convenes it, the outcome on the objective's owner, the plan on its
        owner, and the decision on sponsors, or on the leads if no sponsor signs in.
        """
        row, reader, is_lead = self.escalation, self.reader, self.reader.role == Role.LEAD
        if row.state is EscalationState.RAISED:
            decides = reader.role == Role.SPONSOR or (is_lead and not self.has_sponsor)
            return EscalationAct.DECIDE if decides else None
        if row.state is EscalationState.ANSWERED:
            return EscalationAct.PLAN if row.plan_owner_id == reader.pk else None
        if row.state is not EscalationState.ACTIVE:
            return None
        champion = champion_of(row)
        if row.huddle_at is None and (champion == reader if champion else is_lead):
            return EscalationAct.HUDDLE
        return EscalationAct.ANSWER if self.key_result.objective.owner_id == reader.pk else None

    @property
    def clock(self) -> Clock | None:
        return next((clock for clock in self.clocks if clock.deadline is self.deadline), None)


@dataclass(frozen=True, kw_only=True)
class Escalations:
    """Open ones by urgency; closed ones, newest first, those decided but still red apart."""

    open: Sequence[EscalationCard]
    decided: Sequence[EscalationCard]
    closed: Sequence[EscalationCard]

    @property
    def watched(self) -> int:
        """Return how many open ones are merely watched, and counted apart (M7.2)."""
        return sum(one.escalation.state is EscalationState.WATCHING for one in self.open)

    @property
    def pressing(self) -> int:
        return len(self.open) - self.watched

    @property
    def counts(self) -> list[tuple[str, int]]:
        """Return how many of the others are overdue, and how many are in each state."""
        counts = Counter(
            "overdue" if one.is_over_time else one.escalation.state
            for one in self.open
            if one.escalation.state is not EscalationState.WATCHING
        )
        return list(counts.items())


def escalations(*, membership: Membership, now: dt.datetime) -> Escalations:
    """Return a client's: all open ones, and the closed ones of the last cycle. Three queries."""
    since = membership.engagement.today(now) - LAST_CYCLE
    lately = Q(key_result__objective__cycle__ends_on__gte=since)
    rows = joined().filter(OPEN | lately, engagement_id=membership.engagement_id)
    return _sorted(_cards(rows, membership=membership, now=now))


def open_escalations(*, membership: Membership, now: dt.datetime) -> Escalations:
    """Return a client's open ones. Four queries, or one without any."""
    own = OPEN & Q(engagement_id=membership.engagement_id)
    return _sorted(_cards(_joined_if_any(own), membership=membership, now=now))


def escalations_of(
    key_result: KeyResult,
    *,
    thread: Iterable[ThreadEntry],
    membership: Membership,
    now: dt.datetime,
) -> Escalations:
    """Return those of a key result, whose thread is given. Three queries, or one without any."""
    own = Q(engagement_id=key_result.engagement_id, key_result_id=key_result.pk)
    posts = [entry.current for entry in thread if entry.current]
    return _sorted(_cards(_joined_if_any(own), posts=posts, membership=membership, now=now))


def escalation_cards(
    ids: Iterable[int], *, membership: Membership, now: dt.datetime
) -> dict[int, EscalationCard]:
    """Return those of this engagement with these ids. Three queries."""
    rows = joined().filter(engagement_id=membership.engagement_id, pk__in=list(ids))
    return {card.escalation.pk: card for card in _cards(rows, membership=membership, now=now)}


def joined() -> EscalationQuerySet:
    """Select escalations with all that a card shows."""
    return Escalation.objects.select_related(
        "key_result__engagement",
        "key_result__metric",
        "key_result__owner",
        "key_result__objective__owner",
        "key_result__objective__cycle",
        "key_result__objective__team__champion__user",
        "activated_by",
        "huddle_set_by",
        "plan_owner",
        "answered_by",
        "decided_by",
    )


def _joined_if_any(own: Q) -> Iterable[Escalation]:
    """Select those rows; mostly there are none, and the joins cost more than the question."""
    return joined().filter(own) if Escalation.objects.filter(own).exists() else []


def clocks(facts: Facts) -> list[Clock]:
    """Return the clocks that run in its state; see the rule's table."""
    row = facts.escalation
    return [_clock(name, row, facts) for name in TABLE[row.state].clocks] if row else []


def _clock(deadline: EscalationAct, row: Escalation, facts: Facts) -> Clock:
    if deadline is EscalationAct.PLAN:
        span = (row.checkpoint_on or facts.today) - facts.today
        return Clock(deadline=deadline, at=None, span=abs(span), is_over=span < span * 0)
    at, is_due = raise_due_at(facts), True
    if deadline is EscalationAct.HUDDLE:
        at, is_due = row.huddle_at or row.huddle_due_at, row.is_huddle_overdue(facts.now)
    elif deadline is EscalationAct.DECIDE:
        at, is_due = row.raised_at, False
    left = (at or facts.now) - facts.now
    is_over = at is not None and is_due and at <= facts.now
    return Clock(deadline=deadline, at=at, span=abs(left), is_over=is_over)


def _cards(
    found: Iterable[Escalation],
    *,
    membership: Membership,
    now: dt.datetime,
    posts: Iterable[CheckIn] | None = None,
) -> Iterator[EscalationCard]:
    rows = list(found)
    if not rows:
        return
    engagement_id = membership.engagement_id
    people = Membership.objects.active().filter(
        engagement_id=engagement_id, role__in=(Role.LEAD, Role.SPONSOR), user__is_active=True
    )
    leads = [str(person) for person in people if person.role == Role.LEAD]
    sponsors = [str(person) for person in people if person.role == Role.SPONSOR]
    if posts is None:
        key_results = {row.key_result_id for row in rows}
        known = CheckIn.objects.filter(engagement_id=engagement_id, key_result_id__in=key_results)
        posts = known.current()
    by_key_result: dict[int, list[CheckIn]] = defaultdict(list)
    for post in sorted(posts, key=lambda post: post.posted_at, reverse=True):
        by_key_result[post.key_result_id].append(post)
    for row in rows:
        latest, champion = by_key_result[row.key_result_id], champion_of(row)
        own = [post for post in latest if post.week >= row.streak]
        if not row.is_open:
            own = [post for post in own if post.posted_at <= row.ended_at]
        yield EscalationCard(
            key_result=row.key_result,
            escalation=row,
            now=now,
            reader=membership,
            has_sponsor=bool(sponsors),
            posts=own,
            latest=latest[0] if latest else None,
            conveners=[str(champion)] if champion else leads,
            sponsors=sponsors,
        )


def _sorted(cards: Iterable[EscalationCard]) -> Escalations:
    newest = sorted(cards, key=lambda card: card.escalation.ended_at, reverse=True)
    closed = [card for card in newest if not card.escalation.is_open]
    return Escalations(
        open=sorted((card for card in newest if card.escalation.is_open), key=_urgency),
        decided=[card for card in closed if card.is_still_red],
        closed=[card for card in closed if not card.is_still_red],
    )


def _urgency(card: EscalationCard) -> tuple[bool, int, dt.date, int]:
    row = card.escalation
    return not card.is_over_time, URGENCY.index(row.state), row.streak, row.pk
