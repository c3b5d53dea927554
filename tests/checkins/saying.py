"""The items that a rule makes of notices, as an email would show them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from engagements.models import Membership
from notifications.models import Notice
from notifications.rules import DigestItem, registered_rules

MONDAY = dt.date(2026, 3, 9)
WEEK = dt.timedelta(days=7)


def notice(
    rule: str,
    subject: Any,
    *,
    to: Membership,
    now: dt.datetime,
    period: dt.date = MONDAY,
    id: int = 1,
) -> Notice:
    """Make a notice that is not stored."""
    return Notice(
        id=id,
        engagement=to.engagement,
        person=to,
        rule=rule,
        subject=subject.pk,
        period=period,
        created_at=now,
        due_at=now,
    )


def items(
    rule: str, subjects: Sequence[Any], *, to: Membership, now: dt.datetime, **known: Any
) -> list[DigestItem]:
    """Describe these in the scope of the engagement, on the clock of its reader."""
    notices = [
        notice(rule, subject, to=to, now=now, id=place, **known)
        for place, subject in enumerate(subjects, start=1)
    ]
    with timezone.override(to.user.time_zone if to.user else "UTC"):
        found = registered_rules[rule].describe(notices, now)
    return [found[one.pk] for one in notices if one.pk in found]


def item(rule: str, subject: Any, **known: Any) -> DigestItem | None:
    """Describe one subject; None if the rule no longer holds."""
    found = items(rule, [subject], **known)
    return found[0] if found else None


def said(rule: str, subject: Any, **known: Any) -> DigestItem:
    """Describe one subject for which the rule holds."""
    found = item(rule, subject, **known)
    assert found is not None
    return found


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")
