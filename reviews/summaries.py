"""The client-ready summary of a review, drafted from the data (M8.4). Pure.

Only what a client may read comes in: figures, insights and next actions of check-ins, decisions
that the client may see, dates. Comments, help requests, blockers, actions and hidden decisions
have no way into it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from okrs.figures import YES_NO, in_words, write_day, write_value
from scoring import Rag, Scale, format_number, format_score

MOST_NEXT = 8
LONGEST_TITLE = 120


@dataclass(frozen=True, kw_only=True)
class Told:
    """A live key result as the client sees it; `then` is how it stood at the last review."""

    title: str
    unit: str = ""
    value: Decimal | None = None
    score: Decimal | None = None
    rag: Rag = Rag.NO_DATA
    forecast_holds: bool | None = None
    red_weeks: int = 1
    then_value: Decimal | None = None
    then_score: Decimal | None = None
    insight: str = ""
    next_action: str = ""
    next_action_due: dt.date | None = None

    @property
    def is_early(self) -> bool:
        return self.rag is Rag.RED and self.forecast_holds is True


@dataclass(frozen=True, kw_only=True)
class Decided:
    """A decision that the client may see."""

    text: str
    due_on: dt.date


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """A review to come."""

    title: str
    on: dt.date


@dataclass(frozen=True, kw_only=True)
class Draft:
    """Words for the client, each a few lines, to be edited by the lead."""

    headline: str
    moved: str
    red: str
    decided: str
    next_steps: str


def draft_summary(
    *,
    key_results: Sequence[Told],
    decisions: Sequence[Decided],
    ahead: Sequence[Ahead],
    today: dt.date,
    scale: Scale,
) -> Draft:
    """A headline that leads with forecasts (M12), then one line for each thing to know."""
    return Draft(
        headline=headline(key_results),
        moved=_lines(_moved(key_results, scale=scale)) or "Nothing moved since the last review.",
        red=_lines(_red(one, today=today) for one in _reds(key_results)) or "Nothing is red.",
        decided=_lines(
            f"{_sentence(one.text)} By {_day(one.due_on, today=today)}." for one in decisions
        ),
        next_steps=_lines([*_dates(ahead, today=today), *_next(key_results, today=today)]),
    )


def headline(key_results: Sequence[Told]) -> str:
    """ "Five of six forecasts hold; one key result is red: API latency."."""
    known = [one for one in key_results if one.forecast_holds is not None]
    if not known:
        return "No key result has a value yet."
    held = sum(one.forecast_holds is True for one in known)
    total = in_words(len(known))
    if len(known) == 1:
        first = "The one forecast holds" if held else "The one forecast does not hold"
    elif held == len(known):
        first = "Both forecasts hold" if held == 2 else f"All {total} forecasts hold"
    elif not held:
        first = "No forecast holds"
    else:
        hold = "holds" if held == 1 else "hold"
        first = f"{in_words(held).capitalize()} of {total} forecasts {hold}"
    return f"{first}; {_red_words(key_results)}."


def _red_words(key_results: Sequence[Told]) -> str:
    reds = _reds(key_results)
    real = [one for one in reds if not one.is_early]
    if not reds:
        return "nothing is red"
    if not real:
        early = "one key result is red" if len(reds) == 1 else f"{in_words(len(reds))} are red"
        return f"{early}, merely early"
    if len(real) == 1 and len(real[0].title) <= LONGEST_TITLE:
        return f"one key result is red: {real[0].title}"
    return f"{in_words(len(real))} key result{'s are' if len(real) > 1 else ' is'} red"


def _reds(key_results: Sequence[Told]) -> list[Told]:
    """Those that are merely early last."""
    red = [one for one in key_results if one.rag is Rag.RED]
    return sorted(red, key=lambda one: (one.is_early, -one.red_weeks, one.title))


def _moved(key_results: Sequence[Told], *, scale: Scale) -> list[str]:
    """Whose score changed, the largest rise first."""
    changed = [(_change(one), one) for one in key_results if one.score is not None]
    ranked = sorted(changed, key=lambda pair: (-pair[0], pair[1].title))
    return [_move(one, scale=scale) for change, one in ranked if change]


def _change(one: Told) -> Decimal:
    return (one.score or Decimal(0)) - (one.then_score or Decimal(0))


def _move(one: Told, *, scale: Scale) -> str:
    score = f"{format_score(one.score, scale=scale)} {one.rag.label}"
    values = _change_in_words(one)
    return f"{one.title}: {values}, {score}."


def _change_in_words(one: Told) -> str:
    """ "441 → 372 ms", the value alone where there was none."""
    now = write_value(one.value, unit=one.unit)
    if one.then_value is None or one.then_value == one.value:
        return now
    before = "no" if one.then_value == 0 else "yes"
    return f"{before if one.unit == YES_NO else format_number(one.then_value)} → {now}"


def _red(one: Told, *, today: dt.date) -> str:
    weeks = f"red for {in_words(one.red_weeks)} weeks" if one.red_weeks > 1 else "red"
    state = "red: early, forecast holds" if one.is_early else weeks
    said = f" {_sentence(one.insight)}" if one.insight else ""
    return f"{one.title}, {state}.{said} {_step(one, today=today)}".rstrip()


def _step(one: Told, *, today: dt.date) -> str:
    if not one.next_action:
        return ""
    by = f", by {_day(one.next_action_due, today=today)}" if one.next_action_due else ""
    return f"Next: {one.next_action.rstrip('.')}{by}."


def _dates(ahead: Sequence[Ahead], *, today: dt.date) -> list[str]:
    return [f"{one.title}: {write_day(one.on, today=today)}." for one in ahead]


def _next(key_results: Sequence[Told], *, today: dt.date) -> list[str]:
    """Next actions of what is not red, the soonest first; those of red ones are told with them."""
    steps = [one for one in key_results if one.next_action and one.rag is not Rag.RED]
    soonest = sorted(steps, key=lambda one: (one.next_action_due or dt.date.max, one.title))
    return [
        f"{one.title}: {_step(one, today=today).removeprefix('Next: ')}"
        for one in soonest[:MOST_NEXT]
    ]


def _sentence(text: str) -> str:
    said = " ".join(text.split())
    return said if said.endswith((".", "!", "?")) else f"{said}."


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(lines)


def _day(on: dt.date, *, today: dt.date) -> str:
    return write_day(on, today=today, weekday=False)
