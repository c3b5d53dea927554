"""Forms that come twice: a double click, or an answer that was lost on its way."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet


def posted_before(rows: QuerySet[Any], *, key: UUID | None, **said: Any) -> Any:
    """The row that the form of this key made already; None where it made none.

    Raises ValidationError `reused` where it says something else now.
    """
    posted = None if key is None else rows.filter(idempotency_key=key).first()
    if posted is not None:
        must_say_the_same(posted, **said)
    return posted


def must_say_the_same(posted: Any, **said: Any) -> None:
    """Raises ValidationError `reused`."""
    if any(getattr(posted, name) != value for name, value in said.items()):
        raise ValidationError("This form was used already. Reload it.", code="reused")
