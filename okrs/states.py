"""Where a key result stands: the facts kept on its row, and the stage that follows (M9.2)."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from okrs.models import KeyResult, Stage
from okrs.models.key_results import LIVE
from scoring import PLAYBOOK_BANDS, Bands, Method, Rag, forecast_holds, pace

DAY = dt.timedelta(days=1)
EARLY_PACE = {Method.LINEAR: Decimal("0.30"), Method.LADDER: Decimal("0.67")}
Trail = list[list[str | None]]

# What an objective shows of its key results (M9): the first of these that is among them.
WEAKEST_FIRST = (
    Stage.DRAFT,
    Stage.AT_RISK,
    Stage.COMMITTED,
    Stage.ON_TRACK,
    Stage.CLOSED,
    Stage.LEARNING,
)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What the check-ins that stand add up to. Empty where none does: no data (M5.5)."""

    value: Decimal | None = None
    score: Decimal | None = None
    rag: Rag = Rag.NO_DATA
    confidence: int | None = None
    measured_on: dt.date | None = None
    checked_in_at: dt.datetime | None = None  # first with this band in its period (M5.9)
    period: dt.date | None = None
    insight: str = ""
    next_action: str = ""
    next_action_due: dt.date | None = None
    evidence_url: str = ""
    week: dt.date | None = None  # the Monday of the week for which the newest one stands (M7.1)
    red_since: dt.date | None = None
    red_reported: int = 0
    trail: Trail = field(default_factory=list)  # [period, value, score], oldest first


def expected_pace(key_result: KeyResult, *, today: dt.date) -> Decimal | None:
    """Pace on that day (M5.11); None where the dates give no line."""
    if key_result.due_on is None or key_result.due_on <= key_result.starts_on:
        return None
    return pace(start=key_result.starts_on, due=key_result.due_on, today=today)


def early_until(key_result: KeyResult) -> dt.date | None:
    """The last day on which pace is at most 0.30, of a ladder 0.67: red may be merely early (M7.2).

    None where the dates give no line.
    """
    if key_result.due_on is None or key_result.due_on <= key_result.starts_on:
        return None
    limit = EARLY_PACE[Method(key_result.method)]
    days = range((key_result.due_on - key_result.starts_on).days + 1)
    due, starts_on = key_result.due_on, key_result.starts_on
    passed = bisect_right(
        days, limit, key=lambda day: pace(start=starts_on, due=due, today=starts_on + DAY * day)
    )
    return starts_on + DAY * (passed - 1)


def stage_for(
    *,
    stage: str,
    method: str,
    score: Decimal | None,
    pace: Decimal,
    confidence: int | None,
    bands: Bands = PLAYBOOK_BANDS,
) -> Stage:
    """Stage after a check-in: On track while the forecast holds, else At risk (M9.1, M9.2).

    Without a score it is Committed, as before the first check-in. A stage that is not live stays.
    """
    if stage not in LIVE:
        return Stage(stage)
    if score is None:
        return Stage.COMMITTED
    holds = forecast_holds(
        method=method, score=score, pace=pace, confidence=confidence, bands=bands
    )
    return Stage.ON_TRACK if holds else Stage.AT_RISK


def weakest(stages: Iterable[str]) -> Stage | None:
    """The stage that an objective shows (M9); withdrawn ones do not count, None if none is left."""
    found = set(stages)
    return next((stage for stage in WEAKEST_FIRST if stage in found), None)
