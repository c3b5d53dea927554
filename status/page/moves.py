"""Values that changed since the last review, and key results that are red."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from operator import itemgetter
from typing import Any

from okrs.formatting import YES_NO, write_day, write_value
from okrs.weeks import weeks_red
from scoring import Rag
from status.page.facts import Facts, KeyResultFacts
from status.page.rows import being_answered, is_early
from status.page.schema import Move, Red
from status.page.sentences import clause

ORDER = (Rag.STRETCH, Rag.GREEN, Rag.AMBER, Rag.RED, Rag.NO_DATA)


def moves(facts: Facts) -> list[Move]:
    """List the key results whose value changed since the last review, else since the baseline.

    Those that changed their band come first, the best band first.
    """
    standings = facts.since.standings if facts.since else {}
    found = [
        (row, before)
        for row in facts.key_results
        if (before := _before(row, standings.get(row.public_id), compared=bool(facts.since)))
        is not None
        and row.value is not None
        and before["value"] != row.value
    ]
    ranked = sorted(found, key=lambda pair: _rank(*pair))
    return [_move(row, before, facts=facts) for row, before in ranked]


def reds(facts: Facts) -> list[Red]:
    """List the red key results, the longest red first and those still on pace last."""
    rows = [row for row in facts.key_results if row.rag == Rag.RED]
    longest_first = sorted(rows, key=lambda row: row.red_since or facts.today)
    return sorted((_red(row, facts=facts) for row in longest_first), key=itemgetter("early"))


def _before(
    row: KeyResultFacts, frozen: Mapping[str, Any] | None, *, compared: bool
) -> dict[str, Any] | None:
    """Return the value and band to compare with, None if there are none."""
    if frozen and frozen.get("value") is not None:
        return {"value": Decimal(frozen["value"]), "rag": frozen["rag"]}
    if compared or row.baseline is None:
        return None
    return {"value": row.baseline, "rag": None}


def _rank(row: KeyResultFacts, before: Mapping[str, Any]) -> tuple[bool, int]:
    same_band = before["rag"] in (None, row.rag)
    return same_band, ORDER.index(Rag(row.rag))


def _move(row: KeyResultFacts, before: Mapping[str, Any], *, facts: Facts) -> Move:
    unit = row.unit or ""
    band = Rag(row.rag).label
    words = f"{band}, as before" if before["rag"] == row.rag else band
    if before["rag"] not in (None, row.rag):
        words = f"{Rag(before['rag']).label} to {band}"
    early = is_early(row, engagement=facts.engagement, today=facts.today)
    return {
        "rag": row.rag,
        "title": row.title,
        "then": write_value(before["value"], unit=unit if unit == YES_NO else ""),
        "now": write_value(row.value, unit=unit),
        "words": f"{words}, still on pace" if early else words,
    }


def _red(row: KeyResultFacts, *, facts: Facts) -> Red:
    early = is_early(row, engagement=facts.engagement, today=facts.today)
    weeks = weeks_red(
        red_since=row.red_since,
        last_week=row.last_week,
        today=facts.today,
        ends_on=row.cycle_ends_on,
    )
    lasted = "1 week" if weeks == 1 else f"{weeks} weeks"
    by = row.next_action_due
    due = f", by {write_day(by, today=facts.today, weekday=False)}" if by else ""
    return {
        "id": row.public_id,
        "title": row.title,
        "since": "early, still on pace" if early else lasted,
        "early": early,
        "answered": being_answered(row, engagement=facts.engagement, today=facts.today),
        "insight": row.insight,
        "next": f"{clause(row.next_action)}{due}" if row.next_action else "",
    }
