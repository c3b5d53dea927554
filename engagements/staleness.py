from __future__ import annotations

from typing import Any

from django.db import models

from engagements.models import Membership
from tenancy.locks import lock


class StaleEdit(Exception):
    """Someone saved this row after the form was opened; `current` is the row now.

    Views answer 409 and show both versions, so that nothing typed is lost.
    """

    def __init__(self, current: models.Model) -> None:
        self.current = current
        super().__init__("Someone changed this while you were editing.")


def lock_for_edit(row: Any, *, version: int) -> Any:
    """Return the current row, locked until the transaction ends.

    Raises StaleEdit if the row no longer has the version of the form.
    """
    (current,) = lock(row)
    if current.version != version:
        raise StaleEdit(current)
    return current


def saved_by(row: Any) -> str:
    """Return who last saved this row by its history, or "" if unknown."""
    if not hasattr(row, "events"):
        return ""
    last = row.events.order_by("-pgh_id").first()
    user = (last.pgh_context or {}).get("user") if last else None
    if user is None:
        return ""
    people = Membership.objects.filter(engagement_id=row.engagement_id, user_id=user)
    return people.values_list("name", flat=True).first() or ""
