"""The order of agenda items and their minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LEAST = 2  # minutes


@dataclass(frozen=True, kw_only=True)
class Place:
    """An item by name, its rank by the data, and whether someone moved it."""

    name: str
    rank: tuple[int, int]
    is_moved: bool = False


def merge(there: Sequence[Place], fresh: Sequence[Place]) -> list[str]:
    """Return the names in their new order.

    A new item goes before the first one that ranks after it. Existing items are sorted by rank too,
    unless someone moved one of them.
    """
    order = list(there)
    if not any(one.is_moved for one in there):
        order.sort(key=lambda one: one.rank)
    for one in sorted(fresh, key=lambda place: place.rank):
        at = next((at for at, other in enumerate(order) if other.rank > one.rank), len(order))
        order.insert(at, one)
    return [one.name for one in order]


def fit(minutes: Sequence[int], *, into: int) -> list[int]:
    """Shorten the minutes in proportion until they fit; each item has at least two."""
    total = sum(minutes)
    if total <= into:
        return list(minutes)
    fitted = [max(LEAST, one * into // total) for one in minutes]
    while sum(fitted) > into and max(fitted) > LEAST:
        fitted[fitted.index(max(fitted))] -= 1
    return fitted
