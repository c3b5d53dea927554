"""Reads of the metric dictionary (M4.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q

from engagements.models import Engagement
from metrics.models import Metric


@dataclass(frozen=True, kw_only=True)
class MetricRow:
    """A line of the dictionary; `readers` counts the key results that read it."""

    metric: Metric
    readers: int
    open_questions: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class MetricPage:
    """An entry with the key results that read it, the latest cycle first."""

    metric: Metric
    key_results: Sequence[Any]  # of okrs, the room above
    open_questions: Sequence[str]

    @property
    def blocks_commit(self) -> bool:
        """Whether source or refresh is missing, which the audit asks for (M4.2)."""
        return not (self.metric.source.strip() and self.metric.refresh)

    @property
    def leaves_gap(self) -> bool:
        """Whether a question is open that a commit only answers with a data gap (M4.3)."""
        return not (self.metric.access and self.metric.fetched_by)


def metric_list(engagement: Engagement, *, sought: str = "") -> list[MetricRow]:
    """The dictionary by name, what is archived last; `sought` looks in name, meaning and source.

    One query.
    """
    metrics: Any = (
        Metric.objects.filter(engagement=engagement)
        .select_related("owner", "steward")
        .annotate(readers=Count("key_results", filter=~Q(key_results__stage="withdrawn")))
        .order_by(F("archived_at").asc(nulls_first=True), "name")
    )
    if sought:
        said = Q(name__icontains=sought) | Q(definition__icontains=sought)
        metrics = metrics.filter(said | Q(source__icontains=sought))
    return [
        MetricRow(metric=metric, readers=metric.readers, open_questions=metric.data_questions_open)
        for metric in metrics
    ]


def metric_page(metric: Metric) -> MetricPage:
    """One entry. One query beside the entry's own."""
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
