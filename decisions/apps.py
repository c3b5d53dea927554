from django.apps import AppConfig
from django.db.models import Q


class DecisionsConfig(AppConfig):
    name = "decisions"

    def ready(self) -> None:
        from decisions.models import ActionItem
        from engagements.holdings import Holding, register

        register(
            Holding(
                model=ActionItem,
                key="owner",
                verb="owns",
                one="open action",
                many="open actions",
                page="decisions:action-list",
                has_address=False,
                current=lambda today: Q(done_at=None, dropped_at=None),
            )
        )
