"""Agenda items with a list: actions, missing check-ins, experiments, wins, decisions, closing."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from decisions.movement import Moved
from okrs.formatting import YES_NO, write_day, write_value
from reviews.agenda.facts import AgendaFacts, DecisionFacts, Drawn, KeyResultFacts, Row
from reviews.agenda.reasons import Reason
from reviews.models import ReviewKind, Section
from scoring import format_number

MOST_DAYS = 3


def actions(facts: AgendaFacts) -> Drawn | None:
    """Return the overdue actions, which open the review (M8.3)."""
    overdue = sorted(facts.actions, key=lambda one: one.due_on, reverse=True)
    if not overdue:
        return None
    days = [_day(one.due_on, facts) for one in overdue]
    why = f"due {_listed(days)}" if len(days) <= MOST_DAYS else f"the oldest due {days[-1]}"
    return Drawn(
        section=Section.ACTIONS,
        source="actions",
        title=_counted(len(overdue), "overdue action"),
        why=why,
        minutes=min(6, 2 + len(overdue)),
        rows=[
            {
                "title": one.what,
                "meta": _joined(one.owner, f"due {_day(one.due_on, facts)}", one.about),
                "action": one.public_id,
            }
            for one in overdue
        ],
    )


def quiet_list(silent: Sequence[tuple[KeyResultFacts, Reason]]) -> Drawn | None:
    """Return key results whose check-in is late or missing, without a stronger reason."""
    if not silent:
        return None
    heaviest_first = sorted(silent, key=lambda pair: (-pair[1].weight, pair[0].title.casefold()))
    count = len(silent)
    return Drawn(
        section=Section.QUIET,
        source="quiet",
        title=f"{_counted(count, 'check-in')} missing",
        why=heaviest_first[0][1].why if count == 1 else "check-ins late or missed",
        minutes=min(6, 2 + count),
        rows=[
            {
                "title": row.title,
                "meta": _joined(row.owner or "no owner", reason.why),
                "key_result": row.public_id,
                "rag": row.rag.value,
            }
            for row, reason in heaviest_first
        ],
    )


def experiments(facts: AgendaFacts) -> Drawn | None:
    """Return the results of micro cycles that ended since the last review (M2.5)."""
    found = facts.experiments
    if not found:
        return None
    cycles = list(dict.fromkeys(one.cycle for one in found))
    ended = _day(max(one.ended_on for one in found), facts)
    alone = len(cycles) == 1
    return Drawn(
        section=Section.EXPERIMENTS,
        source="experiments",
        title=f"Experiment: {cycles[0]}" if alone else _counted(len(cycles), "experiment"),
        why=f"ended {ended}, lessons" if alone else f"the last ended {ended}",
        minutes=min(8, 2 + 2 * len(cycles)),
        rows=[
            {
                "title": one.title,
                "meta": _joined("" if alone else one.cycle, one.insight),
                "key_result": one.public_id,
                "rag": one.rag.value,
                **_from_to(one.baseline, one.value, unit=one.unit),
            }
            for one in found
        ],
    )


def wins(calm: Sequence[KeyResultFacts], facts: AgendaFacts) -> Drawn | None:
    """Return key results with a better score since the last review, at most with a late check-in."""
    gains = [(gain, row) for row in calm if (gain := _gain(row, facts)) > 0]
    if not gains:
        return None
    best_first = [row for _, row in sorted(gains, key=lambda pair: (-pair[0], pair[1].title))]
    since = f"since {_day(facts.since, facts)}" if facts.since else "since the start"
    return Drawn(
        section=Section.WINS,
        source="wins",
        title="Wins and learnings",
        why=f"{len(gains)} moved up {since}",
        minutes=4,
        rows=[
            {
                "title": row.title,
                "meta": row.insight,
                "key_result": row.public_id,
                "rag": row.rag.value,
                **_from_to(_before(row), row.value, unit=row.unit),
            }
            for row in best_first
        ],
    )


def decisions(facts: AgendaFacts) -> Drawn | None:
    """Return the decisions of the last review, and how their metrics moved since (M8)."""
    if not facts.decisions:
        return None
    return Drawn(
        section=Section.DECISIONS,
        source="decisions",
        title="Last review’s decisions",
        why=_outcomes(facts.decisions),
        minutes=min(6, 2 + len(facts.decisions)),
        rows=[
            {
                "title": one.text,
                "meta": _joined(one.owner, f"due {_day(one.due_on, facts)}", one.about),
                "key_result": one.public_id,
                "label": _since_then(one),
                "words": one.words,
            }
            for one in facts.decisions
        ],
    )


def _outcomes(decisions: Sequence[DecisionFacts]) -> str:
    """Return for example "3 improved, 1 didn’t, 1 without a new value"."""
    found = Counter(one.label for one in decisions)
    words = {
        Moved.BETTER: "improved",
        Moved.NO_BETTER: "didn’t" if found[Moved.BETTER] else "not improved",
        Moved.UNKNOWN: "without a new value",
    }
    counted = [f"{found[label]} {word}" for label, word in words.items() if found[label]]
    return ", ".join(counted) or f"{len(decisions)} to review"


def _since_then(decision: DecisionFacts) -> str:
    if decision.words:
        return "since then"
    return "no value since" if decision.label else ""


def closing(facts: AgendaFacts) -> Drawn:
    """Return the last item; in the monthly review with the three questions of M8.4."""
    monthly = facts.kind == ReviewKind.MONTHLY
    return Drawn(
        section=Section.CLOSING,
        source="closing",
        title="Closing questions" if monthly else "Closing",
        why="always last",
        minutes=2,
    )


def _gain(row: KeyResultFacts, facts: AgendaFacts) -> Decimal:
    """Return how far the score rose since the last review, else since the start."""
    then = row.then.score if facts.since and row.then else None
    return (row.score or Decimal(0)) - (then or Decimal(0))


def _before(row: KeyResultFacts) -> Decimal | None:
    known = row.then.value if row.then else None
    return row.baseline if known is None else known


def _from_to(then: Decimal | None, now: Decimal | None, *, unit: str) -> Row:
    before = "" if then is None else format_number(then)
    return {
        "from": write_value(then, unit=unit) if unit == YES_NO and then is not None else before,
        "to": write_value(now, unit=unit),
    }


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _listed(days: Sequence[str]) -> str:
    *first, last = days
    return f"{', '.join(first)} and {last}" if first else last


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _day(on: dt.date, facts: AgendaFacts) -> str:
    return write_day(on, today=facts.today, weekday=False)
