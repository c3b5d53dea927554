"""The sentence at the head of a page: what is found, then what is to be done. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.utils import timezone

from checkins.queries import DueCard, MyWeek
from okrs.figures import in_words, write_day


def my_week_headline(week: MyWeek, *, overdue: int = 0) -> str:
    """ "Eight cards to go. Three are late, two are due by noon."

    `overdue` actions are named once no card is left.
    """
    if not week.left:
        said = _saved(week.total) if week.total else _nothing_due(week)
        are = "action is" if overdue == 1 else "actions are"
        return f"{said} {in_words(overdue).capitalize()} {are} overdue." if overdue else said
    waiting = [card for group in week.groups for card in group.cards if not card.is_done]
    cards = "card" if week.left == 1 else "cards"
    return f"{in_words(week.left).capitalize()} {cards} to go. {_urgent(week, waiting)}"


def log_headline(*, recorded: int, last_on: dt.date | None, today: dt.date) -> str:
    """ "Nine decisions are recorded, the last one on 22 Nov." """
    if last_on is None:
        return "No decision is recorded yet."
    many = "decision is" if recorded == 1 else "decisions are"
    day = write_day(last_on, today=today, weekday=False)
    last = "" if recorded == 1 else " the last one"
    return f"{in_words(recorded).capitalize()} {many} recorded,{last} on {day}."


def actions_headline(*, open_ones: int, overdue: int) -> str:
    """ "Three actions are open, one is overdue." """
    if not open_ones:
        return "No action is open."
    many = "action is" if open_ones == 1 else "actions are"
    said = f"{in_words(open_ones).capitalize()} {many} open"
    if not overdue:
        return f"{said}, none is overdue."
    return f"{said}, {_who(overdue, of=open_ones)} {'is' if overdue == 1 else 'are'} overdue."


def _saved(cards: int) -> str:
    if cards == 1:
        return "Your card is saved."
    return f"{'Both' if cards == 2 else f'All {in_words(cards)}'} cards are saved."


def _nothing_due(week: MyWeek) -> str:
    if week.next_opens_at is None:
        return "Nothing is due."
    opens_on = timezone.localtime(week.next_opens_at).date()
    day = write_day(opens_on, today=timezone.localdate())
    return f"Nothing is due. The next card opens {day}."


def _urgent(week: MyWeek, waiting: Sequence[DueCard]) -> str:
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
        first = timezone.localtime(min(card.due_at for card in waiting)).date()
        day = write_day(first, today=timezone.localdate())
        none = "It is not" if week.left == 1 else "None is"
        return f"{none} due before {day}."
    said = ", ".join(parts)
    return f"{said[0].upper()}{said[1:]}."


def _who(number: int, *, of: int) -> str:
    if number == of:
        return "it" if of == 1 else "all"
    return in_words(number)


def _by(times: Sequence[dt.datetime]) -> str:
    """ "due by noon" where all share one time that lies ahead today, else "due today"."""
    shared = {timezone.localtime(at) for at in times}
    if len(shared) != 1:
        return "due today"
    at = shared.pop()
    if at.date() != timezone.localdate() or at <= timezone.now():
        return "due today"
    return "due by noon" if at.time() == dt.time(12) else f"due by {at:%H:%M}"
