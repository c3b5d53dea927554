"""What a rule says of its notices, as a mail would show it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from engagements.models import Membership
from notifications.models import Notice
from notifications.rules import Item, find_rule

MONDAY = dt.date(2026, 3, 9)
WEEK = dt.timedelta(days=7)


def items(
    rule: str,
    subjects: Sequence[Any],
    *,
    to: Membership,
    now: dt.datetime,
    period: dt.date = MONDAY,
) -> list[Item]:
    """In the scope of the engagement, on the clock of its reader; nothing is stored."""
    notices = [
        Notice(
            id=place,
            engagement=to.engagement,
            person=to,
            rule=rule,
            subject=subject.pk,
            period=period,
            created_at=now,
            due_at=now,
        )
        for place, subject in enumerate(subjects, start=1)
    ]
    zone = to.user.time_zone if to.user else "UTC"
    with timezone.override(zone):
        found = find_rule(rule).describe(notices, now)
    return [found[notice.pk] for notice in notices if notice.pk in found]


def item(rule: str, subject: Any, **known: Any) -> Item | None:
    """What it says of one thing; None where it does not hold."""
    found = items(rule, [subject], **known)
    return found[0] if found else None


def said(rule: str, subject: Any, **known: Any) -> Item:
    """What it says of one thing that holds."""
    found = item(rule, subject, **known)
    assert found is not None
    return found


def plain(text: str) -> str:
    """With plain spaces."""
    return text.replace("\u00a0", " ")
