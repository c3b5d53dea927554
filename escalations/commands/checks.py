"""What must be said to set a huddle, record an outcome or a verdict (M7.3, M7.4)."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from engagements.models import Membership
from engagements.permissions import check_owners
from escalations.models import Escalation

HUDDLE_AHEAD = dt.timedelta(days=14)  # beyond it a slip of the pen
CHECKPOINT_AHEAD = dt.timedelta(days=28)
LONGEST_ADDRESS = 500
LONGEST_NAME = 120


def refuse(found: dict[str, ValidationError | None]) -> None:
    """Raises one ValidationError with everything that is wrong, by field."""
    errors = {name: [error] for name, error in found.items() if error is not None}
    if errors:
        raise ValidationError(errors)


def huddle_error(
    locked: Escalation, *, at: dt.datetime | None, now: dt.datetime
) -> ValidationError | None:
    if at is None:
        return ValidationError("Enter the day and time of the huddle.", code="required")
    if locked.activated_at is not None and at < locked.activated_at:
        return ValidationError(
            "This is before the escalation became active. Enter a later time.", code="in_past"
        )
    if at > now + HUDDLE_AHEAD:
        return ValidationError("Enter a time within two weeks.", code="too_far")
    return None


def choice_error(value: str, choices: list[str], *, ask: str) -> ValidationError | None:
    if value in choices:
        return None
    return ValidationError(ask, code="invalid" if value else "required")


def words_error(words: str, *, ask: str) -> ValidationError | None:
    return None if words else ValidationError(ask, code="required")


def name_error(name: str) -> ValidationError | None:
    if not name:
        return ValidationError("Name the sponsor who decided.", code="required")
    if len(name) > LONGEST_NAME:
        return ValidationError(f"Write at most {LONGEST_NAME} characters.", code="invalid")
    return None


def owner_error(plan_owner: Membership | None) -> ValidationError | None:
    if plan_owner is None:
        return ValidationError("Choose one person to carry out the plan.", code="required")
    try:
        check_owners(plan_owner)
    except ValidationError as error:
        return error
    return None


def checkpoint_error(day: dt.date | None, *, today: dt.date) -> ValidationError | None:
    if day is None:
        return ValidationError("Enter the day of the checkpoint.", code="required")
    if day <= today:
        return ValidationError("Enter a day after today.", code="in_past")
    if day > today + CHECKPOINT_AHEAD:
        return ValidationError("Enter a day within four weeks.", code="too_far")
    return None


def address_error(url: str, *, is_required: bool) -> ValidationError | None:
    if not url:
        ask = "Add a link to the evidence, such as an email or the minutes."
        return ValidationError(ask, code="required") if is_required else None
    try:
        URLValidator(schemes=["http", "https"])(url)
    except ValidationError:
        message = "Enter a full address, for example https://example.com/minutes."
        return ValidationError(message, code="invalid")
    if len(url) > LONGEST_ADDRESS:
        message = f"Write an address of at most {LONGEST_ADDRESS} characters."
        return ValidationError(message, code="invalid")
    return None
