"""The facts that the screen of a key result shows, stored as JSON and read back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import itemgetter
from typing import Any

from checkins.models import CheckIn
from checkins.rules import assess_latest
from decisions.models import Decision
from decisions.movement import Movement, moved_since
from escalations.models import Escalation
from okrs.charts import History
from okrs.formatting import YES_NO, is_early, plain, write_day, write_value
from okrs.models import KeyResult
from reviews.agenda.escalations import escalation_screen
from reviews.agenda.facts import Ask, Row, Spell
from scoring import Rag, format_number, format_score

Facts = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Told:
    """Rows that belong to a key result on its screen, read before."""

    check_in: CheckIn | None = None
    decision: Decision | None = None
    escalation: Escalation | None = None  # of the streak that runs
    help_requests: Sequence[Ask] = ()
    blockers: Sequence[Ask] = ()
    spells: Sequence[Spell] = ()


def key_result_screen(row: KeyResult, told: Told, *, today: dt.date) -> Facts:
    """Return the current facts of a key result; needs engagement, cycle, metric and owner."""
    unit = row.metric.unit if row.metric else ""
    found = assess_latest(row, today=today)
    return {
        "kind": "key_result",
        "id": row.public_id,
        "title": row.title,
        "objective": row.objective.title,
        "owner": row.owner.name if row.owner else "",
        "start": _side(row.baseline, unit=unit),
        "latest": _side(row.latest_value, unit=unit),
        "goal": _side(row.target, unit=unit),
        "unit": _sign(unit),
        "measured": _day(row.measured_on, today=today),
        "score": plain(row.score),
        "rag": row.rag,
        "confidence": row.confidence,
        "stage": row.stage,
        "pace": plain(found.pace),
        "forecast_holds": found.forecast_holds,
        "unverified": row.is_unverified,
        "explanation": found.explanation,
        "chart": _chart(row, told.spells, unit=unit, today=today),
        "help": _asks(told.help_requests, today=today),
        "blockers": _asks(told.blockers, today=today),
        "escalation": escalation_screen(told.escalation, engagement=row.engagement, today=today),
        "decision": _decision(row, told, unit=unit, today=today),
        **_said(row, told.check_in, today=today),
    }


@dataclass(frozen=True)
class Screen:
    """Facts as a template shows them."""

    facts: Mapping[str, Any]

    @property
    def score(self) -> Decimal | None:
        return _number(self.facts["score"])

    @property
    def pace(self) -> Decimal | None:
        return _number(self.facts["pace"])

    @property
    def is_early(self) -> bool:
        return is_early(self.facts["rag"], forecast_holds=self.facts["forecast_holds"])

    @property
    def history(self) -> History | None:
        """Return the data of the chart, None if there is no value yet."""
        chart = self.facts["chart"]
        if not any(value for _, value in chart["readings"]):
            return None
        return History(
            readings=[(_date(day), _number(value)) for day, value in chart["readings"]],
            starts_on=_date(chart["starts_on"]),
            due_on=_date(chart["due_on"]),
            today=_date(chart["today"]),
            start=_number(chart["start"]),
            goal=_number(chart["goal"]),
            rungs=[(Decimal(threshold), score) for threshold, score in chart["rungs"]],
        )


def _chart(row: KeyResult, spells: Sequence[Spell], *, unit: str, today: dt.date) -> Facts:
    scale = row.engagement.score_scale
    due_on = row.due_on or row.objective.cycle.ends_on
    readings = [
        [(one.measured_on or min(one.monday, today)).isoformat(), plain(one.value)]
        for one in spells
    ]
    return {
        "unit": unit,
        "readings": sorted(readings, key=itemgetter(0)),  # by day
        "starts_on": row.starts_on.isoformat(),
        "due_on": due_on.isoformat(),
        "today": today.isoformat(),
        "start": plain(row.baseline),
        "goal": plain(row.target),
        "rungs": [
            [plain(threshold), format_score(score, scale=scale)] for threshold, score in row.rungs
        ],
    }


def _said(row: KeyResult, check_in: CheckIn | None, *, today: dt.date) -> dict[str, str]:
    return {
        "insight": row.insight,
        "said_by": check_in.author.name if check_in else "",
        "said_on": _day(check_in.measured_on if check_in else None, today=today),
        "next_action": row.next_action,
        "next_action_due": _day(row.next_action_due, today=today),
    }


def _asks(asks: Sequence[Ask], *, today: dt.date) -> list[Row]:
    return [{"text": one.text, "by": one.by, "since": _day(one.since, today=today)} for one in asks]


def _decision(row: KeyResult, told: Told, *, unit: str, today: dt.date) -> Row | None:
    """Return the last decision about it, and how its value moved since."""
    decision = told.decision
    if decision is None:
        return None
    words = outcome_of(decision, row).words(unit=unit)
    weeks = max(1, round((today - decision.decided_on).days / 7))
    span = f" in {weeks} week{'s' if weeks > 1 else ''}" if words else ""
    return {
        "on": _day(decision.decided_on, today=today),
        "text": decision.text,
        "label": "Since then" if words else "No value since.",
        "words": f"{words}{span}{_bands(decision, row) if words else ''}",
    }


def outcome_of(decision: Decision, row: KeyResult) -> Movement:
    """Compare the value stored with the decision and the current one."""
    return moved_since(
        decision.decided_on,
        then=_number(touched(decision, row).get("value")),
        now=row.latest_value,
        measured_on=row.measured_on,
        higher_is_better=row.higher_is_better,
    )


def touched(decision: Decision, row: KeyResult) -> Mapping[str, Any]:
    """Return the values of this key result stored with the decision."""
    touches: Sequence[Mapping[str, Any]] = decision.touches
    return next((one for one in touches if one.get("key_result") == row.public_id), {})


def _bands(decision: Decision, row: KeyResult) -> str:
    then = touched(decision, row).get("rag") or Rag.NO_DATA
    if then == row.rag:
        return f", still {Rag(row.rag).label}"
    return f", {Rag(then).label} to {Rag(row.rag).label}"


def _side(value: Decimal | None, *, unit: str) -> str:
    if value is None:
        return "–"
    return write_value(value, unit=unit).capitalize() if unit == YES_NO else format_number(value)


def _sign(unit: str) -> str:
    return {"percent": "%", YES_NO: ""}.get(unit, unit)


def _day(on: dt.date | None, *, today: dt.date) -> str:
    return "" if on is None else write_day(on, today=today, weekday=False)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _date(text: str) -> dt.date:
    return dt.date.fromisoformat(text)
