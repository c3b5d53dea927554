"""Cards of key results on My week, and their state in their open periods."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from checkins.models import CheckIn
from checkins.periods import (
    Period,
    Rhythm,
    asked_since,
    closed_periods,
    due_after,
    fill,
    fillable_periods,
    filled_periods,
    missed_periods,
    rhythm_of,
)
from checkins.rules import Assessment, Prompt, assess_latest, prompt, undo_refusal
from engagements.models import Engagement, Membership
from okrs.models import Cycle, KeyResult
from scoring import Rag


class CardState(StrEnum):
    """Of a due card: wants a check-in by today, wants one later, has one for all open periods."""

    TODO = "todo"
    LATER = "later"
    SAVED = "saved"


@dataclass(frozen=True, kw_only=True)
class Due:
    """What a key result asks for now (M6.3).

    `period` is the oldest fillable one without a check-in, else the newest; `is_asked` is false
    where it was due before the commit, or by another rhythm: it takes a check-in, but nothing
    presses. `saved_monday` names the newest fillable one that has a check-in. A key result is done
    once nothing late or due today is left of it and something was saved in a period that still
    takes posts: the next period may be open already, but does not press yet.
    """

    period: Period
    state: CardState
    is_late: bool
    is_asked: bool
    saved_monday: dt.date | None

    @property
    def is_due_today(self) -> bool:
        return self.state is CardState.TODO and not self.is_late

    @property
    def is_done(self) -> bool:
        return self.saved_monday is not None and self.state is not CardState.TODO

    @property
    def is_ahead(self) -> bool:
        """Done, while a period that is not due yet is open too."""
        return self.is_done and self.state is CardState.LATER


def due_of(key_result: KeyResult, *, now: dt.datetime) -> Due:
    """Return what a key result asks for; it comes with engagement and `objective__cycle`."""
    committed_at, engagement = key_result.committed_at, key_result.engagement
    since = asked_since(committed_at, engagement=engagement) if committed_at else None
    return due_by(rhythm_of(key_result), filled=filled_periods(key_result), since=since, now=now)


def mondays(lately: Iterable[str]) -> set[dt.date]:
    """Return the Mondays of a trail's last seven check-ins.

    Two periods may be open, the older one a month's: where it was a week's before, five check-ins
    lie in it, and one in the period after it.
    """
    return {dt.date.fromisoformat(monday) for monday in lately}


def due_by(
    rhythm: Rhythm, *, filled: Collection[dt.date], since: dt.datetime | None, now: dt.datetime
) -> Due:
    """Return what is asked for; `filled` has the Mondays of periods with a check-in.

    None was asked for before `since`.
    """
    fillable = fillable_periods(rhythm, now)
    period = fill(fillable, filled)
    is_asked = since is not None and since <= period.due_at
    presses = is_asked and rhythm.day_of(period.due_at) <= rhythm.day_of(now)
    state = CardState.TODO if presses else CardState.LATER
    if period.monday in filled:
        state = CardState.SAVED
    saved = [one.monday for one in fillable if one.monday in filled]
    return Due(
        period=period,
        state=state,
        is_late=state is CardState.TODO and period.due_at < now,
        is_asked=is_asked,
        saved_monday=saved[-1] if saved else None,
    )


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
