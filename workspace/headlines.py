"""The sentence at the head of a page: what is found, then what is to be done. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import partial

from django.utils import timezone

from checkins.queries.cards import WeekCard
from checkins.queries.my_week import MyWeek
from okrs.formatting import is_early, write_day
from scoring import Rag
from status.sections import NO_VALUE_YET, describe_age, describe_pace, describe_reds
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
    """Return for example "3 of 6 key results are on pace. 3 are behind. 1 is red: its title."."""
    if not home.cycles:
        return _no_cycle(home)
    if not home.objectives:
        return f"{home.cycles[0].cycle} has no objectives yet."
    if not any(one.objective.committed_at for one in home.objectives):
        drafted = len(home.objectives)
        are = "objective is" if drafted == 1 else "objectives are"
        return f"{drafted} {are} drafted. None is committed yet."
    if not home.forecasts:
        return NO_VALUE_YET
    sentences = [describe_pace(_forecasts(home)), _reds(home)]
    if home.over_time:
        are = "escalation is" if home.over_time == 1 else "escalations are"
        sentences.append(f"{home.over_time} {are} overdue.")
    return " ".join(sentences)


def _no_cycle(home: Home) -> str:
    if home.beside is None:
        return "No cycle yet. Start with a quarter."
    day = partial(write_day, today=home.today, weekday=False)
    if home.beside.starts_on > home.today:
        return f"No cycle is running. {home.beside} starts on {day(home.beside.starts_on)}."
    return f"No cycle is running. {home.beside} ended on {day(home.beside.ends_on)}."


def _forecasts(home: Home) -> list[bool | None]:
    """List the forecasts of all key results; a draft without a value is not missing one."""
    return [
        line.forecast_holds
        for line in home.lines
        if line.forecast_holds is not None or not line.key_result.is_draft
    ]


def _reds(home: Home) -> str:
    red = [line for line in home.lines if line.key_result.rag == Rag.RED]
    escalated = {
        card.escalation.key_result_id
        for card in home.escalations
        if card.escalation.activated_at is not None
    }
    early = [
        line.key_result
        for line in red
        if line.key_result.pk not in escalated
        and is_early(line.key_result.rag, forecast_holds=line.forecast_holds)
    ]
    age = ""
    if early:
        cycle = early[0].objective.cycle
        age = describe_age(cycle.kind, starts_on=cycle.starts_on, today=home.today)
    titles = [line.key_result.title for line in red]
    return describe_reds(titles, early=len(early), age=age)


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
        (week.due_today, _by([card.due_at for card in waiting if card.is_due_today])),
    ]
    parts = [
        f"{_who(number, of=week.left)} {'is' if number == 1 else 'are'} {what}"
        for number, what in found
        if number
    ]
    if not parts:
        asked = [card.due_at for card in waiting if card.is_asked]
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
