import os
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenancy.database_roles import APP, OWNER, ROLES, SWEEP, bootstrap_roles, grant_by_default


class Command(BaseCommand):
    help = "Create the three database roles and the database on your own server. Safe to repeat."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--admin-url",
            default=os.environ.get("DATABASE_ADMIN_URL"),
            help="postgres:// address of a role that can create roles and databases"
            " (default: DATABASE_ADMIN_URL)",
        )
        parser.add_argument(
            "--for-tests",
            action="store_true",
            help="also let databases that the tests create start with the same grants",
        )

    def handle(self, *, admin_url: str | None, for_tests: bool, **options: Any) -> None:
        if not admin_url:
            raise CommandError(
                "Set --admin-url or DATABASE_ADMIN_URL to a role that can create roles."
            )
        database, passwords = settings.DATABASES["owner"]["NAME"], self.passwords()
        try:
            with psycopg.connect(admin_url, autocommit=True) as connection:
                bootstrap_roles(connection, database=database, passwords=passwords)
        except psycopg.OperationalError as error:
            raise CommandError(f"The administrator cannot sign in: {error}") from None
        if for_tests:
            with psycopg.connect(admin_url, dbname="template1", autocommit=True) as template:
                grant_by_default(template)
        self.stdout.write(f"Database {database}: roles {', '.join(ROLES)} are ready.")

    def passwords(self) -> dict[str, str]:
        databases = {APP: "default", OWNER: "owner", SWEEP: "sweep"}
        for role, alias in databases.items():
            if settings.DATABASES[alias]["USER"] != role:
                raise CommandError(f"The address of the database `{alias}` must sign in as {role}.")
        named = {role: settings.DATABASES[alias]["PASSWORD"] for role, alias in databases.items()}
        return {role: password for role, password in named.items() if password}
