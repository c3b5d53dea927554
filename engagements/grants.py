"""What the roles may do with each table, granted after every migration by its owner."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import connections, transaction
from django.db.models import Model
from pgtrigger import Protect

from engagements.constraints import SWEEP_ROLE

APP_ROLE = "plumbline_app"
TOO_WIDE = """
    SELECT name FROM unnest(%s::text[], %s::text[]) AS withheld (name, privileges)
    WHERE has_table_privilege(current_user, name, privileges) ORDER BY name
"""


def grant_tables(*, using: str, **_: Any) -> None:
    """Let the application read and write rows; append-only tables it may only add to.

    Tables never grant TRUNCATE. A model may name SQL privileges of its own: `app_grants` in
    place of all that, `sweep_grants` for the sweep role, which else gets none. What a role was
    granted before and is not any more, it loses; nobody sees it without in between.
    """
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {SWEEP_ROLE}")
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {APP_ROLE}, {SWEEP_ROLE}")
        cursor.execute(
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APP_ROLE}"
        )
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {APP_ROLE}")
        for model in apps.get_models():
            table = connections[using].ops.quote_name(model._meta.db_table)
            if is_append_only(model):
                cursor.execute(f"REVOKE UPDATE, DELETE ON {table} FROM {APP_ROLE}")
            if privileges := getattr(model, "app_grants", ()):
                cursor.execute(f"REVOKE ALL ON {table} FROM {APP_ROLE}")
                cursor.execute(f"GRANT {', '.join(privileges)} ON {table} TO {APP_ROLE}")
            if privileges := getattr(model, "sweep_grants", ()):
                cursor.execute(f"GRANT {', '.join(privileges)} ON {table} TO {SWEEP_ROLE}")


def too_wide(*, using: str) -> list[str]:
    """Tables that the connection's role may write in ways that `grant_tables` keeps from pages."""
    withheld = {
        model._meta.db_table: "INSERT, UPDATE, DELETE" if reads_only(model) else "UPDATE, DELETE"
        for model in apps.get_models()
        if is_append_only(model) or reads_only(model)
    }
    with connections[using].cursor() as cursor:
        cursor.execute(TOO_WIDE, [[f'"{name}"' for name in withheld], [*withheld.values()]])
        return [name.strip('"') for (name,) in cursor.fetchall()]


def is_append_only(model: type[Model]) -> bool:
    return any(isinstance(one, Protect) for one in getattr(model._meta, "triggers", ()))


def reads_only(model: type[Model]) -> bool:
    return getattr(model, "app_grants", ()) == ("SELECT",)
