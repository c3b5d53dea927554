"""Queries of the metric dictionary (M4.4)."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, F, Q, QuerySet

from engagements.models import Engagement
from metrics.models import Metric


def metric_list(engagement: Engagement, *, query: str = "") -> QuerySet[Any]:
    """Return the dictionary by name, archived metrics last, with `key_result_count`.

    `query` is searched in name, definition and source.
    """
    metrics = (
        Metric.objects.filter(engagement=engagement)
        .select_related("owner", "steward")
        .annotate(key_result_count=Count("key_results", filter=~Q(key_results__stage="withdrawn")))
        .order_by(F("archived_at").asc(nulls_first=True), "name")
    )
    if not query:
        return metrics
    return metrics.filter(
        Q(name__icontains=query) | Q(definition__icontains=query) | Q(source__icontains=query)
    )


def key_results_of(metric: Metric) -> QuerySet[Any]:
    """Return the key results that use a metric, the latest cycle first."""
    key_results: Any = metric.key_results
    of_client = key_results.filter(engagement=metric.engagement_id)
    joined: QuerySet[Any] = of_client.select_related("objective__cycle", "objective__team", "owner")
    return joined.order_by("-objective__cycle__starts_on", "objective_id", "position", "id")


def titles_outside_range(metric: Metric) -> list[str]:
    """Return the titles of the live key results with a baseline or target outside the range."""
    outside = Q()
    for end, value in (("lt", metric.valid_low), ("gt", metric.valid_high)):
        if value is not None:
            outside |= Q(**{f"baseline__{end}": value}) | Q(**{f"target__{end}": value})
    key_results: Any = metric.key_results.filter(outside, engagement=metric.engagement_id)
    return list(key_results.live().values_list("title", flat=True)) if outside else []


def live_titles(metric: Metric) -> list[str]:
    """Return the titles of the live key results that use a metric (M5.10)."""
    key_results: Any = metric.key_results.filter(engagement=metric.engagement_id)
    return list(key_results.live().values_list("title", flat=True))
