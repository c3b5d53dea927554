"""What sweeps told, read back short."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from notifications.models import Notice
from tenancy.scoping import unscoped


class Told(NamedTuple):
    rule: str
    person: int
    subject: int
    period: dt.date
    due_at: dt.datetime


def told(*rules: str, using: str = "default") -> list[Told]:
    """The notices by these rules, or all, in the order of the unique key."""
    with unscoped():
        found = Notice.objects.using(using).order_by("person_id", "rule", "subject", "period")
        rows = found.values_list("rule", "person_id", "subject", "period", "due_at")
        return [Told(*row) for row in rows if not rules or row[0] in rules]


def people(*rules: str) -> set[int]:
    return {one.person for one in told(*rules)}
