"""The notices about check-ins: their rules, and their cards in emails (M6.4, M7.7)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from django.db import models

from checkins.messages.cards import (
    CHECK_IN,
    KEY_RESULT,
    card,
    check_in_link,
    is_filled_since,
    live_subjects,
    moment,
    period_of,
    week_of,
)
from checkins.models import Blocker, CheckIn
from checkins.periods import (
    Period,
    closed_periods,
    filled_periods,
    is_overdue,
    missed_periods,
    open_periods,
    periods,
    rhythm_of,
)
from checkins.rules import thin_parts
from engagements.models import Membership
from mail.email_types import one_line
from notifications.models import Notice
from notifications.rules import DigestItem, NoticeRule, register_rule
from okrs.formatting import write_day
from okrs.models import KeyResult, Stage

LONGEST_QUOTE = 200  # characters
OWNER = "own key results"
MISSED = "has a missed check-in"
Items = dict[int, DigestItem]


def reminder(notices: Sequence[Notice], now: dt.datetime) -> Items:
    """Describe check-ins that are due, for the owner, until they are done or late."""
    items = {}
    for notice, row in live_subjects(notices):
        period = _unfilled(notice, row)
        if period and now < period.due_at and row.owner_id == notice.person_id:
            at = moment(period.due_at, now=now)
            due = f"due {at}".replace("today\u00a0", "today by\u00a0")
            items[notice.pk] = card(
                row,
                to=notice.person,
                heading=f"Due {at}",
                state=due,
                news=f"needs a check-in, {due}",
                weight=85 if at.startswith("today") else 80,
                **check_in_link(row, member=notice.person),
            )
    return items


def overdue(notices: Sequence[Notice], now: dt.datetime) -> Items:
    """Describe late check-ins, for the owner, until this or a later period has one."""
    items = {}
    for notice, row in live_subjects(notices):
        period = _unfilled(notice, row)
        if period and period.due_at <= now and row.owner_id == notice.person_id:
            was, closes = (moment(at, now=now) for at in (period.due_at, period.closes_at))
            is_open = now < period.closes_at
            items[notice.pk] = card(
                row,
                to=notice.person,
                heading=f"Was due {was}, {'open until' if is_open else 'closed'} {closes}",
                state="late" if is_open else "missed",
                news=f"needs a check-in, late since {was}" if is_open else MISSED,
                weight=90,
                **check_in_link(row, member=notice.person),
            )
    return items


def missed(notices: Sequence[Notice], now: dt.datetime) -> Items:
    """Describe missed check-ins, for the objective's owner, until someone checks in.

    All missed weeks of a key result are one item.
    """
    items: Items = {}
    found = defaultdict[KeyResult, list[tuple[Notice, Period]]](list)
    for notice, row in live_subjects(notices):
        period = _unfilled(notice, row)
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
        items |= {notice.pk: item for notice, _ in closed}
    return items


def missed_twice(notices: Sequence[Notice], now: dt.datetime) -> Items:
    """Describe two missed check-ins in a row, for the leads, until someone checks in."""
    items = {}
    for notice, row in live_subjects(notices):
        missing = {one.monday for one in missed_periods(row, now=now)}
        mondays = [period.monday for period in periods(rhythm_of(row))]
        both = next((two for two in pairwise(mondays) if two[1] == notice.period), ())
        if both and missing.issuperset(both) and not is_filled_since(row, notice.period):
            today = rhythm_of(row).day_of(now)
            first, second = (week_of(monday, today=today) for monday in both)
            items[notice.pk] = card(
                row,
                to=notice.person,
                heading="Two missed check-ins in a row",
                state="without a check-in twice in a row",
                news="has missed two check-ins in a row",
                weight=70,
                text=f"No check-in for {first} and {second}.\n{_owner(row)}",
            )
    return items


def friday_at_risk(notices: Sequence[Notice], now: dt.datetime) -> Items:
    """Describe key results at risk or blocked, for objective owners and leads. Two queries."""
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


def friday_late(notices: Sequence[Notice], now: dt.datetime) -> Items:
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


RULES: dict[str, dict[str, Any]] = {
    "reminder": {"label": "Due soon", "describe": reminder, "reason": OWNER},
    "overdue": {"label": "Late", "describe": overdue, "reason": OWNER},
    "missed": {"label": "Missed check-in", "describe": missed, "reason": "own the objective"},
    "missed_twice": {
        "label": "Two missed check-ins",
        "describe": missed_twice,
        "reason": "lead the program",
    },
    "friday_at_risk": {
        "label": "At risk or blocked (Friday)",
        "describe": friday_at_risk,
        "reason": "own the objective or lead the program",
    },
    "friday_late": {
        "label": "Late or incomplete (Friday)",
        "describe": friday_late,
        "reason": "champion the team or lead the program",
    },
}


def register_rules() -> None:
    """Register the wording of each check-in notice, by the rule's name in jobs."""
    for name, rule in RULES.items():
        is_owner = rule["reason"] == OWNER
        noun, switch = (CHECK_IN, "wants_reminders") if is_owner else (KEY_RESULT, "wants_digests")
        register_rule(name, NoticeRule(noun=noun, switch=switch, **rule))


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
    """Return the faults of the newest check-in as sentences; empty without any.

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


def _unfilled(notice: Notice, row: KeyResult) -> Period | None:
    """Return the period of the notice, unless it or a later one has its check-in."""
    return None if is_filled_since(row, notice.period) else period_of(notice, row)


def _owner(row: KeyResult) -> str:
    owner: Membership | None = row.owner
    return f"Owner: {owner.name}." if owner else "It has no owner yet. Choose one."
