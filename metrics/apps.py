from django.apps import AppConfig
from django.db.models import Q


class MetricsConfig(AppConfig):
    name = "metrics"

    def ready(self) -> None:
        from engagements.holdings import Holding, register
        from metrics.models import Metric

        for key, verb in (("owner", "owns"), ("steward", "is steward of")):
            register(
                Holding(
                    model=Metric,
                    key=key,
                    verb=verb,
                    one="metric",
                    many="metrics",
                    page="metrics:metric-detail",
                    current=lambda today: Q(archived_at=None),
                )
            )
