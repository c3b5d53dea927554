from __future__ import annotations

from typing import Any

from django.db import models

from engagements.models import Membership
from tenancy.locks import lock


class StaleEdit(Exception):
    """Somebody saved this row after the form was opened; `current` is what stands now.

    Views answer 409 and show both versions, so that nothing typed is lost.
    """

    def __init__(self, current: models.Model) -> None:
        self.current = current
        super().__init__("Someone changed this while you were editing.")


def lock_for_edit(row: Any, *, version: int) -> Any:
    """The row as it stands now, locked until the transaction ends.

    Raises StaleEdit unless it still has the version that the form showed.
    """
    (current,) = lock(row)
    if current.version != version:
        raise StaleEdit(current)
    return current


def saved_by(row: Any) -> str:
    """Who saved this row last, by its history; empty where nobody was signed in or none is kept."""
    if not hasattr(row, "events"):
        return ""
    last = row.events.order_by("-pgh_id").first()
    user = (last.pgh_context or {}).get("user") if last else None
    if user is None:
        return ""
    people = Membership.objects.filter(engagement_id=row.engagement_id, user_id=user)
    return people.values_list("name", flat=True).first() or ""
