"""What a check-in must hold before it is written (M6.1, M4.5)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError

from checkins.assessment import outside_range
from checkins.models import CheckIn
from okrs.models import KeyResult

MEASURED_BEFORE_START = dt.timedelta(days=31)  # a first value may be a month old, not older
Errors = dict[str, list[ValidationError]]


def must_take_check_ins(key_result: KeyResult) -> None:
    """Raise ValidationError `draft` or `closed`."""
    refusal = stage_refusal(key_result)
    if refusal is not None:
        raise refusal


def stage_refusal(key_result: KeyResult) -> ValidationError | None:
    """Why it takes no check-ins at its stage: `draft` or `closed`; None where it takes them."""
    if key_result.is_live:
        return None
    if key_result.is_draft:
        return ValidationError("A draft takes no check-ins. Commit it first.", code="draft")
    return ValidationError("This key result is closed. It takes no check-ins.", code="closed")


def check_content(
    key_result: KeyResult, *, content: dict[str, Any], confirm_range: bool, today: dt.date
) -> None:
    """Raises one ValidationError with everything that is wrong, by field."""
    errors: Errors = {}
    for found in (
        _words(content),
        _value(key_result, actual=content["actual"], confirm_range=confirm_range),
        _days(key_result, content=content, today=today),
        _evidence(content["evidence_url"]),
    ):
        errors.update(found)
    if content["confidence"] not in range(1, 6):
        errors["confidence"] = [
            ValidationError("Choose a confidence from 1 to 5.", code="confidence")
        ]
    if errors:
        raise ValidationError(errors)


def _words(content: dict[str, Any]) -> Errors:
    asked = {
        "insight": "Add an insight: what does the number mean?",
        "next_action": "Add a next action.",
    }
    return {
        name: [ValidationError(message, code="required")]
        for name, message in asked.items()
        if not content[name]
    }


def _value(key_result: KeyResult, *, actual: Decimal, confirm_range: bool) -> Errors:
    try:
        CheckIn._meta.get_field("actual").run_validators(actual)
    except ValidationError as error:
        return {"actual": error.error_list}
    outside = outside_range(key_result, actual=actual)
    if outside and not confirm_range:
        return {"actual": [ValidationError(outside, code="out_of_range")]}
    return {}


def _days(key_result: KeyResult, *, content: dict[str, Any], today: dt.date) -> Errors:
    errors: Errors = {}
    earliest = key_result.objective.cycle.starts_on - MEASURED_BEFORE_START
    if content["measured_on"] > today:
        message = "This day is in the future. Enter the day it was measured."
        errors["measured_on"] = [ValidationError(message, code="in_future")]
    elif content["measured_on"] < earliest:
        message = "This day is before the cycle. Enter a value measured during it."
        errors["measured_on"] = [ValidationError(message, code="before_cycle")]
    if content["next_action_due"] < today:
        message = "This day has passed. Enter today or a later day."
        errors["next_action_due"] = [ValidationError(message, code="in_past")]
    return errors


def _evidence(url: str) -> Errors:
    try:
        CheckIn._meta.get_field("evidence_url").clean(url, None)
    except ValidationError:
        message = "Enter a full address, for example https://example.com/report."
        return {"evidence_url": [ValidationError(message, code="invalid")]}
    return {}
