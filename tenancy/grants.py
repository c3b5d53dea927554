"""Grants on each table, set by the owner after every migration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import connections, transaction
from django.db.models import Model
from pgtrigger import Protect

from tenancy.constraints import SWEEP_ROLE

APP_ROLE = "plumbline_app"
ALL = ("SELECT", "INSERT", "UPDATE", "DELETE")
# Rows that a session or an account needs to be able to drop; they belong to libraries.
DELETABLE = ("sessions", "account")
# django-pgtrigger lets a setting, which every role can change, turn any trigger off. Here it turns off
# only the triggers that count versions up: authors, history and append-only tables stay guarded.
# Asked by name first, since each trigger calls this for each row.
IGNORES = r"""
    CREATE OR REPLACE FUNCTION public._pgtrigger_should_ignore(trigger_name name) RETURNS boolean AS $$
    BEGIN
        RETURN trigger_name LIKE 'pgtrigger\_shows\_%' AND trigger_name::text
            = ANY (COALESCE(NULLIF(current_setting('pgtrigger.ignore', true), ''), '{}')::text[]);
    END
    $$ LANGUAGE plpgsql STABLE
"""
TOO_WIDE = """
    SELECT name FROM unnest(%s::text[], %s::text[]) AS withheld (name, privileges)
    WHERE has_table_privilege(current_user, name, privileges) ORDER BY name
"""


def grant_tables(*, using: str, **_: Any) -> None:
    """Let the application read, add and change rows, and delete them only if a model allows it.

    Append-only tables allow inserts only, and no table grants TRUNCATE. A model can set its own SQL
    privileges: `app_grants` replaces these defaults, `sweep_grants` adds some for the sweep role,
    which has none by default. Outdated grants are revoked in the same transaction. Each migration
    with a trigger brings django-pgtrigger's function back, which is replaced here too.
    """
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute(IGNORES)
        cursor.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {APP_ROLE}, {SWEEP_ROLE}")
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {APP_ROLE}, {SWEEP_ROLE}")
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {APP_ROLE}")
        cursor.execute(f"GRANT SELECT ON django_migrations TO {APP_ROLE}")
        for model in _tables():
            table = connections[using].ops.quote_name(model._meta.db_table)
            cursor.execute(f"GRANT {', '.join(privileges_on(model))} ON {table} TO {APP_ROLE}")
            if privileges := getattr(model, "sweep_grants", ()):
                cursor.execute(f"GRANT {', '.join(privileges)} ON {table} TO {SWEEP_ROLE}")


def privileges_on(model: type[Model]) -> tuple[str, ...]:
    """Return the privileges of the application's role on a model's table."""
    if own := getattr(model, "app_grants", ()):
        return tuple(own)
    if any(isinstance(one, Protect) for one in getattr(model._meta, "triggers", ())):
        return ALL[:2]
    return ALL if model._meta.app_label in DELETABLE else ALL[:3]


def too_wide(*, using: str) -> list[str]:
    """Tables that the connection's role may write in ways that `grant_tables` keeps from pages."""
    withheld = {
        model._meta.db_table: ", ".join(missing)
        for model in _tables()
        if (missing := sorted({*ALL} - {*privileges_on(model)}))
    }
    with connections[using].cursor() as cursor:
        cursor.execute(TOO_WIDE, [[f'"{name}"' for name in withheld], [*withheld.values()]])
        return [name.strip('"') for (name,) in cursor.fetchall()]


def _tables() -> Iterator[type[Model]]:
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy:
            yield model
