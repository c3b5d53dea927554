"""The commands that check a sheet and import it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from django.db import connection, models, transaction

from engagements.commands.engagements import counted_once
from engagements.commands.members import add_placeholders
from engagements.models import Engagement, Membership, Role
from engagements.permissions import Permission, require_right
from metrics.commands import add_metrics
from metrics.models import Metric, Refresh
from okrs.commands.cycles import settle_bands
from okrs.imports.checking import (
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
from okrs.imports.plans import MAX_PROBLEMS, Plan, plan_import, plan_in_child, plan_rows
from okrs.imports.rows import Row
from okrs.models import ContributionLink, Cycle, Direction, Indicator, KeyResult, Objective, Team
from okrs.weeks import quarter
from okrs.writing import plain
from tenancy.locks import lock, lock_names, locking

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
    """The import would no longer make as much as confirmed; nothing was written.

    Carries the new plan.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        super().__init__("The engagement has changed since the sheet was checked.")


def check_import(
    *, content: bytes, by: Membership, client: str = "", max_problems: int = MAX_PROBLEMS
) -> Plan:
    """Return the plan of an import, or its problems. Writes and locks nothing.

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

    `plan_import` selects the rows. Key results stay in Draft; their objectives are owned
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
    """Plan again if the data has changed since, and write."""
    names = {row.key[0] for row in plan.rows}
    ids = [cycle.id for name, cycle in known.cycles.items() if name in names]
    list(locking(Cycle.objects.filter(pk__in=ids)).values_list("pk"))
    lock_names(by.engagement_id)
    require_right(by, Permission.PLAN, may_close_meanwhile=True)
    current = read_known(by.engagement)
    if current != known:
        plan = plan_rows(
            plan.rows,
            known=current,
            of_other_clients=plan.of_other_clients,
            other_clients=plan.other_clients,
        )
        if plan.problems:
            raise ImportRefusedError(plan)
    if (
        expecting not in (None, plan.made.key_results)
        or (current.cycles.keys() - known.cycles.keys()) & names
    ):
        raise ImportChangedError(plan)
    # Check-ins go on meanwhile: they wait for the engagement, which is locked last.
    with counted_once(
        by.engagement, Cycle, Team, Membership, Metric, Objective, KeyResult, ContributionLink
    ):
        Writer(by=by, known=current).write(plan.rows)
        connection.check_constraints()
        require_right(by, Permission.PLAN)
    (engagement,) = lock(by.engagement)
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


BATCH = 500  # rows an INSERT

K = TypeVar("K")


class Writer:
    """Adds the data that rows name and the engagement lacks; existing rows stay unchanged."""

    def __init__(self, *, by: Membership, known: Known) -> None:
        self.by = by
        self.engagement = by.engagement
        self.known = known
        self.cycles = {key: cycle.id for key, cycle in known.cycles.items()}
        self.spans = {key: (one.starts_on, one.ends_on) for key, one in known.cycles.items()}
        self.teams = dict(known.teams)
        self.people = {key: person.id for key, person in known.people.items()}
        self.metrics = {key: metric.id for key, metric in known.metrics.items()}
        self.objectives = {key: objective.id for key, objective in known.objectives.items()}
        self.key_results = {key: one.id for key, one in known.key_results.items()}

    def write(self, rows: Sequence[Row]) -> None:
        """Write rows without a problem, each kind after those it refers to."""
        targets = Targets(rows, known=self.known)
        rows = [row for row in rows if row.key not in self.key_results]
        self._write_cycles(rows)
        self._write_teams(rows)
        self._write_people(rows)
        self._write_metrics(rows)
        self._write_objectives(rows)
        self._write_key_results(rows)
        self._write_contributions(rows, targets)

    def _write_cycles(self, rows: Iterable[Row]) -> None:
        new = {}
        for key, row in _first(rows, lambda row: row.key[0], known=self.cycles):
            span = quarter(row.cycle)
            if span is not None:  # any other cycle must exist
                self.spans[key] = span.starts_on, span.ends_on
                new[key] = Cycle(
                    engagement=self.engagement,
                    name=row.cycle.upper(),
                    starts_on=span.starts_on,
                    ends_on=span.ends_on,
                )
        self.cycles |= _insert(new)

    def _write_teams(self, rows: Iterable[Row]) -> None:
        named = _first(
            (row for row in rows if row.team), lambda row: row.team.casefold(), known=self.teams
        )
        self.teams |= _insert(
            {key: Team(engagement=self.engagement, name=row.team) for key, row in named}
        )

    def _write_people(self, rows: Iterable[Row]) -> None:
        named = _first(rows, lambda row: row.owner_email, known=self.people)
        people = {email: row.owner for email, row in named}
        new = add_placeholders(people=people, by=self.by, batch_size=BATCH)
        self.people |= {member.email: member.pk for member in new}

    def _write_metrics(self, rows: Sequence[Row]) -> None:
        facts = metric_facts(rows)
        new = {}
        for key, row in _first(rows, lambda row: row.metric_key, known=self.metrics):
            owner = self.people[row.owner_email]
            new[key] = Metric(
                engagement=self.engagement,
                name=row.metric,
                owner_id=owner,
                steward_id=owner,
                **{fact: facts[key, fact][0] for fact in METRIC_FACTS if (key, fact) in facts},
            )
        add_metrics(new.values(), batch_size=BATCH)
        self.metrics |= {key: metric.pk for key, metric in new.items()}

    def _write_objectives(self, rows: Iterable[Row]) -> None:
        counts = Counter((one.cycle_id, one.team_id) for one in self.known.objectives.values())
        new = {}
        for key, row in _first(rows, lambda row: row.key[:2], known=self.objectives):
            cycle = self.cycles[row.key[0]]
            team = self.teams[row.team.casefold()] if row.team else None
            new[key] = Objective(
                engagement=self.engagement,
                cycle_id=cycle,
                team_id=team,
                title=row.objective,
                owner=self.by,
                created_by=self.by,
                position=counts[cycle, team],
            )
            counts[cycle, team] += 1
        self.objectives |= _insert(new)

    def _write_key_results(self, rows: Sequence[Row]) -> None:
        counts = Counter(key[:2] for key in self.key_results)
        new = {}
        for row in rows:
            new[row.key] = self._key_result(row, position=counts[row.key[:2]])
            counts[row.key[:2]] += 1
        self.key_results |= _insert(new)

    def _key_result(self, row: Row, *, position: int) -> KeyResult:
        starts_on, ends_on = self.spans[row.key[0]]
        return KeyResult(
            engagement=self.engagement,
            objective_id=self.objectives[row.key[:2]],
            metric_id=self.metrics[row.metric_key],
            title=row.key_result,
            owner_id=self.people[row.owner_email],
            created_by=self.by,
            method=row.method,
            direction=row.direction,
            baseline=row.baseline,
            target=row.target,
            ladder=[[f"{t.normalize():f}", f"{score:f}"] for t, score in row.ladder],
            starts_on=starts_on,
            due_on=row.due_on or ends_on,
            weight=row.weight,
            indicator=row.indicator,
            commitment=row.commitment,
            position=position,
        )

    def _write_contributions(self, rows: Iterable[Row], targets: Targets) -> None:
        new = {}
        for row in rows:
            if row.contributes_to:
                (target,) = targets.named_by(row)
                new[row.key] = ContributionLink(
                    engagement=self.engagement,
                    source_id=self.key_results[row.key],
                    target_id=self.key_results[target],
                )
        _insert(new)


def _first(
    rows: Iterable[Row], key: Callable[[Row], K], *, known: dict[K, int]
) -> list[tuple[K, Row]]:
    """Return the first row of each key that is not known, in the order of the file."""
    first: dict[K, Row] = {}
    for row in rows:
        first.setdefault(key(row), row)
    return [(name, row) for name, row in first.items() if name not in known]


def _insert(new: dict[K, M]) -> dict[K, int]:
    """Insert rows of one model in batches; return their ids by the same keys."""
    if not new:
        return {}
    model = type(next(iter(new.values())))
    model._default_manager.bulk_create(new.values(), batch_size=BATCH)
    return {key: row.pk for key, row in new.items()}
