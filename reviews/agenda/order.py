"""Where items stand and how long they take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LEAST = 2  # minutes


@dataclass(frozen=True, kw_only=True)
class Place:
    """An item by name, where the data would put it, and whether somebody put it elsewhere."""

    name: str
    rank: tuple[int, int]
    is_moved: bool = False


def merge(there: Sequence[Place], fresh: Sequence[Place]) -> list[str]:
    """Names in the order in which they stand from now on.

    What is new comes before the first that ranks after it. What is there follows the data too,
    but keeps the order that people made as soon as they moved anything.
    """
    order = list(there)
    if not any(one.is_moved for one in there):
        order.sort(key=lambda one: one.rank)
    for one in sorted(fresh, key=lambda place: place.rank):
        at = next((at for at, other in enumerate(order) if other.rank > one.rank), len(order))
        order.insert(at, one)
    return [one.name for one in order]


def fit(minutes: Sequence[int], *, into: int) -> list[int]:
    """The same minutes, shortened in proportion until they fit; none gets less than two."""
    total = sum(minutes)
    if total <= into:
        return list(minutes)
    fitted = [max(LEAST, one * into // total) for one in minutes]
    while sum(fitted) > into and max(fitted) > LEAST:
        fitted[fitted.index(max(fitted))] -= 1
    return fitted
