"""Checked rows, written in a number of statements that hardly grows with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from engagements.commands.placeholders import add_placeholders
from engagements.models import Membership
from metrics.imports import add_metrics
from metrics.models import Metric
from okrs.imports.checking import METRIC_FACTS, cycle_span, metric_facts
from okrs.imports.contributions import Targets
from okrs.imports.existing import Existing
from okrs.imports.rows import Row
from okrs.models import ContributionLink, Cycle, KeyResult, Objective, Team

K = TypeVar("K")
BATCH = 1000


@dataclass(frozen=True)
class Made:
    """How many of each were made."""

    cycles: int
    teams: int
    placeholders: int
    metrics: int
    objectives: int
    key_results: int
    contributions: int


class Writer:
    """Adds what the rows name and the engagement lacks; what it has stays as it is."""

    def __init__(self, *, by: Membership, existing: Existing) -> None:
        self.by = by
        self.engagement = existing.engagement
        self.existing = existing

    def write(self, rows: Sequence[Row], *, targets: Targets) -> Made:
        """Rows that are new and have no problem; each kind after those it stands on."""
        return Made(
            cycles=self._write_cycles(rows),
            teams=self._write_teams(rows),
            placeholders=self._write_people(rows),
            metrics=self._write_metrics(rows),
            objectives=self._write_objectives(rows),
            key_results=self._write_key_results(rows),
            contributions=self._write_contributions(rows, targets),
        )

    def _write_cycles(self, rows: Iterable[Row]) -> int:
        made = []
        for name, row in _first(rows, lambda row: row.cycle.casefold()).items():
            span = cycle_span(row.cycle, existing=self.existing)
            if name in self.existing.cycles or span is None:
                continue
            starts_on, ends_on = span
            made.append(
                Cycle(
                    engagement=self.engagement,
                    name=row.cycle.upper(),
                    starts_on=starts_on,
                    ends_on=ends_on,
                )
            )
        Cycle.objects.bulk_create(made, batch_size=BATCH)
        self.existing.cycles |= {cycle.name.casefold(): cycle for cycle in made}
        return len(made)

    def _write_teams(self, rows: Iterable[Row]) -> int:
        named = _first((row for row in rows if row.team), lambda row: row.team.casefold())
        made = [
            Team(engagement=self.engagement, name=row.team)
            for name, row in named.items()
            if name not in self.existing.teams
        ]
        Team.objects.bulk_create(made, batch_size=BATCH)
        self.existing.teams |= {team.name.casefold(): team for team in made}
        return len(made)

    def _write_people(self, rows: Iterable[Row]) -> int:
        people = {
            email: row.owner
            for email, row in _first(rows, lambda row: row.owner_email).items()
            if email not in self.existing.people
        }
        made = add_placeholders(people=people, by=self.by)
        self.existing.people |= {member.email: member for member in made}
        return len(made)

    def _write_metrics(self, rows: Sequence[Row]) -> int:
        facts = metric_facts(rows)
        made = []
        for name, row in _first(rows, lambda row: row.metric_key).items():
            if name in self.existing.metrics:
                continue
            said = {fact: facts[name, fact][0] for fact in METRIC_FACTS if (name, fact) in facts}
            owner = self.existing.people[row.owner_email]
            made.append(
                Metric(
                    engagement=self.engagement,
                    name=row.metric,
                    owner=owner,
                    steward=owner,
                    **said,
                )
            )
        add_metrics(made)
        self.existing.metrics |= {metric.name.casefold(): metric for metric in made}
        return len(made)

    def _write_objectives(self, rows: Iterable[Row]) -> int:
        taken = Counter((o.cycle_id, o.team_id) for o in self.existing.objectives.values())
        made = []
        for key, row in _first(rows, lambda row: row.key[:2]).items():
            if key in self.existing.objectives:
                continue
            cycle = self.existing.cycles[row.cycle.casefold()]
            team = self.existing.teams[row.team.casefold()] if row.team else None
            place = cycle.pk, team.pk if team else None
            objective = Objective(
                engagement=self.engagement,
                cycle=cycle,
                team=team,
                title=row.objective,
                owner=self.by,
                created_by=self.by,
                position=taken[place],
            )
            taken[place] += 1
            made.append(objective)
            self.existing.add_objective(objective)
        Objective.objects.bulk_create(made, batch_size=BATCH)
        return len(made)

    def _write_key_results(self, rows: Sequence[Row]) -> int:
        taken = Counter(key[:2] for key in self.existing.key_results)
        made = []
        for row in rows:
            made.append(self._key_result(row, position=taken[row.key[:2]]))
            taken[row.key[:2]] += 1
        KeyResult.objects.bulk_create(made, batch_size=BATCH)
        self.existing.key_results |= dict(zip((row.key for row in rows), made, strict=True))
        return len(made)

    def _key_result(self, row: Row, *, position: int) -> KeyResult:
        cycle = self.existing.cycles[row.cycle.casefold()]
        return KeyResult(
            engagement=self.engagement,
            objective=self.existing.objectives[row.key[:2]],
            metric=self.existing.metrics[row.metric_key],
            title=row.key_result,
            owner=self.existing.people[row.owner_email],
            created_by=self.by,
            method=row.method,
            direction=row.direction,
            baseline=row.baseline,
            target=row.target,
            ladder=[[f"{t.normalize():f}", f"{score:f}"] for t, score in row.ladder],
            starts_on=cycle.starts_on,
            due_on=row.due_on or cycle.ends_on,
            weight=row.weight,
            indicator=row.indicator,
            commitment=row.commitment,
            position=position,
        )

    def _write_contributions(self, rows: Iterable[Row], targets: Targets) -> int:
        made = []
        for row in rows:
            if row.contributes_to:
                (target,) = targets.named_by(row)
                made.append(
                    ContributionLink(
                        engagement=self.engagement,
                        source=self.existing.key_results[row.key],
                        target=self.existing.key_results[target],
                    )
                )
        ContributionLink.objects.bulk_create(made, batch_size=BATCH)
        return len(made)


def _first(rows: Iterable[Row], key: Callable[[Row], K]) -> dict[K, Row]:
    """The first row of each key, in the order of the file."""
    found: dict[K, Row] = {}
    for row in rows:
        found.setdefault(key(row), row)
    return found
