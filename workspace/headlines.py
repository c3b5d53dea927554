"""The headlines of My week and home, of texts and figures that are read already."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from django.utils import timezone

from checkins.queries.cards import WeekCard
from checkins.queries.my_week import MyWeek
from okrs.formatting import write_day
from okrs.headlines import describe_progress
from workspace.queries.home import Home


def my_week_headline(week: MyWeek, *, overdue: int = 0, escalations: int = 0) -> str:
    """Return "8 check-ins to do. 3 are late, 2 are due by 12:00."

    Waiting `escalations` and `overdue` actions are named once no check-in is left.
    """
    if not week.left:
        sentences = [_saved(week.total) if week.total else _nothing_due(week)]
        if escalations:
            are = "escalation is" if escalations == 1 else "escalations are"
            sentences.append(f"{escalations} {are} waiting on you.")
        if overdue:
            are = "action is" if overdue == 1 else "actions are"
            sentences.append(f"{overdue} {are} overdue.")
        return " ".join(sentences)
    waiting = [card for card in week.cards if not card.is_done]
    check_ins = "check-in" if week.left == 1 else "check-ins"
    return f"{week.left} {check_ins} to do. {_urgent(week, waiting)}"


def home_headline(home: Home) -> str:
    """Return for example "3 of 6 key results are on pace. 3 are behind, 1 of them red: Margin."."""
    escalated = {
        card.escalation.key_result_id
        for card in home.escalations
        if card.escalation.activated_at is not None
    }
    rows = [
        replace(line, is_escalated=line.key_result.pk in escalated)
        for line in home.lines
        if line.key_result.is_counted
    ]
    return describe_progress(rows, today=home.today)


def _saved(cards: int) -> str:
    if cards == 1:
        return "Your check-in is saved."
    return f"{'Both' if cards == 2 else f'All {cards}'} check-ins are saved."


def _nothing_due(week: MyWeek) -> str:
    if week.next_opens_at is None:
        return "Nothing is due."
    opens_on = timezone.localtime(week.next_opens_at).date()
    day = write_day(opens_on, today=timezone.localdate())
    return f"Nothing is due. The next check-in opens {day}."


def _urgent(week: MyWeek, waiting: Sequence[WeekCard]) -> str:
    found = [
        (week.late, "late"),
        (week.due_today, _by([card.period.due_at for card in waiting if card.is_due_today])),
    ]
    parts = [
        f"{_who(number, of=week.left)} {'is' if number == 1 else 'are'} {what}"
        for number, what in found
        if number
    ]
    if not parts:
        asked = [card.period.due_at for card in waiting if card.is_asked]
        if not asked:
            return "It is not due yet." if week.left == 1 else "None is due yet."
        first = timezone.localtime(min(asked)).date()
        day = write_day(first, today=timezone.localdate())
        none = "It is not" if week.left == 1 else "None is"
        return f"{none} due before {day}."
    said = ", ".join(parts)
    return f"{said[0].upper()}{said[1:]}."


def _who(number: int, *, of: int) -> str:
    if number == of:
        return "it" if of == 1 else "all"
    return str(number)


def _by(times: Sequence[dt.datetime]) -> str:
    """Return "due by 12:00" if all share one time later today, else "due today"."""
    shared = {timezone.localtime(at) for at in times}
    if len(shared) != 1:
        return "due today"
    at = shared.pop()
    if at.date() != timezone.localdate() or at <= timezone.now():
        return "due today"
    return f"due by {at:%H:%M}"
