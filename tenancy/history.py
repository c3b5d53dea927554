"""Tracked rows as of an instant, read from their events."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Case, F, Value, When


def rows_at(
    model: type[models.Model],
    *,
    engagement_id: int,
    ids: Iterable[int | None],
    at: dt.datetime,
    **conditions: Any,
) -> dict[int, Any]:
    """By id the newest event of each row until `at`; the oldest of a row that has none so old.

    An event has the fields of its row. Only events that meet the conditions count. One query.
    """
    events = apps.get_model(model._meta.app_label, f"{model.__name__}Event")
    known = events._default_manager.filter(
        engagement_id=engagement_id, pgh_obj_id__in={one for one in ids if one}, **conditions
    )
    is_old = models.Q(pgh_created_at__lte=at)
    ordered = known.annotate(
        younger=Case(When(is_old, then=Value(0)), default=Value(1)),
        nearest=Case(
            When(is_old, then=-F("pgh_id")),
            default=F("pgh_id"),
            output_field=models.BigIntegerField(),
        ),
    ).order_by("pgh_obj_id", "younger", "nearest")
    return {event.pgh_obj_id: event for event in ordered.distinct("pgh_obj_id")}
