"""URLs and input of the forms that tests send."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from engagements.models import Engagement
from okrs.models import KeyResult, Objective
from tenancy.scoping import scope

HTMX = {"HX-Request": "true"}


def url_of(row: Objective | KeyResult, name: str = "objective-detail") -> str:
    with scope(row.engagement_id):
        return reverse(f"okrs:{name}", args=[row.engagement.slug, row.public_id])


def typed(**fields: Any) -> dict[str, Any]:
    return {
        "title": "Median onboarding time",
        "method": "linear",
        "direction": "lower",
        "commitment": "committed",
        "weight": "1",
        "due_on": "2026-03-31",
        **fields,
    }


def only(engagement: Engagement) -> KeyResult:
    with scope(engagement.id):
        return KeyResult.objects.get()
