"""What PostgreSQL reads from end to end: the plan of every statement, asked as it is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.db import connections

from tests.databases import ROLES
from tests.plans.seeded import LARGE

PLANNED = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "(")


class Plans:
    """The statements that were sent, and which of the large tables each of them reads whole."""

    def __init__(self) -> None:
        self.seen = 0
        self.whole: list[tuple[str, str]] = []

    def explain(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().startswith(PLANNED) and "set_config" not in sql and not many:
            # By the same role, behind the same walls, with the same values.
            execute(f"EXPLAIN (FORMAT json) {sql}", params, many, context)
            (plan,) = context["cursor"].fetchone()
            found = json.loads(plan) if isinstance(plan, str) else plan
            read = {
                node["Relation Name"]
                for node in nodes(found[0]["Plan"])
                if node["Node Type"] == "Seq Scan"
            }
            self.seen += 1
            self.whole += [(table, " ".join(sql.split())) for table in sorted(read & LARGE)]
        return execute(sql, params, many, context)


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
