"""The data that a sheet is checked against, stored sheets, and their plans."""

from __future__ import annotations

import datetime as dt
from typing import Any, TypeVar

from django.db import models

from engagements.locales import date_order_of
from engagements.models import Engagement, Membership, Role
from imports.child import in_child
from imports.known import (
    Known,
    KnownCycle,
    KnownKeyResult,
    KnownMetric,
    KnownObjective,
    KnownPerson,
)
from imports.models import Sheet
from imports.plans import MAX_PROBLEMS, Plan, plan_import
from imports.problems import Answers
from imports.sheets import Grid
from metrics.models import Metric, Refresh
from okrs.models import Cycle, Direction, Indicator, KeyResult, Objective, Team
from okrs.writing import plain
from tenancy.text import comparable

CHOICES = {
    "direction": tuple(Direction.values),
    "refresh": tuple(Refresh.values),
    "indicator": tuple(Indicator.values),
}
REMEMBERED = 50  # imported sheets, the newest first

M = TypeVar("M", bound=models.Model)


def sheet_plan(
    sheet: Sheet, *, known: Known, answers: Answers, max_problems: int = MAX_PROBLEMS
) -> Plan:
    """Return the plan of a stored sheet. Raises TooCostlyError."""
    return in_child(
        plan_import,
        Grid.of(sheet.grid),
        known=known,
        answers=answers,
        remembered=sheet.remembered,
        max_problems=max_problems,
    )


def remembered_answers(engagement: Engagement, *, headings: list[str]) -> dict[str, Any]:
    """Return the answers of the last sheet with these headings, and when the fiscal year begins."""
    imported = Sheet.objects.filter(engagement=engagement, imported_at__isnull=False)
    sheets = list(imported.order_by("-imported_at").values_list("headings", "answers")[:REMEMBERED])
    found: dict[str, Any] = next((each for names, each in sheets if names == headings), {})
    fiscal = next((each["fiscal"] for _, each in sheets if each.get("fiscal")), "")
    return {**found, "fiscal": found.get("fiscal") or fiscal}


def read_known(
    engagement: Engagement, *, now: dt.datetime, answers: Answers | None = None
) -> Known:
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
        pk: (comparable(name), KnownCycle(pk, name, starts_on, ends_on))
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
        client_names=frozenset(map(comparable, (engagement.client_name, engagement.slug))),
        choices=CHOICES,
        locale=engagement.figure_locale,
        date_order=date_order_of(engagement.figure_locale),
        today=engagement.today(now),
        fiscal_month=int(answers.fiscal or 0) if answers else 0,
        cycles=dict(cycles.values()),
        teams={comparable(name): pk for pk, name in teams.items()},
        people={
            email: KnownPerson(pk, email, name, role == Role.VIEWER, removed_at is not None)
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
