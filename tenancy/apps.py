from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from tenancy.grants import grant_tables


class TenancyConfig(AppConfig):
    name = "tenancy"

    def ready(self) -> None:
        post_migrate.connect(grant_tables, sender=self)


class RoleRouter:
    """One database, three roles: pages use `default`; `owner` migrates; `sweep` is asked for."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "default"

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "default"

    def allow_relation(self, *args: Any, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db != "sweep"
