"""The stored facts of an item's screen: a key result with the rows around it, its escalation in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from operator import itemgetter
from typing import Any

from checkins.models import CheckIn
from checkins.rules import Assessment
from decisions.models import Decision
from decisions.movement import Movement, moved_since
from engagements.models import Engagement
from engagements.places import zone_time
from escalations.models import Escalation, EscalationState
from okrs.charts import History
from okrs.formatting import (
    plain,
    write_day,
    write_due_day,
    write_end,
    write_figure,
    write_start,
    write_unit,
)
from okrs.models import Forecast, KeyResult
from okrs.states import is_early
from reviews.models import LONGEST_WHY
from scoring import Rag, format_score

Facts = dict[str, Any]
SEPARATOR = " · "  # between the reasons of one item


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A help request or a blocker that is still open."""

    text: str
    since: dt.date
    by: str


@dataclass(frozen=True, kw_only=True)
class Spell:
    """One period of a key result; without a band it closed without a check-in."""

    monday: dt.date
    value: Decimal | None = None
    rag: Rag | None = None
    measured_on: dt.date | None = None


@dataclass(frozen=True, kw_only=True)
class KeyResultFacts:
    """A key result with engagement, cycle, metric and owner, and the rows around it.

    `spells` are its periods until now, oldest first; `late_since` is the due day of the open period
    if its check-in is late. `earlier` is its state when the last review closed.
    """

    key_result: KeyResult
    forecast: Forecast
    assessment: Assessment
    check_in: CheckIn | None = None
    decision: Decision | None = None
    escalation: Escalation | None = None  # open, or decided while its streak is still red
    help_requests: Sequence[Ask] = ()
    blockers: Sequence[Ask] = ()
    spells: Sequence[Spell] = ()
    late_since: dt.date | None = None
    earlier: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_early(self) -> bool:
        return is_early(self.key_result.rag, forecast=self.forecast, pace=self.assessment.pace)


def key_result_screen(facts: KeyResultFacts, *, today: dt.date) -> Facts:
    """Return the current facts of a key result, to be stored with its item."""
    row, assessment, check_in = facts.key_result, facts.assessment, facts.check_in
    unit = row.unit
    return {
        "kind": "key_result",
        "id": row.public_id,
        "title": row.title,
        "objective": row.objective.title,
        "owner": row.owner.name if row.owner else "",
        "start": _side(row.baseline, unit=unit),
        "latest": _side(row.latest_value, unit=unit),
        "goal": _side(row.target, unit=unit),
        "unit": write_unit(unit),
        "measured": _day(row.measured_on, today=today),
        "score": plain(row.score),
        "rag": row.rag,
        "confidence": row.confidence,
        "stage": row.stage,
        "pace": plain(assessment.pace),
        "forecast": facts.forecast,
        "unverified": row.is_unverified,
        "explanation": assessment.explanation,
        "chart": _chart(row, facts.spells, unit=unit, today=today),
        "help": _asks(facts.help_requests, today=today),
        "blockers": _asks(facts.blockers, today=today),
        "escalation": _escalation(facts.escalation, engagement=row.engagement, today=today),
        "decision": _decision(row, facts.decision, today=today),
        "insight": row.insight,
        "said_by": check_in.author.name if check_in else "",
        "said_on": _day(check_in.measured_on if check_in else None, today=today),
        "next_action": row.next_action,
        "next_action_due": (
            write_due_day(row.next_action_due, today=today) if row.next_action_due else ""
        ),
    }


@dataclass(frozen=True)
class Screen:
    """Stored facts of a key result as a template shows them."""

    facts: Mapping[str, Any]

    @property
    def score(self) -> Decimal | None:
        return as_number(self.facts["score"])

    @property
    def pace(self) -> Decimal | None:
        return as_number(self.facts["pace"])

    @property
    def is_early(self) -> bool:
        return is_early(self.facts["rag"], forecast=self.forecast, pace=self.pace)

    @property
    def forecast(self) -> str:
        return str(self.facts["forecast"])

    @property
    def history(self) -> History | None:
        """Return the data of the chart, None if there is no value yet."""
        chart = self.facts["chart"]
        if not any(value for _, value in chart["readings"]):
            return None
        day = dt.date.fromisoformat
        return History(
            readings=[(day(on), as_number(value)) for on, value in chart["readings"]],
            starts_on=day(chart["starts_on"]),
            due_on=day(chart["due_on"]),
            today=day(chart["today"]),
            start=as_number(chart["start"]),
            goal=as_number(chart["goal"]),
            rungs=[(Decimal(threshold), score) for threshold, score in chart["rungs"]],
        )


def as_number(text: str | None) -> Decimal | None:
    """Return a stored number, None if there was none."""
    return None if text is None else Decimal(text)


def outcome_of(decision: Decision, row: KeyResult) -> Movement:
    """Compare the value stored with the decision and the current one."""
    return moved_since(decision.decided_on, _touch(decision, row), row)


def escalation_words(escalation: Escalation, *, engagement: Engagement, now: dt.datetime) -> str:
    """Return for example "escalation active, huddle by Wed 11 Mar 09:04 Berlin time"."""
    today, local = engagement.today(now), engagement.local
    match escalation.state:
        case EscalationState.WATCHING:
            return "watched: no deadline yet"
        case EscalationState.DECIDED if escalation.decided_at:
            on = _day(local(escalation.decided_at).date(), today=today)
            return f"the sponsor decided on {on}: {escalation.get_verdict_display().lower()}"
        case EscalationState.RAISED if escalation.raised_at:
            on = write_day(local(escalation.raised_at).date(), today=today)
            return f"with the sponsor since {on}"
        case EscalationState.ANSWERED:
            return f"recovery plan, checkpoint {_day(escalation.checkpoint_on, today=today)}"
    at = escalation.huddle_at or escalation.huddle_due_at
    if at is None:
        return "escalation active, no huddle set"
    if escalation.huddle_at is not None:
        is_held = escalation.is_huddle_held(now)
        huddle = "no outcome since the huddle on" if is_held else "huddle on"
        words = f"{huddle} {write_start(local(at), today=today)}"
    elif escalation.is_huddle_overdue(now):
        words = f"huddle overdue since {write_start(local(at), today=today)}"
    else:
        words = f"huddle by {write_end(local(at), today=today)}"
    # Readers may live elsewhere.
    return f"escalation active, {words} {zone_time(engagement.time_zone)}"


def current_why(
    why: str, escalation: Escalation | None, *, engagement: Engagement, now: dt.datetime
) -> str:
    """Return the reasons of an item, shortened as needed, and last the state of its escalation."""
    words = escalation_words(escalation, engagement=engagement, now=now) if escalation else ""
    room = LONGEST_WHY - len(words) - len(SEPARATOR) if words else LONGEST_WHY
    return SEPARATOR.join(filter(None, (clip(why, room), words)))


def clip(text: str, most: int) -> str:
    """Return the text in at most so many characters, the last of them "…" where it is cut."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _escalation(
    escalation: Escalation | None, *, engagement: Engagement, today: dt.date
) -> Facts | None:
    """Return the state of an escalation, its huddle, plan and decision, for a closed review."""
    if escalation is None:
        return None
    records = []
    if escalation.huddle_at is not None:
        at = write_start(engagement.local(escalation.huddle_at), today=today)
        by = f"set by {escalation.huddle_set_by.name}" if escalation.huddle_set_by else ""
        records.append({"head": f"Huddle {at}", "text": "", "meta": by})
    if escalation.checkpoint_on is not None and escalation.plan_owner is not None:
        checkpoint = _day(escalation.checkpoint_on, today=today)
        meta = f"{escalation.plan_owner.name}, checkpoint {checkpoint}"
        head = escalation.get_outcome_display()
        records.append({"head": head, "text": escalation.plan, "meta": meta})
    if escalation.decided_by is not None:
        by, of = escalation.decided_by.name, escalation.word_of
        meta = f"{of}, recorded by {by}" if of else by
        head = escalation.get_verdict_display()
        records.append({"head": head, "text": escalation.verdict_note, "meta": meta})
    since = (
        escalation.decided_at
        or escalation.raised_at
        or escalation.answered_at
        or escalation.activated_at
        or escalation.opened_at
    )
    return {
        "state": escalation.state.value,
        "label": escalation.state.label,
        "since": write_start(engagement.local(since), today=today),
        "said": records,
    }


def _chart(row: KeyResult, spells: Sequence[Spell], *, unit: str, today: dt.date) -> Facts:
    scale = row.engagement.score_scale
    due_on = row.due_on or row.objective.cycle.ends_on
    readings = [
        [(spell.measured_on or min(spell.monday, today)).isoformat(), plain(spell.value)]
        for spell in spells
    ]
    return {
        "unit": unit,
        "readings": sorted(readings, key=itemgetter(0)),  # by day
        "starts_on": row.first_day.isoformat(),
        "due_on": due_on.isoformat(),
        "today": today.isoformat(),
        "start": plain(row.baseline),
        "goal": plain(row.target),
        "rungs": [
            [plain(threshold), format_score(score, scale=scale)] for threshold, score in row.rungs
        ],
    }


def _asks(asks: Sequence[Ask], *, today: dt.date) -> list[dict[str, str]]:
    return [{"text": ask.text, "by": ask.by, "since": _day(ask.since, today=today)} for ask in asks]


def _decision(
    row: KeyResult, decision: Decision | None, *, today: dt.date
) -> dict[str, str] | None:
    """Return the last decision about it, and how value and band moved since."""
    if decision is None:
        return None
    words = outcome_of(decision, row).words
    if words:
        weeks = max(1, round((today - decision.decided_on).days / 7))
        then, now = Rag(_touch(decision, row).get("rag") or Rag.NO_DATA), Rag(row.rag)
        bands = f"still {now.label}" if then == now else f"{then.label} to {now.label}"
        words = f"{words} in {weeks} week{'s' if weeks > 1 else ''}, {bands}"
    return {
        "on": _day(decision.decided_on, today=today),
        "text": decision.text,
        "label": "Since then" if words else "No value since.",
        "words": words,
    }


def _touch(decision: Decision, row: KeyResult) -> Mapping[str, Any]:
    """Return the values of this key result stored with the decision."""
    touches: Sequence[Mapping[str, Any]] = decision.touches
    return next((touch for touch in touches if touch.get("key_result") == row.public_id), {})


def _side(value: Decimal | None, *, unit: str) -> str:
    return "–" if value is None else write_figure(value, unit=unit).capitalize()


def _day(on: dt.date | None, *, today: dt.date) -> str:
    return "" if on is None else write_day(on, today=today, weekday=False)
