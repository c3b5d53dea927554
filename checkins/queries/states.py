"""What a key result asks for in its open periods, from its state alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from checkins.periods import (
    Period,
    Rhythm,
    asked_since,
    fill,
    fillable_periods,
    filled_periods,
    rhythm_of,
)
from okrs.models import KeyResult


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
    """`filled`: the Mondays of periods that have a check-in; none was asked for before `since`."""
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
