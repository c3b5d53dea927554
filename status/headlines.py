"""The sentence at the head of a status page: pace first, then what is red (M12)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from okrs.formatting import in_words
from okrs.models import CycleKind
from scoring import Rag
from status.key_results import KeyResultToday

LONGEST_NAME = 90
NO_VALUE_YET = "Work has started. No key result has a value yet."
CYCLE_NAMES = {CycleKind.ANNUAL: "year", CycleKind.QUARTERLY: "quarter"}


def status_headline(states: Sequence[KeyResultToday], *, today: dt.date) -> str:
    """Return for example "5 of 6 key results are on pace. 1 is behind. 1 is red: its title."."""
    if not states:
        return "No objective is committed right now."
    forecasts = [state.is_on_pace for state in states]
    if all(forecast is None for forecast in forecasts):
        return NO_VALUE_YET
    red = [state for state in states if state.key_result.rag == Rag.RED]
    # An escalated key result needs action even if it is on pace (M7.2).
    early = [state for state in red if state.is_early and not state.is_escalated]
    age = ""
    if early:
        cycle = early[0].key_result.objective.cycle
        age = describe_age(cycle.kind, starts_on=cycle.starts_on, today=today)
    titles = [state.key_result.title for state in red]
    return f"{describe_pace(forecasts)} {describe_reds(titles, early=len(early), age=age)}"


def describe_pace(forecasts: Sequence[bool | None]) -> str:
    """Return for example "5 of 6 key results are on pace. 1 is behind."; None counts as unmeasured."""
    on_pace, behind = forecasts.count(True), forecasts.count(False)
    total = on_pace + behind
    noun = "measured key result" if None in forecasts else "key result"
    if total == 1:
        return f"The only {noun} is {'on' if on_pace else 'behind'} pace."
    if not on_pace or not behind:
        every = "Both" if total == 2 else f"All {total}"
        return f"{every} {noun}s are {'on' if on_pace else 'behind'} pace."
    are, are_behind = ("is" if count == 1 else "are" for count in (on_pace, behind))
    return f"{on_pace} of {total} {noun}s {are} on pace. {behind} {are_behind} behind."


def describe_reds(titles: Sequence[str], *, early: int, age: str) -> str:
    """Return for example "1 is red: its title."; `early` of them are red but on pace."""
    red = len(titles)
    if not red:
        return "None is red."
    are_red = f"{red} {'is' if red == 1 else 'are'} red"
    if early == red:
        return f"{are_red}. Scores are still low: {age}."
    if early:
        return f"{are_red}, {early} of them still on pace."
    if red == 1 and len(titles[0]) <= LONGEST_NAME:
        return f"{are_red}: {titles[0]}."
    return f"{are_red}."


def describe_age(kind: str, *, starts_on: dt.date, today: dt.date) -> str:
    """Return for example "the quarter is three weeks old"."""
    name = CYCLE_NAMES.get(CycleKind(kind), "cycle")
    weeks = (today - starts_on).days // 7
    if weeks < 1:
        return f"the {name} has just begun"
    return f"the {name} is {in_words(weeks)} week{'' if weeks == 1 else 's'} old"
