"""The state of a key result: its terms, values stored on its row, and the stage that follows (M9.2).

Only `update_state` writes it.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypedDict

from django.core.exceptions import ValidationError
from django.db import transaction

from engagements.models import Membership
from okrs.models import KeyResult, Stage
from okrs.models.key_results import LIVE, STATE_FIELDS
from scoring import Bands, Method, Rag, forecast_holds, pace


class Terms(TypedDict):
    """The arguments of `scoring.score`."""

    method: str
    actual: Decimal | None
    baseline: Decimal | None
    target: Decimal | None
    rungs: list[tuple[Decimal, Decimal]]
    higher_is_better: bool


def terms_of(key_result: KeyResult, *, actual: Decimal | None) -> Terms:
    """Return the terms of a key result (M5.10) for this value."""
    return {
        "method": key_result.method,
        "actual": actual,
        "baseline": key_result.baseline,
        "target": key_result.target,
        "rungs": key_result.rungs,
        "higher_is_better": key_result.higher_is_better,
    }


def forecast(
    key_result: KeyResult,
    *,
    score: Decimal | None,
    line: Decimal | None,
    confidence: int | None,
    bands: Bands,
) -> bool | None:
    """Return whether a key result is on pace (M9.2); None without score or pace (`line`)."""
    if score is None or line is None:
        return None
    return forecast_holds(
        method=key_result.method, score=score, pace=line, confidence=confidence, bands=bands
    )


def latest_forecast(key_result: KeyResult, *, line: Decimal | None, bands: Bands) -> bool | None:
    """Return whether the value and confidence on its row are on pace (M9.2), as `forecast`."""
    score, confidence = key_result.score, key_result.confidence
    return forecast(key_result, score=score, line=line, confidence=confidence, bands=bands)


NAMES = {"latest_value": "value", "last_period": "period", "last_week": "week"}  # in the state
StateFollower = Callable[[KeyResult, Membership, dt.datetime], AbstractContextManager[None]]

_followers: list[StateFollower] = []
DAY = dt.timedelta(days=1)
EARLY_PACE = {Method.LINEAR: Decimal("0.30"), Method.LADDER: Decimal("0.67")}
Trail = list[list[str | None]]

# An objective has the first of these stages that one of its key results has (M9).
WEAKEST_FIRST = (
    Stage.DRAFT,
    Stage.AT_RISK,
    Stage.COMMITTED,
    Stage.ON_TRACK,
    Stage.CLOSED,
    Stage.LEARNING,
)


@dataclass(frozen=True, kw_only=True)
class KeyResultState:
    """The result of the check-ins in effect; empty without any: no data (M5.5)."""

    value: Decimal | None = None
    score: Decimal | None = None
    rag: Rag = Rag.NO_DATA
    confidence: int | None = None
    measured_on: dt.date | None = None
    checked_in_at: dt.datetime | None = None  # first of those in a row with band and pace (M5.9)
    period: dt.date | None = None
    insight: str = ""
    next_action: str = ""
    next_action_due: dt.date | None = None
    evidence_url: str = ""
    week: dt.date | None = None  # the Monday of the week that the newest one counts for (M7.1)
    red_since: dt.date | None = None
    red_reported: int = 0
    trail: Trail = field(default_factory=list)  # [period, value, score], oldest first


def register_follower(follower: StateFollower) -> None:
    """Register an app above that reacts to changes of state; call it in `AppConfig.ready`.

    `follower(key_result, by, now)` returns a context manager. It is entered before the row is
    written, so that it can lock its own rows before the engagement is locked, and left when the
    row has its new state, all in one transaction.
    """
    _followers.append(follower)


@transaction.atomic(savepoint=False)
def update_state(
    *, key_result: KeyResult, state: KeyResultState, by: Membership, now: dt.datetime
) -> KeyResult:
    """Write the state of a key result and the stage that follows from it (M9.2).

    The caller holds the row's lock and computed the state from the check-ins. Raises
    ValidationError: `draft`, `dates`.
    """
    if key_result.is_draft:
        raise ValidationError("Commit this draft first.", code="draft")
    line = expected_pace(key_result, today=key_result.engagement.today(now))
    if line is None:
        raise ValidationError(
            "This key result is due before it starts. Its dates need an approved change.",
            code="dates",
        )
    with ExitStack() as stack:
        for follower in _followers:
            stack.enter_context(follower(key_result, by, now))
        on_pace = forecast(
            key_result,
            score=state.score,
            line=line,
            confidence=state.confidence,
            bands=key_result.engagement.rag_bands,
        )
        key_result.stage = stage_for(key_result.stage, on_pace=on_pace)
        for column in STATE_FIELDS[1:]:  # all but the stage
            setattr(key_result, column, getattr(state, NAMES.get(column, column)))
        key_result.save(update_fields=STATE_FIELDS)
    return key_result


def expected_pace(key_result: KeyResult, *, today: dt.date) -> Decimal | None:
    """Return the pace on that day (M5.11); None unless it is due after it starts."""
    if key_result.due_on is None or key_result.due_on <= key_result.starts_on:
        return None
    return pace(start=key_result.starts_on, due=key_result.due_on, today=today)


def early_until(key_result: KeyResult) -> dt.date | None:
    """Return the last day with a pace of at most 0.30, for a ladder 0.67 (M7.2).

    Until then red may be merely early. None unless it is due after it starts.
    """
    if key_result.due_on is None or key_result.due_on <= key_result.starts_on:
        return None
    limit = EARLY_PACE[Method(key_result.method)]
    due, starts_on = key_result.due_on, key_result.starts_on
    days = range((due - starts_on).days + 1)
    passed = bisect_right(
        days, limit, key=lambda day: pace(start=starts_on, due=due, today=starts_on + DAY * day)
    )
    return starts_on + DAY * (passed - 1)


def stage_for(stage: str, *, on_pace: bool | None) -> Stage:
    """Return the stage after a check-in: On track if on pace, else At risk (M9.1, M9.2).

    Without a score (`on_pace` is None) it is Committed. A stage that is not live stays.
    """
    if stage not in LIVE:
        return Stage(stage)
    if on_pace is None:
        return Stage.COMMITTED
    return Stage.ON_TRACK if on_pace else Stage.AT_RISK


def weakest(stages: Iterable[str]) -> Stage | None:
    """Return the stage of an objective with key results in these stages (M9), or None."""
    found = set(stages)
    return next((stage for stage in WEAKEST_FIRST if stage in found), None)
