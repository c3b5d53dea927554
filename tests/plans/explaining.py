"""What PostgreSQL reads from end to end: the plan of every statement, asked as it is sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from psycopg._queries import PostgresQuery
from psycopg.adapt import Transformer
from psycopg.rows import tuple_row
from psycopg.sql import Literal

from tests.databases import ROLES
from tests.plans.seeded import LARGE

Ask = Callable[[str], list[dict[str, Any]]]
PLANNED = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "(")


class Plans:
    """The statements that were sent, and which of the large tables each of them reads whole."""

    def __init__(self) -> None:
        self.seen = 0
        self.whole: list[tuple[str, str]] = []
        self.pairs: list[str] = []  # what is read again for each row of another

    def explain(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().startswith(PLANNED) and "set_config" not in sql and not many:
            # By the same role, behind the same walls: the plan that is kept for all values, and
            # the one for these, which goes where nothing is prepared.
            def ask(statement: str, params: Any = None) -> list[dict[str, Any]]:
                execute(statement, params, many, context)
                return _read(context["cursor"]) if statement.startswith("EXPLAIN") else []

            plans = ask(f"EXPLAIN (FORMAT json) {sql}", params)
            if context["connection"].alias == DEFAULT_DB_ALIAS:
                plans += _kept(ask, sql, params or ())
            read = {
                node["Relation Name"]
                for plan in plans
                for node in nodes(plan)
                if node["Node Type"] == "Seq Scan"
            }
            self.seen += 1
            self.pairs += [
                node["Plans"][1]["Node Type"]
                for plan in plans
                for node in nodes(plan)
                if node["Node Type"] == "Nested Loop"
                and node["Plans"][1]["Node Type"] in {"CTE Scan", "Aggregate", "Subquery Scan"}
            ]
            self.pairs += [
                node["Relation Name"]
                for plan in plans
                for node in nodes(plan)
                if node.get("Parent Relationship") == "SubPlan"
                and (node["Node Type"], "Filter" in node) == ("Seq Scan", True)
            ]
            self.whole += [(table, " ".join(sql.split())) for table in sorted(read & LARGE)]
        return execute(sql, params, many, context)


def _kept(ask: Ask, sql: str, params: Sequence[Any] | Mapping[str, Any]) -> list[dict[str, Any]]:
    query = PostgresQuery(Transformer())
    query.convert(sql, params)
    order = query._order or ()
    values = [params[name] for name in order] if isinstance(params, Mapping) else params
    given = ", ".join(Literal(value).as_string() for value in values)
    ask(f"PREPARE kept AS {query.query.decode()}")
    plans = ask(f"EXPLAIN (FORMAT json) EXECUTE kept{f'({given})' if given else ''}")
    ask("DEALLOCATE kept")
    return plans


def _read(cursor: Any) -> list[dict[str, Any]]:
    # `tenancy.models.rows` fills a class from its cursor, and a plan is no row of it.
    row_factory, cursor.cursor.row_factory = cursor.cursor.row_factory, tuple_row
    (plan,) = cursor.fetchone()
    cursor.cursor.row_factory = row_factory
    found = json.loads(plan) if isinstance(plan, str) else plan
    return [one["Plan"] for one in found]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


@contextmanager
def explained() -> Iterator[Plans]:
    """The plans of all that is sent in the block, by whichever role."""
    plans = Plans()
    with ExitStack() as stack:
        for alias in ROLES:
            stack.enter_context(connections[alias].execute_wrapper(plans.explain))
        yield plans
