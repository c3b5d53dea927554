"""The databases of the tests: migrated by their owner, used by the application's role.

Tests that commit (workers, sweeps, kills, browsers) run in a copy of a template, which is dropped
afterwards and never flushed: the application's role may not truncate.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg
from django.conf import settings
from django.db import connections

from tenancy.constraints import IS_ACTING

ROLES = {"default": "plumbline_app", "owner": "plumbline_owner", "sweep": "plumbline_sweep"}


def switch(*, role: str, name: str | None = None) -> None:
    """Point the default connection at a role, and all connections at a database."""
    for alias in ROLES:
        connection = connections[alias]
        connection.close()
        if name:
            connection.settings_dict["NAME"] = name
            settings.DATABASES[alias]["NAME"] = name
    connections["default"].settings_dict["USER"] = role


def let_anyone_act() -> None:
    """Let tests that do not say who acts write in the name of any member.

    Requests say it, and so does `identity`: from then on the rule holds as in production. It holds
    for all who call `let_only_members_act`.
    """
    nobody_acts = "nullif(current_setting('app.user', true), '') IS NULL OR "
    with connections["default"].cursor() as cursor:
        cursor.execute(IS_ACTING.replace("RETURN NOT", f"RETURN {nobody_acts}NOT"))


def let_only_members_act() -> None:
    """Restore the rule in a copy of the template, even for writers that do not say who acts."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(IS_ACTING)


def execute_as_owner(statement: str) -> None:
    parameters: dict[str, Any] = connections["owner"].get_connection_params()
    with psycopg.connect(
        host=parameters.get("host"),
        port=parameters.get("port"),
        user=ROLES["owner"],
        password=parameters.get("password"),
        dbname="postgres",
        autocommit=True,
    ) as connection:
        connection.execute(statement)


@contextmanager
def copy_of(template: str) -> Iterator[str]:
    """A database of its own for as long as the block lasts; all connections point at it."""
    before = connections["default"].settings_dict["NAME"]
    name = f"copy_{uuid4().hex[:12]}"
    execute_as_owner(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
    switch(role=ROLES["default"], name=name)
    try:
        yield name
    finally:
        switch(role=ROLES["default"], name=before)
        execute_as_owner(f'DROP DATABASE "{name}"')  # waits for sessions that are just ending


def url(alias: str) -> str:
    """The connection's URL for a process that a test starts."""
    parameters: dict[str, Any] = connections[alias].get_connection_params()
    password = f":{parameters['password']}" if parameters.get("password") else ""
    where = f"host={parameters['host']}&port={parameters.get('port') or 5432}"
    return f"postgres://{ROLES[alias]}{password}@/{parameters['dbname']}?{where}"
