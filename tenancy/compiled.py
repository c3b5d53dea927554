"""Queries whose SQL is built once.

Django builds the SQL of a query each time, which costs a page more than PostgreSQL's answer. The
query of a busy page is built once, with slots for the values that differ from run to run:

    DUE = Compiled(lambda: KeyResult.objects.filter(due_on__lte=Slot("today", DateField())))
    rows = DUE(today=today)

Both walls apply as for any query: a tenant's manager filters by the engagements in scope when it
runs, and raises ScopeError without a scope.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import BigIntegerField, BooleanField, Expression, F, Field, QuerySet
from django.db.models.query import ModelIterable
from django.db.models.sql.compiler import SQLCompiler
from psycopg.sql import Literal

from tenancy.instances import Part, part_of
from tenancy.scoping import ScopeError, compiling, engagements_in_scope, unscoped

Row = TypeVar("Row", covariant=True)
SCOPE = "engagements in scope"


class Slot(Expression):
    """A value that is given when the query runs."""

    def __init__(self, name: str, field: Field[Any, Any]) -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, Any]:
        return "%s", [self]


class AnyOf(Expression):
    """Whether a column is among the ids, a list, that are given when the query runs."""

    def __init__(self, column: str, ids: str) -> None:
        super().__init__(output_field=BooleanField())
        self.column: Any = F(column)
        self.ids = Slot(ids, BigIntegerField())

    def get_source_expressions(self) -> list[Any]:
        return [self.column]

    def set_source_expressions(self, exprs: Any) -> None:
        (self.column,) = exprs

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, Any]:
        column, params = compiler.compile(self.column)
        return f"{column} = ANY(%s::bigint[])", [*params, self.ids]


def in_scope() -> AnyOf:
    """Whether a row's engagement is in scope when the query runs."""
    return AnyOf("engagement_id", SCOPE)


def written_out(sql: str, params: Iterable[Any]) -> tuple[str, Sequence[Slot]]:
    """Return the SQL with all values inlined except those of slots.

    Only then can one plan for all runs use a partial index, such as that of live key results.
    """
    first, *others = sql.split("%s")
    texts, slots = [first], []
    for param, other in zip(params, others, strict=True):
        if isinstance(param, Slot):
            slots.append(param)
            texts.append("%s")
        else:
            texts.append(Literal(param).as_string().replace("%", "%%"))
        texts.append(other)
    return "".join(texts), slots


@dataclass(frozen=True)
class Made(Generic[Row]):
    """A queryset with its SQL and converters, and its rows' conversion to instances."""

    queryset: QuerySet[Any, Row]
    compiler: SQLCompiler
    sql: str
    slots: Sequence[Slot]
    converters: dict[int, Any]
    part: Part | None


@dataclass(frozen=True)
class Compiled(Generic[Row]):
    """A query that is built at its first run; without prefetches. `walled` as the manager is."""

    build: Callable[[], QuerySet[Any, Row]]
    walled: bool = True

    def __call__(self, **values: Any) -> list[Row]:
        """Return the rows for these values of the slots."""
        if self.walled:
            values[SCOPE] = engagements_in_scope()
            if values[SCOPE] is None:
                raise ScopeError("This query needs a scope. Run it in one.")
        compiler, part = self._compiler(values), self._made.part
        if part is None:
            return list(self._bound(compiler))
        return cast("list[Row]", part.read(compiler.results_iter(), using=DEFAULT_DB_ALIAS))

    def one(self, **values: Any) -> Row:
        """Return the only row; raise DoesNotExist if there is none."""
        rows = self(**values)
        if not rows:
            raise self._made.queryset.model.DoesNotExist
        return rows[0]

    @cached_property
    def _made(self) -> Made[Row]:
        with compiling() if self.walled else unscoped():
            queryset: Any = self.build()
            if queryset._prefetch_related_lookups:
                raise NotImplementedError(
                    "A compiled query takes no prefetch. Query those rows separately."
                )
            compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
            sql, slots = written_out(*compiler.as_sql())
        converters = compiler.get_converters([one[0] for one in compiler.select])
        part = part_of(compiler) if queryset._iterable_class is ModelIterable else None
        return Made(queryset, compiler, sql, slots, converters, part)

    def _compiler(self, values: dict[str, Any]) -> SQLCompiler:
        """Return a compiler with the built SQL and these values."""
        made = self._made
        given = tuple(values[slot.name] for slot in made.slots)
        compiler: Any = copy.copy(made.compiler)
        compiler.connection = connections[DEFAULT_DB_ALIAS]  # each thread has its own
        compiler.as_sql = lambda *args, **kwargs: (made.sql, given)
        compiler.get_converters = lambda expressions: made.converters
        return cast("SQLCompiler", compiler)

    def _bound(self, compiler: SQLCompiler) -> QuerySet[Any, Row]:
        """Return the queryset that reads this compiler's tuples or dictionaries."""
        known: Any = self._made.queryset
        query: Any = copy.copy(known.query)
        query.get_compiler = lambda *args, **kwargs: compiler
        bound: Any = known.__class__(model=known.model, query=query, using=DEFAULT_DB_ALIAS)
        bound._iterable_class, bound._fields = known._iterable_class, known._fields
        return cast("QuerySet[Any, Row]", bound)
