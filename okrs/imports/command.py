"""The commands that check a sheet and import it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeVar

from django.db import models, transaction

from engagements.models import Engagement, Membership, Role
from engagements.permissions import Permission, require_right
from metrics.models import Metric, Refresh
from okrs.commands.cycles import settle_bands
from okrs.imports.checking import (
    Known,
    KnownCycle,
    KnownKeyResult,
    KnownMetric,
    KnownObjective,
    KnownPerson,
)
from okrs.imports.child import plan_in_child
from okrs.imports.plans import MAX_PROBLEMS, Plan, plan_import, plan_rows
from okrs.imports.writing import Writer
from okrs.models import Cycle, Direction, Indicator, KeyResult, Objective, Team
from okrs.writing import plain
from tenancy.locks import lock, locking

CHOICES = {
    "direction": tuple(Direction.values),
    "refresh": tuple(Refresh.values),
    "indicator": tuple(Indicator.values),
}

M = TypeVar("M", bound=models.Model)


class ImportRefusedError(Exception):
    """The file has problems, nothing was written. Carries the plan with the first of them."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        super().__init__("\n".join(map(str, plan.problems)))


class ImportChangedError(Exception):
    """The import would make something else than was agreed; nothing was written.

    Carries the plan of what it would make now.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        super().__init__("The engagement has changed since the sheet was checked.")


def check_import(
    *, content: bytes, by: Membership, client: str = "", max_problems: int = MAX_PROBLEMS
) -> Plan:
    """Return what the import of a file would make, or its problems. Writes and locks nothing.

    Raises TooCostlyError.
    """
    known = read_known(by.engagement)
    return plan_in_child(
        content, known=known, client=client, max_problems=max_problems, with_rows=False
    )


def import_okrs(
    *,
    content: bytes,
    by: Membership,
    client: str = "",
    expecting: int | None = None,
    max_problems: int = MAX_PROBLEMS,
    is_trusted: bool = False,
) -> Plan:
    """Load a file of OKR sets into the engagement of `by`: everything, or nothing.

    `plan_import` says which rows are taken. Key results stay in Draft; their objectives are owned
    by `by`. A cycle named like 2026-Q1 is that calendar quarter, any other must exist. Unknown
    owners become placeholders without mail. Dates are taken as they are. A key result that the
    engagement has already, by cycle, objective and title in any case, is left as it is. Files that
    the product wrote itself (`is_trusted`) are checked without a child process.

    Runs inside the engagement's scope. Raises ImportRefusedError, TooCostlyError, and
    ImportChangedError where it would not make as many key results as `expecting`.
    """
    known = read_known(by.engagement)
    run = plan_import if is_trusted else plan_in_child
    plan = run(content, known=known, client=client, max_problems=max_problems)
    if plan.problems:
        raise ImportRefusedError(plan)
    return _write(plan, known=known, by=by, expecting=expecting)


@transaction.atomic
def _write(plan: Plan, *, known: Known, by: Membership, expecting: int | None) -> Plan:
    """Check again what may have changed since, which is a comparison where nothing has; write."""
    names = {row.key[0] for row in plan.rows} & known.cycles.keys()
    cycles = Cycle.objects.filter(pk__in=[known.cycles[name].id for name in names])
    list(locking(cycles).values_list("pk"))
    require_right(by, Permission.PLAN)
    # Names are unique per engagement: commands that add one wait here.
    (engagement,) = lock(by.engagement)
    current = read_known(engagement)
    if current != known:
        plan = plan_rows(
            plan.rows,
            known=current,
            of_other_clients=plan.of_other_clients,
            other_clients=plan.other_clients,
        )
        if plan.problems:
            raise ImportRefusedError(plan)
    if expecting not in (None, plan.made.key_results):
        raise ImportChangedError(plan)
    Writer(by=by, known=current).write(plan.rows)
    settle_bands(engagement)
    return replace(plan, rows=())


def read_known(engagement: Engagement) -> Known:
    """Read the data of the engagement that a sheet can name: six queries without a join.

    PostgreSQL has no statistics of rows that were just imported, and joins them badly.
    """

    def rows(model: type[M], *fields: str) -> Iterable[tuple[Any, ...]]:
        table = model._default_manager.filter(engagement=engagement)
        return table.order_by("pk").values_list("pk", *fields)

    cycles = {
        pk: (name.casefold(), KnownCycle(pk, starts_on, ends_on))
        for pk, name, starts_on, ends_on in rows(Cycle, "name", "starts_on", "ends_on")
    }
    teams = dict(rows(Team, "name"))
    metrics = {
        pk: KnownMetric(pk, name, unit, archived_at is not None)
        for pk, name, unit, archived_at in rows(Metric, "name", "unit", "archived_at")
    }
    objectives = {
        pk: (
            (cycles[cycle][0], plain(title)),
            KnownObjective(pk, cycle, team, teams[team] if team else ""),
        )
        for pk, cycle, team, title in rows(Objective, "cycle_id", "team_id", "title")
    }
    return Known(
        client_names=frozenset({engagement.client_name.casefold(), engagement.slug.casefold()}),
        choices=CHOICES,
        cycles=dict(cycles.values()),
        teams={name.casefold(): pk for pk, name in teams.items()},
        people={
            email.lower(): KnownPerson(pk, name, role == Role.VIEWER, removed_at is not None)
            for pk, email, name, role, removed_at in rows(
                Membership, "email", "name", "role", "removed_at"
            )
        },
        metrics={metric.name.casefold(): metric for metric in metrics.values()},
        objectives=dict(objectives.values()),
        key_results={
            (*objectives[objective][0], plain(title)): KnownKeyResult(
                pk, metrics[metric].name if metric else ""
            )
            for pk, objective, metric, title in rows(
                KeyResult, "objective_id", "metric_id", "title"
            )
        },
    )
