"""Writes the rows of an import: what they name and the engagement lacks, in few statements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from django.db import models

from engagements.commands.members import add_placeholders
from engagements.models import Membership, Role, unknown_address
from imports.checking import METRIC_FACTS, Targets, metric_facts
from imports.known import Known
from imports.rows import Row
from metrics.commands import add_metrics
from metrics.models import Metric
from okrs.models import ContributionLink, Cycle, KeyResult, Objective, Team
from okrs.writing import plain
from tenancy.text import comparable

# What another app writes through a command of its own.
INSERTS: dict[type[models.Model], Callable[..., object]] = {
    Membership: add_placeholders,
    Metric: add_metrics,
}
BATCH = 500  # rows an INSERT


class Writer:
    """Adds the data that rows name and the engagement lacks; existing rows stay unchanged."""

    def __init__(self, rows: Sequence[Row], *, by: Membership, known: Known) -> None:
        self.by = by
        self.known = known
        self.targets = Targets(rows, known=known)
        new = (row for row in rows if row.key not in known.key_results)
        # Lines of objectives first: they name the owner.
        self.rows = sorted(new, key=lambda row: bool(row.key_result))
        self.facts = metric_facts(self.rows)
        spans = {row.key[0]: known.span(row.cycle) for row in self.rows}
        self.spans = {key: span for key, span in spans.items() if span}
        self.ids: dict[type[models.Model], dict[Any, Any]] = {
            Cycle: {key: cycle.id for key, cycle in known.cycles.items()},
            Team: {"": None, **known.teams},
            Membership: {"": None, **{key: person.id for key, person in known.people.items()}},
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
        self._add(Membership, lambda row: row.person, self._placeholder)
        lines, self.rows = self.rows, [row for row in self.rows if row.key_result]
        self._add(Metric, lambda row: row.metric_key, self._metric)
        key_results, self.rows = self.rows, lines
        self._add(Objective, lambda row: row.key[:2], self._objective)
        self._align()
        self.rows = key_results
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
        return {"name": row.cycle, "starts_on": starts_on, "ends_on": ends_on}

    def _placeholder(self, row: Row) -> dict[str, Any]:
        email = row.owner_email or unknown_address()
        return {"email": email, "name": row.owner or email, "role": Role.CONTRIBUTOR}

    def _metric(self, row: Row) -> dict[str, Any]:
        owner = self.ids[Membership][row.person]
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
            "owner_id": (not row.key_result and self.ids[Membership][row.person]) or self.by.pk,
            "created_by": self.by,
            "position": self._position((cycle, team)),
        }

    def _align(self) -> None:
        """Link the new objectives of teams to their company objectives (M2.2)."""
        ids = self.ids[Objective]
        linked = [
            Objective(pk=ids[row.key[:2]], parent_id=ids[row.key[0], plain(row.parent)])
            for row in self.rows
            if row.parent and row.key[:2] not in self.known.objectives
        ]
        Objective.objects.bulk_update(linked, ["parent"], batch_size=BATCH)

    def _key_result(self, row: Row) -> dict[str, Any]:
        _, ends_on = self.spans[row.key[0]]
        terms = ("method", "direction", "baseline", "target", "weight", "indicator", "commitment")
        return {
            "objective_id": self.ids[Objective][row.key[:2]],
            "metric_id": self.ids[Metric][row.metric_key],
            "title": row.key_result,
            "owner_id": self.ids[Membership][row.person],
            "created_by": self.by,
            "ladder": [[f"{t.normalize():f}", f"{score:f}"] for t, score in row.ladder],
            "starts_on": row.starts_on,
            "offered_value": row.current,
            "offered_on": None if row.current is None else self.known.today,
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
