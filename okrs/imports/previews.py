"""What a checked sheet says, as it is read before it is imported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from okrs.imports.checking import metric_facts
from okrs.imports.existing import Existing
from okrs.imports.rows import Row

SHOWN = 100  # key results


@dataclass(frozen=True, slots=True)
class PreviewedKeyResult:
    """One line. What is there already stays as it is, so only its title is told."""

    title: str
    is_new: bool
    start: Decimal | None
    goal: Decimal | None
    unit: str
    owner: str
    has_ladder: bool


@dataclass(frozen=True, slots=True)
class PreviewedObjective:
    """An objective of the sheet, with those of its key results that are shown."""

    title: str
    cycle: str
    team: str  # empty: the company's
    is_new: bool
    key_results: list[PreviewedKeyResult] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Preview:
    """The first key results under their objectives, in the order of the sheet; `more` are left."""

    objectives: Sequence[PreviewedObjective]
    more: int


def preview(rows: Sequence[Row], *, existing: Existing) -> Preview:
    """Reads nothing more; asked before the writer adds to `existing`."""
    facts = metric_facts(rows)
    objectives: dict[tuple[str, str], PreviewedObjective] = {}
    for row in rows[:SHOWN]:
        objective = objectives.setdefault(
            row.key[:2],
            PreviewedObjective(
                title=row.objective,
                cycle=row.cycle,
                team=row.team,
                is_new=row.key[:2] not in existing.objectives,
            ),
        )
        metric, owner = existing.metrics.get(row.metric_key), existing.people.get(row.owner_email)
        unit = metric.unit if metric else facts.get((row.metric_key, "unit"), ("", row))[0]
        objective.key_results.append(
            PreviewedKeyResult(
                title=row.key_result,
                is_new=not existing.has(row),
                start=row.baseline,
                goal=row.target,
                unit=str(unit),
                owner=owner.name if owner else row.owner,
                has_ladder=bool(row.ladder),
            )
        )
    return Preview(objectives=tuple(objectives.values()), more=max(0, len(rows) - SHOWN))
