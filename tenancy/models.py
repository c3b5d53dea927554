"""The parts of every tenant table: engagement, public id, composite keys and wall.

Hot reads are SQL text next to the dataclass or model that `rows` or `instances` fills with it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

import pghistory
import pgtrigger
from django.db import DEFAULT_DB_ALIAS, connection, models
from django.db.models.constraints import BaseConstraint
from psycopg.rows import class_row, tuple_row

from tenancy.constraints import ActingAuthor, TenantForeignKey, TenantWall, WrittenByTriggers
from tenancy.scoping import ScopeError, engagements_in_scope
from tenancy.text import address_key, comparable

# The same made by PostgreSQL, for rows that a sweep writes: 48 random bits, of the alphabet below.
NEW_PUBLIC_ID = "left(translate(replace(gen_random_uuid()::text, '-', ''), '01', 'gh'), 12)"
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # none that read alike
# Of a model whose rows pages delete; all others the application's role may only add and change.
WITH_DELETE = ("SELECT", "INSERT", "UPDATE", "DELETE")
OPERATIONS = {"insert": pgtrigger.Insert, "update": pgtrigger.Update, "delete": pgtrigger.Delete}
M = TypeVar("M", bound=models.Model)
Row = TypeVar("Row")


def new_public_id() -> str:
    """Return a random id of twelve characters, about 59 bits, for a row's URL."""
    return "".join(secrets.choice(ALPHABET) for _ in range(12))


class TenantManager(models.Manager[M]):
    """Rows of the engagements in scope; raises ScopeError where none is active."""

    tenant = "engagement_id"

    def get_queryset(self) -> models.QuerySet[M]:
        queryset = super().get_queryset()
        ids = engagements_in_scope()
        if ids is None:
            return queryset
        if len(ids) == 1:
            return queryset.filter(**{self.tenant: ids[0]})
        return queryset.filter(**{f"{self.tenant}__in": ids})


def rows(sql: str, row_class: type[Row], **params: Any) -> list[Row]:
    """Return one `row_class` per row; its fields are named as the columns.

    The SQL must filter by `%(scope)s`, the array of the engagements in scope, as a tenant's manager
    does. All other values are parameters, too. Raises ScopeError outside a tenant scope.
    """
    return _fetch(sql, params, row_factory=class_row(row_class))


def instances(sql: str, *classes: type[models.Model], **params: Any) -> list[list[Any]]:
    """Return one list per row: an instance of each model, then the values of all other columns.

    The SQL selects the `select_list` of each model, in this order, and filters as in `rows`. A
    joined row that is missing comes as None.
    """
    found = []
    for values in _fetch(sql, params, row_factory=tuple_row):
        row: list[Any] = []
        start = 0
        for model in classes:
            end = start + len(model._meta.concrete_fields)
            row.append(None if values[start] is None else instance(model, values[start:end]))
            start = end
        found.append([*row, *values[start:]])
    return found


def select_list(model: type[models.Model], alias: str) -> str:
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
def _fields(model: type[models.Model]) -> tuple[list[str], dict[int, Any]]:
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


class TenantKey(models.ForeignKey):  # type: ignore[type-arg]
    """A key inside the tenant; the constraint and the indexes of the table lead with engagement."""

    def __init__(self, to: Any, on_delete: Any = models.PROTECT, **kwargs: Any) -> None:
        super().__init__(to, on_delete, **{"db_constraint": False, "db_index": False, **kwargs})


MOST_COMPARED = 600  # characters of a name; more would not fit into an index


class KeyField(models.CharField):  # type: ignore[type-arg]
    """The comparable form of the text in another field; unique constraints are on this one.

    A save that names the other field in `update_fields` names this one too.
    """

    def __init__(self, *, of: str, **kwargs: Any) -> None:
        super().__init__(**{"max_length": MOST_COMPARED, "editable": False, **kwargs})
        self.of = of

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "of": self.of}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:  # noqa: FBT001
        key = comparable(getattr(model_instance, self.of))[:MOST_COMPARED]
        setattr(model_instance, self.attname, key)
        return key

    def get_prep_value(self, value: Any) -> Any:
        """Make the key of a value to look for: `filter(name_key="İzmir")`."""
        return comparable(value)[:MOST_COMPARED] if isinstance(value, str) else value


class AddressField(models.EmailField):  # type: ignore[type-arg]
    """An email address, stored and looked up as it is compared."""

    def pre_save(self, model_instance: models.Model, add: bool) -> str:  # noqa: FBT001
        address = address_key(getattr(model_instance, self.attname))
        setattr(model_instance, self.attname, address)
        return address

    def get_prep_value(self, value: Any) -> Any:
        return address_key(value) if isinstance(value, str) else value


class TenantModel(models.Model):
    """Base of the tables that belong to one engagement."""

    engagement = models.ForeignKey(
        "engagements.Engagement", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    public_id = models.CharField(max_length=12, default=new_public_id, editable=False)

    class Meta:
        abstract = True


def tenant_constraints(
    *keys: str,
    authors: Sequence[str] = (),
    exceptions: Mapping[str, str] | None = None,
    also: str = "",
) -> list[BaseConstraint]:
    """Return the wall, the target of composite keys, the public id, and a composite key per field.

    `authors` are keys to the membership that wrote or did something. They must be the acting
    member, apart from `exceptions` (`ActingAuthor`).
    """
    written = ActingAuthor(fields=authors, exceptions=exceptions or {}, name="%(class)s_authors")
    return [
        TenantWall(name="%(class)s_wall", also=also),
        models.UniqueConstraint(fields=["engagement", "id"], name="%(class)s_tenant"),
        models.UniqueConstraint(fields=["engagement", "public_id"], name="%(class)s_public_id"),
        *(TenantForeignKey(field=key, name=f"%(class)s_{key}_key") for key in (*keys, *authors)),
        *([written] if authors else []),
    ]


def act_pair(model: str, act: str) -> models.CheckConstraint:
    """Return the check that a row has both the time and the person of an act, or neither."""
    at, by = f"{act}_at", f"{act}_by"
    both = models.Q(**{f"{at}__isnull": False, f"{by}__isnull": False})
    condition = models.Q(**{at: None, by: None}) | both
    return models.CheckConstraint(condition=condition, name=f"{model}_{act}_pair")


def tracked(*, exclude: tuple[str, ...] = ()) -> Any:
    """Record every change of the row in an append-only event table behind the same wall.

    The author is in the event's own row; `exclude` leaves out fields with their own history.
    """
    return pghistory.track(
        pghistory.InsertEvent(),
        pghistory.UpdateEvent(),
        pghistory.DeleteEvent(),
        exclude=["public_id", *exclude],
        append_only=True,
        obj_field=pghistory.ObjForeignKey(related_name="events", db_index=False),
        context_field=pghistory.ContextJSONField(),
        context_id_field=None,  # type: ignore[arg-type]  # its own docs say None
        attrs={"pgh_id": models.BigAutoField(primary_key=True), "objects": TenantManager()},
        meta={
            "constraints": [
                TenantWall(name="%(class)s_wall"),
                WrittenByTriggers(name="%(class)s_written"),
            ],
            "indexes": [
                models.Index(fields=["engagement", "pgh_obj", "pgh_id"], name="%(class)s_of")
            ],
        },
    )


def not_deleted(condition: pgtrigger.Q, *, why: str) -> pgtrigger.Trigger:
    """Return a trigger that refuses to delete rows that meet the condition."""
    return pgtrigger.Trigger(
        name="not_deleted",
        when=pgtrigger.Before,
        operation=pgtrigger.Delete,
        condition=condition,
        func=f"RAISE EXCEPTION '{why}';",
    )


def shows_on_status(
    *, updates: bool = True, where: str = "", in_rows: bool = False
) -> list[pgtrigger.Trigger]:
    """Return triggers that increase the engagement's `status_version` with every statement.

    All tables of the status page have them, so that one number shows whether it changed. Give
    `updates=False` if rows are only added, and `where` (SQL on the changed row) if only some of
    them show. With `in_rows`, cached rows of lists show the table, too (`shows_in_rows`).
    """
    columns = ("status_version", "row_version") if in_rows else ("status_version",)
    names = ("insert", "update") if updates else ("insert",)
    return [_counts_up(name, columns, prefix="shows_on_status", where=where) for name in names]


def shows_in_rows(*names: str) -> list[pgtrigger.Trigger]:
    """Return triggers that increase the engagement's `row_version`: "insert", "update", "delete".

    All tables that the cached rows of lists show have them (`engagements.row_cache`).
    """
    return [_counts_up(name, ("row_version",), prefix="shows_in_rows") for name in names]


def _counts_up(
    name: str, columns: Sequence[str], *, prefix: str, where: str = ""
) -> pgtrigger.Trigger:
    """Return a statement trigger that increases these columns of the engagement.

    The engagement's row is locked last: a command that locks it too does so after its other rows.
    Rows of several clients are locked in one order, or two such statements would deadlock.
    """
    among = f" WHERE {where}" if where else ""
    counted = ", ".join(f"{column} = {column} + 1" for column in columns)
    changed = {"old": "changed"} if name == "delete" else {"new": "changed"}
    return pgtrigger.Trigger(
        name=f"{prefix}_{name}",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=OPERATIONS[name],
        referencing=pgtrigger.Referencing(**changed),  # type: ignore[no-untyped-call]
        func=f"""
                PERFORM 1 FROM engagements_engagement
                WHERE id IN (SELECT engagement_id FROM changed{among})
                ORDER BY id FOR NO KEY UPDATE;
                UPDATE engagements_engagement SET {counted}
                WHERE id IN (SELECT engagement_id FROM changed{among});
                RETURN NULL;
            """,  # noqa: S608 - a condition written in the models
    )
