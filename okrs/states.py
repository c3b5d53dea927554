"""The state of a key result: its terms, values stored on its row, and the stage that follows (M9.2).

Only `update_state` writes it.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypedDict

from django.core.exceptions import ValidationError
from django.db import transaction

from engagements.models import Engagement, Membership
from okrs.formatting import YES_NO, write_value
from okrs.models import Forecast, KeyResult, Stage
from okrs.models.key_results import JUDGED_FIELDS, LIVE, STATE_FIELDS
from scoring import Method, Rag, explain, objective_score, on_pace, pace
from scoring import score as attained


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


def explain_key_result(
    key_result: KeyResult, *, actual: Decimal | None, engagement: Engagement
) -> str:
    """Explain the score of this value in one line; of a yes/no: "Yes = 1.00, stretch from 0.91".

    Raises ScoringError if the key result has no terms to score by.
    """
    terms = terms_of(key_result, actual=actual)
    limits: Any = {"bands": engagement.rag_bands, "scale": engagement.score_scale}
    if actual is None or key_result.unit != YES_NO:
        return explain(**terms, **limits)
    line = explain(method=Method.LINEAR, actual=attained(**terms), baseline=0, target=1, **limits)
    return f"{write_value(actual, unit=YES_NO).capitalize()} ={line.partition('=')[2]}"


def judge(
    key_result: KeyResult, *, score: Decimal | None, confidence: int | None, day: dt.date | None
) -> bool | None:
    """Return whether score and confidence are on pace on that day (M9.2); None without a score."""
    line = expected_pace(key_result, today=day) if day else None
    if line is None:
        return None
    is_ladder = key_result.method == Method.LADDER
    at_baseline = (
        attained(**terms_of(key_result, actual=key_result.baseline)) if is_ladder else None
    )
    return on_pace(
        score,
        pace=line,
        confidence=confidence,
        commitment=key_result.commitment,
        rungs=key_result.rungs if is_ladder else None,
        at_baseline=at_baseline or 0,
    )


NAMES = {"latest_value": "value", "last_period": "period", "last_week": "week"}  # in the state
StateFollower = Callable[[KeyResult, Membership, dt.datetime], AbstractContextManager[None]]

_followers: list[StateFollower] = []
_silence_rules: list[Callable[[KeyResult], dt.date | None]] = []
DAY = dt.timedelta(days=1)
EARLY_PACE = Decimal("0.30")  # M7.2
EARLY_ENDS = Decimal("0.50")  # of the word (M12)
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


def register_silence(rule: Callable[[KeyResult], dt.date | None]) -> None:
    """Register the rule of `silent_from`, which knows the periods; call it in `AppConfig.ready`."""
    _silence_rules.append(rule)


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
    if expected_pace(key_result, today=key_result.engagement.today(now)) is None:
        raise ValidationError(
            "This key result is due before it starts. Its dates need an approved change.",
            code="dates",
        )
    with ExitStack() as stack:
        for follower in _followers:
            stack.enter_context(follower(key_result, by, now))
        for column in STATE_FIELDS[len(JUDGED_FIELDS) :]:
            setattr(key_result, column, getattr(state, NAMES.get(column, column)))
        key_result.on_pace = judge(
            key_result, score=state.score, confidence=state.confidence, day=state.measured_on
        )
        key_result.stage = stage_for(key_result.stage, on_pace=key_result.on_pace)
        key_result.is_finished = is_finished(key_result)
        key_result.silent_from = silent_from(key_result)
        key_result.save(update_fields=STATE_FIELDS)
    return key_result


def update_silence(key_results: Iterable[KeyResult]) -> None:
    """Write `silent_from` again after a change of periods. The caller holds the rows' locks."""
    for key_result in key_results:
        silent_on = silent_from(key_result)
        if silent_on != key_result.silent_from:
            key_result.silent_from = silent_on
            key_result.save(update_fields=["silent_from"])


def silent_from(key_result: KeyResult) -> dt.date | None:
    """Return the day from which it has no recent update (M9.2); None without a value."""
    if key_result.on_pace is None or key_result.is_finished:
        return None
    return min(filter(None, (rule(key_result) for rule in _silence_rules)), default=None)


def is_finished(key_result: KeyResult) -> bool:
    """Return whether no check-in is asked for any more (M6.3).

    It has the value of its due date, or is at yes with evidence.
    """
    measured_on, due_on = key_result.measured_on, key_result.due_on
    if measured_on is not None and due_on is not None and measured_on >= due_on:
        return True
    is_yes = key_result.unit == YES_NO and key_result.latest_value == 1
    return is_yes and bool(key_result.evidence_url)


def expected_pace(key_result: KeyResult, *, today: dt.date) -> Decimal | None:
    """Return the pace on that day (M5.11); None unless it is due after it starts."""
    starts_on, due_on = key_result.starts_on, key_result.due_on
    if starts_on is None or due_on is None or due_on <= starts_on:
        return None
    return pace(start=starts_on, due=due_on, today=today)


def early_until(key_result: KeyResult) -> dt.date | None:
    """Return the last day with a pace of at most 0.30, until which red may be early (M7.2).

    None unless it is due after it starts.
    """
    starts_on, due_on = key_result.starts_on, key_result.due_on
    if starts_on is None or due_on is None or due_on <= starts_on:
        return None
    passed = bisect_right(
        range((due_on - starts_on).days + 1),
        EARLY_PACE,
        key=lambda day: pace(start=starts_on, due=due_on, today=starts_on + DAY * day),
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


def is_early(rag: str, *, forecast: str, pace: Decimal | None) -> bool:
    """Return whether a key result is red or amber but on pace, before half its time (M12)."""
    is_low = rag in (Rag.RED, Rag.AMBER) and forecast == Forecast.ON_PACE
    return is_low and pace is not None and pace < EARLY_ENDS


def draft_score(key_results: Sequence[KeyResult]) -> Decimal | None:
    """Return the score of an objective so far (M5.6); None unless most of them are measured (M12)."""
    measured = [one for one in key_results if one.score is not None]
    if 2 * len(measured) <= len(key_results):
        return None
    return objective_score((one.score, one.weight) for one in measured)


def weakest(stages: Iterable[str]) -> Stage | None:
    """Return the stage of an objective with key results in these stages (M9), or None."""
    found = set(stages)
    return next((stage for stage in WEAKEST_FIRST if stage in found), None)
