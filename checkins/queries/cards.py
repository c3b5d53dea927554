from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from checkins.models import CheckIn
from checkins.periods import Period, Rhythm, closed_periods, due_after, missed_periods
from checkins.queries.states import CardState, Due
from checkins.rules import Assessment, Prompt, assess_latest, prompt, undo_refusal
from engagements.models import Engagement, Membership
from okrs.models import Cycle, KeyResult
from scoring import Rag


@dataclass(frozen=True, kw_only=True)
class WeekCard:
    """A key result that waits for its check-in, as My week lists it.

    `due.period` is the one that a post fills, or the newest filled one of a saved card. `previous`
    is the check-in in effect; My week reads it only of cards that are done.
    """

    membership: Membership  # with its engagement
    key_result_id: int
    public_id: str
    title: str
    rhythm: Rhythm
    due: Due
    previous: CheckIn | None
    now: dt.datetime

    @property
    def engagement(self) -> Engagement:
        engagement: Engagement = self.membership.engagement
        return engagement

    @property
    def today(self) -> dt.date:
        return self.rhythm.day_of(self.now)

    @property
    def state(self) -> CardState:
        return self.due.state

    @property
    def period(self) -> Period:
        return self.due.period

    @property
    def is_late(self) -> bool:
        return self.due.is_late

    @property
    def is_asked(self) -> bool:
        return self.due.is_asked

    @property
    def is_due_today(self) -> bool:
        return self.due.is_due_today

    @property
    def is_done(self) -> bool:
        return self.due.is_done

    @property
    def is_saved(self) -> bool:
        return self.state is CardState.SAVED

    @property
    def due_at(self) -> dt.datetime:
        return self.period.due_at

    @property
    def closes_at(self) -> dt.datetime:
        return self.period.closes_at

    @property
    def may_undo(self) -> bool:
        last, by = self.previous, self.membership
        if last is None:
            return False
        return undo_refusal(last, newest=last, rhythm=self.rhythm, by=by, now=self.now) is None


@dataclass(frozen=True, kw_only=True)
class DueCard(WeekCard):
    """One card with all that its form needs.

    `latest_check_in_id` is the public id of the check-in in effect or of the undo after it, for
    `seen`.
    """

    key_result: KeyResult
    latest_check_in_id: str

    @cached_property
    def assessment(self) -> Assessment:
        return assess_latest(self.key_result, today=self.today)

    @property
    def prompt(self) -> Prompt | None:
        return prompt(self.key_result, assessment=self.assessment, now=self.now)

    @property
    def missed(self) -> Period | None:
        """The period that closed just before this one opened to posts, if it went without."""
        closed = closed_periods(self.rhythm, self.now)
        missed = missed_periods(self.key_result, now=self.now)
        is_last = bool(missed) and missed[-1] == closed[-1]
        return missed[-1] if is_last and missed[-1].monday < self.period.monday else None

    @property
    def next_action_due(self) -> dt.date:
        """Return the day of the next action unless the check-in gives another one (M6.1)."""
        return max(due_after(self.rhythm, self.period), self.today)

    @property
    def score(self) -> Decimal | None:
        return self.key_result.score

    @property
    def rag(self) -> Rag:
        return Rag(self.key_result.rag)

    @property
    def explanation(self) -> str:
        return self.assessment.explanation

    @property
    def pace(self) -> Decimal | None:
        return self.assessment.pace

    @property
    def forecast_holds(self) -> bool | None:
        return self.assessment.forecast_holds


@dataclass(frozen=True, kw_only=True)
class Group:
    """The cards of one cycle of a client, most urgent first; the period is the first card's.

    `is_only` if the client has cards of no other cycle.
    """

    engagement: Engagement
    cycle: Cycle
    is_only: bool
    membership: Membership
    cards: Sequence[WeekCard]
    week: int
    weeks: int
    pace: Decimal

    @property
    def anchor(self) -> str:
        """Return the DOM id of the group."""
        slug: str = self.engagement.slug
        return slug if self.is_only else f"{slug}-{self.cycle.public_id}"

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
    def total(self) -> int:
        return len(self.cards)

    @property
    def period(self) -> Period:
        return self.cards[0].period

    @property
    def is_asked(self) -> bool:
        return self.cards[0].is_asked

    @property
    def due_at(self) -> dt.datetime:
        return self.period.due_at

    @property
    def closes_at(self) -> dt.datetime:
        return self.period.closes_at


@dataclass(frozen=True, kw_only=True)
class MyWeek:
    """All cards that wait for one person's check-in, over all their clients."""

    groups: Sequence[Group]
    next_opens_at: dt.datetime | None
    next_engagement: Engagement | None

    @property
    def total(self) -> int:
        return sum(group.total for group in self.groups)

    @property
    def done(self) -> int:
        return sum(group.done for group in self.groups)

    @property
    def late(self) -> int:
        return sum(group.late for group in self.groups)

    @property
    def due_today(self) -> int:
        return sum(group.due_today for group in self.groups)

    @property
    def later(self) -> int:
        return sum(group.later for group in self.groups)

    @property
    def left(self) -> int:
        return self.total - self.done
