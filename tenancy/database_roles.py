"""The database roles: one owns the tables, one runs the pages, one runs the sweeps.

The application's role owns nothing, cannot bypass row level security and has only granted rights.
This module doesn't import Django, so that the embedded services can use it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import psycopg
from psycopg import sql

OWNER, APP, SWEEP = "plumbline_owner", "plumbline_app", "plumbline_sweep"


@dataclass(frozen=True)
class Attributes:
    """The attributes of a role in pg_roles."""

    superuser: bool = False
    bypassrls: bool = False
    createdb: bool = False
    login: bool = True

    def sql(self) -> sql.SQL:
        words = vars(self).items()
        return sql.SQL(" ".join(name.upper() if on else f"NO{name.upper()}" for name, on in words))


# The owner sees every row: without it data migrations and pg_dump would find none.
ROLES = {OWNER: Attributes(bypassrls=True, createdb=True), APP: Attributes(), SWEEP: Attributes()}

# A page that waits longer than this has failed and must release its locks. A sweep runs again within
# a minute, and its statement would outlive a killed worker. Pages use one generic plan for all
# values: by default PostgreSQL planned most statements at each run, half of its time. Sweeps keep
# the default mode, since with custom plans foreign key checks would be planned for each row.
SETTINGS = {
    APP: {
        "plan_cache_mode": "force_generic_plan",
        "statement_timeout": "15s",
        "lock_timeout": "5s",
        "idle_in_transaction_session_timeout": "30s",
    },
    SWEEP: {
        "statement_timeout": "60s",
        "lock_timeout": "10s",
        "idle_in_transaction_session_timeout": "30s",
    },
}


def bootstrap_roles(
    connection: psycopg.Connection, *, database: str, passwords: Mapping[str, str] | None = None
) -> None:
    """Create the three roles and the owner's database; safe to repeat.

    `connection` is autocommit, of a role that can create roles (with BYPASSRLS) and databases.
    """
    for role, attributes in ROLES.items():
        ensure_role(connection, role=role, attributes=attributes)
    for role, password in (passwords or {}).items():
        statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
        connection.execute(statement.format(sql.Identifier(role), sql.Literal(password)))
    for role, settings in SETTINGS.items():
        for name, value in settings.items():
            statement = sql.SQL("ALTER ROLE {} SET {} = {}")
            setting = (sql.Identifier(role), sql.Identifier(name), sql.Literal(value))
            connection.execute(statement.format(*setting))
    join_owner(connection)
    ensure_database(connection, database=database)
    info = connection.info
    with psycopg.connect(
        info.dsn, dbname=database, password=info.password or None, autocommit=True
    ) as inside:
        grant_by_default(inside)


def ensure_role(connection: psycopg.Connection, *, role: str, attributes: Attributes) -> None:
    """Create the role, or alter one with other attributes."""
    found = connection.execute(
        "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcanlogin FROM pg_roles WHERE rolname = %s",
        [role],
    ).fetchone()
    if found == tuple(vars(attributes).values()):
        return
    verb = sql.SQL("ALTER" if found else "CREATE")
    connection.execute(
        sql.SQL("{} ROLE {} {}").format(verb, sql.Identifier(role), attributes.sql())
    )


def join_owner(connection: psycopg.Connection) -> None:
    """Let an administrator who is no superuser (managed servers) act for the owner."""
    # From PostgreSQL 16 on, who makes a role administers it without being able to become it.
    kind = "SET" if connection.info.server_version >= 160000 else "MEMBER"
    member = connection.execute("SELECT pg_has_role(current_user, %s, %s)", [OWNER, kind])
    if member.fetchone() != (True,):
        connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(OWNER)))


def ensure_database(connection: psycopg.Connection, *, database: str) -> None:
    found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
    if found.fetchone() is None:
        statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'")
        connection.execute(statement.format(sql.Identifier(database), sql.Identifier(OWNER)))


def grant_by_default(connection: psycopg.Connection) -> None:
    """Grant the application's role row access to all tables that the owner creates here.

    TRUNCATE is left out because it ignores row level security. The sweep role has only the grants
    of each table's migration.
    """
    privileges = {"TABLES": "SELECT, INSERT, UPDATE, DELETE", "SEQUENCES": "USAGE, SELECT"}
    for kind, words in privileges.items():
        connection.execute(
            sql.SQL(
                "ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA public GRANT {} ON {} TO {}"
            ).format(sql.Identifier(OWNER), sql.SQL(words), sql.SQL(kind), sql.Identifier(APP))
        )
