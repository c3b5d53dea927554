"""Notices before a deadline, after it, and when no one checked in (M6.4, M7.7)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from checkins.messages.cards import (
    Subjects,
    card,
    check_in_link,
    is_filled_since,
    live_subjects,
    period_of,
)
from checkins.messages.moments import moment, week_of
from checkins.periods import Period, missed_periods, periods, rhythm_of
from engagements.models import Membership
from notifications.models import Notice
from notifications.rules import Item
from okrs.models import KeyResult

Items = Iterator[tuple[int, Item]]
MISSED = "has a missed check-in"


def reminder(notices: Sequence[Notice], now: dt.datetime) -> dict[int, Item]:
    """Describe check-ins that are due, for the owner, until they are done or late."""
    return dict(_reminders(live_subjects(notices), now=now))


def overdue(notices: Sequence[Notice], now: dt.datetime) -> dict[int, Item]:
    """Describe late check-ins, for the owner, until this or a later period has one."""
    return dict(_overdue(live_subjects(notices), now=now))


def missed(notices: Sequence[Notice], now: dt.datetime) -> dict[int, Item]:
    """Describe missed check-ins, for the objective's owner, until someone checks in."""
    return dict(_missed(live_subjects(notices), now=now))


def missed_twice(notices: Sequence[Notice], now: dt.datetime) -> dict[int, Item]:
    """Describe two missed check-ins in a row, for the leads, until someone checks in."""
    return dict(_missed_twice(live_subjects(notices), now=now))


def _reminders(subjects: Subjects, *, now: dt.datetime) -> Items:
    for notice, row in subjects:
        period = _asked(notice, row)
        if period and now < period.due_at and row.owner_id == notice.person_id:
            at = moment(period.due_at, now=now)
            yield (
                notice.pk,
                card(
                    row,
                    to=notice.person,
                    heading=f"Due {at}",
                    state=_due_by(period, now=now),
                    news=f"needs a check-in, {_due_by(period, now=now)}",
                    weight=85 if at.startswith("today") else 80,
                    **check_in_link(row, member=notice.person),
                ),
            )


def _overdue(subjects: Subjects, *, now: dt.datetime) -> Items:
    for notice, row in subjects:
        period = _asked(notice, row)
        if period and period.due_at <= now and row.owner_id == notice.person_id:
            was, closes = (moment(at, now=now) for at in (period.due_at, period.closes_at))
            is_open = now < period.closes_at
            yield (
                notice.pk,
                card(
                    row,
                    to=notice.person,
                    heading=f"Was due {was}, {'open until' if is_open else 'closed'} {closes}",
                    state="late" if is_open else "missed",
                    news=f"needs a check-in, late since {was}" if is_open else MISSED,
                    weight=90,
                    **check_in_link(row, member=notice.person),
                ),
            )


def _missed(subjects: Subjects, *, now: dt.datetime) -> Items:
    """Describe all missed weeks of a key result in one item."""
    found: defaultdict[KeyResult, list[tuple[Notice, Period]]] = defaultdict(list)
    for notice, row in subjects:
        period = _asked(notice, row)
        if period and period.closes_at <= now and row.objective.owner_id == notice.person_id:
            found[row].append((notice, period))
    for row, closed in found.items():
        today = rhythm_of(row).day_of(now)
        weeks = [week_of(monday, today=today) for monday in sorted({p.monday for _, p in closed})]
        item = card(
            row,
            to=closed[0][0].person,
            heading="Missed check-ins",
            state="without a check-in",
            news=MISSED,
            weight=60,
            text=f"No check-in for {' and '.join(weeks)}.\n{_owner(row)}",
        )
        yield from ((notice.pk, item) for notice, _ in closed)


def _missed_twice(subjects: Subjects, *, now: dt.datetime) -> Items:
    for notice, row in subjects:
        missing = {one.monday for one in missed_periods(row, now=now)}
        both = next((two for two in pairwise(_mondays(row)) if two[1] == notice.period), ())
        if both and missing.issuperset(both) and not is_filled_since(row, notice.period):
            today = rhythm_of(row).day_of(now)
            first, second = (week_of(monday, today=today) for monday in both)
            yield (
                notice.pk,
                card(
                    row,
                    to=notice.person,
                    heading="Two missed check-ins in a row",
                    state="without a check-in twice in a row",
                    news="has missed two check-ins in a row",
                    weight=70,
                    text=f"No check-in for {first} and {second}.\n{_owner(row)}",
                ),
            )


def _mondays(row: KeyResult) -> list[dt.date]:
    return [period.monday for period in periods(rhythm_of(row))]


def _asked(notice: Notice, row: KeyResult) -> Period | None:
    """Return the period of the notice, unless it or a later one has its check-in."""
    return None if is_filled_since(row, notice.period) else period_of(notice, row)


def _due_by(period: Period, *, now: dt.datetime) -> str:
    """Return "due today by 12:00" or "due Mon 16 Mar 10:00"."""
    return f"due {moment(period.due_at, now=now)}".replace("today\u00a0", "today by\u00a0")


def _owner(row: KeyResult) -> str:
    owner: Membership | None = row.owner
    return f"Owner: {owner.name}." if owner else "It has no owner yet. Choose one."
