from __future__ import annotations

import psycopg
import pytest
from django.core.management import CommandError, call_command

from tenancy.database_roles import APP, ROLES, bootstrap_roles
from tests.config.workspaces import ask, services, workspace

pytestmark = pytest.mark.slow


def test_it_asks_who_may_create_roles() -> None:
    with pytest.raises(CommandError, match="--admin-url"):
        call_command("bootstrap_roles", admin_url="")


def test_it_makes_and_mends_the_roles_of_a_server() -> None:
    with workspace() as found, services(found):
        admin = f"postgres://postgres@/postgres?host={found.sockets}"
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f"ALTER ROLE {APP} BYPASSRLS")

            bootstrap_roles(connection, database="another", passwords={APP: "it's secret"})

            shown = connection.execute("SELECT rolname, rolbypassrls FROM pg_roles").fetchall()
        owned = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'another'"
        assert {role: bypass for role, bypass in shown if role in ROLES} == {
            role: attributes.bypassrls for role, attributes in ROLES.items()
        }
        assert ask(found, owned) == ("plumbline_owner",)


def test_an_administrator_of_a_managed_server_needs_no_superuser() -> None:
    with workspace() as found, services(found):
        server = f"postgres://postgres@/postgres?host={found.sockets}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("DROP DATABASE plumbline")
        for database in ("template1", "postgres"):
            with psycopg.connect(server, dbname=database, autocommit=True) as connection:
                for role in ROLES:
                    connection.execute(f"DROP OWNED BY {role}")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP ROLE {', '.join(ROLES)}")
            connection.execute("CREATE ROLE manager LOGIN CREATEROLE CREATEDB BYPASSRLS")

        managed = server.replace("postgres@", "manager@")
        for _ in range(2):
            with psycopg.connect(managed, autocommit=True) as connection:
                bootstrap_roles(connection, database="plumbline")

        ask(found, "CREATE TABLE note (id int)")
        ask(found, "INSERT INTO note VALUES (1)", role="DATABASE_URL")
