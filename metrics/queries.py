"""Queries of the metric dictionary (M4.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from engagements.models import Engagement
from metrics.models import Metric


@dataclass(frozen=True, kw_only=True)
class MetricPage:
    """A metric with the key results that use it, the latest cycle first."""

    metric: Metric
    key_results: Sequence[Any]  # of the app okrs, which is above
    open_questions: Sequence[str]

    @property
    def blocks_commit(self) -> bool:
        """Return whether source or refresh is missing, which the audit needs (M4.2)."""
        return not (self.metric.source.strip() and self.metric.refresh)

    @property
    def leaves_gap(self) -> bool:
        """Return whether a question is open that leaves a data gap at commit (M4.3)."""
        return not (self.metric.access and self.metric.fetched_by)


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


def metric_page(metric: Metric) -> MetricPage:
    """Return the page of a metric. One query."""
    key_results = (
        metric.key_results.filter(engagement=metric.engagement_id)
        .select_related("objective__cycle", "objective__team", "owner")
        .order_by("-objective__cycle__starts_on", "objective_id", "position", "id")
    )
    return MetricPage(
        metric=metric,
        key_results=list(key_results),
        open_questions=metric.data_questions_open,
    )
