"""Hot reads as SQL text, each next to the dataclass or model that it fills.

@dataclass(frozen=True, slots=True)
class OpenBlocker:
    key_result_id: int
    opened_at: dt.datetime

rows(
    "SELECT key_result_id, opened_at FROM checkins_blocker"
    " WHERE engagement_id = ANY(%(scope)s) AND opened_at >= %(since)s",
    OpenBlocker,
    since=since,
)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model
from psycopg.rows import class_row

from tenancy.scoping import ScopeError, engagements_in_scope

Row = TypeVar("Row")
M = TypeVar("M", bound=Model)


def rows(sql: str, row_class: type[Row], **params: Any) -> list[Row]:
    """Return one `row_class` per row; its fields are named as the columns.

    The SQL must filter by `%(scope)s`, the array of the engagements in scope, as a tenant's manager
    does. All other values are parameters, too. Raises ScopeError outside a tenant scope.
    """
    scope = engagements_in_scope()
    if scope is None or "%(scope)s" not in sql:
        raise ScopeError("Run this SQL in a scope and let it filter by %(scope)s.")
    with connection.cursor() as cursor:
        cursor.cursor.row_factory = class_row(row_class)
        cursor.execute(sql.strip(), {**params, "scope": scope})
        filled: list[Row] = cursor.fetchall()
        return filled


def select_list(model: type[Model], alias: str) -> str:
    """Return all columns of a table, in the order that `instance` reads."""
    return ", ".join(f"{alias}.{field.column}" for field in model._meta.concrete_fields)


def instance(model: type[M], values: Sequence[Any]) -> M:
    """Return an instance with the values of `select_list`."""
    names = [field.attname for field in model._meta.concrete_fields]
    return model.from_db(DEFAULT_DB_ALIAS, names, values)
