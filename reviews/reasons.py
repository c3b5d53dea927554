"""The facts of an agenda, and why a key result is on it: one short phrase for each cause (M8)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import takewhile

from decisions.models import ActionItem, Decision
from engagements.models import Engagement
from escalations.models import Escalation, EscalationState
from okrs.formatting import in_words, red_for, write_day
from okrs.models import Forecast, KeyResult
from okrs.weeks import weeks_red
from reviews.models import ReviewKind, Section
from reviews.screens import SEPARATOR, Ask, KeyResultFacts
from scoring import Rag
from scoring.forecasts import ENOUGH_CONFIDENCE

OPEN_TOO_LONG = 7  # days (M7.6)
TIMES = {1: "once", 2: "twice"}
MORE_THAN_WEEKS = Decimal(1000)  # more weeks than anything can be red


@dataclass(frozen=True, kw_only=True)
class AgendaFacts:
    """All facts for an agenda. `since` is the day of the last review, if any.

    `actions` are overdue; `experiments` are the key results of micro cycles that have ended;
    `decisions` are those of the last review, each with the key result that it is about.
    """

    kind: str
    engagement: Engagement
    now: dt.datetime
    since: dt.date | None = None
    key_results: Sequence[KeyResultFacts] = ()
    actions: Sequence[ActionItem] = ()
    experiments: Sequence[KeyResult] = ()
    decisions: Sequence[tuple[Decision, KeyResult | None]] = ()

    @property
    def today(self) -> dt.date:
        return self.engagement.today(self.now)

    @cached_property
    def live(self) -> dict[int, KeyResultFacts]:
        """Return the key results by their keys."""
        return {row.key_result.pk: row for row in self.key_results}

    def day(self, on: dt.date) -> str:
        return write_day(on, today=self.today, weekday=False)


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A cause and its phrase; within a section the highest `weight` comes first.

    An escalation has no phrase: its state changes, so `current_why` adds it where it is read.
    """

    section: Section
    why: str
    weight: Decimal = Decimal(0)
    minutes: int = 5


def reasons(row: KeyResultFacts, facts: AgendaFacts) -> list[Reason]:
    """List the causes for this kind of review, the strongest first."""
    monthly = (red, behind, blocked, asks_for_help, quiet)
    weekly = (quiet, unowned, stuck, returning)
    rules = monthly if facts.kind == ReviewKind.MONTHLY else weekly
    return [cause for rule in rules if (cause := rule(row, facts))]


def red(row: KeyResultFacts, facts: AgendaFacts) -> Reason | None:
    """Return how long it has been red, and how often that was reported.

    Key results that need action come first (M8.3), those still on pace last.
    """
    key_result, escalation = row.key_result, row.escalation
    if key_result.rag != Rag.RED:
        return None
    if row.forecast is Forecast.ON_PACE and escalation is None:
        early = "early, " if row.is_early else ""
        return Reason(section=Section.RED, why=f"{early}on pace, red so far", minutes=4)
    weeks = weeks_red(
        red_since=key_result.red_since,
        last_week=key_result.last_week,
        today=facts.today,
        ends_on=key_result.objective.cycle.ends_on,
    )
    weeks, reported = max(1, weeks), max(1, key_result.red_reported)  # weeks in a row (M7.1)
    times = TIMES.get(reported, f"{in_words(reported)} times")
    why = f"{red_for(weeks)}, reported {times}"
    if escalation is not None and escalation.state is EscalationState.WATCHING:
        return Reason(section=Section.RED, why=why, minutes=4)
    # Of two that have been red for as long, the lower score comes first.
    weight = Decimal(weeks) + Decimal(1) - (key_result.score or Decimal(0)) / 2
    weight += rank_of(escalation, now=facts.now)
    return Reason(section=Section.RED, why=why, weight=weight, minutes=10 if weeks > 1 else 8)


def rank_of(escalation: Escalation | None, *, now: dt.datetime) -> Decimal:
    """Rank raised ones first, then overdue huddles, then active ones, then plans (M8.3)."""
    unranked = (EscalationState.WATCHING, EscalationState.DECIDED)
    if escalation is None or escalation.state in unranked:
        return Decimal(0)
    if escalation.state is EscalationState.RAISED:
        return 4 * MORE_THAN_WEEKS
    if escalation.state is EscalationState.ANSWERED:
        return MORE_THAN_WEEKS
    return (3 if escalation.is_huddle_overdue(now) else 2) * MORE_THAN_WEEKS


def behind(row: KeyResultFacts, facts: AgendaFacts) -> Reason | None:
    """Return why it is behind pace (M9.2), unless it is red."""
    key_result, rag = row.key_result, Rag(row.key_result.rag)
    if row.forecast is not Forecast.BEHIND or rag is Rag.RED:
        return None
    gap = (row.assessment.pace or Decimal(0)) - (key_result.score or Decimal(0))
    parts = [f"behind pace, {rag.label.lower()}"]
    if key_result.confidence is not None and key_result.confidence < ENOUGH_CONFIDENCE:
        parts.append(f"confidence {key_result.confidence} of 5")
    return Reason(section=Section.BEHIND, why=", ".join(parts), weight=gap, minutes=6)


def blocked(row: KeyResultFacts, facts: AgendaFacts) -> Reason | None:
    if not row.blockers:
        return None
    days = _open_for(row.blockers, today=facts.today)
    why = f"blocked {_lasting(days)}"
    return Reason(section=Section.BLOCKED, why=why, weight=Decimal(days), minutes=6)


def asks_for_help(row: KeyResultFacts, facts: AgendaFacts) -> Reason | None:
    if not row.help_requests:
        return None
    days = _open_for(row.help_requests, today=facts.today)
    when = {0: "today", 1: "yesterday"}.get(days, f"{days} days ago")
    return Reason(section=Section.HELP, why=f"help requested {when}", weight=Decimal(days))


def quiet(row: KeyResultFacts, facts: AgendaFacts) -> Reason | None:
    """Return whether its check-in is late, or missing in the last periods (M6.3)."""
    # The latest periods that closed without a check-in.
    missed = list(takewhile(lambda spell: spell.rag is None, reversed(row.spells)))[::-1]
    if missed:
        since = "for" if len(missed) == 1 else "since"
        why = f"no check-in {since} the week of {facts.day(missed[0].monday)}"
        return Reason(section=Section.QUIET, why=why, weight=Decimal(len(missed)))
    if row.late_since is not None:
        why = f"check-in late since {write_day(row.late_since, today=facts.today)}"
        return Reason(section=Section.QUIET, why=why)
    return None


def unowned(row: KeyResultFacts, facts: AgendaFacts) -> Reason | None:
    """Return why no one is responsible for it (M9.3)."""
    owner = row.key_result.owner
    if owner is None:
        gap = "no owner"
    elif owner.removed_at is not None:
        gap = f"{owner.name} has left"
    elif owner.is_placeholder:
        gap = f"{owner.name} has not signed in yet"
    else:
        return None
    return Reason(section=Section.UNOWNED, why=gap, minutes=3)


def stuck(row: KeyResultFacts, facts: AgendaFacts) -> Reason | None:
    """Return why it is stuck.

    It is escalated (M7), has had the same value below its target in three check-ins, or has had a
    blocker or help request for a week.
    """
    parts = []
    rank = rank_of(row.escalation, now=facts.now)
    values = [spell.value for spell in row.spells if spell.rag is not None][-3:]
    if len(values) == 3 and len(set(values)) == 1 and row.key_result.score != 1:
        parts.append("same value 3 times in a row")
    days = _open_for(row.blockers, today=facts.today)
    if row.blockers and days >= OPEN_TOO_LONG:
        parts.append(f"blocked {_lasting(days)}")
    help_days = _open_for(row.help_requests, today=facts.today)
    if row.help_requests and help_days >= OPEN_TOO_LONG:
        parts.append(f"help requested {help_days} days ago")
    if not rank and not parts:
        return None
    weight = rank + Decimal(max(days, help_days))
    return Reason(section=Section.STUCK, why=SEPARATOR.join(parts), weight=weight)


def returning(row: KeyResultFacts, facts: AgendaFacts) -> Reason | None:
    """Return whether it was red in three of six periods with breaks, or missed two of four."""
    parts = []
    last = row.spells[-6:]
    reds = [index for index, spell in enumerate(last) if spell.rag is Rag.RED]
    if len(reds) >= 3:
        between = last[reds[0] : reds[-1]]
        if any(spell.rag not in (None, Rag.RED) for spell in between):
            parts.append(f"red in {len(reds)} of the last {len(last)} periods")
    missed = sum(spell.rag is None for spell in row.spells[-4:])
    if missed >= 2:
        parts.append(f"missed {missed} of the last {len(row.spells[-4:])} check-ins")
    if not parts:
        return None
    return Reason(section=Section.RETURNING, why=SEPARATOR.join(parts), weight=Decimal(len(reds)))


def _open_for(asks: Sequence[Ask], *, today: dt.date) -> int:
    """Count the days since the oldest."""
    return max(((today - ask.since).days for ask in asks), default=0)


def _lasting(days: int) -> str:
    return "since today" if days <= 0 else f"for {days} day{'s' if days > 1 else ''}"
