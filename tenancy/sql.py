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
from functools import cache
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model
from psycopg.rows import class_row, tuple_row

from tenancy.scoping import ScopeError, engagements_in_scope

Row = TypeVar("Row")
M = TypeVar("M", bound=Model)


def rows(sql: str, row_class: type[Row], **params: Any) -> list[Row]:
    """Return one `row_class` per row; its fields are named as the columns.

    The SQL must filter by `%(scope)s`, the array of the engagements in scope, as a tenant's manager
    does. All other values are parameters, too. Raises ScopeError outside a tenant scope.
    """
    return _fetch(sql, params, row_factory=class_row(row_class))


def instances(sql: str, *models: type[Model], **params: Any) -> list[list[Any]]:
    """Return one list per row: an instance of each model, then the values of all other columns.

    The SQL selects the `select_list` of each model, in this order, and filters as in `rows`. A
    joined row that is missing comes as None.
    """
    found = []
    for values in _fetch(sql, params, row_factory=tuple_row):
        row: list[Any] = []
        start = 0
        for model in models:
            end = start + len(model._meta.concrete_fields)
            row.append(None if values[start] is None else instance(model, values[start:end]))
            start = end
        found.append([*row, *values[start:]])
    return found


def select_list(model: type[Model], alias: str) -> str:
    """Return all columns of a table, in the order that `instance` reads; the first is its key."""
    return ", ".join(f"{alias}.{field.column}" for field in model._meta.concrete_fields)


def instance(model: type[M], values: Sequence[Any]) -> M:
    """Return an instance with the values of `select_list`."""
    names, converters = _fields(model)
    if converters:
        values = list(values)
        for index, convert in converters.items():
            values[index] = convert(values[index], None, connection)
    return model.from_db(DEFAULT_DB_ALIAS, names, values)


@cache
def _fields(model: type[Model]) -> tuple[list[str], dict[int, Any]]:
    """Return the names of the columns and, by index, the converters of those that have one."""
    fields = model._meta.concrete_fields
    converters = {
        index: field.from_db_value
        for index, field in enumerate(fields)
        if hasattr(field, "from_db_value")
    }
    return [field.attname for field in fields], converters


def _fetch(sql: str, params: dict[str, Any], *, row_factory: Any) -> list[Any]:
    scope = engagements_in_scope()
    if scope is None or "%(scope)s" not in sql:
        raise ScopeError("Run this SQL in a scope and let it filter by %(scope)s.")
    with connection.cursor() as cursor:
        cursor.cursor.row_factory = row_factory
        cursor.execute(sql.strip(), {**params, "scope": scope})
        found: list[Any] = cursor.fetchall()
        return found
