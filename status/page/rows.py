"""Key results and objectives of the status page, in finished texts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from functools import partial

from checkins.periods import asked_since, periods, rhythm_between
from engagements.models import Engagement
from okrs import formatting
from okrs.charts import sparkline, track
from okrs.formatting import (
    NO_BREAK,
    YES_NO,
    describe_track,
    describe_trend,
    name_unit,
    write_day,
    write_value,
)
from okrs.queries.cards import trace
from okrs.states import weakest
from okrs.weeks import weeks_red
from scoring import (
    Rag,
    forecast_holds,
    format_number,
    format_score,
    objective_score,
    pace,
    rag,
)
from status.page.facts import KeyResultFacts
from status.page.schema import KeyResult, Spark, Standing
from status.page.sentences import clause

# Stored with published pages, for print and email where no stylesheet applies.
COLOURS = {
    Rag.RED: "#c4261d",
    Rag.AMBER: "#b87200",
    Rag.GREEN: "#1c8044",
    Rag.STRETCH: "#7040c8",
    Rag.NO_DATA: "#74787e",
}


def line_of(row: KeyResultFacts, *, today: dt.date) -> Decimal | None:
    """Return the pace (M5.11), None if the dates allow none."""
    if row.due_on is None or row.due_on <= row.starts_on:
        return None
    return pace(start=row.starts_on, due=row.due_on, today=today)


def holds(row: KeyResultFacts, *, engagement: Engagement, today: dt.date) -> bool | None:
    """Return whether the key result is on pace (M9.2), None if it cannot be known."""
    line = line_of(row, today=today)
    if row.score is None or line is None:
        return None
    return forecast_holds(
        method=row.method,
        score=row.score,
        pace=line,
        confidence=row.confidence,
        bands=engagement.rag_bands,
    )


def is_early(row: KeyResultFacts, *, engagement: Engagement, today: dt.date) -> bool:
    """Return whether it is red or amber although it is on pace (M12)."""
    forecast = holds(row, engagement=engagement, today=today)
    return formatting.is_early(row.rag, forecast_holds=forecast)


def being_answered(row: KeyResultFacts, *, engagement: Engagement, today: dt.date) -> str:
    """Return for example "action under way since 9 Mar, next checkpoint 24 Mar".

    Return "" if it is not red, if no action was taken, or if it turned red again after the
    sponsor's decision.
    """
    if row.rag != Rag.RED or row.answered_since is None:
        return ""
    if row.decided_streak is not None and row.decided_streak != row.red_since:
        return ""
    day = partial(write_day, today=today, weekday=False)
    under_way = f"action under way since {day(engagement.today(row.answered_since))}"
    if row.checkpoint_on is None or row.checkpoint_on < today:
        return under_way
    return f"{under_way}, next checkpoint {day(row.checkpoint_on)}"


def key_result(
    row: KeyResultFacts, *, engagement: Engagement, today: dt.date, at: dt.datetime
) -> KeyResult:
    unit = row.unit or ""
    late, missed = _late_and_missed(row, engagement=engagement, at=at)
    early = is_early(row, engagement=engagement, today=today)
    weeks = weeks_red(
        red_since=row.red_since,
        last_week=row.last_week,
        today=today,
        ends_on=row.cycle_ends_on,
    )
    spark, sentence = _spark(row, engagement=engagement)
    return {
        "id": row.public_id,
        "title": row.title,
        "meta": _meta(row, names=engagement.shows_owners),
        "flags": [f"Red for {weeks} weeks"] if weeks >= 2 and not early else [],
        "notes": [
            *(["Unverified"] if _is_unverified(row) else []),
            *(["No recent update"] if missed else []),
        ],
        "detail": _stale(row, missed=missed, today=today) if missed else "",
        "answered": being_answered(row, engagement=engagement, today=today),
        "baseline": _figure(row.baseline, unit=unit),
        "latest": _figure(row.value, unit=unit),
        "unit": _unit(row.value, unit=unit),
        "target": _figure(row.target, unit=unit),
        "spark": spark,
        "spark_sentence": sentence,
        "starts_on": _under_the_line(row.starts_on),
        "due_on": _under_the_line(row.due_on) if row.due_on else "",
        "standing": standing(
            row.score,
            stage=row.stage,
            line=line_of(row, today=today),
            engagement=engagement,
            early=early,
        ),
        "confidence": row.confidence,
        "insight": row.insight,
        "next_action": clause(row.next_action),
        "next_due": (
            write_day(row.next_action_due, today=today, weekday=False)
            if row.next_action_due
            else ""
        ),
        "said": _said(row, late=late, today=today, engagement=engagement),
    }


def standing(
    score: Decimal | None,
    *,
    stage: str,
    line: Decimal | None,
    engagement: Engagement,
    early: bool = False,
) -> Standing:
    """Return score, band, stage and the bar that shows them."""
    bands, scale = engagement.rag_bands, engagement.score_scale
    band = rag(score, bands)
    drawn = track(score=score, pace=line, bands=bands)
    return {
        "rag": band.value,
        "word": band.label,
        "score": "" if score is None else format_score(score, scale=scale),
        "early": early,
        "stage": stage,
        "track": {"bar": drawn.bar, "gaps": drawn.gaps, "pace": drawn.pace},
        "colour": COLOURS[band],
        "sentence": describe_track(score=score, rag=band, pace=line, scale=scale),
        "pace": "" if line is None else f"pace {format_score(line, scale=scale)}",
    }


def objective_standing(
    rows: Sequence[KeyResultFacts], *, engagement: Engagement, today: dt.date
) -> Standing:
    """Return the draft score (M5.6), the weakest stage (M9) and the pace of the cycle."""
    first = rows[0]
    return standing(
        objective_score((row.score, row.weight) for row in rows),
        stage=weakest(row.stage for row in rows) or first.stage,
        line=pace(start=first.cycle_starts_on, due=first.cycle_ends_on, today=today),
        engagement=engagement,
    )


def _meta(row: KeyResultFacts, *, names: bool) -> str:
    weight = "" if row.weight == 1 else f", weight {format_number(row.weight)}"
    owner = f"{row.owner or 'No owner yet'} · " if names else ""
    return f"{owner}{row.commitment}{weight}"


def _under_the_line(day: dt.date) -> str:
    """Write a day without its year: the space is narrow."""
    return f"{day.day}{NO_BREAK}{day:%b}"


def _is_unverified(row: KeyResultFacts) -> bool:
    return row.rag in (Rag.GREEN, Rag.STRETCH) and not row.evidence_url


def _figure(value: Decimal | None, *, unit: str) -> str:
    if value is None:
        return "–"
    return write_value(value, unit=unit).capitalize() if unit == YES_NO else format_number(value)


def _unit(value: Decimal | None, *, unit: str) -> str:
    if value is None or unit == YES_NO:
        return ""
    return "%" if unit == "percent" else name_unit(value, unit=unit)


def _spark(row: KeyResultFacts, *, engagement: Engagement) -> tuple[Spark | None, str]:
    unit = row.unit or ""
    if unit == YES_NO or len(row.trail) < 2:
        return None, ""
    values = trace(row.trail, cadence=engagement.cadence)
    rhythm = rhythm_between(row.cycle_starts_on, row.cycle_ends_on, engagement=engagement)
    drawn = sparkline(values, goal=row.target, periods=len(periods(rhythm)))
    sentence = describe_trend(values, title=row.title, unit=unit, goal=row.target)
    return {"trace": drawn.trace, "dots": drawn.dots, "goal": drawn.goal}, sentence


def _late_and_missed(
    row: KeyResultFacts, *, engagement: Engagement, at: dt.datetime
) -> tuple[dt.datetime | None, int]:
    """Return since when the open check-in is late, and how many were missed since the last one.

    Check-ins due before the commitment or by an earlier rhythm do not count (M6.3).
    """
    rhythm = rhythm_between(row.cycle_starts_on, row.cycle_ends_on, engagement=engagement)
    filled = {point[0] for point in row.trail}
    since = asked_since(row.committed_at, engagement=engagement)
    unfilled = [
        one
        for one in periods(rhythm)
        if since <= one.due_at < at and one.monday.isoformat() not in filled
    ]
    late = [one.due_at for one in unfilled if one.is_open(at)]
    last = row.last_period or dt.date.min
    missed = sum(one.closes_at <= at and one.monday > last for one in unfilled)
    return (late[0] if late else None), missed


def _stale(row: KeyResultFacts, *, missed: int, today: dt.date) -> str:
    check_ins = f"{missed} check-in{'' if missed == 1 else 's'} missed"
    if row.measured_on is None:
        return f"no value yet, {check_ins}"
    days = (today - row.measured_on).days
    return f"last value {days} day{'' if days == 1 else 's'} old, {check_ins}"


def _said(
    row: KeyResultFacts, *, late: dt.datetime | None, today: dt.date, engagement: Engagement
) -> str:
    parts = []
    if row.measured_on is not None:
        parts.append(f"check-in of {write_day(row.measured_on, today=today, weekday=False)}")
    if late is not None:
        since = engagement.local(late)
        day = write_day(since.date(), today=today)
        parts.append(f"Check-in late since {day}{NO_BREAK}{since:%H:%M}")
    return " · ".join(parts)
