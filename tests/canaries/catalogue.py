"""Which columns of a client can hold text, and which of them hold no mark."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models

from engagements.models import Engagement
from tenancy.models import TenantModel
from tenancy.scoping import scope
from tests.canaries.marks import Mark, marks_in

TEXT = (models.CharField, models.TextField, models.JSONField, ArrayField)
# By field, or by model and field: columns in which nobody can write a word.
CANNOT_HOLD_TEXT = {
    "public_id": "drawn by chance",
    "token_hash": "a hash",
    "hash": "a hash",
    "previous_hash": "a hash",
    "head_hash": "a hash",
    "report_hash": "a hash",
    "occasion_id": "a public id",
    "ladder": "thresholds and scores",
    "trail": "dates, values and scores",
    "agendaitem.source": "the kind of a cause and public ids",
    "notice.rule": "the name of a rule",
    "engagement.slug": "an address: the crawl itself asks for it",
    "engagement.time_zone": "a name of the time zone database",
    "engagement.country": "two letters of ISO 3166",
}


def unmarked(engagement: Engagement, *, client: str) -> list[str]:
    """Columns such as "okrs.Team.name" in which no row of this client carries a mark of it."""
    with scope(engagement.pk):
        held = {str(field): _in_column(field, engagement) for field in text_columns()}
    return [name for name, marks in held.items() if client not in {mark.client for mark in marks}]


def planted(engagement: Engagement) -> set[Mark]:
    """Every mark that stands in a column of this client now."""
    with scope(engagement.pk):
        return {mark for field in text_columns() for mark in _in_column(field, engagement)}


def text_columns() -> Iterator[models.Field[Any, Any]]:
    """Every column of a tenant's tables that can hold free text; events repeat their rows."""
    for model in apps.get_models():
        if model is Engagement or issubclass(model, TenantModel):
            for field in model._meta.local_fields:
                named = {field.name, f"{model._meta.model_name}.{field.name}"}
                free = isinstance(field, TEXT) and not field.choices
                if free and not named & CANNOT_HOLD_TEXT.keys():
                    yield field


def _in_column(field: models.Field[Any, Any], engagement: Engagement) -> set[Mark]:
    key = "pk" if field.model is Engagement else "engagement_id"
    rows = field.model._default_manager.filter(**{key: engagement.pk})
    texts = (json.dumps(value) for value in rows.values_list(field.name, flat=True))
    return {mark for text in texts for mark in marks_in(text)}
