"""Rules of check-ins: what each must contain (M6.1, M4.5), and which may be undone (M6.2)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError

from checkins.assessment import outside_range
from checkins.models import CheckIn
from checkins.periods import Rhythm, fillable_periods
from engagements.models import Membership, Role
from okrs.models import KeyResult

MEASURED_BEFORE_START = dt.timedelta(days=31)  # a first value may be a month old, not older
# The form says the same of a field that is left empty.
REQUIRED = {
    "insight": "Add an insight: what does the number mean?",
    "next_action": "Add a next action.",
    "confidence": "Choose a confidence from 1 to 5.",
    "answer": "Write an answer.",
}
Errors = dict[str, ValidationError]


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
        CheckIn._meta.get_field("evidence_url").clean(content["evidence_url"], None)
    except ValidationError:
        message = "Enter a full address, for example https://example.com/report."
        errors["evidence_url"] = ValidationError(message, code="invalid")
    if errors:
        raise ValidationError(errors)


def undo_refusal(
    check_in: CheckIn,
    *,
    newest: CheckIn | None,
    rhythm: Rhythm,
    by: Membership,
    now: dt.datetime,
) -> ValidationError | None:
    """Return why it cannot be undone: `not_newest`, `is_undo`, `no_right`, `period_closed`; or None.

    Only the newest check-in is undone, by its author or a program lead, while its period takes
    posts. An undo is not: people post again.
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
    return None


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
