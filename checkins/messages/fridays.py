"""The notices of Friday: at risk or blocked, late or incomplete (M6.4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import models

from checkins.assessment import thin_parts
from checkins.messages.cards import card, live_subjects
from checkins.messages.moments import moment, week_of
from checkins.models import Blocker, CheckIn
from checkins.periods import (
    Period,
    closed_periods,
    filled_periods,
    is_overdue,
    missed_periods,
    open_periods,
    rhythm_of,
)
from mail.plain_text import one_line
from notifications.models import Notice
from notifications.rules import Item
from okrs.formatting import write_day
from okrs.models import KeyResult, Stage

LONGEST_QUOTE = 200  # characters


def friday_at_risk(notices: Sequence[Notice], now: dt.datetime) -> dict[int, Item]:
    """Describe what is at risk or blocked, for objective owners and leads. Two queries."""
    subjects = list(live_subjects(notices))
    blockers: dict[int, Blocker] = {}
    open_ones = Blocker.objects.filter(
        engagement_id=notices[0].engagement_id,
        key_result__in=[row.pk for _, row in subjects],
        resolved_at=None,
    )
    for one in open_ones.order_by("-opened_at"):
        blockers[one.key_result_id] = one  # the oldest stays
    return {
        notice.pk: card(
            row,
            to=notice.person,
            heading="At risk or blocked",
            state="blocked" if row.pk in blockers else "at risk",
            news="is blocked" if row.pk in blockers else "is at risk",
            weight=55 if row.pk in blockers else 50,
            text=_trouble(row, blocker=blockers.get(row.pk), now=now),
        )
        for notice, row in subjects
        if row.pk in blockers or row.stage == Stage.AT_RISK
    }


def friday_late(notices: Sequence[Notice], now: dt.datetime) -> dict[int, Item]:
    """Describe late, missed and thin check-ins, for the champion or the leads. Two queries."""
    subjects = list(live_subjects(notices))
    thin = _thin(notices)
    found = (
        (notice, row, _lacks(row, is_thin=row.pk in thin, since=notice.period, now=now))
        for notice, row in subjects
    )
    return {
        notice.pk: card(
            row,
            to=notice.person,
            heading="Late or incomplete",
            state="late or incomplete",
            news="has a late or incomplete check-in",
            weight=40,
            text=" ".join([*lacks, f"Owner: {row.owner.name}." if row.owner else ""]),
        )
        for notice, row, lacks in found
        if lacks
    }


def _trouble(row: KeyResult, *, blocker: Blocker | None, now: dt.datetime) -> str:
    today = rhythm_of(row).day_of(now)
    lines = []
    if blocker is not None:
        since = write_day(rhythm_of(row).day_of(blocker.opened_at), today=today)
        lines.append(f"Blocked since {since}: {one_line(blocker.text, most=LONGEST_QUOTE)}")
    if row.stage == Stage.AT_RISK:
        lines.append(f"Behind pace, confidence {row.confidence} of 5.")
    if row.next_action:
        lines.append(f"Next: {one_line(row.next_action, most=LONGEST_QUOTE)}")
    return "\n".join(each if each[-1] in ".!?…" else f"{each}." for each in lines)


def _thin(notices: Sequence[Notice]) -> set[int]:
    """Return the ids of key results whose newest check-in was thin when posted. One query."""
    newest = CheckIn.objects.current().filter(
        engagement_id=notices[0].engagement_id,
        key_result__in={one.subject for one in notices},
        period=models.F("key_result__last_period"),
        is_thin=True,
    )
    return set(newest.values_list("key_result_id", flat=True))


def _lacks(row: KeyResult, *, is_thin: bool, since: dt.date, now: dt.datetime) -> list[str]:
    """Return what is wrong with the newest check-in, in sentences; empty if nothing is.

    Only a check-in for the week from `since`, or a later one, can be thin.
    """
    late = _late_period(row, now=now)
    closed, gone = closed_periods(rhythm_of(row), now)[-1:], missed_periods(row, now=now)[-1:]
    if late is not None:
        return [f"Late since {moment(late.due_at, now=now)}."]
    if closed and gone and closed[0].monday == gone[0].monday:
        today = rhythm_of(row).day_of(now)
        return [f"No check-in for {week_of(gone[0].monday, today=today)}."]
    if row.last_week is None or row.last_week < since:
        return []
    few = thin_parts(insight=row.insight, next_action=row.next_action)
    short = [f"{' and '.join(few).capitalize()} under four words."] if is_thin else []
    return [*short, *(["Green without evidence."] if row.is_unverified else [])]


def _late_period(row: KeyResult, *, now: dt.datetime) -> Period | None:
    rhythm, filled = rhythm_of(row), filled_periods(row)
    unmet = (period for period in open_periods(rhythm, now) if period.monday not in filled)
    return next((one for one in unmet if is_overdue(row, period=one, now=now)), None)
