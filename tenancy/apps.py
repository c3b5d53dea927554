from django.apps import AppConfig
from django.db.models.signals import post_migrate

from tenancy.grants import grant_tables


class TenancyConfig(AppConfig):
    name = "tenancy"

    def ready(self) -> None:
        post_migrate.connect(grant_tables, sender=self)
