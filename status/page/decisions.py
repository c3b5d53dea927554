"""Decisions on the status page, each with how its metric moved since."""

from __future__ import annotations

from decimal import Decimal

from decisions.movement import moved_since
from decisions.queries.decisions import DecisionFacts
from okrs.formatting import write_day
from okrs.models import Direction
from status.page.facts import Facts, KeyResultFacts
from status.page.schema import Said


def decided(decision: DecisionFacts, *, facts: Facts) -> Said:
    """Return the text of a decision, what it changes, its owner and how the metric moved."""
    moved = _since_then(decision, facts=facts)
    meta = [decision.change, decision.owner if facts.engagement.shows_owners else ""]
    if moved:
        meta.append(moved)
    return {
        "number": decision.number,
        "iso": decision.decided_on.isoformat(),
        "on": write_day(decision.decided_on, today=facts.today, weekday=False),
        "text": decision.text,
        "meta": " · ".join(part for part in meta if part),
        "moved": moved,
    }


def _since_then(decision: DecisionFacts, *, facts: Facts) -> str:
    """Return for example "since then 8.2 → 7.4 %", for the first key result it is about."""
    rows = {row.public_id: row for row in facts.key_results}
    for touch in decision.touches:
        row = rows.get(str(touch.get("key_result", "")))
        if row is not None and touch.get("value") is not None:
            return _of(row, then=Decimal(str(touch["value"])), decision=decision)
    return ""


def _of(row: KeyResultFacts, *, then: Decimal, decision: DecisionFacts) -> str:
    found = moved_since(
        decision.decided_on,
        then=then,
        now=row.value,
        measured_on=row.measured_on,
        higher_is_better=row.direction == Direction.HIGHER,
    )
    # Without a newer value there is nothing to compare.
    return found.sentence(unit=row.unit or "") if found.is_known else ""
