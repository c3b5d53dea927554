"""Notices of tests: lines of the reminder ledger, in any state."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import uuid4

from engagements.models import Membership
from notifications.models import Notice
from tests.checkins.posting import TUESDAY

MONDAY = dt.date(2026, 3, 9)


def told(person: Membership, rule: str, subject: Any, **fields: Any) -> Notice:
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
        engagement_id=person.engagement_id,
        person=person,
        rule=rule,
        subject=subject.pk,
        **values,
    )


def not_sent(person: Membership, rule: str, subject: Any, **fields: Any) -> Notice:
    """The same, before it is sent or instead of it."""
    return told(person, rule, subject, **{"sent_at": None, **fields})
