from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from engagements.grants import grant_tables


class EngagementsConfig(AppConfig):
    name = "engagements"

    def ready(self) -> None:
        from engagements.kinds import register_kinds

        post_migrate.connect(grant_tables, sender=self)
        register_kinds()
