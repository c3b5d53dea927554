"""Forms that arrive twice: after a double click or a lost response."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet


def posted_before(rows: QuerySet[Any], *, key: UUID | None, **said: Any) -> Any:
    """Return the row already created by the form with this key, None without one.

    Raises ValidationError `reused` if its values differ.
    """
    posted = None if key is None else rows.filter(idempotency_key=key).first()
    if posted is not None:
        must_say_the_same(posted, **said)
    return posted


def must_say_the_same(posted: Any, **said: Any) -> None:
    """Raise ValidationError `reused` if the values differ."""
    if any(getattr(posted, name) != value for name, value in said.items()):
        raise ValidationError("This form was already sent. Reload the page.", code="reused")
