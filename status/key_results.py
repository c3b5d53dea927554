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
from escalations.rule import WEEKS_TO_FIRE
from okrs.charts import Sparkline, sparkline, track
from okrs.formatting import (
    NO_BREAK,
    YES_NO,
    describe_track,
    describe_trend,
    red_for,
    sign_of,
    write_day,
    write_start,
    write_value,
)
from okrs.models import Forecast, KeyResult
from okrs.queries.cards import trace
from okrs.states import expected_pace, is_early, weakest
from okrs.weeks import weeks_red
from scoring import Rag, format_number, format_score, objective_score, pace, rag
from status.schema import KeyResultRow, RedItem, Standing

# Stored with published pages, for print and email where no stylesheet applies.
COLOURS = {
    Rag.RED: "#c4261d",
    Rag.AMBER: "#b87200",
    Rag.GREEN: "#1c8044",
    Rag.STRETCH: "#7040c8",
    Rag.NO_DATA: "#74787e",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyResultToday:
    """A key result with its state on the client's day."""

    key_result: KeyResult
    pace: Decimal | None  # M5.11
    forecast: Forecast  # M9.2
    is_early: bool  # red or amber, but on pace (M12)
    is_escalated: bool
    late_since: dt.datetime | None
    missed: int  # check-ins since the last one
    answered: str  # since when action is under way
    checkpoint_on: dt.date | None


def key_result_today(
    key_result: KeyResult, *, escalation: Escalation | None, today: dt.date, at: dt.datetime
) -> KeyResultToday:
    """Work out the state on `today`; check-ins due before `at` are late or missed.

    `escalation` is its latest active one that has not recovered. Clients read no more of it than
    since when action is under way, and the checkpoint of its plan (M12).
    """
    forecast = key_result.forecast_on(today)
    late_since, missed = _late_and_missed(key_result, at=at)
    answered, checkpoint_on = "", None
    if escalation is not None and key_result.rag == Rag.RED:
        answered, checkpoint_on = _answered(
            escalation,
            red_since=key_result.red_since,
            engagement=key_result.engagement,
            today=today,
        )
    return KeyResultToday(
        key_result=key_result,
        pace=expected_pace(key_result, today=today),
        forecast=forecast,
        is_early=is_early(key_result.rag, forecast=forecast),
        is_escalated=escalation is not None and escalation.decided_at is None,
        late_since=late_since,
        missed=missed,
        answered=answered,
        checkpoint_on=checkpoint_on,
    )


def _answered(
    escalation: Escalation, *, red_since: dt.date | None, engagement: Engagement, today: dt.date
) -> tuple[str, dt.date | None]:
    """Return "action under way since 9 Mar, next checkpoint 24 Mar", and the checkpoint to come.

    The text is empty if no action was taken, or if the key result turned red again after the
    sponsor's decision.
    """
    actions = (escalation.huddle_set_at, escalation.answered_at, escalation.decided_at)
    taken = [action for action in actions if action is not None]
    if not taken or (escalation.decided_at and escalation.streak != red_since):
        return "", None
    day = partial(write_day, today=today, weekday=False)
    under_way = f"action under way since {day(engagement.today(min(taken)))}"
    checkpoint_on = escalation.checkpoint_on if escalation.answered_at else None
    if checkpoint_on is None or checkpoint_on < today:
        return under_way, None
    return f"{under_way}, next checkpoint {day(checkpoint_on)}", checkpoint_on


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
    weeks = _weeks_red(key_result, today=today)
    day = partial(write_day, today=today, weekday=False)
    due, silent = key_result.next_action_due, Forecast.NO_RECENT_UPDATE
    row: KeyResultRow = {
        "id": key_result.public_id,
        "title": key_result.title,
        "meta": key_result.commitment
        + ("" if key_result.weight == 1 else f", weight {format_number(key_result.weight)}"),
        "flags": [red_for(weeks).capitalize()]
        if weeks >= WEEKS_TO_FIRE and not state.is_early
        else [],
        "notes": [
            *(["Unverified"] if key_result.is_unverified else []),
            *([silent.label] if state.forecast is silent else []),
        ],
        "detail": _stale(key_result, missed=state.missed, today=today) if state.missed else "",
        "answered": state.answered,
        "checkpoint_on": state.checkpoint_on.isoformat() if state.checkpoint_on else "",
        "baseline": _figure(key_result.baseline, unit=unit),
        "latest": _figure(key_result.latest_value, unit=unit),
        "unit": _write_unit(key_result.latest_value, unit=unit),
        "target": _figure(key_result.target, unit=unit),
        "spark": spark,
        "spark_sentence": sentence,
        "starts_on": _short_day(key_result.first_day),
        "due_on": _short_day(key_result.due_on) if key_result.due_on else "",
        "standing": _standing(
            key_result.score,
            stage=key_result.stage,
            line=state.pace,
            engagement=engagement,
            early=state.is_early,
        ),
        "confidence": key_result.confidence,
        "insight": key_result.insight,
        "next_action": clause(key_result.next_action),
        "next_due": day(due) if due else "",
        "next_on": due.isoformat() if due else "",
        "said": _said(state, today=today, engagement=engagement),
    }
    if engagement.shows_owners:
        row["owner"] = key_result.owner.name if key_result.owner else "No owner yet"
    return row


def red_item(state: KeyResultToday, *, today: dt.date) -> RedItem:
    """Return how long a key result has been red, and the action on it."""
    key_result = state.key_result
    weeks = _weeks_red(key_result, today=today)
    by = key_result.next_action_due
    due = f", by {write_day(by, today=today, weekday=False)}" if by else ""
    return {
        "id": key_result.public_id,
        "title": key_result.title,
        "since": "early, still on pace" if state.is_early else red_for(weeks),
        "early": state.is_early,
        "answered": state.answered,
        "insight": key_result.insight,
        "next": f"{clause(key_result.next_action)}{due}" if key_result.next_action else "",
    }


def objective_standing(
    states: Sequence[KeyResultToday], *, engagement: Engagement, today: dt.date
) -> Standing:
    """Return the draft score (M5.6), the weakest stage (M9) and the pace of the cycle."""
    key_results = [state.key_result for state in states]
    cycle = key_results[0].objective.cycle
    return _standing(
        objective_score((one.score, one.weight) for one in key_results),
        stage=weakest(one.stage for one in key_results) or key_results[0].stage,
        line=pace(start=cycle.starts_on, due=cycle.ends_on, today=today),
        engagement=engagement,
    )


def clause(text: str) -> str:
    """Return the text on one line without its full stop, to continue with ", by 16 Mar"."""
    return " ".join(text.split()).rstrip(".")


def _standing(
    score: Decimal | None,
    *,
    stage: str,
    line: Decimal | None,
    engagement: Engagement,
    early: bool = False,
) -> Standing:
    bands, scale = engagement.rag_bands, engagement.score_scale
    band = rag(score, bands)
    return {
        "rag": band.value,
        "word": band.label,
        "score": "" if score is None else format_score(score, scale=scale),
        "early": early,
        "stage": stage,
        "track": track(score=score, pace=line, bands=bands),
        "colour": COLOURS[band],
        "sentence": describe_track(score=score, rag=band, pace=line, scale=scale),
        "pace": "" if line is None else f"pace {format_score(line, scale=scale)}",
    }


def _weeks_red(key_result: KeyResult, *, today: dt.date) -> int:
    return weeks_red(
        red_since=key_result.red_since,
        last_week=key_result.last_week,
        today=today,
        ends_on=key_result.objective.cycle.ends_on,
    )


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


def _stale(key_result: KeyResult, *, missed: int, today: dt.date) -> str:
    check_ins = f"{missed} check-in{'' if missed == 1 else 's'} missed"
    if key_result.measured_on is None:
        return f"no value yet, {check_ins}"
    days = (today - key_result.measured_on).days
    return f"last value {days} day{'' if days == 1 else 's'} old, {check_ins}"


def _said(state: KeyResultToday, *, today: dt.date, engagement: Engagement) -> str:
    parts = []
    measured_on = state.key_result.measured_on
    if measured_on is not None:
        parts.append(f"check-in of {write_day(measured_on, today=today, weekday=False)}")
    if state.late_since is not None:
        since = write_start(engagement.local(state.late_since), today=today)
        parts.append(f"Check-in late since {since}")
    return " · ".join(parts)
