"""Key results, wins and next dates of an engagement's home, computed without queries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.timezone import localdate, localtime

from checkins.periods import cycle_rhythm, periods
from decisions.models import ActionItem
from engagements.models import Engagement
from escalations.models import Escalation, EscalationState
from okrs.formatting import YES_NO, last_day, write_value
from okrs.headlines import Progress
from okrs.models import Cycle, Forecast, KeyResult
from reviews.models import Review
from scoring import Rag

MOST_DATES = 9


@dataclass(frozen=True, kw_only=True)
class Line(Progress):
    """A key result with its pace and forecast of today."""

    is_late: bool


@dataclass(frozen=True, kw_only=True)
class Win:
    """A key result whose score rose since the last review, else since its start."""

    key_result: KeyResult
    then: Decimal | None
    gain: Decimal  # of the score

    @property
    def before(self) -> str:
        unit = self.key_result.unit  # named once, after the latest value
        return write_value(self.then, unit=unit if unit == YES_NO else "")

    @property
    def after(self) -> str:
        return write_value(self.key_result.latest_value, unit=self.key_result.unit)


@dataclass(frozen=True, kw_only=True)
class NextDate:
    """A day on which something happens or is due, with the object that it links to."""

    on: dt.date
    what: str
    at: dt.datetime | None = None
    review: Review | None = None
    action: ActionItem | None = None
    key_result: KeyResult | None = None
    cycle: Cycle | None = None


def wins(lines: Iterable[Line], *, standings: Mapping[str, Mapping[str, Any]] | None) -> list[Win]:
    """List the key results on pace that gained since `standings`, the largest gain first."""
    calm = (
        line
        for line in lines
        if line.key_result.is_live
        and line.key_result.rag != Rag.RED
        and line.forecast is Forecast.ON_PACE
    )
    found = [_win(line.key_result, standings) for line in calm]
    gained = [one for one in found if one.gain > 0]
    return sorted(gained, key=lambda one: (-one.gain, one.key_result.title))


def check_ins_due(
    cycles: Iterable[Cycle], *, engagement: Engagement, now: dt.datetime
) -> list[dt.datetime]:
    """List when check-ins of these cycles are due next, each time once."""
    ahead = (
        [one.due_at for one in periods(cycle_rhythm(cycle, engagement=engagement))]
        for cycle in cycles
    )
    return sorted({min(later) for due in ahead if (later := [at for at in due if at > now])})


def next_dates(
    *,
    due: Iterable[dt.datetime],
    reviews: Iterable[Review],
    actions: Iterable[ActionItem],
    escalations: Iterable[Escalation],
    cycles: Iterable[Cycle],
    today: dt.date,
    now: dt.datetime,
) -> list[NextDate]:
    """List the next dates, the earliest first, on the active clock."""
    found = [
        *(_deadline(at, what="Check-ins due") for at in due),
        *(_review(one) for one in reviews),
        *(
            NextDate(on=one.due_on, what=f"{one.owner.name_as_owner}: {one.what}", action=one)
            for one in actions
        ),
        *(date for one in escalations for date in _of_escalation(one, today=today, now=now)),
        *(date for one in cycles for date in _of_cycle(one, today=today)),
    ]
    found.sort(key=lambda date: (date.on, date.at is None, date.at.timestamp() if date.at else 0))
    return found[:MOST_DATES]


def _win(row: KeyResult, standings: Mapping[str, Mapping[str, Any]] | None) -> Win:
    kept = (standings or {}).get(row.public_id) or {}
    score, value = kept.get("score"), kept.get("value")
    return Win(
        key_result=row,
        then=row.baseline if value is None else Decimal(value),
        gain=(row.score or Decimal(0)) - Decimal(score or 0),
    )


def _deadline(at: dt.datetime, *, what: str, key_result: KeyResult | None = None) -> NextDate:
    """Return a deadline; one at midnight belongs to the day before, without a time."""
    on = last_day(localtime(at))
    ends_later = on == localdate(at)
    return NextDate(on=on, at=at if ends_later else None, what=what, key_result=key_result)


def _review(review: Review) -> NextDate:
    if review.started_at is not None:
        now = localdate()
        return NextDate(on=now, what=f"{review.title}, running now", review=review)
    at = review.scheduled_at
    return NextDate(on=localdate(at), at=at, what=review.title, review=review)


def _of_escalation(
    escalation: Escalation, *, today: dt.date, now: dt.datetime
) -> Iterable[NextDate]:
    row, at, on = escalation.key_result, escalation.huddle_at, escalation.checkpoint_on
    due_at = escalation.huddle_due_at if escalation.state is EscalationState.ACTIVE else None
    if at is None and due_at is not None and due_at > now:
        yield _deadline(due_at, what=f"Huddle due: {row}", key_result=row)
    if at is not None and at > now and escalation.answered_at is None:
        yield NextDate(on=localdate(at), at=at, what=f"Huddle: {row}", key_result=row)
    if on is not None and on >= today and escalation.raised_at is None:
        yield NextDate(on=on, what=f"Checkpoint: {row}", key_result=row)


def _of_cycle(cycle: Cycle, *, today: dt.date) -> Iterable[NextDate]:
    if cycle.starts_on > today:
        yield NextDate(on=cycle.starts_on, what=f"{cycle} starts", cycle=cycle)
    elif cycle.ends_on >= today:
        yield NextDate(on=cycle.ends_on, what=f"{cycle} ends", cycle=cycle)
