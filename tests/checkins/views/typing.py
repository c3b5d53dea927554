"""What people type into the card, with the least that must be said."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.urls import reverse

from checkins.models import CheckIn
from okrs.models import KeyResult
from tenancy.scoping import scope

HTMX = {"HX-Request": "true"}


def url(name: str, key_result: KeyResult) -> str:
    app = "workspace" if name == "key-result-detail" else "checkins"
    return reverse(f"{app}:{name}", args=[key_result.engagement.slug, key_result.public_id])


def typed(**fields: Any) -> dict[str, Any]:
    return {
        "actual": "7.4",
        "measured_on": "2026-03-10",
        "confidence": "3",
        "insight": "Paper forms take eleven days.",
        "next_action": "Count the stores that still use paper",
        "next_action_due": "2026-03-16",
        "help_needed": "",
        "blocker": "",
        "evidence_url": "",
        "seen": "",
        "key": str(uuid4()),
        **fields,
    }


def standing(key_result: KeyResult) -> KeyResult:
    with scope(key_result.engagement_id):
        return KeyResult.objects.get(pk=key_result.pk)


def check_ins(key_result: KeyResult) -> list[CheckIn]:
    with scope(key_result.engagement_id):
        return list(CheckIn.objects.filter(key_result=key_result).order_by("id"))
