"""Key results and objectives of the status page, in finished texts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from checkins.periods import (
    filled_periods,
    is_overdue,
    missed_periods,
    open_periods,
    periods,
    rhythm_of,
)
from engagements.models import Engagement
from escalations.models import Escalation
from escalations.rule import Response, response_to
from okrs.charts import Sparkline, sparkline, track
from okrs.formatting import (
    NO_BREAK,
    YES_NO,
    describe_track,
    describe_trend,
    red_for,
    sign_of,
    write_day,
    write_due_day,
    write_start,
    write_value,
)
from okrs.headlines import Progress
from okrs.models import Forecast, KeyResult
from okrs.queries.cards import trace
from okrs.states import draft_score, expected_pace
from okrs.weeks import weeks_red
from scoring import Rag, format_number, format_score, rag
from status.schema import KeyResultRow, KeyResultStanding, RedItem, Standing

NO_PLAN = "no recovery plan yet"


@dataclass(frozen=True, kw_only=True)
class KeyResultToday(Progress):
    """A key result with its state on the client's day."""

    late_since: dt.datetime | None
    missed: int  # check-ins since the last one
    answered: str  # the response to red
    plan: str
    plan_owner: str
    checkpoint_on: dt.date | None  # of the plan, while it runs


def key_result_today(
    key_result: KeyResult, *, escalation: Escalation | None, today: dt.date, at: dt.datetime
) -> KeyResultToday:
    """Work out the state on `today`; check-ins due before `at` are late or missed.

    `escalation` is its latest active one that has not recovered. Of it, clients read the recovery
    plan with its checkpoint, or which decision was made (M12).
    """
    late_since, missed = _late_and_missed(key_result, at=at)
    engagement, forecast = key_result.engagement, key_result.forecast_on(today)
    answered, response = "", Response.NONE
    if key_result.rag == Rag.RED and (escalation or forecast is not Forecast.ON_PACE):
        response = response_to(escalation, red_since=key_result.red_since, today=today)
        answered = _answered(response, escalation, engagement=engagement, today=today)
    has_plan = escalation is not None and response in (Response.PLAN, Response.FAILED)
    planned = escalation if has_plan else None
    return KeyResultToday(
        key_result=key_result,
        pace=expected_pace(key_result, today=today),
        forecast=forecast,
        is_escalated=escalation is not None and escalation.decided_at is None,
        late_since=late_since,
        missed=missed,
        answered=answered,
        plan=planned.plan if planned else "",
        plan_owner=str(planned.plan_owner) if planned else "",
        checkpoint_on=planned.checkpoint_on if planned and response is Response.PLAN else None,
    )


def _answered(
    response: Response, escalation: Escalation | None, *, engagement: Engagement, today: dt.date
) -> str:
    """Return "recovery plan, checkpoint 24 Mar", that it failed, the decision, or "no … yet"."""
    day = partial(write_day, today=today, weekday=False)
    if escalation is None:
        return NO_PLAN
    if escalation.decided_at and response is Response.VERDICT:
        decided_on = day(engagement.today(escalation.decided_at))
        return f"decided {decided_on}: {escalation.get_verdict_display().lower()}"
    if escalation.checkpoint_on and response is Response.PLAN:
        return f"recovery plan, checkpoint {day(escalation.checkpoint_on)}"
    if escalation.checkpoint_on and response is Response.FAILED:
        return f"recovery plan failed: still red at its checkpoint, {day(escalation.checkpoint_on)}"
    set_at = None if escalation.raised_at or escalation.decided_at else escalation.huddle_set_at
    since = f"action under way since {day(engagement.today(set_at))}, " if set_at else ""
    return f"{since}{NO_PLAN}"


def _late_and_missed(key_result: KeyResult, *, at: dt.datetime) -> tuple[dt.datetime | None, int]:
    """Return since when the open check-in is late, and how many were missed since the last one."""
    filled = filled_periods(key_result)
    late = (
        period.due_at
        for period in open_periods(rhythm_of(key_result), at)
        if period.monday not in filled and is_overdue(key_result, period=period, now=at)
    )
    last = key_result.last_period or dt.date.min
    missed = sum(period.monday > last for period in missed_periods(key_result, now=at))
    return next(late, None), missed


def key_result_row(
    state: KeyResultToday, *, engagement: Engagement, today: dt.date
) -> KeyResultRow:
    """Return the finished texts of a key result."""
    key_result = state.key_result
    unit = key_result.unit
    spark, sentence = _spark(key_result, engagement=engagement)
    day = partial(write_day, today=today, weekday=False)
    due = key_result.next_action_due
    row: KeyResultRow = {
        "id": key_result.public_id,
        "title": key_result.title,
        "meta": key_result.commitment
        + ("" if key_result.weight == 1 else f", weight {format_number(key_result.weight)}"),
        "notes": ["Unverified"] if key_result.is_unverified else [],
        "detail": _describe_missed(state.missed),
        "answered": state.answered,
        "plan": state.plan,
        "checkpoint_on": state.checkpoint_on.isoformat() if state.checkpoint_on else "",
        "baseline": _figure(key_result.baseline, unit=unit),
        "latest": _figure(key_result.latest_value, unit=unit),
        "unit": _write_unit(key_result.latest_value, unit=unit),
        "target": _figure(key_result.target, unit=unit),
        "spark": spark,
        "spark_sentence": sentence,
        "starts_on": _short_day(key_result.first_day),
        "due_on": _short_day(key_result.due_on) if key_result.due_on else "",
        "standing": _key_result_standing(state, engagement=engagement),
        "confidence": key_result.confidence,
        "insight": key_result.insight,
        "next_action": clause(key_result.next_action),
        "next_due": day(due) if due else "",
        "next_on": due.isoformat() if due else "",
        "next_overdue": due is not None and due < today,
        "said": _said(state, today=today, engagement=engagement),
    }
    if engagement.shows_owners:
        row["owner"] = key_result.owner.name_as_owner if key_result.owner else "No owner yet"
        row["plan_owner"] = state.plan_owner
    return row


def red_item(state: KeyResultToday, *, today: dt.date) -> RedItem:
    """Return the forecast of a key result, how long it has been red, and the action on it."""
    key_result = state.key_result
    by = key_result.next_action_due
    due = f", {write_due_day(by, today=today)}" if by else ""
    return {
        "id": key_result.public_id,
        "title": key_result.title,
        "rag": key_result.rag,
        "since": ", ".join(filter(None, [state.forecast_label, _red_since(state, today=today)])),
        "answered": state.answered,
        "insight": key_result.insight,
        "next": f"{clause(key_result.next_action)}{due}" if key_result.next_action else "",
    }


def objective_standing(states: Sequence[KeyResultToday], *, engagement: Engagement) -> Standing:
    """Return the score so far (M5.6), empty unless most of its key results are measured (M12)."""
    return _standing(draft_score([state.key_result for state in states]), engagement=engagement)


def clause(text: str) -> str:
    """Return the text on one line without its full stop, to continue with ", by 16 Mar"."""
    return " ".join(text.split()).rstrip(".")


def _standing(score: Decimal | None, *, engagement: Engagement) -> Standing:
    band = rag(score, engagement.rag_bands)
    return {
        "rag": band.value,
        "word": band.label,
        "score": "" if score is None else format_score(score, scale=engagement.score_scale),
    }


def _key_result_standing(state: KeyResultToday, *, engagement: Engagement) -> KeyResultStanding:
    score, line = state.key_result.score, state.pace
    bands, scale = engagement.rag_bands, engagement.score_scale
    return {
        **_standing(score, engagement=engagement),
        "forecast": state.forecast,
        "early": state.is_early,
        "track": track(score=score, pace=line, bands=bands),
        "sentence": describe_track(score=score, rag=rag(score, bands), pace=line, scale=scale),
        "pace": "" if line is None else f"pace {format_score(line, scale=scale)}",
    }


def _red_since(state: KeyResultToday, *, today: dt.date) -> str:
    """Return for example "red for two weeks", unless it is early (M12)."""
    key_result = state.key_result
    if not state.is_red or state.is_early:
        return ""
    weeks = weeks_red(
        red_since=key_result.red_since,
        last_week=key_result.last_week,
        today=today,
        ends_on=key_result.objective.cycle.ends_on,
    )
    return red_for(weeks)


def _short_day(day: dt.date) -> str:
    return f"{day.day}{NO_BREAK}{day:%b}"  # without its year: the space is narrow


def _figure(value: Decimal | None, *, unit: str) -> str:
    if value is None:
        return "–"
    return write_value(value, unit=unit).capitalize() if unit == YES_NO else format_number(value)


def _write_unit(value: Decimal | None, *, unit: str) -> str:
    return "" if value is None or unit == YES_NO else sign_of(value, unit=unit)


def _spark(key_result: KeyResult, *, engagement: Engagement) -> tuple[Sparkline | None, str]:
    unit = key_result.unit
    if unit == YES_NO or len(key_result.trail) < 2:
        return None, ""
    values = trace(key_result.trail, cadence=engagement.cadence)
    count = len(periods(rhythm_of(key_result)))
    drawn = sparkline(values, goal=key_result.target, periods=count)
    sentence = describe_trend(values, title=key_result.title, unit=unit, goal=key_result.target)
    return drawn, sentence


def _describe_missed(missed: int) -> str:
    return f"{missed} check-in{'' if missed == 1 else 's'} missed" if missed else ""


def _said(state: KeyResultToday, *, today: dt.date, engagement: Engagement) -> str:
    parts = []
    measured_on = state.key_result.measured_on
    if measured_on is not None:
        parts.append(f"check-in of {write_day(measured_on, today=today, weekday=False)}")
    if state.late_since is not None:
        since = write_start(engagement.local(state.late_since), today=today)
        parts.append(f"Check-in late since {since}")
    return " · ".join(parts)
