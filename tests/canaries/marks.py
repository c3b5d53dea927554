"""Marks: texts that name their client, their readers and their field; and the fields that hold one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models

from engagements.models import Engagement
from tenancy.models import TenantModel
from tenancy.scoping import scope

OURS, THEIRS = "ours", "theirs"
CLIENT = "client"  # what clients may read (M12)
LATER = "later"  # the same, but from after the last publication
INSIDE = "inside"  # all else: for members only
_MARK = re.compile(
    rf"canary-({OURS}|{THEIRS})-({CLIENT}|{LATER}|{INSIDE})-([a-z_]+(?:\.[a-z_]+)+)", re.IGNORECASE
)
TEXT = (models.CharField, models.TextField, models.JSONField, ArrayField)
# By field, or by model and field: columns in which nobody can write a word.
CANNOT_HOLD_TEXT = {
    "public_id": "drawn by chance",
    **dict.fromkeys(("token_hash", "hash", "previous_hash", "head_hash", "report_hash"), "a hash"),
    "snapshot.built_by": "the release, a hash",
    "occasion_id": "a public id",
    "ladder": "thresholds and scores",
    "trail": "dates, values and scores",
    "left_out": "names of jobs and times",
    "agendaitem.source": "the kind of a cause and public ids",
    "notice.rule": "the name of a rule",
    "sheet.remembered": "fields, by the index of a column",
    "engagement.slug": "an address: the crawl itself asks for it",
    "engagement.time_zone": "a name of the time zone database",
    "engagement.country": "two letters of ISO 3166",
    "engagement.locale": "chosen from a list",
}


@dataclass(frozen=True, order=True)
class Mark:
    client: str
    audience: str
    field: str

    def __str__(self) -> str:
        return f"CANARY-{self.client}-{self.audience}-{self.field}"


@dataclass(frozen=True)
class Marks:
    """Makes the marks of one client: `marks.inside("blocker.text")`."""

    client: str

    def client_reads(self, field: str) -> str:
        return str(Mark(self.client, CLIENT, field))

    def later(self, field: str) -> str:
        return str(Mark(self.client, LATER, field))

    def inside(self, field: str) -> str:
        return str(Mark(self.client, INSIDE, field))

    def inside_url(self, field: str) -> str:
        return f"https://example.test/{self.inside(field)}"

    def inside_email(self, field: str) -> str:
        return f"{self.inside(field)}@example.test".lower()


def marks_in(text: str) -> Iterator[Mark]:
    for found in _MARK.finditer(text):
        yield Mark(*(part.lower() for part in found.groups()))


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
