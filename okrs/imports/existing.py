"""What the engagement has already, as the file would name it."""

from __future__ import annotations

from typing import TypeVar

from django.db import models

from engagements.models import Engagement, Membership
from metrics.models import Metric
from okrs.imports.rows import Key, Row
from okrs.models import Cycle, KeyResult, Objective, Team
from okrs.writing import plain

M = TypeVar("M", bound=models.Model)


class Existing:
    """Read in six queries; the writer adds to it what it makes."""

    def __init__(self, engagement: Engagement) -> None:
        self.engagement = engagement
        self.people = {member.email.lower(): member for member in self._all(Membership)}
        self.cycles = {cycle.name.casefold(): cycle for cycle in self._all(Cycle)}
        self.teams = {team.name.casefold(): team for team in self._all(Team)}
        self.metrics = {metric.name.casefold(): metric for metric in self._all(Metric)}
        self.objectives: dict[tuple[str, str], Objective] = {}
        for objective in self._all(Objective).select_related("cycle", "team"):
            self.add_objective(objective)
        self.key_results: dict[Key, KeyResult] = {}
        for key_result in self._all(KeyResult).select_related("objective__cycle", "metric"):
            cycle = key_result.objective.cycle.name.casefold()
            key = cycle, plain(key_result.objective.title), plain(key_result.title)
            self.key_results[key] = key_result

    def add_objective(self, objective: Objective) -> None:
        self.objectives[objective.cycle.name.casefold(), plain(objective.title)] = objective

    def has(self, row: Row) -> bool:
        return row.key in self.key_results

    def _all(self, model: type[M]) -> models.QuerySet[M]:
        return model._default_manager.filter(engagement=self.engagement)
