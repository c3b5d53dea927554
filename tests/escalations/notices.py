"""Notices of tests: written by hand, and read back short."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple
from uuid import uuid4

from engagements.models import Membership
from notifications.models import Notice
from tenancy.scoping import unscoped
from tests.checkins.posting import TUESDAY

MONDAY = dt.date(2026, 3, 9)


def add_notice(person: Membership, rule: str, subject: Any, **fields: Any) -> Notice:
    """That this person was to be told about the subject, and was, unless fields say otherwise."""
    values = {
        "period": MONDAY,
        "created_at": TUESDAY,
        "due_at": TUESDAY,
        "envelope": uuid4(),
        "sent_at": TUESDAY,
        **fields,
    }
    return Notice.objects.create(
        engagement_id=person.engagement_id, person=person, rule=rule, subject=subject.pk, **values
    )


def add_unsent_notice(person: Membership, rule: str, subject: Any, **fields: Any) -> Notice:
    """The same, before it is sent or instead of it."""
    return add_notice(person, rule, subject, **{"sent_at": None, **fields})


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
