from __future__ import annotations

from collections.abc import Sequence

from metrics.models import Metric

BATCH = 1000


def add_metrics(metrics: Sequence[Metric]) -> list[Metric]:
    """Write entries of the dictionary that an import has checked; names must be new (M4.4)."""
    return Metric.objects.bulk_create(metrics, batch_size=BATCH)
