"""The commands that check a sheet and import it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from django.db import connection, models, transaction

from engagements.commands.engagements import counted_once
from engagements.commands.members import add_placeholders
from engagements.models import Engagement, Membership, Role
from engagements.permissions import Permission, require_right
from imports.checking import (
    METRIC_FACTS,
    Known,
    KnownCycle,
    KnownKeyResult,
    KnownMetric,
    KnownObjective,
    KnownPerson,
    Targets,
    metric_facts,
)
from imports.plans import MAX_PROBLEMS, Plan, plan_import, plan_in_child, plan_rows
from imports.rows import Row
from metrics.commands import add_metrics
from metrics.models import Metric, Refresh
from okrs.commands.cycles import settle_bands
from okrs.models import ContributionLink, Cycle, Direction, Indicator, KeyResult, Objective, Team
from okrs.writing import plain
from tenancy.locks import lock, lock_names, locking
from tenancy.text import comparable

CHOICES = {
    "direction": tuple(Direction.values),
    "refresh": tuple(Refresh.values),
    "indicator": tuple(Indicator.values),
}

# What another app writes through a command of its own.
INSERTS: dict[type[models.Model], Callable[..., object]] = {
    Membership: add_placeholders,
    Metric: add_metrics,
}

M = TypeVar("M", bound=models.Model)


class ImportRefusedError(Exception):
    """Nothing was written; carries the plan.

    The file has problems, or, where the plan has none, the engagement has changed since the file
    was checked.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        problems = map(str, plan.problems)
        super().__init__("\n".join(problems) or "The engagement has changed since the check.")


def check_import(
    *, content: bytes, by: Membership, client: str = "", max_problems: int = MAX_PROBLEMS
) -> Plan:
    """Return the plan of an import, or its problems. Writes and locks nothing.

    Raises TooCostlyError.
    """
    known = read_known(by.engagement)
    return plan_in_child(content, known=known, client=client, max_problems=max_problems)


def import_okrs(
    *,
    content: bytes,
    by: Membership,
    now: dt.datetime,
    client: str = "",
    expecting: int | None = None,
    max_problems: int = MAX_PROBLEMS,
    is_trusted: bool = False,
) -> Plan:
    """Load a file of OKR sets into the engagement of `by`: everything, or nothing.

    `plan_import` selects the rows. Key results stay in Draft; their objectives are owned
    by `by`. A cycle named like 2026-Q1 is that calendar quarter, any other must exist. Unknown
    owners become placeholders without mail. Dates are taken as they are. A key result that the
    engagement has already, by cycle, objective and title in any case, is left as it is. Files that
    the product wrote itself (`is_trusted`) are checked without a child process.

    Runs inside the engagement's scope. Raises TooCostlyError, and ImportRefusedError, also where it
    would not make as many key results as `expecting`.
    """
    known = read_known(by.engagement)
    run = plan_import if is_trusted else plan_in_child
    plan = run(content, known=known, client=client, max_problems=max_problems)
    if plan.problems:
        raise ImportRefusedError(plan)
    return _write(plan, known=known, by=by, expecting=expecting, now=now)


@transaction.atomic
def _write(
    plan: Plan, *, known: Known, by: Membership, expecting: int | None, now: dt.datetime
) -> Plan:
    """Plan again if the data has changed since, and write."""
    names = {row.key[0] for row in plan.rows}
    ids = [cycle.id for name, cycle in known.cycles.items() if name in names]
    list(locking(Cycle.objects.filter(pk__in=ids)).values_list("pk"))
    lock_names(by.engagement_id)
    require_right(by, Permission.PLAN, may_close_meanwhile=True)
    current = read_known(by.engagement)
    if current != known:
        others = {name: getattr(plan, name) for name in ("of_other_clients", "other_clients")}
        plan = replace(plan_rows(plan.rows, known=current), **others)
    is_expected = expecting in (None, plan.key_results)
    if plan.problems or not is_expected or names & current.cycles.keys() - known.cycles.keys():
        raise ImportRefusedError(plan)
    # Check-ins go on meanwhile: they wait for the engagement, which is locked last.
    with counted_once(
        by.engagement, Cycle, Team, Membership, Metric, Objective, KeyResult, ContributionLink
    ):
        cycle_ids = Writer(plan.rows, by=by, known=current).write()
        connection.check_constraints()
        require_right(by, Permission.PLAN)
    (engagement,) = lock(by.engagement)
    settle_bands(engagement, now=now)
    return replace(plan, rows=(), cycle_ids=cycle_ids)


def read_known(engagement: Engagement) -> Known:
    """Read the data of the engagement that a sheet can name: six queries without a join.

    PostgreSQL has no statistics of rows that were just imported, and joins them badly. What belongs
    to something is read before it: others may add both meanwhile, or discard both.
    """

    def rows(model: type[M], *fields: str) -> list[tuple[Any, ...]]:
        table = model._default_manager.filter(engagement=engagement)
        return list(table.order_by("pk").values_list("pk", *fields))

    key_results = rows(KeyResult, "objective_id", "metric_id", "title")
    objective_rows = rows(Objective, "cycle_id", "team_id", "title")
    metrics = {
        pk: KnownMetric(pk, name, unit, archived_at is not None, low, high)
        for pk, name, unit, archived_at, low, high in rows(
            Metric, "name", "unit", "archived_at", "valid_low", "valid_high"
        )
    }
    teams = dict(rows(Team, "name"))
    cycles = {
        pk: (comparable(name), KnownCycle(pk, starts_on, ends_on))
        for pk, name, starts_on, ends_on in rows(Cycle, "name", "starts_on", "ends_on")
    }
    objectives = {
        pk: (
            (cycles[cycle][0], plain(title)),
            KnownObjective(pk, cycle, team, teams[team] if team else ""),
        )
        for pk, cycle, team, title in objective_rows
    }
    return Known(
        client_names=frozenset({comparable(engagement.client_name), comparable(engagement.slug)}),
        choices=CHOICES,
        cycles=dict(cycles.values()),
        teams={comparable(name): pk for pk, name in teams.items()},
        people={
            email: KnownPerson(pk, name, role == Role.VIEWER, removed_at is not None)
            for pk, email, name, role, removed_at in rows(
                Membership, "email", "name", "role", "removed_at"
            )
        },
        metrics={comparable(metric.name): metric for metric in metrics.values()},
        objectives=dict(objectives.values()),
        key_results={
            (*objectives[objective][0], plain(title)): KnownKeyResult(
                pk, metrics[metric].name if metric else ""
            )
            for pk, objective, metric, title in key_results
            if objective in objectives
        },
    )


BATCH = 500  # rows an INSERT


class Writer:
    """Adds the data that rows name and the engagement lacks; existing rows stay unchanged."""

    def __init__(self, rows: Sequence[Row], *, by: Membership, known: Known) -> None:
        self.by = by
        self.known = known
        self.targets = Targets(rows, known=known)
        self.rows = [row for row in rows if row.key not in known.key_results]
        self.facts = metric_facts(self.rows)
        spans = {row.key[0]: known.span(row.cycle) for row in self.rows}
        self.spans = {key: span for key, span in spans.items() if span}
        self.ids: dict[type[models.Model], dict[Any, Any]] = {
            Cycle: {key: cycle.id for key, cycle in known.cycles.items()},
            Team: {"": None, **known.teams},
            Membership: {key: person.id for key, person in known.people.items()},
            Metric: {key: metric.id for key, metric in known.metrics.items()},
            Objective: {key: objective.id for key, objective in known.objectives.items()},
            KeyResult: {key: key_result.id for key, key_result in known.key_results.items()},
            ContributionLink: {},
        }
        self.positions = Counter[Any](
            (one.cycle_id, one.team_id) for one in known.objectives.values()
        )
        self.positions.update(key[:2] for key in known.key_results)

    def write(self) -> list[int]:
        """Write rows without a problem, each kind after those it refers to; return their cycles."""
        keys = dict.fromkeys(row.key[0] for row in self.rows)
        self._add(Cycle, lambda row: row.key[0], self._cycle)
        self._add(Team, lambda row: comparable(row.team), lambda row: {"name": row.team})
        self._add(
            Membership,
            lambda row: row.owner_email,
            lambda row: {"email": row.owner_email, "name": row.owner, "role": Role.CONTRIBUTOR},
        )
        self._add(Metric, lambda row: row.metric_key, self._metric)
        self._add(Objective, lambda row: row.key[:2], self._objective)
        self._add(KeyResult, lambda row: row.key, self._key_result)
        self.rows = [row for row in self.rows if row.contributes_to]
        self._add(ContributionLink, lambda row: row.key, self._contribution)
        return [self.ids[Cycle][key] for key in keys]

    def _add(
        self,
        model: type[models.Model],
        key_of: Callable[[Row], Any],
        fields_of: Callable[[Row], dict[str, Any]],
    ) -> None:
        """Insert a row of this model for the first line of each key that has none."""
        ids, new = self.ids[model], dict[Any, models.Model]()
        for row in self.rows:
            key = key_of(row)
            if key not in ids and key not in new:
                new[key] = model(engagement_id=self.by.engagement_id, **fields_of(row))
        insert = INSERTS.get(model, model._default_manager.bulk_create)
        insert(new.values(), batch_size=BATCH)
        ids.update((key, made.pk) for key, made in new.items())

    def _cycle(self, row: Row) -> dict[str, Any]:
        starts_on, ends_on = self.spans[row.key[0]]
        return {"name": row.cycle.upper(), "starts_on": starts_on, "ends_on": ends_on}

    def _metric(self, row: Row) -> dict[str, Any]:
        owner = self.ids[Membership][row.owner_email]
        facts = {
            fact: self.facts[row.metric_key, fact][0]
            for fact in METRIC_FACTS
            if (row.metric_key, fact) in self.facts
        }
        return {"name": row.metric, "owner_id": owner, "steward_id": owner, **facts}

    def _objective(self, row: Row) -> dict[str, Any]:
        cycle, team = self.ids[Cycle][row.key[0]], self.ids[Team][comparable(row.team)]
        return {
            "cycle_id": cycle,
            "team_id": team,
            "title": row.objective,
            "owner": self.by,
            "created_by": self.by,
            "position": self._position((cycle, team)),
        }

    def _key_result(self, row: Row) -> dict[str, Any]:
        _, ends_on = self.spans[row.key[0]]
        terms = ("method", "direction", "baseline", "target", "weight", "indicator", "commitment")
        return {
            "objective_id": self.ids[Objective][row.key[:2]],
            "metric_id": self.ids[Metric][row.metric_key],
            "title": row.key_result,
            "owner_id": self.ids[Membership][row.owner_email],
            "created_by": self.by,
            "ladder": [[f"{t.normalize():f}", f"{score:f}"] for t, score in row.ladder],
            "starts_on": row.starts_on,
            "due_on": row.due_on or ends_on,
            "position": self._position(row.key[:2]),
            **{name: getattr(row, name) for name in terms},
        }

    def _contribution(self, row: Row) -> dict[str, Any]:
        (target,) = self.targets.named_by(row)
        ids = self.ids[KeyResult]
        return {"source_id": ids[row.key], "target_id": ids[target]}

    def _position(self, among: tuple[Any, Any]) -> int:
        self.positions[among] += 1
        return self.positions[among] - 1
