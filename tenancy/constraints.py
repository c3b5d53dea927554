"""The database's side of the walls between clients, as constraints that migrations carry.

Django calls `constraint_sql` while it creates a table, when the statements cannot run yet, so they
go to the editor's deferred SQL. Returning None without deferring would silently leave a table
without its wall; the catalogue test looks for that.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models
from django.db.models.constraints import BaseConstraint, UniqueConstraint
from psycopg.errors import UniqueViolation

SCOPE = "ANY (nullif(current_setting('app.engagements', true), '')::bigint[])"
OWN_USER = "nullif(current_setting('app.user', true), '')::bigint"
SWEEP_ROLE = "plumbline_sweep"
OWN_TOKEN = "nullif(current_setting('app.token', true), '')"  # noqa: S105


def refusal_of(error: IntegrityError) -> ValidationError:
    """Return the refusal for a row that another one excludes, with the constraint's code and text.

    Raises the error again unless a unique constraint was violated.
    """
    if not isinstance(error.__cause__, UniqueViolation):
        raise error
    name = error.__cause__.diag.constraint_name or ""
    constraint = _unique_constraints().get(name)
    if constraint is None or constraint.violation_error_code is None:
        return ValidationError(
            "Someone saved the same thing at the same moment. Check it, and save again.",
            code="saved_meanwhile",
        )
    return ValidationError(
        constraint.get_violation_error_message(), code=constraint.violation_error_code
    )


@cache
def _unique_constraints() -> dict[str, UniqueConstraint]:
    return {
        constraint.name: constraint
        for model in apps.get_models()
        for constraint in model._meta.constraints
        if isinstance(constraint, UniqueConstraint)
    }


class DeferredConstraint(BaseConstraint):
    """A constraint made of statements that need the finished table.

    `options` are those of the class with their defaults, which migrations leave out.
    """

    options: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, *, name: str, **options: Any) -> None:
        super().__init__(name=name)
        for option, default in self.options.items():
            value = options.pop(option, default)
            setattr(self, option, tuple(value) if isinstance(value, list) else value)
        if options:
            raise TypeError(f"{type(self).__name__} has no {', '.join(options)}.")

    def statements(self, model: type[models.Model], quote: Any) -> list[str]:
        raise NotImplementedError

    def constraint_sql(self, model: Any, schema_editor: Any) -> Any:
        schema_editor.deferred_sql.extend(self.statements(model, schema_editor.quote_name))
        return None

    def create_sql(self, model: Any, schema_editor: Any) -> Any:
        """Defer the statements on existing tables too, since the key they use may come later.

        For tables with database defaults Django runs the returned SQL without a check, so it is an
        empty statement and not None.
        """
        self.constraint_sql(model, schema_editor)
        return ""

    def removal(self, table: str, quote: Any) -> list[str]:
        raise NotImplementedError

    def remove_sql(self, model: Any, schema_editor: Any) -> Any:
        quote = schema_editor.quote_name
        return "; ".join(self.removal(quote(model._meta.db_table), quote))

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """Nothing to check in Python: the database holds it."""

    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        options = {name: getattr(self, name) for name in self.options}
        return (
            path,
            args,
            kwargs
            | {name: value for name, value in options.items() if value != self.options[name]},
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and bool(self.deconstruct() == other.deconstruct())

    def __hash__(self) -> int:
        return hash((type(self), self.name))


class TenantForeignKey(DeferredConstraint):
    """(engagement_id, <field>_id) references <target>(engagement_id, id).

    A plain foreign key check bypasses row level security, so that a row could point into another
    client's data; the composite key cannot. `column` names the tenant in the table itself.
    """

    options: ClassVar = {"field": "", "column": "engagement_id"}
    field: str
    column: str

    def statements(self, model: type[models.Model], quote: Any) -> list[str]:
        field: Any = model._meta.get_field(self.field)
        target = field.related_model._meta.db_table
        statement = (
            f"ALTER TABLE {quote(model._meta.db_table)} ADD CONSTRAINT {quote(self.name)}"
            f" FOREIGN KEY ({quote(self.column)}, {quote(field.column)})"
            f" REFERENCES {quote(target)} (engagement_id, id) DEFERRABLE INITIALLY DEFERRED"
        )
        return [statement]

    def removal(self, table: str, quote: Any) -> list[str]:
        return [f"ALTER TABLE {table} DROP CONSTRAINT {quote(self.name)}"]


class TenantWall(DeferredConstraint):
    """Forced row level security: rows of the engagements in scope.

    `column` names the tenant; `also` is SQL for rows that may be read before a scope is known,
    never written (the person's own memberships, the invitation whose token was presented).
    """

    options: ClassVar = {"column": "engagement_id", "also": ""}
    column: str
    also: str

    def statements(self, model: type[models.Model], quote: Any) -> list[str]:
        table = quote(model._meta.db_table)
        inside = f"{quote(self.column)} = {SCOPE}"
        statements = [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY tenant ON {table} USING ({inside}) WITH CHECK ({inside})",
        ]
        if self.also:
            statements.append(f"CREATE POLICY known ON {table} FOR SELECT USING ({self.also})")
        return statements

    def removal(self, table: str, quote: Any) -> list[str]:
        policies = [f"DROP POLICY IF EXISTS {name} ON {table}" for name in ("tenant", "known")]
        return [*policies, f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"]


# Who bypasses the wall (the owner: migrations, restores, seeding) may write in anyone's name.
IS_ACTING = """
CREATE OR REPLACE FUNCTION is_acting_member(member bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $acting$
BEGIN
    RETURN NOT row_security_active('public.engagements_membership') OR EXISTS (
        SELECT 1 FROM public.engagements_membership
        WHERE id = member AND removed_at IS NULL
          AND user_id = nullif(current_setting('app.user', true), '')::bigint
    );
END $acting$
"""
REFUSE = """
CREATE OR REPLACE FUNCTION refuse_row() RETURNS trigger LANGUAGE plpgsql AS $refuse$
BEGIN
    RAISE EXCEPTION '%: %', TG_TABLE_NAME, TG_ARGV[0] USING ERRCODE = 'insufficient_privilege';
END $refuse$
"""


class ActingAuthor(DeferredConstraint):
    """A constraint that these memberships, when set or changed, belong to the acting user.

    The acting user is in `app.user`; in jobs it is empty, as are the columns. `exceptions` has SQL
    conditions on the row NEW by field, under which it can be someone else, so that each exception
    is recorded on the row itself.
    """

    options: ClassVar = {"fields": (), "exceptions": {}}
    fields: tuple[str, ...]
    exceptions: Mapping[str, str]

    def statements(self, model: type[models.Model], quote: Any) -> list[str]:
        columns = {name: quote(model._meta.get_field(name).column) for name in self.fields}  # type: ignore[union-attr]
        foreign = {
            name: f"NEW.{column} IS NOT NULL AND NOT is_acting_member(NEW.{column})"
            + (f" AND NOT ({self.exceptions[name]})" if name in self.exceptions else "")
            for name, column in columns.items()
        }
        changed = [
            f"NEW.{columns[name]} IS DISTINCT FROM OLD.{columns[name]} AND {condition}"
            for name, condition in foreign.items()
        ]
        events = {
            "INSERT": [*foreign.values()],
            f"UPDATE OF {', '.join(columns.values())}": changed,
        }
        triggers = [
            f"CREATE TRIGGER {quote(f'{self.name}_{event.split()[0].lower()}')} BEFORE {event}"
            f" ON {quote(model._meta.db_table)} FOR EACH ROW"
            f" WHEN ({' OR '.join(f'({condition})' for condition in conditions)})"
            " EXECUTE FUNCTION refuse_row('its author is not the acting member')"
            for event, conditions in events.items()
        ]
        return [IS_ACTING, REFUSE, *triggers]

    def removal(self, table: str, quote: Any) -> list[str]:
        names = (quote(f"{self.name}_{event}") for event in ("insert", "update"))
        return [f"DROP TRIGGER IF EXISTS {name} ON {table}" for name in names]


class WrittenByTriggers(DeferredConstraint):
    """Rows come from triggers of other tables: no statement inserts them itself (history)."""

    def statements(self, model: type[models.Model], quote: Any) -> list[str]:
        return [
            REFUSE,
            (
                f"CREATE TRIGGER {quote(self.name)} BEFORE INSERT"
                f" ON {quote(model._meta.db_table)} FOR EACH ROW WHEN (pg_trigger_depth() = 0"
                " AND row_security_active('public.engagements_membership'))"
                " EXECUTE FUNCTION refuse_row('rows come from triggers only')"
            ),
        ]

    def removal(self, table: str, quote: Any) -> list[str]:
        return [f"DROP TRIGGER IF EXISTS {quote(self.name)} ON {table}"]


class SweepAccess(DeferredConstraint):
    """Access of the sweep role through the wall: policies over all tenants.

    `sweep_grants` limits it further to columns.
    """

    CLAUSES = {"SELECT": "USING (true)", "INSERT": "WITH CHECK (true)", "UPDATE": "USING (true)"}
    options: ClassVar = {"operations": ("SELECT",)}
    operations: tuple[str, ...]

    def statements(self, model: type[models.Model], quote: Any) -> list[str]:
        table = quote(model._meta.db_table)
        return [
            f"CREATE POLICY sweep_{operation.lower()} ON {table} FOR {operation}"
            f" TO {SWEEP_ROLE} {self.CLAUSES[operation]}"
            for operation in self.operations
        ]

    def removal(self, table: str, quote: Any) -> list[str]:
        names = [f"sweep_{operation.lower()}" for operation in self.operations]
        return [f"DROP POLICY IF EXISTS {name} ON {table}" for name in names]
