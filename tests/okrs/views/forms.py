"""URLs and input of the forms that tests send."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from engagements.models import Membership
from okrs.models import Cycle, KeyResult, Objective, Team
from tenancy.scoping import scope

HTMX = {"HX-Request": "true"}
NUMBER_IN_TITLE = "Raise renewals from 84 to 92 %"


def url_of(row: Cycle | Team | Objective | KeyResult, name: str = "objective-detail") -> str:
    with scope(row.engagement_id):
        return reverse(f"okrs:{name}", args=[row.engagement.slug, row.public_id])


def typed(**fields: Any) -> dict[str, Any]:
    """The input of a key result."""
    return {
        "title": "Median onboarding time",
        "method": "linear",
        "direction": "lower",
        "commitment": "committed",
        "weight": "1",
        "due_on": "2026-03-31",
        **fields,
    }


def typed_objective(owner: Membership, **fields: Any) -> dict[str, Any]:
    return {
        "title": "Make first-time buyers want to return",
        "owner": owner.public_id,
        "origin": "top_down",
        **fields,
    }


def only(objective: Objective) -> KeyResult:
    with scope(objective.engagement_id):
        return KeyResult.objects.select_related("metric").get()
