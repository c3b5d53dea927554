"""Rules of check-ins: the score of a value, the content of a check-in, undo, and the state after it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.core.exceptions import ValidationError

from checkins.models import CheckIn, CheckInKind
from checkins.periods import Rhythm, fillable_periods
from engagements.models import Membership, Role
from engagements.web_links import read_link
from okrs.models import KeyResult
from okrs.states import KeyResultState, expected_pace, explain_key_result, judge, terms_of
from scoring import Rag, ScoringError, format_number, rag, score

UNDO_FOR = dt.timedelta(minutes=10)  # after saving
FEW_WORDS = 4  # an insight or a next action with fewer is thin (M6.4)
MEASURED_BEFORE_START = dt.timedelta(days=31)  # a first value may be a month old, not older
# The form has the same messages for empty fields.
REQUIRED = {
    "insight": "Add an insight: what does the number mean?",
    "next_action": "Add a next action.",
    "confidence": "Choose a confidence from 1 to 5.",
    "answer": "Write an answer.",
}
Errors = dict[str, ValidationError]


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """Score with its one line, RAG and pace of one value on one day, and whether it is on pace.

    `pace` is None where the dates give no line, `on_pace` where pace or value is missing.
    """

    score: Decimal | None = None
    rag: Rag = Rag.NO_DATA
    explanation: str = ""
    pace: Decimal | None = None
    on_pace: bool | None = None


def assess(
    key_result: KeyResult, *, actual: Decimal | None, confidence: int | None, day: dt.date
) -> Assessment:
    """Score `actual` by the key result's own terms and the engagement's bands (M5, M9.2).

    `day` is the one on which it was measured. Raises ScoringError if the key result has no terms to score by.
    """
    engagement = key_result.engagement
    attained = score(**terms_of(key_result, actual=actual))
    return Assessment(
        score=attained,
        rag=rag(attained, engagement.rag_bands),
        explanation=explain_key_result(key_result, actual=actual, engagement=engagement),
        pace=expected_pace(key_result, today=day),
        on_pace=judge(key_result, score=attained, confidence=confidence, day=day),
    )


def assess_latest(key_result: KeyResult, *, today: dt.date) -> Assessment:
    """Return its score with the pace of today, and whether it is on pace as its row says (M9.2)."""
    latest = assess(key_result, actual=key_result.latest_value, confidence=None, day=today)
    return replace(latest, on_pace=key_result.on_pace)


@dataclass(frozen=True, kw_only=True)
class Preview(Assessment):
    """The result of a value before it is posted; `error` is the reason if there is none."""

    was: Decimal | None = None
    warning: str = ""
    error: ValidationError | None = None


def preview(
    *, key_result: KeyResult, actual: Decimal, confidence: int | None, day: dt.date
) -> Preview:
    """Score a value in the way that a post would (M5); write nothing.

    A value out of the metric's range gives a `warning`.
    """
    try:
        found = assess(key_result, actual=actual, confidence=confidence, day=day)
    except ScoringError as error:
        return Preview(error=ValidationError(str(error)), was=key_result.score)
    warning = outside_range(key_result, actual=actual)
    return Preview(**vars(found), was=key_result.score, warning=warning)


def outside_range(key_result: KeyResult, *, actual: Decimal) -> str:
    """Return the warning for a value outside the metric's valid range, else "" (M4.5)."""
    beyond = beyond_range(key_result, actual)
    return f"{format_number(actual)} is {beyond}. Fix it or confirm it." if beyond else ""


def beyond_range(key_result: KeyResult, actual: Decimal) -> str:
    """Return "outside the expected range (0–200)" for such a value, else ""."""
    metric = key_result.metric
    low, high = (metric.valid_low, metric.valid_high) if metric else (None, None)
    if (low is None or actual >= low) and (high is None or actual <= high):
        return ""
    if low is not None and high is not None:
        return f"outside the expected range ({format_number(low)}–{format_number(high)})"
    if low is not None:
        return f"below the expected minimum ({format_number(low)})"
    return f"above the expected maximum ({format_number(high or 0)})"


def thin_parts(*, insight: str, next_action: str) -> list[str]:
    """Return which of the two have under four words, by their names on screen (M6.4)."""
    words = {"insight": insight, "next action": next_action}
    return [name for name, text in words.items() if len(text.split()) < FEW_WORDS]


def is_thin(*, insight: str, next_action: str) -> bool:
    """Return whether either is thin. Missing evidence is a separate fact of the key result."""
    return bool(thin_parts(insight=insight, next_action=next_action))


def stage_refusal(key_result: KeyResult) -> ValidationError | None:
    """Return why it takes no check-ins in its stage: `draft` or `closed`; None if it takes them."""
    if key_result.is_live:
        return None
    if key_result.is_draft:
        return ValidationError("A draft takes no check-ins. Commit it first.", code="draft")
    return ValidationError("This key result is closed. It takes no check-ins.", code="closed")


def check_content(
    key_result: KeyResult, *, content: dict[str, Any], confirm_range: bool, today: dt.date
) -> None:
    """Raise one ValidationError with everything that is wrong, by field."""
    missing = [name for name in ("insight", "next_action") if not content[name]]
    errors = {name: ValidationError(REQUIRED[name], code="required") for name in missing}
    errors |= _value_errors(key_result, actual=content["actual"], confirm_range=confirm_range)
    errors |= _day_errors(key_result, content=content, today=today)
    if content["confidence"] not in range(1, 6):
        errors["confidence"] = ValidationError(REQUIRED["confidence"], code="confidence")
    try:
        read_link(content["evidence_url"])
    except ValidationError as refusal:
        errors["evidence_url"] = refusal
    if errors:
        raise ValidationError(errors)


def undo_refusal(
    check_in: CheckIn, *, newest: CheckIn | None, rhythm: Rhythm, by: Membership, now: dt.datetime
) -> ValidationError | None:
    """Return why it cannot be undone, or None.

    Only the newest check-in is undone, by its author or a program lead, for ten minutes after it
    was saved and while its period takes posts. An undo is not: people post again. The codes are
    `not_newest`, `is_undo`, `no_right`, `period_closed` and `too_late`.
    """
    if newest is None or newest.pk != check_in.pk:
        return ValidationError(
            "There is a newer check-in. Only the newest can be undone.", code="not_newest"
        )
    if check_in.undone_by_id is not None:
        return ValidationError("An undo cannot be undone. Post a new check-in.", code="is_undo")
    if by.pk != check_in.author_id and by.role != Role.LEAD:
        return ValidationError(
            f"Only {check_in.author} or a program lead can undo this check-in.", code="no_right"
        )
    if check_in.period not in {one.monday for one in fillable_periods(rhythm, now)}:
        return ValidationError(
            "The period of this check-in is closed. Post a new one instead.", code="period_closed"
        )
    if now - check_in.posted_at >= UNDO_FOR:
        minutes = UNDO_FOR // dt.timedelta(minutes=1)
        return ValidationError(
            f"You can undo a check-in for {minutes} minutes after saving. Edit it instead.",
            code="too_late",
        )
    return None


@dataclass(frozen=True, kw_only=True)
class RedRun:
    """Red weeks in a row: the Monday of the first, and how many have a check-in of their own."""

    since: dt.date
    reported: int


def recompute_state(key_result: KeyResult) -> KeyResultState:
    """Compute the state from the check-ins alone: one per period, the newest counts. One query.

    Without any it is that of a key result with no data (M5.5).
    """
    rows = CheckIn.objects.filter(
        engagement_id=key_result.engagement_id, key_result_id=key_result.pk
    )
    return state_of(rows.order_by("period", "id"))


def state_of(rows: Iterable[CheckIn]) -> KeyResultState:
    """Compute the state from all rows of one key result, ordered by period and id."""
    chains = [list(chain) for _, chain in groupby(rows, key=attrgetter("period"))]
    current = [chain for chain in chains if chain[-1].kind == CheckInKind.UPDATE]
    if not current:
        return KeyResultState()
    newest = current[-1][-1]
    posts = sorted((row for chain in chains for row in chain), key=attrgetter("id"))
    reds = red_run(posts) if newest.rag == Rag.RED else None
    return KeyResultState(
        value=newest.actual,
        score=newest.score,
        rag=Rag(newest.rag),
        confidence=newest.confidence,
        measured_on=newest.measured_on,
        checked_in_at=newest.prompted_at or newest.posted_at,
        period=newest.period,
        insight=newest.insight,
        next_action=newest.next_action,
        next_action_due=newest.next_action_due,
        evidence_url=newest.evidence_url,
        week=newest.week,
        red_since=reds.since if reds else None,
        red_reported=reds.reported if reds else 0,
        trail=[
            [one.period.isoformat(), f"{one.actual.normalize() + 0:f}", f"{one.score:.2f}"]
            for *_, one in current
        ],
    )


def red_run(rows: Sequence[CheckIn]) -> RedRun | None:
    """Return the red weeks at the end of a key result's rows, which come in the order of posting.

    In each week the last row counts. A week without one is like the week before. So is a week whose
    only check-in was undone within it. A check-in that is undone in a later week leaves red in that
    later week: past closes are never rewritten, a late correction can only recover (M7.8).
    """
    bands: dict[dt.date, str] = {}
    left: set[dt.date] = set()  # weeks in which a check-in of an earlier week was undone
    week_of: dict[int | None, dt.date] = {row.pk: row.week for row in rows}
    for row in rows:
        if row.kind == CheckInKind.UPDATE:
            bands[row.week] = row.rag
        elif week_of.get(row.supersedes_id) == row.week and row.week not in left:
            bands.pop(row.week, None)
        else:
            bands[row.week] = Rag.NO_DATA.value
            left.add(row.week)
    calm = max((week for week, band in bands.items() if band != Rag.RED), default=dt.date.min)
    reds = [week for week in bands if week > calm]
    return RedRun(since=min(reds), reported=len(reds)) if reds else None


def effective(chain: Sequence[CheckIn]) -> list[CheckIn]:
    """Return the posts among a period's rows that no one undid, superseded or not."""
    undone = {row.supersedes_id for row in chain if row.undone_by_id}
    return [row for row in chain if not row.undone_by_id and row.pk not in undone]


def _value_errors(key_result: KeyResult, *, actual: Decimal, confirm_range: bool) -> Errors:
    try:
        CheckIn._meta.get_field("actual").run_validators(actual)
    except ValidationError as error:
        return {"actual": error}
    outside = outside_range(key_result, actual=actual)
    if outside and not confirm_range:
        return {"actual": ValidationError(outside, code="out_of_range")}
    return {}


def _day_errors(key_result: KeyResult, *, content: dict[str, Any], today: dt.date) -> Errors:
    errors: Errors = {}
    earliest = key_result.objective.cycle.starts_on - MEASURED_BEFORE_START
    if content["measured_on"] > today:
        message = "This day is in the future. Enter the day it was measured."
        errors["measured_on"] = ValidationError(message, code="in_future")
    elif content["measured_on"] < earliest:
        message = "This day is before the cycle. Enter a value measured during it."
        errors["measured_on"] = ValidationError(message, code="before_cycle")
    if content["next_action_due"] < today:
        message = "This day has passed. Enter today or a later day."
        errors["next_action_due"] = ValidationError(message, code="in_past")
    return errors
