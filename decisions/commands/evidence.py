"""The objects and evidence of a decision, as texts and public ids that can be sealed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from okrs.formatting import plain
from okrs.models import KeyResult, Objective

Touches = list[dict[str, Any]]
Evidence = list[dict[str, str]]


def touched(
    *, engagement_id: int, objective: Objective | None, key_result: KeyResult | None
) -> Touches:
    """Return the key result with its current values, else the objective, else nothing."""
    if key_result is not None:
        return [_key_result(row) for row in key_results(engagement_id, [key_result.public_id])]
    if objective is not None:
        here = Objective.objects.filter(engagement_id=engagement_id)
        row = here.get(public_id=objective.public_id)
        return [{"objective": row.public_id, "title": row.title}]
    return []


def refreshed(touches: Touches, *, engagement_id: int) -> Touches:
    """Return the same objects with current values; deleted ones keep their old values."""
    found = key_results(engagement_id, named(touches))
    fresh = {row.public_id: _key_result(row) for row in found}
    return [fresh.get(one.get("key_result", ""), one) for one in touches]


def named(touches: Touches) -> list[str]:
    """List the public ids of the key results among them."""
    return [one["key_result"] for one in touches if "key_result" in one]


def key_results(engagement_id: int, public_ids: Sequence[str]) -> Iterable[KeyResult]:
    if not public_ids:
        return []
    here = KeyResult.objects.filter(engagement_id=engagement_id, public_id__in=public_ids)
    return here.select_related("objective", "engagement")


def _key_result(row: KeyResult) -> dict[str, Any]:
    return {
        "objective": row.objective.public_id,
        "key_result": row.public_id,
        "title": row.title,
        "value": plain(row.latest_value),
        "score": None if row.score is None else f"{row.score:.2f}",
        "rag": row.rag,
    }
