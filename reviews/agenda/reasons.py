"""Why a key result is on an agenda: one short phrase for each cause."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from okrs.formatting import write_day
from okrs.weeks import weeks_red
from reviews.agenda.escalations import SEPARATOR, rank_of, where_it_stands
from reviews.agenda.facts import Ask, KeyResultFacts, Spell
from reviews.models import Section
from scoring import Rag, Scale, format_score
from scoring.bands import ENOUGH_CONFIDENCE, SLACK

OPEN_TOO_LONG = 7  # days (M7.6)
TIMES = {1: "once", 2: "twice"}


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A cause and its phrase; within a section the highest `weight` comes first."""

    section: Section
    why: str
    weight: Decimal = Decimal(0)
    minutes: int = 5


def red(row: KeyResultFacts, *, today: dt.date) -> Reason | None:
    """Return how long it has been red, how often that was reported, and its escalation's state.

    Key results that need action come first (M8.3), those still on pace last.
    """
    if row.rag is not Rag.RED:
        return None
    escalation = row.escalation
    if row.is_early and escalation is None:
        return Reason(section=Section.RED, why="red, but early and still on pace", minutes=4)
    weeks, reported = red_weeks(row, today=today), max(1, row.red_reported)
    said = f"red for {weeks} week{'s' if weeks > 1 else ''}"
    why = f"{said}, reported {TIMES.get(reported, f'{reported} times')}"
    if escalation is not None:
        why = f"{why}{SEPARATOR}{where_it_stands(escalation, today=today)}"
        if escalation.is_watched:
            return Reason(section=Section.RED, why=why, minutes=4)
    # Of two that have been red for as long, the lower score comes first.
    weight = Decimal(weeks) + Decimal(1) - (row.score or Decimal(0)) / 2
    return Reason(
        section=Section.RED,
        why=why,
        weight=rank_of(escalation) + weight,
        minutes=10 if weeks > 1 else 8,
    )


def red_weeks(row: KeyResultFacts, *, today: dt.date) -> int:
    """Count the red calendar weeks in a row, at least one (M7.1)."""
    weeks = weeks_red(
        red_since=row.red_since, last_week=row.last_week, today=today, ends_on=row.ends_on
    )
    return max(1, weeks)


def behind(row: KeyResultFacts, *, scale: Scale) -> Reason | None:
    """Return why it is behind pace (M9.2), unless it is red."""
    if row.forecast_holds is not False or row.rag is Rag.RED:
        return None
    gap = (row.pace or Decimal(0)) - (row.score or Decimal(0))
    parts = [row.rag.label.lower()]
    if gap > SLACK and row.rag is Rag.AMBER:
        parts.append(f"{format_score(gap, scale=scale)} behind pace")
    if row.confidence is not None and row.confidence < ENOUGH_CONFIDENCE:
        parts.append(f"confidence {row.confidence} of 5")
    return Reason(section=Section.BEHIND, why=", ".join(parts), weight=gap, minutes=6)


def blocked(row: KeyResultFacts, *, today: dt.date) -> Reason | None:
    if not row.blockers:
        return None
    days = _open_for(row.blockers, today=today)
    return Reason(
        section=Section.BLOCKED,
        why=f"blocked {_lasting(days)}",
        weight=Decimal(days),
        minutes=6,
    )


def asks_for_help(row: KeyResultFacts, *, today: dt.date) -> Reason | None:
    if not row.help_requests:
        return None
    days = _open_for(row.help_requests, today=today)
    asked = "today" if days == 0 else "yesterday" if days == 1 else f"{days} days ago"
    return Reason(section=Section.HELP, why=f"help requested {asked}", weight=Decimal(days))


def quiet(row: KeyResultFacts, *, today: dt.date) -> Reason | None:
    """Return whether its check-in is late, or missing in the last periods (M6.3)."""
    missed = _missed_last(row.spells)
    if missed:
        since = "for" if len(missed) == 1 else "since"
        why = f"no check-in {since} the week of {_day(missed[0].monday, today=today)}"
        return Reason(section=Section.QUIET, why=why, weight=Decimal(len(missed)))
    if row.late_since is not None:
        why = f"check-in late since {_day(row.late_since, today=today, weekday=True)}"
        return Reason(section=Section.QUIET, why=why)
    return None


def unowned(row: KeyResultFacts) -> Reason | None:
    if not row.owner_gap:
        return None
    return Reason(section=Section.UNOWNED, why=row.owner_gap, minutes=3)


def stuck(row: KeyResultFacts, *, today: dt.date) -> Reason | None:
    """Return why it is stuck.

    It is escalated (M7), has had the same value below its target in three check-ins, or has had a
    blocker or help request for a week.
    """
    parts = []
    escalation, rank = row.escalation, rank_of(row.escalation)
    if escalation is not None and rank:
        parts.append(where_it_stands(escalation, today=today))
    values = [one.value for one in row.spells if one.rag is not None][-3:]
    if len(values) == 3 and len(set(values)) == 1 and row.score != 1:
        parts.append("same value 3 times in a row")
    days = _open_for(row.blockers, today=today)
    if row.blockers and days >= OPEN_TOO_LONG:
        parts.append(f"blocked {_lasting(days)}")
    asked = _open_for(row.help_requests, today=today)
    if row.help_requests and asked >= OPEN_TOO_LONG:
        parts.append(f"help requested {asked} days ago")
    if not parts:
        return None
    weight = rank + Decimal(max(days, asked))
    return Reason(section=Section.STUCK, why=SEPARATOR.join(parts), weight=weight)


def returning(row: KeyResultFacts) -> Reason | None:
    """Return whether it was red in three of six periods with breaks, or missed two of four."""
    parts = []
    last = row.spells[-6:]
    reds = [index for index, one in enumerate(last) if one.rag is Rag.RED]
    if len(reds) >= 3:
        between = last[reds[0] : reds[-1]]
        if any(one.rag not in (None, Rag.RED) for one in between):
            parts.append(f"red in {len(reds)} of the last {len(last)} periods")
    missed = sum(one.rag is None for one in row.spells[-4:])
    if missed >= 2:
        parts.append(f"missed {missed} of the last {len(row.spells[-4:])} check-ins")
    if not parts:
        return None
    return Reason(section=Section.RETURNING, why=SEPARATOR.join(parts), weight=Decimal(len(reds)))


def _missed_last(spells: Sequence[Spell]) -> list[Spell]:
    """List the latest periods that closed without a check-in."""
    start = len(spells)
    while start and spells[start - 1].rag is None:
        start -= 1
    return list(spells[start:])


def _open_for(asks: Sequence[Ask], *, today: dt.date) -> int:
    """Count the days since the oldest."""
    return max(((today - one.since).days for one in asks), default=0)


def _lasting(days: int) -> str:
    if days <= 0:
        return "since today"
    return f"for {days} day{'s' if days > 1 else ''}"


def _day(on: dt.date, *, today: dt.date, weekday: bool = False) -> str:
    return write_day(on, today=today, weekday=weekday)
